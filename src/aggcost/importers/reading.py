"""Reading logs: every file becomes canonical columns, checked against its own lines and bytes.

Text is read once and kept as temporary Parquet; Parquet is read where it lies. Rows that cannot be
used stay in the table with an `issue`, so that the ledger counts them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis

from aggcost import rules
from aggcost.engine import Engine, quoted
from aggcost.errors import DataQualityError, InputError, InvariantError, Issue, UsageError
from aggcost.importers import fields, files, registry, tables
from aggcost.importers.casts import is_naive
from aggcost.importers.fields import Meaning, Source
from aggcost.importers.files import Census
from aggcost.importers.tables import LogTable
from aggcost.names import provider_aliases
from aggcost.rules import Condition
from aggcost.usage import COLUMN_NAMES, COLUMNS

SHOWN = 3  # quarantined rows that a report names
EPOCH_UNITS = ((10**11, "s"), (10**14, "ms"), (10**17, "us"), (10**20, "ns"))
SMALLEST_EPOCH_S = 10**8  # 1973: a smaller number counts from some other beginning
_TYPES = {"int64": "BIGINT", "string": "VARCHAR", "boolean": "BOOLEAN", "timestamp(6)": "TIMESTAMP",
          "decimal(38, 12)": "DECIMAL(38, 12)"}  # fmt: skip
_MARKS = ("issue", "duplicate", "id_hash")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a log is read: columns and constants for fields, the zone of times without one, and so on."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    assume: Mapping[str, str] = field(default_factory=dict)
    timezone: str | None = None
    input_excludes_cache: bool = False
    dedupe: str | None = None
    format: str | None = None
    tasks: Sequence[tuple[str, Condition]] = ()


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that was read; `records` counts what it holds, quarantined rows included."""

    path: str
    sha256: str
    format: str
    bytes: int
    records: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that cannot be used: where it is, and why. Its values are never shown."""

    file: str
    line: int | None
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Usage:
    """A log as it was read: the canonical table with `issue`, `duplicate` and `id_hash`, and where it came from."""

    table: ibis.Table
    inputs: tuple[InputFile, ...]
    issues: tuple[Issue, ...]
    notes: tuple[str, ...]
    locate: Callable[[int | None], list[Quarantined]]


@dataclass(frozen=True, slots=True)
class _Part:
    """One file on its way in: its table, its format's name, its canonical SELECT, and the name it got."""

    table: LogTable
    format: str
    select: str
    relation: str
    census: Census
    rejects: tuple[tuple[int, str], ...]
    records: int


def read_usage(engine: Engine, sources: Sequence[str], options: ReadOptions) -> Usage:
    """Return the logs that paths, directories, globs and ``-`` name, as one canonical table.

    InputError for what cannot be read, DataQualityError for a file that is damaged or swallows lines.
    """
    _check(options)
    parts, notes = [], []
    for number, shown in enumerate(files.find(sources)):
        part, note = _read(engine, shown, options, number)
        parts.append(part)
        notes.append(note)
    table = _marked(engine, _united(engine, parts), options)
    inputs = tuple(
        InputFile(one.table.file.shown, one.census.sha256, one.format, one.table.file.bytes, one.records)
        for one in parts
    )
    located = _locator(engine, parts)
    issues = (*_quarantined(engine, table, located), *_same_file(inputs), *_repeated(engine, table, options))
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


def _read(engine: Engine, shown: str, options: ReadOptions, number: int) -> tuple[_Part, str]:
    file = files.unpack(shown, engine.folder)
    table = tables.open_table(engine, file) if engine.name == "duckdb" else _spark_table(file)
    chosen = registry.choose(table.names, options.format)
    with _Counting(file.path) as counting:
        if set(COLUMN_NAMES) <= {*table.names, "source_line", "source_file"} and not options.mapping:
            part = _canonical(engine, table, number)
        else:
            part = _imported(engine, table, chosen, options, number)
    part = replace(part, census=counting.census())
    _cover(part)
    return part, f"{shown}: {part.format}; {table.note}; {chosen.SEMANTICS}"


