"""The report as one HTML page that needs nothing else: no script, no network, no image."""

from __future__ import annotations

from html import escape

from aggcost.output.blocks import Beside, Block, Cell, Facts, Sentence, Table
from aggcost.output.clean import visible
from aggcost.output.page import page_of
from aggcost.output.view import View
from aggcost.reports import AnyReport

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c1f23; }
.strong { font-size: 1.35rem; font-weight: 600; margin: 0 0 .5rem; }
.quiet, thead { color: #667; }
.better { color: #14713d; }
.worse { color: #b3261e; }
p { margin: .2rem 0; }
.beside { display: flex; flex-wrap: wrap; gap: 0 3rem; }
table { border-collapse: collapse; margin: 1.2rem 0; font-variant-numeric: tabular-nums; }
th { font-weight: 500; }
td, th { padding: .2rem .8rem; border-bottom: 1px solid #e4e6ea; text-align: right; white-space: nowrap; }
td.left, th.left { text-align: left; white-space: normal; }
tr.total { font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 1.2rem 0; }
dt { color: #667; }
dd { margin: 0; }
summary { cursor: pointer; color: #667; }
"""


def as_html(report: AnyReport, _view: View | None = None) -> str:
    """Return a self-contained page with the detail folded; every text of a log is escaped."""
    page = page_of(report)
    main, detail = ("\n".join(map(_block, blocks)) for blocks in (page.main, page.detail))
    title = f"aggcost {report.command}: {_text(report.period.name)}"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
{main}
<details>
<summary>detail</summary>
{detail}
</details>
</body>
</html>
"""


def _block(block: Block) -> str:
    if isinstance(block, Sentence):
        return f"<p{_class(block.tone)}>{_text(block.text)}</p>"
    if isinstance(block, Facts):
        rows = "\n".join(f"<dt>{_text(word)}</dt><dd>{_text(text)}</dd>" for word, text in block.rows)
        return f"<dl>\n{rows}\n</dl>"
    if isinstance(block, Beside):
        return f'<div class="beside">\n{_table(block.left)}\n{_table(block.right)}\n</div>'
    return _table(block)


def _table(table: Table) -> str:
    sides = ["left" if column.align == "left" else None for column in table.columns]
    heads = zip((column.heading for column in table.columns), sides, strict=True)
    heading = "".join(f'<th scope="col"{_class(side)}>{_text(text)}</th>' for text, side in heads)
    rows = [_row(row, sides, total=table.total and row is table.rows[-1]) for row in table.rows]
    return "\n".join(("<table>", f"<thead><tr>{heading}</tr></thead>", "<tbody>", *rows, "</tbody>", "</table>"))


def _row(row: tuple[Cell, ...], sides: list[str | None], *, total: bool) -> str:
    cells = (f"<td{_class(side, cell.tone)}>{_text(cell.text)}</td>" for cell, side in zip(row, sides, strict=True))
    return f"<tr{_class('total' if total else None)}>{''.join(cells)}</tr>"


def _class(*names: str | None) -> str:
    """Return a class attribute; the names are this module's own, never data."""
    found = " ".join(name for name in names if name)
    return f' class="{found}"' if found else ""


def _text(text: str) -> str:
    return escape(visible(text))
