"""Service: how fast and how reliably requests were served, and would be under a policy.

Latencies are a second ledger without time: integer milliseconds with counts, by the keys a policy
may look at. A percentile is the order statistic with linear interpolation between neighbours.
Requests that stay keep their observed latency. Requests that move get what the policy asserts for
the route, or else what a line in their tokens predicts there (`latency_model`), or else what the log has seen of it;
where none of them exists the answer is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aggcost import ledger, movement
from aggcost.integers import IntArray, Mask, int64, total
from aggcost.latency_model import Predicted
from aggcost.ledger import Cells, Dim, Plan
from aggcost.policy import Route, ServiceLevel
from aggcost.replay import Routed
from aggcost.routes import UNPAID

if TYPE_CHECKING:
    import ibis

    from aggcost.engine import Engine

Label = Literal["measured", "modelled", "assumed"]
# A percentile needs enough requests above it to mean anything.
SMALLEST_N = {50: 1, 95: 100, 99: 1_000}
# Bins of numbers kept apart in the latency ledger; more, and moved requests are taken pro rata.
_MAX_BINS = 64
_POINTS = 1_000
_UNIT = movement.UNIT


@dataclass(frozen=True, slots=True)
class Latencies:
    """The latency ledger: `requests` with `latency_ms`, by the keys in `dims`."""

    dims: Mapping[str, Dim]
    latency_ms: IntArray
    requests: IntArray


@dataclass(frozen=True, slots=True)
class Percentiles:
    """p50, p95 and p99 in milliseconds (None: too few requests), over `n` requests.

    Where some are predicted by a line in their tokens, `fitted_rows` is what the thinnest one was fitted to, and
    `support_percent` the share of these requests whose size the route has served.
    """

    p50_ms: Fraction | None
    p95_ms: Fraction | None
    p99_ms: Fraction | None
    n: int
    label: Label
    fitted_rows: int | None = None
    support_percent: int | None = None


def scan(engine: Engine, usage: ibis.Table, wanted: Plan) -> Latencies:
    """Return the latency ledger of the served requests that state a latency, one scan in the engine.

    It groups by numbers where the plan has them, which takes half the time of grouping by texts.
    """
    kept = replace(wanted, cuts=_few_cuts(wanted.cuts), numbered={**wanted.numbered, "status": ("ok",)})
    served = usage.filter(
        ledger.accepted(usage), usage.billable.isnull() | usage.billable,
        usage.latency_ms.notnull(), usage.status.fill_null("ok") == "ok",
    )  # fmt: skip
    keys = ledger.keys_without_time(served, kept)
    grouped = served.group_by([*keys, served.latency_ms.name("ms")])
    table = engine.to_arrow(grouped.aggregate(requests=served.request_count.sum().cast("int64")))
    dims = ledger.dims(table, [key.get_name() for key in keys], kept)
    return Latencies(dims, int64(table.column("ms")), int64(table.column("requests")))


def _few_cuts(cuts: Mapping[str, tuple[int, ...]]) -> Mapping[str, tuple[int, ...]]:
    bins = math.prod(len(bounds) + 1 for bounds in cuts.values())
    return cuts if bins <= _MAX_BINS else {}


def measured(latencies: Latencies) -> Percentiles | None:
    """Return the percentiles of all served requests, None where the log has no latency."""
    if not len(latencies.latency_ms):
        return None
    return _percentiles([(latencies.latency_ms, latencies.requests * _UNIT)], "measured")


def replayed(
    latencies: Latencies,
    cells: Cells,
    routed: Routed,
    levels: Mapping[Route, ServiceLevel],
    expected: Mapping[Route, Predicted],
    rescued: Routed | None = None,
) -> Percentiles | None:
    """Return the percentiles of served requests under a policy, None where they cannot be known.

    Time lost at routes that did not answer is added. `rescued` are failed requests that the policy has served. Those
    that nobody waits for are left out.

    A key of which only a part moves keeps its observed latencies pro rata. `expected` are the latencies of requests
    that move, by route, where a line could be fitted; without one they are those that the log has seen of the route.
    """
    if not len(latencies.latency_ms):
        return None
    served = cells.dims["failure"].where(None)[routed.cell]
    weights = movement.weights(cells, routed, served)
    keys = movement.joined(latencies.dims, len(latencies.latency_ms), cells)
    stays = routed.route == 0
    stay = movement.share(keys, routed, weights, stays & (routed.waited_ms == 0), otherwise=_UNIT)
    parts = [(latencies.latency_ms, latencies.requests * stay)]
    for waited_ms in np.unique(routed.waited_ms[stays & (routed.waited_ms > 0)]).tolist():
        late = movement.share(keys, routed, weights, stays & (routed.waited_ms == waited_ms), otherwise=0)
        parts.append((latencies.latency_ms + waited_ms, latencies.requests * late))
    label: Label = "measured"
    found: list[tuple[int, Predicted]] = []
    moves = _moves(cells, routed, served if routed.waits is None else served & ~routed.waits)
    if rescued is not None:
        moves += _moves(cells, rescued, np.ones(len(rescued.cell), dtype=bool))
    for route, waited_ms, moved in moves:
        points, source = _service_of(route, latencies, levels, expected)
        if points is None:
            return None
        values, counts = _spread(points, moved, routed.whole)
        parts.append((values + waited_ms, counts))
        label = "assumed" if "assumed" in (label, source) else source
        found += [(moved, expected[route])] if route in expected and source == "modelled" else []
    return _resting_on(found, _percentiles(parts, label))


def _resting_on(found: Sequence[tuple[int, Predicted]], percentiles: Percentiles) -> Percentiles:
    """Return the percentiles with the rows behind the thinnest line, and how far it has seen such requests."""
    if not found:
        return percentiles
    moved = sum(weight for weight, _ in found)
    support = sum(weight * one.support_percent for weight, one in found) // moved
    return replace(percentiles, fitted_rows=min(one.rows for _, one in found), support_percent=support)


def _moves(cells: Cells, routed: Routed, served: Mask) -> list[tuple[Route, int, int]]:
    """Return (route, time lost before in ms, served requests in 1/whole) for all that moves."""
    found = []
    for index, route in enumerate(routed.routes):
        if route is None or route in UNPAID:
            continue
        mask = served & (routed.route == index)
        for waited_ms in np.unique(routed.waited_ms[mask]).tolist():
            moved = _moved(cells, routed, mask & (routed.waited_ms == waited_ms))
            found += [(route, waited_ms, moved)] if moved else []
    return found


def _moved(cells: Cells, routed: Routed, mask: Any) -> int:
    """Return how many requests the masked shares hold, in 1/whole."""
    return total(cells.sums["requests"][routed.cell[mask]] * routed.parts[mask])


def _service_of(
    route: Route,
    latencies: Latencies,
    levels: Mapping[Route, ServiceLevel],
    expected: Mapping[Route, Predicted],
) -> tuple[tuple[IntArray, IntArray] | None, Label]:
    """Return (latencies, counts) that stand for a route: asserted first, then predicted, then what the log has seen."""
    level = levels.get(route)
    if level is not None and level.p50_ms is not None:
        return _asserted(level), "assumed"
    if route in expected:
        return (expected[route].ms, expected[route].weights), "modelled"
    rows = seen(route, latencies)
    if not rows.any():
        return None, "modelled"
    return (latencies.latency_ms[rows], latencies.requests[rows]), "modelled"


def seen(route: Route, latencies: Latencies) -> Mask:
    """Return which rows of the latency ledger are of a route."""
    return latencies.dims["provider"].where(route.provider) & latencies.dims["model"].where(route.model)


def _asserted(level: ServiceLevel) -> tuple[IntArray, IntArray]:
    """Return a distribution through the asserted percentiles: log-latency is linear in the normal score.

    Two lognormals glued at p95; beyond p99 and below p50 the nearest slope goes on. With only a
    median asserted, every request gets it.
    """
    known = [(50, level.p50_ms), (95, level.p95_ms), (99, level.p99_ms)]
    normal = NormalDist()
    scores = [normal.inv_cdf(p / 100) for p, ms in known if ms is not None]
    logs = [math.log(float(ms)) for _, ms in known if ms is not None]
    wanted = [normal.inv_cdf((point + 0.5) / _POINTS) for point in range(_POINTS)]
    values = [round(math.exp(_on_line(score, scores, logs))) for score in wanted]
    return np.array(values, np.int64), np.ones(_POINTS, np.int64)


def _on_line(at: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    if len(xs) == 1:
        return ys[0]
    right = next((i for i in range(1, len(xs)) if at <= xs[i]), len(xs) - 1)
    slope = (ys[right] - ys[right - 1]) / (xs[right] - xs[right - 1])
    return ys[right - 1] + slope * (at - xs[right - 1])


def _spread(points: tuple[IntArray, IntArray], moved: int, whole: int) -> tuple[IntArray, IntArray]:
    """Give `moved` requests, counted in 1/`whole`, the distribution of `points`."""
    values, counts = points
    everything = int(counts.sum()) * whole
    return values, np.array([moved * _UNIT * int(count) // everything for count in counts], np.int64)


def _percentiles(parts: Sequence[tuple[IntArray, IntArray]], label: Label) -> Percentiles:
    values = np.concatenate([part[0] for part in parts])
    weights = np.concatenate([part[1] for part in parts])
    order = np.argsort(values, kind="stable")
    ends = np.cumsum(weights[order])
    n = int(ends[-1]) // _UNIT
    found = {p: _at(values[order], ends, p) if n >= smallest else None for p, smallest in SMALLEST_N.items()}
    return Percentiles(found[50], found[95], found[99], n, label)


def _at(values: IntArray, ends: IntArray, percentile: int) -> Fraction:
    """Interpolate linearly between the order statistics around rank (n - 1) x p."""
    n = Fraction(int(ends[-1]), _UNIT)
    rank = max((n - 1) * percentile / 100, Fraction(0))
    low, high = math.floor(rank), math.ceil(rank)
    at_low, at_high = (int(values[_position(ends, k)]) for k in (low, high))
    return at_low + (at_high - at_low) * (rank - low)


def _position(ends: IntArray, rank: int) -> int:
    """Return the position of the request with this rank, counted from 0."""
    return min(int(np.searchsorted(ends, rank * _UNIT, side="right")), len(ends) - 1)
