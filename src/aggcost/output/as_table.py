"""The report on a terminal."""

from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text

from aggcost.output.blocks import Beside, Block, Facts, Sentence, Table
from aggcost.output.clean import visible
from aggcost.output.grid import MARGIN, STYLES, beside, lines_of, width_of
from aggcost.output.page import page_of
from aggcost.output.sparkline import to_ascii
from aggcost.output.view import View
from aggcost.reports import AnyReport

BESIDE_GAP = 3
WORD_WIDTH = 10
MIN_WIDTH = 40


def as_table(report: AnyReport, view: View) -> str:
    """Return the page as lines no wider than the view, with colour only where the view has it."""
    page = page_of(report)
    blocks = (*page.main, *page.detail) if view.detail else page.main
    width = max(view.width, MIN_WIDTH)
    buffer = io.StringIO()
    console = Console(
        file=buffer, width=width, force_terminal=view.colour, color_system="standard" if view.colour else None,
        no_color=not view.colour, markup=False, emoji=False, highlight=False, legacy_windows=False, _environ={},
    )  # fmt: skip
    for previous, block in zip((None, *blocks), blocks, strict=False):
        if previous is not None and not (isinstance(previous, Sentence) and isinstance(block, Sentence)):
            console.print()
        for line in _lines(block, width, console):
            console.print(line, soft_wrap=True)
    text = buffer.getvalue()
    return text if view.unicode else to_ascii(text)


def _lines(block: Block, width: int, console: Console) -> list[Text]:
    if isinstance(block, Sentence):
        return _wrapped(visible(block.text), width, console, STYLES[block.tone] if block.tone else "")
    if isinstance(block, Facts):
        return [line for word, text in block.rows for line in _fact(word, text, width, console)]
    if isinstance(block, Table):
        return lines_of(block, width)
    return _beside(block, width)


def _beside(block: Beside, width: int) -> list[Text]:
    """Return the tables side by side where both fit, else one below the other."""
    left, right = lines_of(block.left, width), lines_of(block.right, width)
    if width_of(left) + BESIDE_GAP + width_of(right) <= width:
        return beside(left, right, BESIDE_GAP)
    return [*left, Text(""), *right]


def _fact(word: str, text: str, width: int, console: Console) -> list[Text]:
    """Return a fact with its word on the left and its text hanging on the right of it."""
    lines = _wrapped(visible(text), width - MARGIN - WORD_WIDTH, console)
    heads = [visible(word), *[""] * (len(lines) - 1)]
    return [
        Text.assemble(" " * MARGIN, (head.ljust(WORD_WIDTH), "dim"), line)
        for head, line in zip(heads, lines, strict=True)
    ]


def _wrapped(text: str, width: int, console: Console, style: str = "") -> list[Text]:
    lines = list(Text(text, style=style).wrap(console, width))
    for line in lines:
        line.rstrip()
    return lines or [Text("")]
