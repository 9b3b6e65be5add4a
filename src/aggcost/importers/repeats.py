"""Rows that share the id of another one: which are attempts of one request, and which only repeat it.

An attempt is another number in `attempt`, or a failure at another time; all successes of an id are one attempt. The
earliest row of an attempt counts, the others repeat it. A retry is an attempt after the first: its number says so, or,
where none is logged, an earlier row with its id failed and none has succeeded before it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import ibis

from aggcost.engine import Engine, quoted
from aggcost.errors import Issue
from aggcost.ledger import accepted
from aggcost.money import plain
from aggcost.usage import COLUMN_NAMES

BY_ID, SAME_FILE = "request id (--dedupe id)", "same file twice"
REPEATED = "repeated_request_id"
_NOT_COUNTED = ("request_id", "session_id", "parent_id", "prompt_hash", "source_file", "source_line")


@dataclass(frozen=True, slots=True)
class Again:
    """The accepted rows that repeat a request, and its retries; None where there are none.

    `told` says whether the log has request ids or attempts at all: else retries are not known to be none.
    """

    repeats: ibis.Table | None
    retries: ibis.Table | None
    told: bool


def deduped(table: ibis.Table, copies: Collection[str]) -> ibis.Table:
    """Return the table with repeats of a request id marked as dropped; of a tie, rows of `copies` (files) are."""
    copied = table.source_file.isin(list(copies)) if copies else ibis.literal(value=False)
    repeat = table.request_id.notnull() & accepted(table) & _later(table, "request_id", copied)
    known = table.duplicate.fill_null(False)  # noqa: FBT003 - Ibis takes it by position
    why = ibis.ifelse(copied, SAME_FILE, BY_ID)
    return table.mutate(duplicate=repeat | known, dropped_by=ibis.ifelse(repeat, why, table.dropped_by))


def _later(table: ibis.Table, key: str, copied: ibis.Value | None = None) -> ibis.Value:
    """Return whether an earlier row of the same attempt has the same `key`; the other columns decide ties."""
    order = [table[name].asc(nulls_first=False) for name in COLUMN_NAMES if name not in ("source_file", "source_line")]
    failed = _failed(table)
    attempt = [table[key], accepted(table), table.attempt.fill_null(1), failed, failed.ifelse(table.ts, ibis.null())]
    last = [] if copied is None else [copied]
    return ibis.row_number().over(ibis.window(group_by=attempt, order_by=[*order, *last])) > 0


def _failed(table: ibis.Table) -> ibis.Value:
    return table.status.fill_null("ok") != "ok"


def found(engine: Engine, table: ibis.Table, name: str, records: int) -> Again:
    """Return what repeats and what was tried again among so many records, by a 64-bit hash of the ids.

    `name` is that of a temporary file.
    """
    usable = table.filter(accepted(table))
    asked = usable.aggregate(numbered=usable.attempt.count(), retries=(usable.attempt > 1).sum().fill_null(0))
    (counted,) = engine.to_arrow(asked).to_pylist()
    rows, ids = engine.distinct(usable.id_hash, records)
    told = bool(rows or counted["numbered"])
    numbered = usable.filter(usable.attempt > 1) if counted["retries"] else None
    if rows == ids:
        return Again(None, numbered, told)
    twice = usable.filter(usable.id_hash.notnull()).group_by("id_hash").having(ibis._.count() > 1).aggregate()
    shared = _kept(engine, _flagged(usable.semi_join(twice, "id_hash")), name)
    retries = shared.filter(shared.retry)
    if numbered is not None:
        alone = numbered.anti_join(twice, "id_hash").drop(*_NOT_COUNTED)
        retries = retries.drop("repeat", "retry").union(alone)
    return Again(shared.filter(shared.repeat), retries, told)


def _flagged(shared: ibis.Table) -> ibis.Table:
    """Return rows whose ids stand more than once with `repeat` and `retry`, of which a row is one at most."""
    of_id, failed = ibis.window(group_by=shared.id_hash), _failed(shared)
    marked = shared.mutate(
        repeat=_later(shared, "id_hash"),
        failed=failed,
        failed_ts=shared.ts.min(where=failed).over(of_id),
        served_ts=shared.ts.min(where=~failed).over(of_id),
    )
    # Logs have times of whole seconds: a success may stand at the time of the failure before it.
    after = (marked.failed_ts < marked.ts) | ((marked.failed_ts == marked.ts) & ~marked.failed)
    unserved = marked.served_ts.isnull() | (marked.ts <= marked.served_ts)
    retry = ibis.ifelse(marked.attempt.isnull(), after & unserved, marked.attempt > 1) & ~marked.repeat
    return marked.mutate(retry=retry.fill_null(False)).drop("failed", "failed_ts", "served_ts", *_NOT_COUNTED)  # noqa: FBT003


def _kept(engine: Engine, table: ibis.Table, name: str) -> ibis.Table:
    """Return a table as a temporary Parquet file, so that it is worked out once; Spark works it out each time."""
    if engine.name != "duckdb":
        return table
    path = engine.folder / f"{name}.parquet"
    engine.rows(
        f"COPY ({ibis.to_sql(table, dialect='duckdb')}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION snappy)"
    )
    return engine.read_parquet(path)


def issue(engine: Engine, rows: ibis.Table | None) -> tuple[Issue, ...]:
    """Return how many requests repeat the id of another one, and what the log says that they cost."""
    if rows is None:
        return ()
    asked = rows.aggregate(usd=rows.recorded_cost.sum(), known=rows.recorded_cost.count(), rows=rows.count())
    (told,) = engine.to_arrow(asked).to_pylist()
    if not told["rows"]:
        return ()
    message = f"{told['rows']:,} requests repeat the id of another one; they are counted and billed; {_money(**told)}"
    return (Issue(REPEATED, "warning", told["rows"], message, hint="--dedupe id drops them into the duplicate line"),)


def _money(usd: object, known: int, rows: int) -> str:
    if not known:
        return "the log does not record what they cost"
    return f"the log records {plain(usd)} USD" + ("" if known == rows else f" for {known:,} of them")  # type: ignore[arg-type]
