"""From the cells of a file to its canonical columns: one SELECT, which also says why a row cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from aggcost.engine import Engine, hash_sql, identifier, quoted
from aggcost.errors import InputError
from aggcost.importers import casts, contained, fields
from aggcost.importers.casts import Cell, is_naive
from aggcost.importers.fields import Meaning, Source
from aggcost.importers.tables import LogTable
from aggcost.usage import COLUMNS, TOLD

EPOCH_UNITS = ((10**11, "s"), (10**14, "ms"), (10**17, "us"), (10**20, "ns"))
SMALLEST_EPOCH_S = 10**8  # 1973: a smaller number counts from some other beginning
SAMPLE_ROWS = 1000  # that decide between text and numbers, where a column of times holds both
NO_ZONE = "timestamp:has_no_zone"
AS_READ = "row_number() OVER ()"
LATE = "has_unseen_keys"  # of a row with a key that the sample of its file did not show
# Names that every ledger is grouped by: their cells are read by each scan.
GROUPED = ("provider", "model", "task", "service_tier", "region")
_TYPES = {"int64": "BIGINT", "string": "VARCHAR", "boolean": "BOOLEAN", "timestamp(6)": "TIMESTAMP",
          "decimal(38, 12)": "DECIMAL(38, 12)", "array<int64>": "BIGINT[]"}  # fmt: skip
_NOT_A_COUNT = "not_a_count"
_REASONS = {
    "timestamp": "not_a_time", "latency_ms": "not_a_duration", "ttft_ms": "not_a_duration", "cost_usd": "not_an_amount",
    "status": "not_a_status", "billable": "not_yes_or_no", "grain": "not_a_grain",
    fields.BLOCKS: "not_a_list_of_ids",
    **dict.fromkeys(fields.SECONDS, "not_a_duration"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """What a SELECT reads: a relation, the file as the user named it, and what its format says of rows.

    `broken` are the first tests of a row's issue, `last` the last ones. Where `request` (SQL) is not true a row is no
    request, and nothing else can be wrong with it. `extras` are further columns. `place` numbers rows as they stand in
    the file; unless the file itself does, they have to be read in their order.
    """

    sql: str
    shown: str
    broken: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    request: str = ""
    extras: Mapping[str, str] = field(default_factory=dict)
    place: str = AS_READ


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected of a file: its rows, where each field comes from, and how times and tokens are meant."""

    rows: Rows
    found: Mapping[str, Source]
    meaning: Meaning
    request_ids: bool

    @property
    def sql(self) -> str:
        """The canonical SELECT."""
        return select(self.rows, self.found, self.meaning, request_ids=self.request_ids)

    @property
    def timestamp(self) -> Source | None:
        """Where times come from."""
        return self.found.get("timestamp")

    @property
    def ordered(self) -> bool:
        """Whether rows must be read in their order: of prompts that share blocks, it decides."""
        return fields.BLOCKS in self.found and self.rows.place == AS_READ


def select(rows: Rows, found: Mapping[str, Source], meaning: Meaning, *, request_ids: bool = True) -> str:
    """Return the canonical SELECT of a file; columns that the log does not have are left out.

    Without `request_ids` neither they, only their hashes, nor the name of the file are selected: no ledger needs
    them, and ids are most of the bytes of a log.
    """
    made, checked = fields.columns(found, meaning)
    inner = dict(checked)
    if "request_id" in made:
        inner["request_id"] = made["request_id"]
        made["request_id"] = identifier(fields.value_name("request_id"))
    values = {name: identifier(fields.value_name(name)) for name in checked}
    if ordered := fields.BLOCKS in found:
        inner["source_row"] = rows.place
        made["source_row"] = identifier(fields.value_name("source_row"))
    made["source_file"] = quoted(rows.shown)
    if "recorded_cost" in made:
        made["currency"] = "'USD'"
    dropped = ("request_id",) if ordered else ("request_id", "source_file")
    kept = {name: sql for name, sql in made.items() if request_ids or name not in dropped}
    listed = [f"CAST({sql} AS {_type_of(name)}) AS {identifier(name)}" for name, sql in kept.items()]
    listed.append(f"{_issue(rows, found, values, meaning)} AS issue")
    if "request_id" in made:
        listed.append(f"{hash_sql(made['request_id'])} AS id_hash")
    listed += [f"{sql} AS {identifier(name)}" for name, sql in rows.extras.items() if name not in kept]
    worked_out = "".join(f", {value} AS {identifier(fields.value_name(name))}" for name, value in inner.items())
    return f"SELECT {', '.join(listed)} FROM (SELECT *{worked_out} FROM {rows.sql})"  # noqa: S608 - quoted throughout


def of_names(table: LogTable, found: Mapping[str, Source]) -> Rows:
    """Return the rows of a file whose fields are known by their names."""
    named = [source.cell.sql for source in found.values() if source.cell.sql.startswith('"')]
    unknown = f"WHEN {' AND '.join(f'{sql} IS NULL' for sql in named)} THEN 'line:not_an_object_with_known_keys'"
    late = {LATE: f"coalesce({', '.join(map(identifier, table.unseen))}) IS NOT NULL"} if table.unseen else {}
    last = (unknown,) if table.kind == "jsonl" and named else ()
    place = "file_row_number + 1" if table.kind == "parquet" else AS_READ
    return Rows(table.sql, table.file.shown, last=last, extras=late, place=place)


@dataclass(frozen=True, slots=True)
class Checked:
    """How many rows a typed file has, how many of them have an issue, and how to read it where none has."""

    rows: int
    bad: int
    selection: Selection


