"""The values that pass between the steps of reading a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import ibis

from aggcost.importers.census import Census
from aggcost.importers.tables import LogTable
from aggcost.rules import Condition


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a log is read: columns and constants for fields, the zone of times without one, and so on.

    `since` and `until` (ISO dates or times) bound the period, its end not included.
    `encoding` is that of text that is not UTF-8; `allow_partial` reads a log that is cut off up to there.
    `request_ids` keeps the ids themselves in temporary files; a ledger needs only their hashes. `writes` are files
    that the engine is to write: it may open nothing but the logs and these.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    assume: Mapping[str, str] = field(default_factory=dict)
    timezone: str | None = None
    since: str | None = None
    until: str | None = None
    input_excludes_cache: bool = False
    dedupe: str | None = None
    format: str | None = None
    tasks: Sequence[tuple[str, Condition]] = ()
    encoding: str | None = None
    allow_partial: bool = False
    request_ids: bool = False
    writes: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that was read; `records` counts what it holds, quarantined rows included.

    `read_as` says in words how: format, dialect, what its tokens contain, units. `grains` of its rows: request, bucket.
    """

    path: str
    sha256: str
    format: str
    bytes: int
    records: int
    read_as: str
    grains: frozenset[str] = frozenset({"request"})


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that cannot be used: where it is (its row, in Parquet), and why. Its values are never shown."""

    file: str
    line: int | None
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that the engine set aside: its number in the file, header and blank lines counted, and why."""

    record: int
    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """One file on its way in: its table, its format's name, and the rows that came of it.

    `select` gives its canonical SELECT. `lines` is how many lines the engine read, `records` the rows that came of
    them. `kept` is the temporary Parquet of text files: files that were read together share the first one's, and
    `relation` with it. `room_mb` is the memory that its SELECT takes where that is more than usual. `flawless` says
    that none of its rows is quarantined, so that none needs to be looked for.
    """

    table: LogTable
    format: str
    select: Callable[[], str] | None
    relation: ibis.Table | None
    census: Census
    rejects: tuple[Reject, ...]
    records: int
    lines: int
    kept: Path | None = None
    room_mb: int = 0
    flawless: bool = False
