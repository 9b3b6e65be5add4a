"""Health of providers by the minute: outages that a log shows, and a column that tells in which of them a request fell.

A minute of a provider is *down* if at least `FEWEST` of its requests, and at least half of them, failed by a server
error or a timeout. Rate limits are not outages, nor is a request that was refused for its content. Where fewer
requests come in a minute, the log cannot tell, and the minute counts as up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aggcost import ledger
from aggcost.incidents import MINUTE_S, Incident, covered
from aggcost.integers import Mask
from aggcost.ledger import Cells, Dim

if TYPE_CHECKING:
    from aggcost.engine import Engine

COLUMN = "health"
FEWEST = 3
OUTAGES = ("5xx", "timeout")  # classes of failures that are outages
_NONE: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Health:
    """The incidents of a log's period, and its first and last minute (since 1970, UTC; None: no times)."""

    incidents: tuple[Incident, ...]
    first_minute: int | None
    last_minute: int | None

    @property
    def minutes(self) -> int:
        """Return how many minutes the log covers."""
        if self.first_minute is None or self.last_minute is None:
            return 0
        return self.last_minute - self.first_minute + 1

    @cached_property
    def stretches(self) -> tuple[tuple[int, int, int], ...]:
        """Return (first minute, end minute, state) inside the log's period for every stretch with incidents."""
        numbers = {state: number for number, state in enumerate(self.states)}
        return tuple((first, end, numbers[state]) for first, end, state in self._inside())

    @cached_property
    def states(self) -> tuple[frozenset[int], ...]:
        """Return which incidents last in each state; state 0 has none."""
        return (_NONE, *dict.fromkeys(state for _, _, state in self._inside()))

    def minutes_in(self, states: frozenset[int]) -> int:
        """Return how many minutes of the log are in one of the states."""
        return sum(end - first for first, end, state in self.stretches if state in states)

    def where(self, cells: Cells, incidents: frozenset[int]) -> Mask:
        """Return the cells of requests that came while one of these incidents lasted."""
        return of(cells).mask(lambda state: not incidents.isdisjoint(self.states[state]))

    def _inside(self) -> list[tuple[int, int, frozenset[int]]]:
        if self.first_minute is None or self.last_minute is None:
            return []
        low, high = self.first_minute, self.last_minute + 1
        clipped = ((max(first, low), min(end, high), state) for first, end, state in covered(self.incidents))
        return [(first, end, state) for first, end, state in clipped if first < end]


def of(cells: Cells) -> Dim:
    """Return the state of each cell; a ledger that was not told of incidents has none."""
    return cells.dims.get(COLUMN) or Dim(np.zeros(len(cells), np.int32), (0,))


def look(engine: Engine, usage: ibis.Table, stated: Sequence[Incident]) -> Health:
    """Return the incidents that the log shows, one scan in the engine, and those that are stated."""
    minute = (usage.ts.truncate("s").epoch_seconds().cast("int64") // MINUTE_S).cast("int64")
    kept = usage.mutate(minute=minute).filter(ledger.accepted(usage), usage.ts.notnull())
    span = engine.to_arrow(kept.aggregate(first=kept.minute.min(), last=kept.minute.max())).to_pylist()[0]
    return Health((*_seen(engine, kept), *stated), span["first"], span["last"])


def _seen(engine: Engine, kept: ibis.Table) -> list[Incident]:
    failed = _outage(kept).ifelse(kept.request_count, 0)
    counted = kept.group_by("provider", "minute").aggregate(
        requests=kept.request_count.sum().cast("int64"), failed=failed.sum().cast("int64")
    )
    down = counted.filter(counted.failed >= FEWEST, counted.failed * 2 >= counted.requests, counted.provider.notnull())
    rows = engine.to_arrow(down.select("provider", "minute")).to_pylist()
    found: list[Incident] = []
    for provider, minute in sorted((row["provider"], row["minute"]) for row in rows):
        last = found[-1] if found else None
        if last is not None and last.provider == provider and last.end_minute == minute:
            found[-1] = Incident(last.first_minute, last.minutes + 1, provider, source="observed")
        else:
            found.append(Incident(minute, 1, provider, source="observed"))
    return found


def _outage(usage: ibis.Table) -> ibis.Value:
    """Return whether a request failed as it does in an outage."""
    return ledger.failure(usage).isin(OUTAGES).fill_null(False)  # noqa: FBT003


def with_states(engine: Engine, usage: ibis.Table, health: Health) -> ibis.Table:
    """Return the rows with the number of their state in the column ``health``, 0 also where the time is unknown."""
    nothing = ibis.literal(0, "int32")
    if not health.stretches:
        return usage.mutate(**{COLUMN: nothing})
    minutes = np.concatenate([np.arange(first, end) for first, end, _ in health.stretches])
    states = np.concatenate([np.full(end - first, state) for first, end, state in health.stretches])
    path = engine.folder / "health.parquet"
    pq.write_table(
        pa.table({"down_minute": pa.array(minutes, pa.int64()), "down_state": pa.array(states, pa.int32())}), path
    )
    table = engine.read_parquet(path)
    minute = (usage.ts.truncate("s").epoch_seconds().cast("int64") // MINUTE_S).cast("int64")
    joined = usage.left_join(table, minute == table.down_minute)
    found = joined.mutate(**{COLUMN: joined.down_state.fill_null(0).cast("int32")}).drop("down_minute", "down_state")
    return engine.named(found, "usage_with_health")
