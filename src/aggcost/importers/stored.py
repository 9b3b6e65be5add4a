"""Tables of a database as logs: which one holds the log, and what of it is read.

Only what a format reads ever leaves a database. Every other column keeps its name, by which formats know a
table, and holds nothing: prompts and answers are not asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aggcost.errors import InputError, did_you_mean
from aggcost.importers import registry
from aggcost.importers.fields import SYNONYMS, TAG, bare
from aggcost.importers.files import SourceFile
from aggcost.importers.layout import paths, segments
from aggcost.importers.sampling import Sample

BUFFER_BYTES = 1 << 20
MOST_LISTED = 10
# Where gateways keep prompts and answers; not read whatever asks for them.
PROMPTS = frozenset({
    "prompt", "messages", "response", "proxy_server_request", "input_messages", "raw_request", "raw_response",
    "system", "output", "input_history", "output_message", "request_body", "response_body",
})  # fmt: skip
_FIELDS = frozenset(bare(name) for field, names in SYNONYMS.items() for name in names if field != "prompt")

Inside = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its type, as the database calls it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view of a database; `schema` is empty where there are none."""

    schema: str
    name: str
    columns: tuple[Column, ...]

    @property
    def shown(self) -> str:
        """How `?table=` names it."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.name for column in self.columns)

    def is_named(self, name: str) -> bool:
        """Return whether a name, with or without its schema, is that of this table."""
        return name.lower() in (self.shown.lower(), self.name.lower())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks of a database: `mapped` are the columns and members that `--map` names.

    Whatever else narrows what is fetched, such as a range of time, belongs here.
    """

    mapped: tuple[str, ...] = ()
    format: str | None = None


def choose(tables: Sequence[Table], asked: str | None, shown: str, wanted: Wanted) -> Table:
    """Return the table asked for by name, else the one that holds a log; InputError where that is none or several."""
    if asked is not None:
        found = [table for table in tables if table.shown == asked] or [one for one in tables if one.is_named(asked)]
    else:
        known = {table: form for table in tables if (form := format_of(table, wanted)).LAYOUT is not None}
        usual = [one for one, form in known.items() if any(one.is_named(name) for name in registry.tables(form))]
        found = usual or list(known)
    if not found:
        raise _no_table(tables, asked, shown)
    if len(found) > 1:
        listed = ", ".join(table.shown for table in found)
        raise InputError(f"{shown}: several tables hold a log: {listed}", hint="name one: ?table=NAME after the source")
    return found[0]


def _no_table(tables: Sequence[Table], asked: str | None, shown: str) -> InputError:
    names = [table.shown for table in tables]
    more = " …" if len(names) > MOST_LISTED else ""
    listed = f"the database has {', '.join(names[:MOST_LISTED])}{more}" if names else "the database has no table"
    if asked is None:
        return InputError(f"{shown}: no table with the columns of a log", hint=f"{listed}; name one: ?table=NAME")
    bare_names = [*names, *(table.name for table in tables)]
    return InputError(f"{shown}: no table {asked!r}", hint=did_you_mean(asked, bare_names) or listed)


def format_of(table: Table, wanted: Wanted) -> registry.Format:
    """Return the format that reads a table with these columns."""
    return registry.choose(Sample(table.names), wanted.format)[0]


def read_of(table: Table, wanted: Wanted) -> Mapping[str, frozenset[Inside]]:
    """Return the columns to fetch, and which members of the JSON in each; no members at all mean all of it."""
    layout = format_of(table, wanted).LAYOUT
    asked = [path for target in wanted.mapped for path in _targets(target)]
    if layout is not None:
        asked += [segments(path)[1] for path in paths(layout)]
    inside: dict[str, set[Inside]] = {}
    for names in asked:
        if names:
            inside.setdefault(str(names[0]).lower(), set()).add(names[1:])
    found = {}
    for name in table.names:
        if name.lower() in PROMPTS:
            continue
        if name.lower() in inside:
            members = inside[name.lower()]
            found[name] = frozenset[Inside]() if () in members else frozenset(members)
        elif layout is None and (bare(name) in _FIELDS or name.lower().startswith(TAG)):
            found[name] = frozenset()
    return found


def _targets(target: str) -> list[Inside]:
    """Return what a target of `--map` may mean: a column of that name, or a member of one; its unit set aside."""
    texts = {target, target.rpartition(":")[0]} - {""}
    return [meant for text in texts for meant in ((text,), segments(text)[1])]


@contextmanager
def spooled(folder: Path, shown: str) -> Iterator[tuple[Path, BinaryIO]]:
    """Yield a new temporary file that nobody else may read, and its path; InputError where there is no room."""
    path = folder / f"rows-{len(list(folder.iterdir()))}.csv"
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb", buffering=BUFFER_BYTES) as file:
            yield path, file
    except OSError as error:
        raise InputError(
            f"{shown}: its rows do not fit into {folder.parent}: {error.strerror}", hint="name a larger disk: TMPDIR"
        ) from error


def fetched(shown: str, path: Path, table: Table, columns: int) -> SourceFile:
    """Return the rows of a table as a file to read."""
    note = f"table {table.shown}, {columns} of {len(table.columns)} columns"
    return SourceFile(shown, path, path, path.stat().st_size, parquet=False, note=note)