class _Counting:
    """Takes the census of a file while the engine works: hashing needs no interpreter lock."""

    def __init__(self, path: Path) -> None:
        self._found: list[Census | OSError] = []
        self._thread = threading.Thread(target=self._run, args=(path,), daemon=True)

    def _run(self, path: Path) -> None:
        try:
            self._found.append(files.count(path))
        except OSError as error:
            self._found.append(error)

    def __enter__(self) -> _Counting:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def census(self) -> Census:
        """Return the census; InputError where the file could not be read to its end."""
        found = self._found[0]
        if isinstance(found, OSError):
            raise InputError(f"{found.filename}: {found.strerror}") from found
        return found


_NO_CENSUS = Census("", 0, 0, ends_with_line_feed=True)


def _spark_table(file: files.SourceFile) -> LogTable:
    if not file.parquet:
        raise UsageError(
            f"{file.shown}: Spark reads canonical Parquet only", hint="aggcost convert LOG -o usage.parquet, then that"
        )
    return LogTable(file, "parquet", "", COLUMN_NAMES, {}, "canonical Parquet")


def _canonical(engine: Engine, table: LogTable, number: int) -> _Part:
    """Read a table that `convert` wrote, straight."""
    stored = engine.read_parquet([table.file.path])
    missing = [column for column in COLUMNS if column.name not in stored.columns]
    whole = stored.mutate(**{column.name: ibis.null(column.type) for column in missing})
    selected = whole.select(*COLUMN_NAMES, issue=ibis.null("string"), id_hash=whole.request_id.hash())
    name = f"log{number}"
    engine.backend.create_view(name, selected, overwrite=True)
    records = int(engine.to_arrow(selected.count().as_table()).column(0)[0].as_py())
    return _Part(table, "canonical", "", name, _NO_CENSUS, (), records)


