"""Reading logs: every file becomes canonical columns, checked against its own lines and bytes.

Text is read once and kept as temporary Parquet; Parquet is read where it lies. Rows that cannot be
used stay in the table with an `issue`, so that the ledger counts them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis

from aggcost import activity
from aggcost.engine import Engine, EngineError, quoted
from aggcost.errors import InputError, Issue, UsageError
from aggcost.importers import (
    clipping,
    encodings,
    files,
    generic,
    loading,
    marks,
    packs,
    partial,
    quarantine,
    repeats,
    sources,
)
from aggcost.importers.census import Counting
from aggcost.importers.declared import DUP_KEY, DUP_ORDER, DUP_WORDS, INSIDE, NODE, REPEATED
from aggcost.importers.grains import Grained, grains_of, spans_of
from aggcost.importers.loading import Opened
from aggcost.importers.parts import InputFile, Part, Quarantined, ReadOptions
from aggcost.importers.registry import Format
from aggcost.importers.repeats import Again
from aggcost.importers.sources import Database
from aggcost.importers.stored import Wanted
from aggcost.importers.tables import LogTable
from aggcost.ledger import accepted
from aggcost.usage import COLUMN_NAMES, COLUMNS, TOLD, TOLD_NAMES, Column

NESTED = "nested span"


@dataclass(frozen=True, slots=True)
class Usage:
    """A log as it was read: the canonical table with what became of its rows (`issue`, `filtered`, `duplicate`).

    `dropped_by` says why a row is a duplicate, `format` that of its file. `again` are rows that are kept although they
    repeat or retry another one. `spans` says which days each file has, by grain and provider; it reads the files once
    more.
    """

    table: ibis.Table
    inputs: tuple[InputFile, ...]
    issues: tuple[Issue, ...]
    locate: Callable[[int | None], list[Quarantined]]
    spans: Callable[[], list[Grained]]
    again: Again


def read_usage(engine: Engine, logs: Sequence[str], options: ReadOptions) -> Usage:
    """Return the logs that paths, directories, globs, ``-`` and databases name, as one canonical table.

    InputError for what cannot be read, DataQualityError for a file that is damaged or swallows lines.
    """
    check(options)
    found = sources.find(logs)
    activity.planned(len(found))
    small = _small(engine, found, options)
    kinds = {source: sources.database(source) for source in found if source not in small}
    logged = [Path(source) for source, kind in kinds.items() if source != "-" and kind is None]
    engine.confine([*logged, *map(unfinished, options.writes)])
    listed: list[Opened] = []
    for source in found:
        if source in small:
            listed.append(small[source])
            continue
        with activity.share(1, 0):
            listed.append(opened(engine, source, kinds[source], options, listed[-1].format if listed else generic))
    activity.planned(len(listed), sum(one.file.text_bytes for one in listed))
    return read_opened(engine, listed, options)


def _small(engine: Engine, found: Sequence[str], options: ReadOptions) -> dict[str, Opened]:
    """Return the small JSON files among the sources: the engine gets their text, and opens none of them."""
    small: dict[str, Opened] = {}
    if engine.name != "duckdb":
        return small
    like: Format = generic
    for source in found:
        with activity.reading(source, packs.MOST_BYTES):
            one = None if source == "-" else loading.small(source, options, like)
        if one is not None:
            with activity.share(1, 0):
                small[source] = one
                like = one.format
    return small


def read_opened(engine: Engine, listed: Sequence[Opened], options: ReadOptions, name: str = "log") -> Usage:
    """Return opened files as one canonical table; `name` begins the names of its temporary files."""
    parts = _parts(engine, listed, options, name)
    notices = [notice for part in parts for notice in quarantine.cover(engine, part)]
    whole = engine.named(_united(engine, parts, name), f"{name}_whole")
    rows, of_period = clipping.clipped(engine, whole, parts, options)
    look = marks.look(engine, rows)
    table = marks.marked(rows, look.providers, options)
    if options.dedupe:
        table = repeats.deduped(table, marks.copies(parts))
    table = engine.named(table, f"{name}_marked")
    again = repeats.found(engine, table, f"{name}again", sum(part.records for part in parts))
    inputs = tuple(
        InputFile(
            part.table.file.shown,
            part.census.sha256,
            part.format,
            part.table.file.bytes,
            part.records,
            _read_as(one, part, options),
            grains_of(engine, one, part, options),
        )
        for one, part in zip(listed, parts, strict=True)
    )
    located = quarantine.locator(engine, parts, clipping.period(options))
    issues = (
        *quarantine.issues(look.issues, located),
        *notices,
        *(issue for part in parts for issue in partial.issue(part.table.file)),
        *of_period,
        *marks.same_file(parts),
        *marks.stated_in_vain(parts, options),
        *repeats.issue(engine, again.repeats),
    )

    def spans() -> list[Grained]:
        return [span for part in parts for span in spans_of(engine, part)]

    return Usage(table, inputs, issues, located, spans, again)


def check(options: ReadOptions) -> None:
    """Raise UsageError for an option that means nothing."""
    if options.dedupe not in (None, "id"):
        raise UsageError(f"--dedupe {options.dedupe}: only id is known")
    if options.timezone is not None:
        try:
            ZoneInfo(options.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise UsageError(
                f"--tz {options.timezone}: no such time zone", hint="an IANA name such as UTC or Europe/Berlin"
            ) from error
    clipping.period(options)
    encodings.checked(options.encoding)


def opened(engine: Engine, source: str, kind: Database | None, options: ReadOptions, like: Format = generic) -> Opened:
    """Return a source ready to be read, with its format, perhaps that of the one before (`like`)."""
    shown = source if kind is None else kind.shown(source)
    if engine.name != "duckdb" and kind is not None:
        raise loading.no_text(shown)
    with _told(shown):
        with activity.reading(shown, _size_bytes(source, kind)):
            if kind is not None:
                file = kind.fetch(source, engine.folder, Wanted(tuple(options.mapping.values()), options.format))
            else:
                file = files.unpack(
                    source, engine.folder, encoding=options.encoding, allow_partial=options.allow_partial
                )
            if options.allow_partial:
                file = partial.whole_part(file, engine.folder)
        with activity.reading(shown, file.bytes):
            return loading.opened(engine, file, options, like)


def _size_bytes(source: str, kind: Database | None) -> int | None:
    """Return how much there is to unpack, None where only a server knows."""
    if kind is not None:
        return None
    return 0 if source == "-" else Path(source).stat().st_size


@contextmanager
def _told(shown: str) -> Iterator[None]:
    """Say which file the engine could not read."""
    try:
        yield
    except EngineError as error:
        raise InputError(f"{shown}: {error.message}", hint="the file is damaged, or not what it seems to be") from error


def _parts(engine: Engine, listed: Sequence[Opened], options: ReadOptions, name: str) -> list[Part]:
    """Return every file read, in the order given; JSON files of one format are read together."""
    found: dict[int, Part] = {}
    batches: dict[tuple[str, str], list[int]] = {}
    for number, one in enumerate(listed):
        if one.batch is not None:
            batches.setdefault(one.batch, []).append(number)
            continue
        with _told(one.file.shown), _at(one.file.shown, [one]):
            found[number] = (
                _canonical(engine, one) if one.canonical else loading.imported(engine, one, options, f"{name}{number}")
            )
    for numbers in batches.values():
        batch = [listed[number] for number in numbers]
        with _at(_named(batch), batch):
            together = loading.imported_together(engine, batch, options, f"{name}{numbers[0]}")
        found |= dict(zip(numbers, together, strict=True))
    return [found[number] for number in range(len(listed))]


@contextmanager
def _at(shown: str, listed: Sequence[Opened]) -> Iterator[None]:
    """Say which files are being read, and count them once they are."""
    size_bytes = sum(one.file.text_bytes for one in listed)
    with activity.share(len(listed), size_bytes), activity.reading(shown, size_bytes):
        yield


def _named(batch: Sequence[Opened]) -> str:
    others = f" and {len(batch) - 1:,} more" if len(batch) > 1 else ""
    return f"{batch[0].file.shown}{others}"


def _read_as(one: Opened, part: Part, options: ReadOptions) -> str:
    """Return in words how a file was read."""
    was = f"was {part.table.file.was}" if part.table.file.was else ""
    note = "; ".join(filter(None, (was, one.file.note, part.table.note)))
    if part.format == loading.CANONICAL:
        tokens = "input tokens are those that no cache read or wrote; output contains reasoning; times are UTC"
        return f"{part.format}; {note}; {tokens}"
    tokens = one.format.SEMANTICS
    if options.input_excludes_cache:
        tokens = f"input tokens do not contain cached ones (--input-excludes-cache); otherwise: {tokens}"
    return f"{part.format} ({one.rule}); {note}; {tokens}"


def _canonical(engine: Engine, one: Opened) -> Part:
    """Read a table that `convert` wrote, straight."""
    stored = engine.read_parquet(one.file.path)
    missing = [column for column in COLUMNS if column.name not in stored.columns]
    whole = stored.mutate(**{column.name: ibis.null(column.type) for column in missing})
    hashed = ibis.ifelse(whole.request_id.notnull(), engine.hashed(whole.request_id), ibis.null("int64"))
    told = [name for name in TOLD_NAMES if name in stored.columns]
    relation = whole.select(*COLUMN_NAMES, *told, issue=ibis.null("string"), id_hash=hashed)
    records = int(engine.to_arrow(relation.count().as_table()).column(0)[0].as_py())
    with Counting([(one.file.path, one.file.given)]) as counting:
        pass
    table = one.table or LogTable(one.file, "parquet", "", COLUMN_NAMES, {}, "Parquet, typed columns")
    return Part(table, loading.CANONICAL, None, relation, counting.censuses()[0], (), records, records)


def _united(engine: Engine, parts: Sequence[Part], name: str) -> ibis.Table:
    """Return all files as one table with every canonical column."""
    alike: dict[tuple[str, ...], list[Part]] = {}
    relations = []
    for part in parts:
        if part.relation is not None and part.kept is None:
            relations.append(part.relation.mutate(format=ibis.literal(part.format)))
        elif part.relation is not None:
            columns = part.relation.columns
            alike.setdefault((DUP_KEY,) if DUP_KEY in columns else (part.format, *columns), []).append(part)
    for number, (columns, group) in enumerate(alike.items()):
        stack = _once if columns == (DUP_KEY,) else _stacked
        relations.append(stack(engine, group, f"{name}s{number}"))
    told = _told_columns(engine, relations)
    whole = [_completed(relation, told) for relation in relations]
    return ibis.union(*whole) if len(whole) > 1 else whole[0]


def _stacked(engine: Engine, parts: Sequence[Part], name: str) -> ibis.Table:
    """Return text files of the same columns as one table, with a row for each record that the engine set aside.

    A union of hundreds of files would take longer to plan than to read.
    """
    engine.rows(f"CREATE OR REPLACE VIEW {name} AS {_rows_of(parts)}")
    return engine.backend.table(name)


def _once(engine: Engine, parts: Sequence[Part], name: str) -> ibis.Table:
    """Return text files whose formats tell repeats as one table, all but one row of each key marked as duplicates."""
    if not engine.rows(f"SELECT 1 FROM ({_rows_of(parts)}) WHERE {DUP_KEY} IS NOT NULL LIMIT 1"):  # noqa: S608
        return _stacked(engine, parts, name)
    nested = any(NODE in part.relation.columns for part in parts if part.relation is not None)
    rows = _innermost(_rows_of(parts)) if nested else _rows_of(parts)
    first = f"{DUP_KEY} IS NOT NULL AND issue IS NULL AND {REPEATED} IS NULL"
    best = f"PARTITION BY {DUP_KEY}, {first} ORDER BY {DUP_ORDER} DESC NULLS LAST, ts"
    ranked = f"SELECT *, {first} AND row_number() OVER ({best}) > 1 AS later FROM ({rows})"  # noqa: S608
    dropped = f"CASE WHEN later THEN {DUP_WORDS} ELSE {REPEATED} END AS dropped_by"
    marked = (
        f"SELECT * EXCLUDE ({DUP_KEY}, {DUP_ORDER}, {DUP_WORDS}, {REPEATED}, later), "  # noqa: S608
        f"later OR {REPEATED} IS NOT NULL AS duplicate, {dropped} FROM ({ranked})"
    )
    kept = engine.folder / f"{name}.parquet"
    engine.rows(f"COPY ({marked}) TO {quoted(str(kept))} (FORMAT parquet, COMPRESSION snappy)")
    return engine.read_parquet(kept)


def _innermost(rows: str) -> str:
    """Return rows, of which requests that repeat one inside them, however deep, are marked as `repeated`.

    A request with tokens repeats one that has some; a request without (a failure) repeats any.
    """
    request, used = "filtered IS NULL AND issue IS NULL", "coalesce(input, output) IS NOT NULL"
    repeats = (
        f"({NODE} IN (SELECT {NODE} FROM outer_ones WHERE used) "  # noqa: S608 - our own names
        f"OR NOT ({used}) AND {NODE} IN (SELECT {NODE} FROM outer_ones))"
    )
    return (
        f"WITH RECURSIVE stored AS MATERIALIZED ({rows}), "  # noqa: S608 - our own names
        f"edges AS MATERIALIZED (SELECT DISTINCT {NODE}, {INSIDE}, {request} AS request, {used} AS used FROM stored "
        f"WHERE {INSIDE} <> {NODE}), "
        f"outer_ones AS (SELECT {INSIDE} AS {NODE}, used FROM edges WHERE request "
        f"UNION SELECT edges.{INSIDE}, outer_ones.used FROM edges JOIN outer_ones USING ({NODE})) "
        f"SELECT * EXCLUDE ({NODE}, {INSIDE}) REPLACE (CASE WHEN {request} AND {repeats} "
        f"THEN {quoted(NESTED)} ELSE {REPEATED} END AS {REPEATED}) FROM stored"
    )


def _rows_of(parts: Sequence[Part]) -> str:
    by_format: dict[str, list[Part]] = {}
    for part in parts:
        by_format.setdefault(part.format, []).append(part)
    named = (
        f"SELECT *, {quoted(name)} AS format FROM ({_rows_of_one(several)})"  # noqa: S608
        for name, several in by_format.items()
    )
    return " UNION ALL BY NAME ".join(named)


def _rows_of_one(parts: Sequence[Part]) -> str:
    """Return the rows of files of one format."""
    listed = ", ".join(quoted(str(part.kept)) for part in parts)
    reasons = Counter(one.reason for part in parts for one in part.rejects)
    set_aside = "".join(
        f" UNION ALL BY NAME SELECT 'line:{reason}' AS issue FROM range({count})"  # noqa: S608
        for reason, count in sorted(reasons.items())
    )
    return f"SELECT * FROM read_parquet([{listed}], union_by_name=true){set_aside}"  # noqa: S608


def _told_columns(engine: Engine, relations: Sequence[ibis.Table]) -> tuple[Column, ...]:
    """Return the optional columns that some file has a value in: a format may know more than its logs tell."""
    found = set()
    for relation in relations:
        known = {name: relation[name].notnull().any() for name in TOLD_NAMES if name in relation.columns}
        answers = engine.to_arrow(relation.aggregate(**known)).to_pylist() if known else []
        found |= {name for row in answers for name, answer in row.items() if answer}
    return tuple(column for column in TOLD if column.name in found)


def _completed(stored: ibis.Table, told: Sequence[Column]) -> ibis.Table:
    """Return a table with the canonical columns it lacks as nulls, and what became of its rows."""
    present = set(stored.columns)
    wanted = {
        column.name: stored[column.name] if column.name in present else ibis.null(column.type)
        for column in (*COLUMNS, *told)
    }
    wanted["grain"] = wanted["grain"].fill_null("request")
    # Some usage reports do not say how many requests a bucket sums: none can be counted.
    wanted["request_count"] = wanted["request_count"].fill_null(ibis.ifelse(wanted["grain"] == "bucket", 0, 1))
    fates = {
        "issue": "string", "filtered": "string", "duplicate": "boolean", "dropped_by": "string", "format": "string",
        "id_hash": "int64",
    }  # fmt: skip
    known = {name: stored[name] if name in present else ibis.null(kind) for name, kind in fates.items()}
    return stored.select(**wanted, **known)


def unfinished(path: Path) -> Path:
    """Return where a file is written before it takes its name."""
    return path.with_name(f".{path.name}.part")


def write_canonical(engine: Engine, usage: Usage, path: Path) -> int:
    """Write the usable rows as canonical Parquet, whole or not at all; return their number.

    `path` is one of `ReadOptions.writes`.
    """
    inputs = {Path(one.path).resolve() for one in usage.inputs if one.path != "-"}
    if path.resolve() in inputs:
        raise UsageError(f"{path} is one of the logs to convert", hint="name another file")
    rows = usage.table.filter(accepted(usage.table))
    part = unfinished(path)
    try:
        told = [name for name in TOLD_NAMES if name in rows.columns]
        sql = ibis.to_sql(rows.select(*COLUMN_NAMES, *told), dialect="duckdb")
        written = engine.rows(f"COPY ({sql}) TO {quoted(str(part))} (FORMAT parquet, COMPRESSION zstd)")[0][0]
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return int(written)
