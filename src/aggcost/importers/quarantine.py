"""Rows that cannot be used: counted, named with their line, and set against the lines of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

import ibis

from aggcost.engine import Engine
from aggcost.errors import DataQualityError, InputError, InvariantError, Issue
from aggcost.importers import tables
from aggcost.importers.clipping import Period
from aggcost.importers.parts import Part, Quarantined, Reject
from aggcost.importers.tables import LogTable, Record
from aggcost.usage import COLUMNS

SHOWN = 60  # quarantined rows that are located to name the first of each kind


def forget_rejects(engine: Engine) -> None:
    """Forget what the engine set aside so far: every pass over a file adds its rows again."""
    for table in ("reject_errors", "reject_scans"):
        if engine.rows(f"SELECT 1 FROM duckdb_tables() WHERE table_name = '{table}'"):  # noqa: S608
            engine.rows(f"DELETE FROM {table}")  # noqa: S608 - our own names


def rejects(engine: Engine, table: LogTable) -> tuple[Reject, ...]:
    """Return the records that the engine set aside in its last pass over a delimited file, in their order."""
    if table.kind != "csv":
        return ()
    rows = engine.rows("SELECT line, min(CAST(error_type AS VARCHAR)) FROM reject_errors GROUP BY line ORDER BY line")
    return tuple(Reject(int(number), str(kind).lower().replace(" ", "_")) for number, kind in rows)


def cover(engine: Engine, part: Part) -> tuple[Issue, ...]:
    """Check that the rows of a text file account for its lines, so that nothing was swallowed.

    Returns a notice where quoted cells run over several lines: two stray quotes look just like that.
    """
    table, census = part.table, part.census
    if table.kind == "parquet":
        return ()
    if census.nul is not None:
        raise InputError(
            f"{table.file.shown}: a NUL byte at byte {census.nul}: not a text log", hint="expected UTF-8 text"
        )
    header = table.header if table.kind == "csv" else 0
    if table.kind == "document" or census.lines == header + part.lines:
        return ()
    found = list(tables.records(table))
    missing = census.lines - header - part.lines
    if census.quotes % 2 and table.kind == "csv":
        opened = f":{found[-1].line}" if found else ""
        raise DataQualityError(
            f"{table.file.shown}{opened}: a quote opens and never closes: {missing:,} lines are missing",
            hint="correct that line, or export the log again",
        )
    if len(found) != part.lines and census.quotes and table.kind == "csv":
        raise DataQualityError(
            f"{table.file.shown}: stray quotes: {len(found):,} records by one reading, {part.lines:,} by another",
            hint='a quote inside a cell is doubled, and its cell quoted: "say ""hi"""',
        )
    if len(found) != part.lines:
        raise InvariantError(f"{table.file.shown}: {len(found):,} records in the file, {part.lines:,} read")
    return _inside_quotes(engine, part, found)


def _inside_quotes(engine: Engine, part: Part, found: Sequence[Record]) -> tuple[Issue, ...]:
    """Return a notice of the lines that are parts of quoted cells: a warning where names run over lines."""
    longer = [record for record in found if record.lines > 1]
    if not longer:
        return ()
    count = sum(record.lines - 1 for record in longer)
    message = f"{count:,} lines are parts of quoted cells, not requests of their own"
    where = f"{part.table.file.shown}:{longer[0].line}"
    if _names_over_lines(engine, part):
        hint = "names run over several lines: two stray quotes may have swallowed requests"
        return (Issue("lines_in_quotes", "warning", count, message, where, hint),)
    hint = "expected where a log holds texts; else look for a stray quote"
    return (Issue("lines_in_quotes", "info", count, message, where, hint),)


def _names_over_lines(engine: Engine, part: Part) -> bool:
    """Return whether a column that names something holds a line feed, which no name does."""
    if part.relation is None:
        return False
    names = [column.name for column in COLUMNS if column.type == "string" and column.name in part.relation.columns]
    tests = [part.relation[name].contains("\n") for name in names if name not in ("tags", "issue")]
    if not tests:
        return False
    return bool(engine.to_arrow(part.relation.filter(ibis.or_(*tests)).limit(1)).num_rows)


