"""The busiest minute of each route of a log, held against a rate limit: what a provider would have refused.

Times of single requests decide, so they are read as columns, route after route; nothing else of a request is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import ibis
import numpy as np

from aggcost import grains
from aggcost.admission import RouteLimit, admit_load
from aggcost.baseline import Options
from aggcost.engine import Engine, open_engine
from aggcost.errors import DataQualityError, UsageError
from aggcost.importers import read_usage
from aggcost.integers import IntArray, int64
from aggcost.ledger import accepted
from aggcost.meters import TOKEN_KEYS
from aggcost.rate_limits import WINDOWS, Load, Window, first_over, peak
from aggcost.report_peaks import Busiest, Held, Peaks, RoutePeaks

MOST_ROUTES = 10
LONGEST_WAIT_S = 86_400  # nobody waits longer, and a hopeless queue comes to an end
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def peaks(
    options: Options, *, requests_a_minute: int | None = None, tokens_a_minute: int | None = None, scale: int = 1
) -> Peaks:
    """Return the busiest minutes of the routes with most requests; each request counts `scale` times."""
    for name, value in (("--rpm", requests_a_minute), ("--tpm", tokens_a_minute), ("--scale", scale)):
        if value is not None and value < 1:
            raise UsageError(f"{name} {value}: expected 1 or more")
    with open_engine(
        options.engine, master=options.master, threads=options.threads, memory_limit=options.memory_limit
    ) as engine:
        usage = read_usage(engine, options.logs, options.read)
        grains.check(usage, routed=True)
        kept = usage.table.filter(accepted(usage.table))
        routes = _routes(engine, kept)
        if not any(row["timed"] for row in routes):
            raise DataQualityError(
                "no request has a time: which minute is the busiest cannot be told",
                hint="name the column of the time: --map timestamp=COLUMN",
            )
        shown, rest = routes[:MOST_ROUTES], routes[MOST_ROUTES:]
        limit = requests_a_minute, tokens_a_minute
        found = tuple(_of_route(row, _load(engine, kept, row, scale), limit) for row in shown if row["timed"])
    return Peaks(
        routes=found,
        scale=scale,
        requests_a_minute=requests_a_minute,
        tokens_a_minute=tokens_a_minute,
        others=sum(row["timed"] for row in rest),
        left_out=sum(row["requests"] - row["timed"] for row in routes),
    )


def _routes(engine: Engine, kept: ibis.Table) -> list[dict[str, Any]]:
    """Return who served how many requests, and of how many the time is known."""
    counted = kept.group_by("provider", "model").aggregate(requests=kept.count(), timed=kept.ts.count())
    rows: list[dict[str, Any]] = engine.to_arrow(counted).to_pylist()
    return sorted(rows, key=lambda row: (-row["timed"], row["provider"] or "", row["model"] or ""))


def _load(engine: Engine, kept: ibis.Table, row: dict[str, Any], scale: int) -> Load:
    """Return the requests of a route in order of time."""
    same = [kept[name].identical_to(ibis.literal(row[name], "string")) for name in ("provider", "model")]
    of_route = kept.filter(*same, kept.ts.notnull())
    tokens = reduce(lambda one, other: one + other, (of_route[key].fill_null(0) for key in TOKEN_KEYS))
    table = engine.to_arrow(of_route.select(ts_us=engine.micros(of_route.ts), tokens=tokens))
    times, sizes = int64(table.column("ts_us")), int64(table.column("tokens"))
    order = np.argsort(times, kind="stable")
    return Load(np.repeat(times[order], scale), np.repeat(sizes[order], scale))


def _of_route(row: dict[str, Any], load: Load, limit: tuple[int | None, int | None]) -> RoutePeaks:
    stated = limit != (None, None)
    return RoutePeaks(
        provider=row["provider"],
        model=row["model"],
        requests=row["timed"],
        busiest=tuple(_busiest(load, window) for window in WINDOWS),
        held=tuple(_held(load, RouteLimit(*limit, window=window)) for window in WINDOWS) if stated else (),
    )


def _busiest(load: Load, window: Window) -> Busiest:
    requests, tokens = peak(load, _ones(load), window), peak(load, load.tokens, window)
    return Busiest(window, requests.units, _text(requests.at_us), tokens.units, _text(tokens.at_us))


def _held(load: Load, limit: RouteLimit) -> Held:
    over = [
        first_over(load, units, limit.window, allowed)
        for units, allowed in ((_ones(load), limit.requests_a_minute), (load.tokens, limit.tokens_a_minute))
        if allowed is not None
    ]
    first = min((at_us for at_us in over if at_us is not None), default=None)
    if first is None:
        return Held(limit.window, None, 0, 0)
    queued = admit_load(load, replace(limit, when_full="queue", max_wait_s=LONGEST_WAIT_S))
    spilled = int((admit_load(load, limit).hop < 0).sum())
    return Held(limit.window, _text(first), spilled, int(queued.waited_s.max()))


def _ones(load: Load) -> IntArray:
    return np.ones(len(load), np.int64)


def _text(at_us: int | None) -> str:
    """Return an instant as ISO 8601 with seconds, in UTC."""
    if at_us is None:
        return ""
    return (_EPOCH + timedelta(microseconds=at_us)).strftime("%Y-%m-%dT%H:%M:%SZ")
