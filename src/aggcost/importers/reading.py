"""Reading logs: every file becomes canonical columns, checked against its own lines and bytes.

Text is read once and kept as temporary Parquet; Parquet is read where it lies. Rows that cannot be
used stay in the table with an `issue`, so that the ledger counts them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis

from aggcost.engine import Engine, EngineError, quoted
from aggcost.errors import InputError, Issue, UsageError
from aggcost.importers import fields, files, marks, quarantine, registry, selecting, tables
from aggcost.importers.census import Counting
from aggcost.importers.fields import Meaning, Source
from aggcost.importers.parts import NO_CENSUS, InputFile, Part, Quarantined, ReadOptions
from aggcost.importers.tables import LogTable
from aggcost.usage import COLUMN_NAMES, COLUMNS


@dataclass(frozen=True, slots=True)
class Usage:
    """A log as it was read: the canonical table with `issue`, `duplicate` and `id_hash`, and where it came from."""

    table: ibis.Table
    inputs: tuple[InputFile, ...]
    issues: tuple[Issue, ...]
    notes: tuple[str, ...]
    locate: Callable[[int | None], list[Quarantined]]


def read_usage(engine: Engine, sources: Sequence[str], options: ReadOptions) -> Usage:
    """Return the logs that paths, directories, globs and ``-`` name, as one canonical table.

    InputError for what cannot be read, DataQualityError for a file that is damaged or swallows lines.
    """
    _check(options)
    parts: list[Part] = []
    notes: list[str] = []
    notices: list[Issue] = []
    for number, shown in enumerate(files.find(sources)):
        part, note = _read(engine, shown, options, number)
        parts.append(part)
        notes.append(note)
        notices += quarantine.cover(engine, part)
    table = marks.marked(engine, _united(engine, parts), options)
    inputs = tuple(
        InputFile(one.table.file.shown, one.census.sha256, one.format, one.table.file.bytes, one.records)
        for one in parts
    )
    located = quarantine.locator(engine, parts)
    issues = (
        *quarantine.issues(engine, table, located),
        *notices,
        *marks.same_file(parts),
        *marks.stated_in_vain(parts, options),
        *marks.repeated(engine, table, options),
    )
    return Usage(table, inputs, issues, tuple(notes), located)


def _check(options: ReadOptions) -> None:
    if options.dedupe not in (None, "id"):
        raise UsageError(f"--dedupe {options.dedupe}: only id is known")
    if options.timezone is not None:
        try:
            ZoneInfo(options.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise UsageError(
                f"--tz {options.timezone}: no such time zone", hint="an IANA name such as UTC or Europe/Berlin"
            ) from error


def _read(engine: Engine, shown: str, options: ReadOptions, number: int) -> tuple[Part, str]:
    try:
        return _opened(engine, files.unpack(shown, engine.folder), options, number)
    except EngineError as error:
        raise InputError(f"{shown}: {error.message}", hint="the file is damaged, or not what it seems to be") from error


def _opened(engine: Engine, file: files.SourceFile, options: ReadOptions, number: int) -> tuple[Part, str]:
    table = tables.open_table(engine, file) if engine.name == "duckdb" else _spark_table(file)
    chosen = registry.choose(table.names, options.format)
    with Counting(table.file.path, file.given) as counting:
        if set(COLUMN_NAMES) <= {*table.names, "source_line", "source_file"}:
            part = _canonical(engine, table)
        else:
            part = _imported(engine, table, chosen, options, number)
    part = replace(part, census=counting.census())
    return part, f"{file.shown}: {part.format}; {table.note}; {chosen.SEMANTICS}"


def _spark_table(file: files.SourceFile) -> LogTable:
    if not file.parquet:
        raise UsageError(
            f"{file.shown}: Spark reads canonical Parquet only", hint="aggcost convert LOG -o usage.parquet, then that"
        )
    return LogTable(file, "parquet", "", COLUMN_NAMES, {}, "canonical Parquet")


def _canonical(engine: Engine, table: LogTable) -> Part:
    """Read a table that `convert` wrote, straight."""
    stored = engine.read_parquet(table.file.path)
    missing = [column for column in COLUMNS if column.name not in stored.columns]
    whole = stored.mutate(**{column.name: ibis.null(column.type) for column in missing})
    hashed = ibis.ifelse(whole.request_id.notnull(), engine.hashed(whole.request_id), ibis.null("int64"))
    relation = whole.select(*COLUMN_NAMES, issue=ibis.null("string"), id_hash=hashed)
    records = int(engine.to_arrow(relation.count().as_table()).column(0)[0].as_py())
    return Part(table, "canonical", "", relation, NO_CENSUS, (), records)


def _imported(engine: Engine, table: LogTable, chosen: registry.Format, options: ReadOptions, number: int) -> Part:
    found = chosen.fields(table.names, table.cells, options.mapping, table.file.shown) | fields.assumed(options.assume)
    zone = options.timezone or getattr(chosen, "ZONE", None)
    unit = selecting.time_unit(engine, table, found.get("timestamp"))
    meaning = Meaning(zone, unit, options.input_excludes_cache)
    name = f"log{number}"
    if table.kind == "parquet":
        part = _viewed(engine, table, chosen.NAME, found, meaning, name)
    else:
        keep_ids = options.request_ids or options.dedupe is not None
        select = selecting.select(table, found, meaning, request_ids=keep_ids)
        part = _copied(engine, table, chosen.NAME, select, name)
    if table.unseen and engine.rows(f"SELECT 1 FROM {name} WHERE {selecting.LATE} LIMIT 1"):  # noqa: S608 - our names
        return _imported(engine, tables.with_late_keys(engine, table), chosen, options, number)
    selecting.need_zone(engine, table.file.shown, name, found.get("timestamp"), meaning)
    return part


def _viewed(
    engine: Engine, table: LogTable, format_name: str, found: dict[str, Source], meaning: Meaning, name: str
) -> Part:
    """Read a Parquet file where it lies.

    Its rows are checked once; what the check finds is not asked again by every later scan.
    """
    select = selecting.select(table, found, meaning)
    rows, bad = engine.rows(f"SELECT count(*), count(issue) FROM ({select})")[0]  # noqa: S608 - quoted literals
    checked = (
        select if bad else _without_checks(selecting.select(table, selecting.plain(engine, table, found), meaning))
    )
    engine.rows(f"CREATE OR REPLACE VIEW {name} AS {checked}")
    return Part(table, format_name, select, engine.backend.table(name), NO_CENSUS, (), int(rows))


def _without_checks(select: str) -> str:
    return f"SELECT * REPLACE (CAST(NULL AS VARCHAR) AS issue) FROM ({select})"  # noqa: S608 - quoted literals


def _copied(engine: Engine, table: LogTable, format_name: str, select: str, name: str) -> Part:
    """Read a text file once, into temporary Parquet; records that the engine sets aside become rows with an issue."""
    kept = engine.folder / f"{name}.parquet"
    quarantine.forget_rejects(engine)
    rows = engine.rows(f"COPY ({select}) TO {quoted(str(kept))} (FORMAT parquet, COMPRESSION snappy)")[0][0]
    rejects = quarantine.rejects(engine, table)
    engine.rows(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({quoted(str(kept))})")  # noqa: S608
    relation = engine.backend.table(name)
    return Part(table, format_name, select, relation, NO_CENSUS, rejects, int(rows) + len(rejects), kept)


def _united(engine: Engine, parts: Sequence[Part]) -> ibis.Table:
    """Return all files as one table with every canonical column."""
    alike: dict[tuple[str, ...], list[Part]] = {}
    for part in parts:
        if part.kept is not None:
            alike.setdefault(tuple(part.relation.columns), []).append(part)
    relations = [part.relation for part in parts if part.kept is None]
    relations += [_stacked(engine, group, f"logs{number}") for number, group in enumerate(alike.values())]
    whole = [_completed(relation) for relation in relations]
    table = ibis.union(*whole) if len(whole) > 1 else whole[0]
    return table.mutate(duplicate=ibis.null("boolean"))


def _stacked(engine: Engine, parts: Sequence[Part], name: str) -> ibis.Table:
    """Return text files of the same columns as one table, with a row for each record that the engine set aside.

    A union of hundreds of files would take longer to plan than to read.
    """
    listed = ", ".join(quoted(str(part.kept)) for part in parts)
    reasons = Counter(one.reason for part in parts for one in part.rejects)
    set_aside = "".join(
        f" UNION ALL BY NAME SELECT 'line:{reason}' AS issue FROM range({count})"  # noqa: S608
        for reason, count in sorted(reasons.items())
    )
    engine.rows(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet([{listed}]){set_aside}")  # noqa: S608
    return engine.backend.table(name)


def _completed(stored: ibis.Table) -> ibis.Table:
    """Return a table with the canonical columns it does not have as nulls, its issues and the hashes of its ids."""
    present = set(stored.columns)
    wanted = {
        column.name: stored[column.name] if column.name in present else ibis.null(column.type) for column in COLUMNS
    }
    wanted["request_count"] = wanted["request_count"].fill_null(1)
    wanted["grain"] = wanted["grain"].fill_null("request")
    id_hash = stored.id_hash if "id_hash" in present else ibis.null("int64")
    return stored.select(**wanted, issue=stored.issue, id_hash=id_hash)


def write_canonical(engine: Engine, usage: Usage, path: Path) -> int:
    """Write the usable rows as canonical Parquet, whole or not at all; return their number."""
    inputs = {Path(one.path).resolve() for one in usage.inputs if one.path != "-"}
    if path.resolve() in inputs:
        raise UsageError(f"{path} is one of the logs to convert", hint="name another file")
    rows = usage.table.filter(usage.table.issue.isnull(), usage.table.duplicate.isnull() | ~usage.table.duplicate)
    part = path.with_name(f".{path.name}.part")
    try:
        sql = ibis.to_sql(rows.select(*COLUMN_NAMES), dialect="duckdb")
        written = engine.rows(f"COPY ({sql}) TO {quoted(str(part))} (FORMAT parquet, COMPRESSION zstd)")[0][0]
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return int(written)
