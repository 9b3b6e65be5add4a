"""What a page is made of, whatever it is shown on: sentences, facts and tables of ready text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

# What a colour may say; the text says it too.
Tone: TypeAlias = Literal["better", "worse", "strong", "quiet"]


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of one cell, and whether it is good or bad news."""

    text: str
    tone: Tone | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: numbers stand on their decimal point, or flush right where units differ.

    A column that `shrinks` is cut where space is short.
    """

    heading: str
    align: Literal["left", "right", "point"] = "point"
    shrinks: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; the heading of the first column names the table. `total` sets off the last row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """Two tables that stand side by side where there is room."""

    left: Table
    right: Table


@dataclass(frozen=True, slots=True)
class Sentence:
    """A line of prose."""

    text: str
    tone: Tone | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Short words, each with what is to be said about it."""

    rows: tuple[tuple[str, str], ...]


Block: TypeAlias = Sentence | Facts | Table | Beside


@dataclass(frozen=True, slots=True)
class Page:
    """What everybody sees, and what those see who ask for detail."""

    main: tuple[Block, ...]
    detail: tuple[Block, ...]


def name_column(heading: str) -> Column:
    """Return the column of names that opens a table."""
    return Column(heading, "left", shrinks=True)


def cells(*texts: str | Cell) -> tuple[Cell, ...]:
    """Return a row."""
    return tuple(Cell(text) if isinstance(text, str) else text for text in texts)
