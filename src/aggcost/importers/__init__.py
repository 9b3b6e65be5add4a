"""Importers: each knows one log format; together they turn files into the canonical request table.

A format is a module with `NAME`, `TITLE`, `SEMANTICS`, `CAPABILITIES`, `detect` and `fields`. The
first whose `detect` accepts the headers or keys of a file reads it; `generic` takes what is left.
"""

from __future__ import annotations

from aggcost.importers.converting import Converted, convert_into
from aggcost.importers.parts import InputFile, Quarantined, ReadOptions
from aggcost.importers.reading import Usage, read_usage, write_canonical
from aggcost.importers.registry import FORMATS, Format
from aggcost.importers.sources import again

__all__ = [
    "FORMATS", "Converted", "Format", "InputFile", "Quarantined", "ReadOptions", "Usage", "again", "convert_into",
    "read_usage", "write_canonical",
]  # fmt: skip