def issues(counted: Mapping[str, int], locate: Callable[[int | None], list[Quarantined]]) -> tuple[Issue, ...]:
    """Return one issue for each kind of quarantined row, the most frequent first, with the place of its first."""
    if not counted:
        return ()
    places = {f"{one.column}:{one.reason}": one for one in reversed(locate(SHOWN))}
    found = []
    for issue, rows in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        column, _, reason = issue.partition(":")
        first = places.get(issue)
        where = None if first is None else f"{first.file}:{first.line}" if first.line else first.file
        message = f"{column}: {reason.replace('_', ' ')}"
        found.append(Issue("quarantined", "warning", rows, message, where, "--quarantine FILE lists the rows"))
    return tuple(found)


def locator(engine: Engine, parts: Sequence[Part], asked: Period | None) -> Callable[[int | None], list[Quarantined]]:
    """Return a function that finds quarantined rows: a second, slow pass over the files.

    Rows outside of the period that was asked for are not among them.
    """

    def locate(limit: int | None) -> list[Quarantined]:
        """Return where quarantined rows are, up to `limit` of them."""
        found: list[Quarantined] = []
        for part in parts:
            if limit is None or len(found) < limit:
                found += _located(engine, part, asked, None if limit is None else limit - len(found))
        return found

    return locate


def _located(engine: Engine, part: Part, asked: Period | None, limit: int | None) -> list[Quarantined]:
    shown = part.table.file.shown
    rows = _bad_rows(engine, part, asked, limit)
    set_aside = list(islice(part.rejects, limit))
    by_position, by_record = _lines_of(part, {row[0] for row in rows}, {one.record for one in set_aside})
    found = [Quarantined(shown, by_record.get(one.record), "line", one.reason) for one in set_aside]
    found += [Quarantined(shown, by_position.get(n), *issue.split(":", 1)) for n, issue in rows]
    return sorted(found, key=lambda one: one.line or 0)[:limit]


def _bad_rows(engine: Engine, part: Part, asked: Period | None, limit: int | None) -> list[tuple[int, str]]:
    """Return (position among the accepted rows from 1, issue) of quarantined rows, in the order of the file."""
    if part.select is None or part.flawless:
        return []
    engine.rows("SET preserve_insertion_order = true")
    try:
        place = "line" if part.table.kind == "document" or not part.table.sql else "row_number() OVER ()"
        select = part.select()
        issue = "issue"
        if asked is not None and any(row[0] == "ts" for row in engine.rows(f"DESCRIBE {select}")):
            issue = f"CASE WHEN NOT {asked.outside_sql()} THEN issue END AS issue"
        numbered = f"SELECT {place} AS n, {issue} FROM ({select})"  # noqa: S608 - our own SELECT
        cut = "" if limit is None else f" LIMIT {limit}"
        with engine.roomy(part.room_mb):
            rows = engine.rows(f"SELECT n, issue FROM ({numbered}) WHERE issue IS NOT NULL ORDER BY n{cut}")  # noqa: S608
    finally:
        engine.rows("SET preserve_insertion_order = false")
    return [(int(n), str(issue)) for n, issue in rows]


def _lines_of(part: Part, positions: set[int], wanted: set[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Return the physical lines of accepted records by position, and of rejected ones by their record number.

    Parquet has no lines: there it is the row, counted from 1. A small file has no blank lines.
    """
    by_position: dict[int, int] = {}
    by_record: dict[int, int] = {}
    if part.table.kind in ("parquet", "document") or part.table.file.small_bytes:
        return {position: position for position in positions}, by_record
    if not (positions or wanted):
        return by_position, by_record
    rejected, position = {one.record for one in part.rejects}, 0
    for record in tables.records(part.table):
        if record.number in rejected:
            by_record[record.number] = record.line
        else:
            position += 1
            if position in positions:
                by_position[position] = record.line
        if len(by_position) == len(positions) and wanted <= by_record.keys():
            break
    return by_position, by_record
