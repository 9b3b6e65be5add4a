"""The period that was asked for (`--since`, `--until`): rows outside of it are filtered, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import ibis

from aggcost.engine import Engine
from aggcost.errors import Issue, UsageError
from aggcost.importers.parts import Part, ReadOptions
from aggcost.ledger import accepted

OUTSIDE = "outside_of_period"
_VIEW = "rows_outside_of_the_period"


@dataclass(frozen=True, slots=True)
class Period:
    """Half open, in UTC without a zone, as times stand in the canonical table; None is no bound."""

    since: datetime | None
    until: datetime | None

    def holds(self, ts: ibis.Value) -> ibis.Value:
        """Return whether a time lies inside; unknown times do."""
        inside = [ts >= self.since] if self.since else []
        inside += [ts < self.until] if self.until else []
        return ts.isnull() | ibis.and_(*inside)

    def outside_sql(self) -> str:
        """Return the SQL test of whether `ts` lies outside; a null does not."""
        tests = [f"ts < TIMESTAMP '{self.since}'"] if self.since else []
        tests += [f"ts >= TIMESTAMP '{self.until}'"] if self.until else []
        return f"coalesce({' OR '.join(tests)}, false)"


def period(options: ReadOptions) -> Period | None:
    """Return the period that was asked for, None where all rows are; UsageError for what is none."""
    if options.since is None and options.until is None:
        return None
    zone = ZoneInfo(options.timezone or "UTC")
    found = Period(_instant("--since", options.since, zone), _instant("--until", options.until, zone))
    if found.since and found.until and found.since >= found.until:
        raise UsageError(
            f"--since {options.since} --until {options.until}: no time lies between them",
            hint="the end is not part of the period: --since 2026-02-01 --until 2026-03-01 is February",
        )
    return found


def _instant(flag: str, text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(
            f"{flag} {text}: not a date or time", hint="such as 2026-02-01, 2026-02-01T09:30 or 2026-02-01T09:30Z"
        ) from error
    # As in logs: an hour that happens twice is the later one.
    local = told if told.tzinfo else told.replace(tzinfo=zone, fold=1)
    try:
        instant = local.astimezone(UTC)
    except OverflowError as error:
        raise UsageError(f"{flag} {text}: no time that a log could have") from error
    if told.tzinfo is None and instant.astimezone(zone).replace(tzinfo=None) != told:
        raise UsageError(f"{flag} {text}: no clock in {zone.key} showed that time", hint="summer time skipped it")
    return instant.replace(tzinfo=None)


def clipped(
    engine: Engine, table: ibis.Table, parts: Sequence[Part], options: ReadOptions
) -> tuple[ibis.Table, tuple[Issue, ...]]:
    """Return the rows of the period and those without a time; each other row becomes an empty, filtered one.

    So no later scan reads them: where times are typed, the engine skips whole blocks of a file.
    """
    asked = period(options)
    if asked is None:
        return table, ()
    kept = table.filter(asked.holds(table.ts))
    undated = (accepted(kept) & kept.ts.isnull()).ifelse(1, 0).sum().fill_null(0)
    (counted,) = engine.to_arrow(kept.aggregate(rows=kept.count(), undated=undated)).to_pylist()
    outside = sum(part.records for part in parts) - counted["rows"]
    issues = _issues(outside, int(counted["undated"]))
    if not outside:
        return kept, issues
    engine.backend.raw_sql(f"CREATE OR REPLACE TEMPORARY VIEW {_VIEW} AS SELECT 1 AS one FROM range({outside})")  # noqa: S608
    known = {"filtered": ibis.literal(OUTSIDE), "grain": ibis.literal("request")}
    empty = {name: known.get(name, ibis.null(kind)).cast(kind) for name, kind in table.schema().items()}
    return kept.union(engine.backend.table(_VIEW).select(**empty)), issues


def _issues(outside: int, undated: int) -> tuple[Issue, ...]:
    found = []
    if outside:
        message = f"{outside:,} rows lie outside of --since and --until: they are filtered"
        found.append(Issue(OUTSIDE, "info", outside, message))
    if undated:
        message = f"{undated:,} rows have no time: they are counted, whatever --since and --until say"
        found.append(Issue("no_time_to_filter_by", "warning", undated, message))
    return tuple(found)
