"""From opened files to temporary Parquet: each text file is read once, files of one layout together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from aggcost import activity
from aggcost.engine import Engine, EngineError, plain_name, quoted
from aggcost.errors import InputError, UsageError
from aggcost.importers import (
    declared,
    fields,
    footers,
    generic,
    packs,
    quarantine,
    registry,
    sampling,
    selecting,
    tables,
)
from aggcost.importers.census import Counting
from aggcost.importers.fields import Meaning
from aggcost.importers.files import SAMPLE_WHOLE_BYTES, SourceFile, head_lines, without_mark
from aggcost.importers.layout import Layout
from aggcost.importers.parts import Part, ReadOptions
from aggcost.importers.repeated_keys import STANDS_TWICE
from aggcost.importers.sampling import Sample
from aggcost.importers.selecting import Selection
from aggcost.importers.tables import LogTable
from aggcost.usage import COLUMN_NAMES

CANONICAL = "canonical"


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is ready to be read: its format and the rule that says so; its table, unless it is JSON."""

    file: SourceFile
    sample: Sample
    format: registry.Format
    rule: str
    table: LogTable | None = None

    @property
    def canonical(self) -> bool:
        """Whether `aggcost convert` wrote the file."""
        return set(COLUMN_NAMES) <= {*self.sample.names, "source_line", "source_file"}

    @property
    def batch(self) -> tuple[str, str] | None:
        """What files must share to be read together; None for one that is read alone."""
        return (self.format.NAME, self.sample.shape) if self.table is None and self.format.LAYOUT else None


def opened(engine: Engine, file: SourceFile, options: ReadOptions, like: registry.Format = generic) -> Opened:
    """Return a file with its format, perhaps that of the file before; InputError for neither JSON nor a table."""
    if engine.name != "duckdb":
        table = _spark_table(file)
        return Opened(file, Sample(table.names), generic, CANONICAL, table)
    if not (file.parquet or options.format or options.mapping) and like.LAYOUT is not None and like.LAYOUT.mentions:
        # Any line tells a session, and lines may be long: of the many files of a directory few are looked at.
        first = sampling.first_lines(file)
        rule = like.detect(first) if first.records else None
        if rule is not None:
            return Opened(file, first, like, rule)
    sample = None if file.parquet else sampling.json_sample(file)
    if sample is not None:
        return Opened(file, sample, *registry.choose(sample, options.format, like))
    if file.parquet:
        footers.refuse_bombs(engine, file)
    table = tables.open_table(engine, file)
    return Opened(file, Sample(table.names), *registry.choose(Sample(table.names), options.format), table)


def _spark_table(file: SourceFile) -> LogTable:
    if not file.parquet:
        raise no_text(file.shown)
    return LogTable(file, "parquet", "", COLUMN_NAMES, {}, "Parquet, typed columns")


def no_text(shown: str) -> UsageError:
    """Return what Spark says to a log that is no Parquet."""
    return UsageError(
        f"{shown}: Spark reads canonical Parquet only", hint="aggcost convert LOG -o usage.parquet, then that"
    )


def imported(engine: Engine, one: Opened, options: ReadOptions, name: str) -> Part:
    """Return a file that is read alone: a table, or JSON known by the names of its fields."""
    table = one.table or tables.open_json(engine, one.file, one.sample.shape)
    selection = _selected(engine, one.format, table, options)
    # Repeats are told among rows that stand side by side, whatever file they come from.
    repeating = bool(one.format.LAYOUT and one.format.LAYOUT.key)
    viewed = table.kind == "parquet" and not (repeating or selection.ordered)
    part = (_viewed if viewed else _copied)(engine, table, one.format.NAME, selection, name)
    if any(reject.reason == tables.TOO_LONG for reject in part.rejects):
        longer = tables.with_long_lines(table)
        if longer is not None:
            return imported(engine, replace(one, table=longer), options, name)
    if table.unseen and engine.rows(f"SELECT 1 FROM {name} WHERE {selecting.LATE} LIMIT 1"):  # noqa: S608 - our names
        return imported(engine, replace(one, table=tables.with_late_keys(engine, table)), options, name)
    selecting.need_zone(engine, table.file.shown, name, selection.timestamp, selection.meaning)
    return part


def _selected(engine: Engine, chosen: registry.Format, table: LogTable, options: ReadOptions) -> Selection:
    if chosen.LAYOUT is not None:
        return declared.of_table(chosen.LAYOUT, table.sql, table.cells, options, table.file.shown)
    found = _by_name(table, options)
    found |= fields.assumed(options.assume)
    unit = selecting.time_unit(engine, table, found.get("timestamp"))
    meaning = Meaning(options.timezone, unit, options.input_excludes_cache)
    keep_ids = options.request_ids or options.dedupe is not None or table.kind == "parquet"
    return Selection(selecting.of_names(table, found), found, meaning, request_ids=keep_ids)