def _imported(engine: Engine, table: LogTable, chosen: registry.Format, options: ReadOptions, number: int) -> _Part:
    found = chosen.fields(table.names, table.cells, options.mapping, table.file.shown) | fields.assumed(options.assume)
    zone = options.timezone or getattr(chosen, "ZONE", None)
    unit = _time_unit(engine, table, found.get("timestamp"))
    meaning = Meaning(zone, unit, options.input_excludes_cache)
    _need_zone(engine, table, found.get("timestamp"), meaning)
    select = _select(table, found, meaning)
    name = f"log{number}"
    if table.kind == "parquet":
        engine.rows(f"CREATE OR REPLACE VIEW {name} AS {select}")
        rows = engine.rows(f"SELECT count(*) FROM {table.sql}")[0][0]
        return _Part(table, chosen.NAME, select, name, _NO_CENSUS, (), int(rows))
    kept = engine.folder / f"{name}.parquet"
    rows = engine.rows(f"COPY ({select}) TO {quoted(str(kept))} (FORMAT parquet, COMPRESSION lz4)")[0][0]
    rejects = _rejects(engine, table)
    extra = f" UNION ALL BY NAME SELECT 'line:does_not_fit_the_header' AS issue FROM range({len(rejects)})"
    engine.rows(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({quoted(str(kept))})" + (extra if rejects else ""))
    return _Part(table, chosen.NAME, select, name, _NO_CENSUS, rejects, int(rows) + len(rejects))


def _select(table: LogTable, found: Mapping[str, Source], meaning: Meaning) -> str:
    """Return the canonical SELECT of a file; columns that the log does not have are left out."""
    made, values = fields.columns(found, meaning)
    made.setdefault("request_count", "1")
    made.setdefault("grain", "'request'")
    made["source_file"] = quoted(table.file.shown)
    if "recorded_cost" in made:
        made["currency"] = "'USD'"
    listed = [f"CAST({sql} AS {_type_of(name)}) AS {quoted_name(name)}" for name, sql in made.items()]
    listed.append(f"{_issue(table, found, values, made)} AS issue")
    if "request_id" in made:
        listed.append(f"hash({made['request_id']}) AS id_hash")
    return f"SELECT {', '.join(listed)} FROM {table.sql}"


def _type_of(name: str) -> str:
    return next(_TYPES[column.type] for column in COLUMNS if column.name == name)


def quoted_name(name: str) -> str:
    """Return a column name as SQL."""
    return '"' + name + '"'


def _issue(table: LogTable, found: Mapping[str, Source], values: Mapping[str, str], made: Mapping[str, str]) -> str:
    """Return why a row cannot be used, as `column:reason`, or NULL."""
    tests = [f"WHEN ({values[name]}) IS NULL AND {found[name].cell.text} IS NOT NULL THEN '{name}:{_REASONS.get(name, _NOT_A_COUNT)}'"
             for name in values if found[name].cell.kind not in ("time", "zoned")]  # fmt: skip
    if "input" in made:
        tests.append(f"WHEN ({made['input']}) < 0 THEN 'input_tokens:less_than_the_cached_tokens'")
    if "requests" in values:
        tests.append(f"WHEN ({values['requests']}) IS NULL THEN 'requests:missing'")
    if table.kind == "jsonl":
        named = [source.cell.sql for source in found.values() if source.cell.sql.startswith('"')]
        tests.append(f"WHEN {' AND '.join(f'{sql} IS NULL' for sql in named)} THEN 'line:not_an_object_with_known_keys'")
    return f"CASE {' '.join(tests)} END" if tests else "CAST(NULL AS VARCHAR)"


_NOT_A_COUNT = "not_a_count"
_REASONS = {
    "timestamp": "not_a_time", "latency_ms": "not_a_duration", "ttft_ms": "not_a_duration", "cost_usd": "not_an_amount",
    "status": "not_a_status", "billable": "not_yes_or_no",
}  # fmt: skip


def _time_unit(engine: Engine, table: LogTable, source: Source | None) -> str | None:
    """Return the unit of epoch times, decided over the whole column; None for text; InputError if they mix."""
    if source is None or source.unit is not None or source.cell.kind in ("time", "zoned"):
        return None
    number = f"TRY_CAST({source.cell.text} AS DOUBLE)"
    sample = engine.rows(f"SELECT {number} FROM {table.sql} WHERE {source.cell.text} IS NOT NULL LIMIT 1")
    if not sample or sample[0][0] is None:
        return None
    low, high = engine.rows(f"SELECT min({number}), max({number}) FROM {table.sql}")[0]
    units = {next((unit for below, unit in EPOCH_UNITS if value < below), "?") for value in (low, high)}
    if len(units) != 1 or low < SMALLEST_EPOCH_S:
        raise InputError(
            f"{table.file.shown}: times from {low:.0f} to {high:.0f}: the unit is not clear",
            hint="state it: --map timestamp=COLUMN:s (or ms, us, ns)",
        )
    return units.pop()


def _need_zone(engine: Engine, table: LogTable, source: Source | None, meaning: Meaning) -> None:
    if source is None or meaning.zone is not None or meaning.time_unit or source.unit or source.cell.kind == "zoned":
        return
    naive = is_naive(source.cell)
    if engine.rows(f"SELECT 1 FROM {table.sql} WHERE {naive} LIMIT 1"):
        raise InputError(f"{table.file.shown}: times without a zone", hint="state it: --tz UTC, or --tz Europe/Berlin")


def _rejects(engine: Engine, table: LogTable) -> tuple[tuple[int, str], ...]:
    """Return (line, reason) of the rows that the engine set aside while it read a delimited file."""
    if table.kind != "csv":
        return ()
    rows = engine.rows(
        "SELECT line, min(CAST(error_type AS VARCHAR)) FROM reject_errors JOIN reject_scans USING (scan_id, file_id) "
        f"WHERE file_path = {quoted(str(table.file.path))} GROUP BY line ORDER BY line"
    )
    engine.rows("DELETE FROM reject_errors")
    engine.rows("DELETE FROM reject_scans")
    return tuple((int(line), str(kind).lower().replace(" ", "_")) for line, kind in rows)


def _cover(part: _Part) -> None:
    """Check that the rows of a text file account for its lines, so that nothing was swallowed."""
    table = part.table
    if table.kind == "parquet":
        return
    lines = part.census.line_feeds + (not part.census.ends_with_line_feed)
    header = 1 if table.kind == "csv" else 0
    if lines == header + part.records:
        return
    if part.census.quotes % 2:
        raise DataQualityError(
            f"{table.file.shown}: a quote opens and never closes: {lines - header - part.records:,} lines are missing",
            hint="find the line with an odd number of quotes, or export the log again",
        )
    counted = sum(1 for _ in tables.records(table))
    if counted != part.records:
        raise InvariantError(f"{table.file.shown}: {counted:,} records in the file, {part.records:,} read")


def _united(engine: Engine, parts: Sequence[_Part]) -> ibis.Table:
    """Return all files as one table with every canonical column."""
    whole = []
    for part in parts:
        stored = engine.backend.table(part.relation)
        present = set(stored.columns)
        wanted = {column.name: stored[column.name] if column.name in present else ibis.null(column.type) for column in COLUMNS}
        marks = {"issue": stored.issue, "id_hash": stored.id_hash if "id_hash" in present else ibis.null("int64")}
        whole.append(stored.select(**wanted, **marks))
    table = ibis.union(*whole) if len(whole) > 1 else whole[0]
    return table.mutate(duplicate=ibis.null("boolean"))


def _marked(engine: Engine, table: ibis.Table, options: ReadOptions) -> ibis.Table:
    """Return the table with canonical provider names, tasks by rule, and repeats marked where that is asked."""
    table = _with_providers(engine, table)
    if options.tasks:
        zone = ZoneInfo(options.timezone or "UTC")
        cases = [(rules.to_ibis(condition, table, zone), task) for task, condition in options.tasks]
        table = table.mutate(task=ibis.coalesce(table.task, ibis.cases(*cases)))
    if options.dedupe:
        table = _deduped(table)
    return table


def _with_providers(engine: Engine, table: ibis.Table) -> ibis.Table:
    """Replace usual spellings of providers; asks for the distinct names first, since most logs need none."""
    spelled = engine.to_arrow(table.select("provider").distinct()).column(0).to_pylist()
    aliases = provider_aliases()
    changed = {name: aliases.get(name.lower(), name.lower()) for name in spelled if name is not None}
    changed = {name: canonical for name, canonical in changed.items() if name != canonical}
    if not changed:
        return table
    return table.mutate(provider=table.provider.cases(*changed.items(), else_=table.provider))


def _deduped(table: ibis.Table) -> ibis.Table:
    """Mark all but one row of each request id: the earliest stays; ties are decided by the other columns."""
    kept_by = [table[name].asc(nulls_first=False) for name in COLUMN_NAMES if name not in ("source_file", "source_line")]
    order = ibis.window(group_by=table.request_id, order_by=kept_by)
    later = ibis.row_number().over(order) > 0
    return table.mutate(duplicate=table.request_id.notnull() & table.issue.isnull() & later)


def _repeated(engine: Engine, table: ibis.Table, options: ReadOptions) -> tuple[Issue, ...]:
    """Return how many requests repeat an id, counted in slices so that memory does not grow with the log."""
    if options.dedupe or not any("id_hash" in str(one) for one in (table.columns,)):
        return ()
    usable = table.filter(table.issue.isnull(), table.id_hash.notnull())
    counted = engine.to_arrow(usable.aggregate(rows=usable.count(), ids=usable.id_hash.nunique())).to_pylist()[0]
    repeats = counted["rows"] - counted["ids"]
    if not repeats:
        return ()
    return (
        Issue(
            "repeated_request_id",
            "warning",
            repeats,
            f"{repeats:,} requests repeat the id of another one; they are counted and billed",
            hint="--dedupe id drops them into the duplicate line",
        ),
    )


def _same_file(inputs: Sequence[InputFile]) -> tuple[Issue, ...]:
    by_digest: dict[str, list[str]] = {}
    for one in inputs:
        by_digest.setdefault(one.sha256, []).append(one.path)
    return tuple(
        Issue("same_file", "warning", len(names) - 1, f"the same content twice: {', '.join(names)}", where=names[1])
        for names in by_digest.values()
        if len(names) > 1
    )


def _quarantined(
    engine: Engine, table: ibis.Table, locate: Callable[[int | None], list[Quarantined]]
) -> tuple[Issue, ...]:
    bad = table.filter(table.issue.notnull())
    counted = engine.to_arrow(bad.group_by("issue").aggregate(rows=bad.count())).to_pylist()
    if not counted:
        return ()
    places = {f"{one.column}:{one.reason}": one for one in reversed(locate(SHOWN * 20))}
    issues = []
    for row in sorted(counted, key=lambda row: (-row["rows"], row["issue"])):
        column, _, reason = row["issue"].partition(":")
        first = places.get(row["issue"])
        where = None if first is None else f"{first.file}:{first.line}" if first.line else first.file
        message = f"{column}: {reason.replace('_', ' ')}"
        issues.append(Issue("quarantined", "warning", row["rows"], message, where, "--quarantine FILE lists the rows"))
    return tuple(issues)


def _locator(engine: Engine, parts: Sequence[_Part]) -> Callable[[int | None], list[Quarantined]]:
    def locate(limit: int | None) -> list[Quarantined]:
        """Return where quarantined rows are, up to `limit` of them; a slow second pass over the files."""
        found: list[Quarantined] = []
        for part in parts:
            if limit is None or len(found) < limit:
                found += _located(engine, part, None if limit is None else limit - len(found))
        return found

    return locate


def _located(engine: Engine, part: _Part, limit: int | None) -> list[Quarantined]:
    shown = part.table.file.shown
    found = [Quarantined(shown, line, "line", "does_not_fit_the_header") for line, _ in part.rejects]
    if not part.select:
        return found[:limit]
    engine.rows("SET preserve_insertion_order = true")
    try:
        numbered = f"SELECT row_number() OVER () AS n, issue FROM ({part.select})"
        cut = "" if limit is None else f" LIMIT {limit}"
        rows = engine.rows(f"SELECT n, issue FROM ({numbered}) WHERE issue IS NOT NULL ORDER BY n{cut}")
    finally:
        engine.rows("SET preserve_insertion_order = false")
    lines = _lines_of(part, [row[0] for row in rows])
    found += [Quarantined(shown, lines.get(n), *issue.split(":", 1)) for n, issue in rows]
    return sorted(found, key=lambda one: one.line or 0)[:limit]


def _lines_of(part: _Part, ordinals: Sequence[int]) -> dict[int, int]:
    """Return the physical line of each accepted record, counted from 1 by its position among them."""
    if part.table.kind == "parquet" or not ordinals:
        return {}
    rejected = {line for line, _ in part.rejects}
    wanted, lines, position = set(ordinals), {}, 0
    for line, _ in tables.records(part.table):
        if line in rejected:
            continue
        position += 1
        if position in wanted:
            lines[position] = line
            if len(lines) == len(wanted):
                break
    return lines


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


def rows_of(found: Sequence[Quarantined]) -> Iterator[tuple[str, str, str, str]]:
    """Yield quarantined rows as text: file, line, column, reason."""
    for one in found:
        yield one.file, str(one.line or ""), one.column, one.reason
