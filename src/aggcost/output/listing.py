"""What the smaller commands print: a table or two with some words below, or every figure as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from aggcost.output.as_json import encode, text_of
from aggcost.output.blocks import Table
from aggcost.output.grid import lines_of


def listing(tables: Iterable[Table], words: Iterable[str], width: int) -> str:
    """Return tables and sentences no wider than `width`, set apart by blank lines."""
    drawn = [[line.plain.rstrip() for line in lines_of(table, width)] for table in tables]
    wrapped = [line for text in words for line in textwrap.wrap(text, width)]
    return "\n".join("\n".join([*lines, ""]) for lines in [*drawn, wrapped])


def listing_json(command: str, found: object, **more: object) -> str:
    """Return a result's values as JSON, `more` after them."""
    return text_of({"schema_version": "1", "command": command} | encode(found) | more)