def _by_name(table: LogTable, options: ReadOptions) -> dict[str, fields.Source]:
    try:
        return generic.fields(table.names, table.cells, options.mapping, table.file.shown)
    except InputError as error:
        like = registry.near(Sample(table.names))
        if options.mapping or not like:
            raise
        raise InputError(error.message, hint=f"nearest formats: {like}; or {error.hint}") from error


def _viewed(engine: Engine, table: LogTable, format_name: str, selection: Selection, name: str) -> Part:
    """Read a Parquet file where it lies.

    Its rows are checked once; what the check finds is not asked again by every later scan.
    """
    select = selection.sql
    with activity.measured(), Counting([(table.file.path, table.file.given)]) as counting:
        found = selecting.checked(engine, selection)
    viewed = select
    if not found.bad:
        viewed = f"SELECT * REPLACE (CAST(NULL AS VARCHAR) AS issue) FROM ({found.selection.sql})"  # noqa: S608
    engine.rows(f"CREATE OR REPLACE VIEW {name} AS {viewed}")
    relation = engine.backend.table(name)
    return Part(table, format_name, lambda: select, relation, counting.censuses()[0], (), found.rows, found.rows)


def _copied(engine: Engine, table: LogTable, format_name: str, selection: Selection, name: str) -> Part:
    """Read a text file once, into temporary Parquet; records that the engine sets aside become rows with an issue."""
    kept, select = engine.folder / f"{name}.parquet", selection.sql
    quarantine.forget_rejects(engine)
    with activity.measured(), Counting([(table.file.path, table.file.given)]) as counting:
        groups = f", ROW_GROUP_SIZE {_ROWS_WITH_LISTS}" if selection.ordered else ""
        into = f"TO {quoted(str(kept))} (FORMAT parquet, COMPRESSION snappy{groups})"
        with _in_order(engine, ordered=selection.ordered):
            rows = _strictly(engine, table, f"COPY ({select}) {into}") if table.unseen else None
            rows = int(engine.rows(f"COPY ({select}) {into}")[0][0]) if rows is None else rows
    rejects = quarantine.rejects(engine, table)
    engine.rows(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({quoted(str(kept))})")  # noqa: S608
    relation, records = engine.backend.table(name), rows + len(rejects)
    census = counting.censuses()[0]
    return Part(table, format_name, lambda: select, relation, census, rejects, records, records, kept)


def _strictly(engine: Engine, table: LogTable, statement: str) -> int | None:
    """Return the rows of a large JSON file none of whose lines is broken, None for another file.

    Read so, the engine notices a key that stands twice, wherever it is; InputError for one.
    """
    try:
        return int(engine.rows(tables.strict(statement))[0][0])
    except EngineError as error:
        key = tables.repeated_key(table, error.message)
        if key is not None:
            raise tables.stands_twice(table.file.shown, key) from None
        return None


def small(shown: str, options: ReadOptions, like: registry.Format = generic) -> Opened | None:
    """Return a small JSON file of a format with a layout, None for what has to be opened by itself."""
    found = None if options.encoding else packs.look(shown)
    if found is None:
        return None
    file, sample = found
    chosen, rule = registry.choose(sample, options.format, like)
    # Of the look nothing else is needed: the records of ten thousand files would be.
    return Opened(file, replace(sample, records=()), chosen, rule) if chosen.LAYOUT is not None else None


def imported_together(engine: Engine, batch: Sequence[Opened], options: ReadOptions, name: str) -> list[Part]:
    """Return JSON files of one format and shape, read in one pass."""
    try:
        return _batch(engine, batch, options, name)
    except EngineError as error:
        if len(batch) == 1:
            raise InputError(
                f"{batch[0].file.shown}: {error.message}", hint="the file is damaged, or not what it seems to be"
            ) from error
    # Each alone, so that the error names the file.
    return [imported_together(engine, [one], options, f"{name}_{number}")[0] for number, one in enumerate(batch)]


def _batch(engine: Engine, batch: Sequence[Opened], options: ReadOptions, name: str) -> list[Part]:
    first, kept = batch[0], engine.folder / f"{name}.parquet"
    listed = [one.file if one.file.small_bytes else without_mark(one.file, engine.folder) for one in batch]
    large = [file for file in listed if not file.small_bytes]
    pack = packs.Stream([file for file in listed if file.small_bytes], first.sample.shape)
    room_mb = _room_mb(_layout(first), large)
    engine.register(tables.PACK, pack.reader())
    checked = _may_repeat(engine, batch, listed, options, room_mb)
    selection = _of_json(engine, batch, listed, options, numbered=_layout(first).ordered, checked=checked)
    room_mb += _CHECK_MB if checked and large else 0
    counting = Counting([(file.path, file.given) for file in large])
    engine.register(tables.PACK, pack.reader())
    with counting, engine.roomy(room_mb), activity.measured():
        _copy(engine, selection.sql, kept, ordered=_layout(first).ordered or selection.ordered)
    engine.rows(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({quoted(str(kept))})")  # noqa: S608
    counted = _counted(engine, name)
    selecting.need_zone(engine, first.file.shown, name, selection.timestamp, selection.meaning)
    censuses = {False: iter(counting.censuses()), True: iter(pack.censuses)}
    parts = []
    for one, file in zip(batch, listed, strict=True):
        census = next(censuses[file.small_bytes > 0])
        place = str(file.path if file.small_bytes else plain_name(engine, file.path))
        records, lines, bad = counted.get(place, (0, 0, 0))
        table = LogTable(file, _KINDS[first.sample.shape], "", one.sample.names, {}, _NOTES[first.sample.shape])
        select = partial(_select_alone, engine, one, file, options, checked=checked)
        parts.append(
            Part(table, one.format.NAME, select, None, census, (), records, lines, room_mb=room_mb, flawless=not bad)
        )
    parts[0] = replace(parts[0], relation=engine.backend.table(name), kept=kept)
    return parts


def _may_repeat(
    engine: Engine, batch: Sequence[Opened], listed: Sequence[SourceFile], options: ReadOptions, room_mb: int
) -> bool:
    """Return whether members that stand twice are to be told of each record.

    It takes memory beside all else that is asked of a record, so that of more than a few megabytes it is asked first
    whether there are any.
    """
    if _layout(batch[0]).opened:
        return False
    if sum(file.path.stat().st_size for file in listed if not file.small_bytes) <= SAMPLE_WHOLE_BYTES:
        return True  # small files come in portions
    asked = _of_json(engine, batch, listed, options, numbered=False, checked=True).rows
    with engine.roomy(room_mb):
        return bool(engine.rows(f"SELECT 1 FROM {asked.sql} WHERE {STANDS_TWICE} IS NOT NULL LIMIT 1"))  # noqa: S608


def _room_mb(layout: Layout, listed: Sequence[SourceFile]) -> int:
    """Return the memory that opening long lines takes beyond the usual, 0 for none.

    The engine holds each of 2,048 lines some fifty times over.
    """
    if not (layout.items or layout.opened or layout.record):
        return 0
    lengths = [len(line) for file in listed[:_LOOK_FILES] for line in head_lines(file.path, _LOOK_LINES)]
    megabytes = _COPIES * _VECTOR_ROWS * sum(lengths) // max(len(lengths), 1) // 1_000_000
    return min(megabytes, _MOST_MB) if megabytes > _ROOM_MB else 0


_VECTOR_ROWS, _COPIES, _ROOM_MB, _MOST_MB = 2048, 55, 150, 6000
_CHECK_MB = 300
_ROWS_WITH_LISTS = 4096  # of a thousand ids each are 32 MB
_LOOK_FILES, _LOOK_LINES = 20, 50
_NOTES = {"lines": "JSON, one object a line", "array": tables.DOCUMENT, "document": tables.DOCUMENT}
_KINDS = {"lines": "jsonl", "array": "document", "document": "document"}


def _layout(one: Opened) -> Layout:
    layout = one.format.LAYOUT
    if layout is None:
        raise AssertionError(f"{one.format.NAME} has no layout")
    return layout


def _of_json(
    engine: Engine,
    batch: Sequence[Opened],
    listed: Sequence[SourceFile],
    options: ReadOptions,
    *,
    numbered: bool,
    checked: bool,
) -> Selection:
    names = tuple(dict.fromkeys(key for one in batch for key in one.sample.names))
    lines = tables.json_lines(engine, listed, batch[0].sample.shape, numbered=numbered)
    return declared.of_json(_layout(batch[0]), lines, names, options, batch[0].file.shown, checked=checked)


def _select_alone(engine: Engine, one: Opened, file: SourceFile, options: ReadOptions, *, checked: bool) -> str:
    if file.small_bytes:
        engine.register(tables.PACK, packs.Stream([file], one.sample.shape).reader().read_all())
    return _of_json(engine, [one], [file], options, numbered=True, checked=checked).sql


def _copy(engine: Engine, select: str, kept: Path, *, ordered: bool) -> None:
    with _in_order(engine, ordered=ordered):
        engine.rows(f"COPY ({select}) TO {quoted(str(kept))} (FORMAT parquet, COMPRESSION snappy)")


@contextmanager
def _in_order(engine: Engine, *, ordered: bool) -> Iterator[None]:
    """Have rows read in the order of their file where that matters; it takes memory."""
    if not ordered:
        yield
        return
    engine.rows("SET preserve_insertion_order = true")
    try:
        yield
    finally:
        engine.rows("SET preserve_insertion_order = false")


def _counted(engine: Engine, name: str) -> dict[str, tuple[int, int, int]]:
    """Return for each file of a batch how many records it gave, of how many lines, and how many are quarantined."""
    counts = "count(*), count(*) FILTER (first), count(issue)"
    found = engine.rows(f"SELECT file, {counts} FROM {name} GROUP BY file")  # noqa: S608 - our own names
    return {str(file): (int(records), int(lines), int(bad)) for file, records, lines, bad in found}
