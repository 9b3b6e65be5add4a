"""The report as Markdown, for a pull request or an issue."""

from __future__ import annotations

import re

from aggcost.output.blocks import Beside, Block, Facts, Sentence, Table
from aggcost.output.clean import visible
from aggcost.output.page import page_of
from aggcost.output.view import View
from aggcost.reports import AnyReport

# Everything that could open markup or HTML, wherever it stands.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~!])")
# What a forge turns into a mention, a reference or a link even where it is escaped: an empty comment parts it.
_LIVE = re.compile(r"(@|#(?=\d)|:(?=//)|(?<=www)\.)")
_RIGHT, _LEFT = "--:", ":--"
APART = "<!-- -->"
MARKER = "<!-- aggcost {} -->"


def as_markdown(report: AnyReport, view: View) -> str:
    """Return GitHub Markdown; the first line lets a bot find its comment, the detail is folded away."""
    page = page_of(report)
    parts = [MARKER.format(report.command), *map(_block, page.main)]
    if view.detail:
        parts += ["<details><summary>detail</summary>", *map(_block, page.detail), "</details>"]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Sentence):
        text = _escaped(block.text)
        return f"**{text}**" if block.tone == "strong" else text
    if isinstance(block, Facts):
        return _facts(block)
    if isinstance(block, Table):
        return _table(block)
    return _beside(block)


def _beside(block: Beside) -> str:
    return f"{_table(block.left)}\n\n{_table(block.right)}"


def _facts(facts: Facts) -> str:
    """Return a list; what has no word of its own continues the item above it."""
    return "\n".join(
        f"- **{_escaped(word)}** {_escaped(text)}" if word else f"  <br>{_escaped(text)}" for word, text in facts.rows
    )


def _table(table: Table) -> str:
    aligns = [_LEFT if column.align == "left" else _RIGHT for column in table.columns]
    rows = [[_escaped(cell.text) for cell in row] for row in table.rows]
    if table.total:
        rows[-1] = [f"**{text}**" if text else "" for text in rows[-1]]
    heading = [_escaped(column.heading) for column in table.columns]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heading, aligns, *rows))


def _escaped(text: str) -> str:
    return _LIVE.sub(rf"\1{APART}", _SPECIAL.sub(r"\\\1", visible(text)))