def checked(engine: Engine, selection: Selection) -> Checked:
    """Return what a pass over a typed file finds, with those fields marked whose every cell is its own reading.

    The pass takes all cells for that, which nearly all files bear out, and tests it beside; a second one counts the
    issues where it does not hold of a field that may have some.
    """
    tests = {name: test for name, source in selection.found.items() if (test := _odd(name, source.cell))}
    beside = replace(selection.rows, extras={**selection.rows.extras, **{f"odd {name}": tests[name] for name in tests}})
    hoped = replace(_plain(selection, tests), rows=beside)
    answers = "".join(f", coalesce(bool_or({identifier(f'odd {name}')}), false)" for name in tests)
    rows, bad, *odd = engine.rows(f"SELECT count(*), count(issue){answers} FROM ({hoped.sql})")[0]  # noqa: S608 - quoted
    held = _plain(selection, [name for name, is_odd in zip(tests, odd, strict=True) if not is_odd])
    if any(is_odd and name not in ("timestamp", *GROUPED) for name, is_odd in zip(tests, odd, strict=True)):
        bad = engine.rows(f"SELECT count(issue) FROM ({held.sql})")[0][0]  # noqa: S608 - quoted
    return Checked(int(rows), int(bad), held)


def _plain(selection: Selection, names: Iterable[str]) -> Selection:
    found = selection.found
    marked = {name: replace(found[name], cell=replace(found[name].cell, plain=True)) for name in names}
    return replace(selection, found={**found, **marked})


def _odd(name: str, cell: Cell) -> str | None:
    """Return the test of whether a cell is not its own reading, None where no test is worth its time."""
    if name == "timestamp" and cell.kind in ("time", "zoned"):
        return casts.odd_time(cell)
    if cell.kind == "int" and name in fields.WHOLE_NUMBERS:
        return casts.odd_number(cell)
    if cell.kind != "text":
        return None
    if name == "status":
        return casts.odd_status(cell)
    return casts.odd_text(cell) if name in GROUPED else None


def _type_of(name: str) -> str:
    return next(_TYPES[column.type] for column in (*COLUMNS, *TOLD) if column.name == name)


def _issue(rows: Rows, found: Mapping[str, Source], values: Mapping[str, str], meaning: Meaning) -> str:
    """Return why a row cannot be used, as `column:reason`, or NULL."""
    tests = list(rows.broken)
    if rows.request:
        tests.append(f"WHEN NOT ({rows.request}) THEN NULL")
    if _may_be_naive(found.get("timestamp"), meaning):
        unread = f"{values['timestamp']} IS NULL"  # a time without a zone has no value without one
        tests.append(f"WHEN {unread} AND {is_naive(found['timestamp'].cell)} THEN '{NO_ZONE}'")
    for name in values:
        cell = found[name].cell
        if cell.kind not in ("time", "zoned"):
            reason = _REASONS.get(name, _NOT_A_COUNT)
            tests.append(f"WHEN ({values[name]}) IS NULL AND {cell.is_there} THEN '{name}:{reason}'")
    for test, issue in contained.contradictions(values, excludes_cache=meaning.input_excludes_cache):
        tests.append(f"WHEN {test} THEN '{issue}'")
    if "requests" in values and not rows.extras.get("grain"):
        one = f" AND {values['grain']} IS DISTINCT FROM 'bucket'" if "grain" in values else ""
        tests.append(f"WHEN ({values['requests']}) IS NULL{one} THEN 'requests:missing'")
    tests += rows.last
    return f"CASE {' '.join(tests)} END" if tests else "CAST(NULL AS VARCHAR)"


def time_unit(engine: Engine, table: LogTable, source: Source | None) -> str | None:
    """Return the unit of epoch times, decided over the whole column; None for text; InputError if they mix."""
    if source is None or source.unit is not None or source.cell.kind in ("time", "zoned"):
        return None
    number = f"TRY_CAST({source.cell.text} AS DECIMAL(38, 9))"
    present = f"FROM {table.sql} WHERE {source.cell.text} IS NOT NULL"
    sample = f"SELECT {number} AS number {present} LIMIT {SAMPLE_ROWS}"
    numbers, rows = engine.rows(f"SELECT count(number), count(*) FROM ({sample})")[0]  # noqa: S608
    if numbers * 2 <= rows:
        return None
    low, high = engine.rows(f"SELECT min({number}), max({number}) {present}")[0]
    units = {next((unit for below, unit in EPOCH_UNITS if value < below), "?") for value in (low, high)}
    if len(units) != 1 or low < SMALLEST_EPOCH_S or "?" in units:
        raise InputError(
            f"{table.file.shown}: times from {low:.0f} to {high:.0f}: the unit is not clear",
            hint="state it: --map timestamp=COLUMN:s (or ms, us, ns)",
        )
    return units.pop()


def need_zone(engine: Engine, shown: str, relation: str, source: Source | None, meaning: Meaning) -> None:
    """Raise InputError where a selected file holds times without a zone and none was stated."""
    if not _may_be_naive(source, meaning):
        return
    if engine.rows(f"SELECT 1 FROM {relation} WHERE issue = '{NO_ZONE}' LIMIT 1"):  # noqa: S608 - our own names
        raise InputError(f"{shown}: times without a zone", hint="state it: --tz UTC, or --tz Europe/Berlin")


def _may_be_naive(source: Source | None, meaning: Meaning) -> bool:
    if source is None or source.unit is not None:
        return False
    return meaning.zone is None and meaning.time_unit is None and source.cell.kind != "zoned"
