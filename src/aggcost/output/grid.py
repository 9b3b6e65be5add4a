"""Tables as lines of text: columns as wide as they must be, numbers on their decimal point."""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.text import Text

from aggcost.output.blocks import Cell, Column, Table, Tone
from aggcost.output.clean import cut, visible

GAP = 2
MARGIN = 1
MIN_NAME = 10
STYLES: dict[Tone, str] = {"better": "green", "worse": "red", "strong": "bold", "quiet": "dim"}
_NUMBER = re.compile(r"[<+-]?\$?\d[\d,]*")


def lines_of(table: Table, width: int) -> list[Text]:
    """Return the table as lines no wider than `width`: a column that may shrink is cut first."""
    columns = [_column(column, [row[index] for row in table.rows]) for index, column in enumerate(table.columns)]
    widths = _shrunk([cell_len(column[0].plain) for column in columns], table.columns, width)
    columns = [_cut(column, room) for column, room in zip(columns, widths, strict=True)]
    rows = [_joined([column[index] for column in columns]) for index in range(len(table.rows) + 1)]
    rows[0].stylize("dim")
    if table.total:
        rows[-1].stylize("bold")
    return rows


def beside(left: list[Text], right: list[Text], gap: int) -> list[Text]:
    """Return two tables as one; the shorter is filled with blank lines."""
    width = max(cell_len(line.plain) for line in left)
    height = max(len(left), len(right))
    padded = [*left, *[Text("")] * (height - len(left))]
    others = [*right, *[Text("")] * (height - len(right))]
    return [
        Text.assemble(line, " " * (width + gap - cell_len(line.plain)), other) if other.plain else line
        for line, other in zip(padded, others, strict=True)
    ]


def width_of(lines: list[Text]) -> int:
    """Return the display cells of the widest line."""
    return max((cell_len(line.plain) for line in lines), default=0)


def _column(spec: Column, cells: list[Cell]) -> list[Text]:
    """Return heading and cells of equal width."""
    texts = [visible(cell.text) for cell in cells]
    if spec.align == "point":
        texts = _on_the_point(texts)
    width = max(map(cell_len, [spec.heading, *texts]))
    padded = [_pad(text, width, left=spec.align != "left") for text in (spec.heading, *texts)]
    tones: list[Tone | None] = [None, *(cell.tone for cell in cells)]
    return [Text(text, style=STYLES[tone] if tone else "") for text, tone in zip(padded, tones, strict=True)]


def _on_the_point(texts: list[str]) -> list[str]:
    """Return the numbers so padded that their whole parts end in the same place; words stay as they are."""
    ends = [found.end() if (found := _NUMBER.match(text)) else None for text in texts]
    whole = max((end for end in ends if end is not None), default=0)
    rest = max((len(text) - end for text, end in zip(texts, ends, strict=True) if end is not None), default=0)
    return [
        text if end is None else text[:end].rjust(whole) + text[end:].ljust(rest)
        for text, end in zip(texts, ends, strict=True)
    ]


def _pad(text: str, width: int, *, left: bool = False) -> str:
    room = " " * (width - cell_len(text))
    return room + text if left else text + room


def _shrunk(widths: list[int], columns: tuple[Column, ...], room: int) -> list[int]:
    """Return the widths so reduced that they fit: always the widest of the columns that may shrink."""
    widths = list(widths)
    excess = MARGIN + sum(widths) + GAP * (len(widths) - 1) - room
    shrinking = [index for index, column in enumerate(columns) if column.shrinks]
    for _ in range(max(excess, 0)):
        widest = max(shrinking, key=lambda index: widths[index], default=None)
        if widest is None or widths[widest] <= MIN_NAME:
            break
        widths[widest] -= 1
    return widths


def _cut(column: list[Text], room: int) -> list[Text]:
    if cell_len(column[0].plain) <= room:
        return column
    return [Text(_pad(cut(cell.plain.rstrip(), room), room), style=cell.style) for cell in column]


def _joined(cells: list[Text]) -> Text:
    line = Text(" " * MARGIN)
    for index, cell in enumerate(cells):
        line.append(" " * GAP if index else "")
        line.append_text(cell)
    line.rstrip()
    return line
