"""Service: how fast and how reliably requests were served, and would be under a policy.

Latencies are a second ledger without time: integer milliseconds with counts, by the keys a policy
may look at. A percentile is the order statistic with linear interpolation between neighbours.
Requests that stay keep their observed latency. Requests that move get what the policy asserts for
the route, or else what a line in their tokens predicts there (`latency_model`), or else what the log has seen of it;
where none of them exists the answer is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Literal

import numpy as np

from aggcost import latency_curves, ledger, movement, percentiles
from aggcost.asserted_times import asserted
from aggcost.hedge import Hedge
from aggcost.hedged import Group, sooner
from aggcost.integers import IntArray, Mask, int64
from aggcost.latency_model import Predicted
from aggcost.ledger import Cells, Dim, Plan
from aggcost.percentiles import Distribution, Fine
from aggcost.policy import Route, ServiceLevel
from aggcost.replay import Routed
from aggcost.routes import UNSERVED
from aggcost.timing import COLUMNS, FINE_COLUMNS, Measure

if TYPE_CHECKING:
    import ibis

    from aggcost.engine import Engine

Label = Literal["measured", "modelled", "assumed"]
# Bins of numbers kept apart in the latency ledger; more, and moved requests are taken pro rata.
_MAX_BINS = 64
_ALL_FINE = 2**17  # requests of a log whose every nanosecond is kept
_UNIT = percentiles.UNIT


@dataclass(frozen=True, slots=True)
class Latencies:
    """The ledger of a time (`measure`): `requests` that took `ms` milliseconds, by the keys in `dims`.

    `fine` has what the log states more finely, by route, around the percentiles of the log.
    """

    dims: Mapping[str, Dim]
    ms: IntArray
    requests: IntArray
    measure: Measure = "latency"
    fine: Mapping[str, Fine] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class Part:
    """How long some requests of a route (``provider/model``) take: milliseconds with weights in 1/UNIT.

    Without `ms` it is not known, of as many parts as `unknown` says. `predicted` is the prediction they follow from.
    """

    route: str
    ms: IntArray | None
    weights: IntArray
    label: Label
    predicted: Predicted | None = None
    unknown: int = 0
    fine: Fine | None = None

    @property
    def requests(self) -> int:
        """How many requests, in 1/UNIT."""
        return int(self.weights.sum()) + self.unknown

    def after(self, waited_ms: int) -> Part:
        """Return the same requests, having lost some time elsewhere before."""
        if self.ms is None or not waited_ms:
            return self
        return replace(self, ms=self.ms + waited_ms, fine=None)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is served otherwise than by one route at once: failed requests that are rescued, and hedged ones."""

    rescued: Routed | None = None
    hedges: tuple[Group, ...] = ()

    def alone(self, size: int) -> Mask:
        """Return which shares no hedge is for."""
        hedged: Mask = np.logical_or.reduce([np.zeros(size, dtype=bool), *(one.shares for one in self.hedges)])
        return ~hedged

    def moves(self) -> list[tuple[Route, int, Mask]]:
        """Return (route, time lost before in ms, which shares) for the rescued requests."""
        return [] if self.rescued is None else _moves(self.rescued, np.ones(len(self.rescued.cell), dtype=bool))


def scan(engine: Engine, usage: ibis.Table, wanted: Plan, measure: Measure = "latency") -> Latencies:
    """Return the ledger of a time of the served requests that state it, one scan in the engine.

    It groups by numbers where the plan has them, which takes half the time of grouping by texts.
    """
    kept = replace(wanted, cuts=_few_cuts(wanted.cuts), numbered={**wanted.numbered, "status": ("ok",)})
    ms = usage[COLUMNS[measure]]
    served = usage.filter(
        ledger.accepted(usage), usage.billable.isnull() | usage.billable,
        ms.notnull(), usage.status.fill_null("ok") == "ok",
    )  # fmt: skip
    keys = ledger.keys_without_time(served, kept)
    grouped = served.group_by([*keys, served[COLUMNS[measure]].name("ms")])
    table = engine.to_arrow(grouped.aggregate(requests=served.request_count.sum().cast("int64")))
    dims = ledger.dims(table, [key.get_name() for key in keys], kept)
    found = Latencies(dims, int64(table.column("ms")), int64(table.column("requests")), measure)
    return replace(found, fine=_fine(engine, served, found)) if FINE_COLUMNS[measure] in served.columns else found


def _fine(engine: Engine, served: ibis.Table, found: Latencies) -> dict[str, Fine]:
    """Return nanoseconds by route: of all requests of a small log, else of those around its percentiles."""
    ms = served[COLUMNS[found.measure]]
    rows = served if found.requests.sum() <= _ALL_FINE else served.filter(ms.isin(_around_percentiles(found)))
    ms = rows[COLUMNS[found.measure]]
    ns = rows[FINE_COLUMNS[found.measure]].fill_null(ms * 10**6)
    keys = [rows.provider, rows.model, ms.name("ms"), ns.cast("int64").name("ns")]
    table = engine.to_arrow(rows.group_by(keys).aggregate(requests=rows.request_count.sum().cast("int64")))
    route = ledger.dims(table, ["provider", "model"], Plan())
    names = [route_name(provider, model) for provider, model in _pairs(route["provider"], route["model"])]
    columns = [int64(table.column(name)) for name in ("ms", "ns", "requests")]
    by_name = {name: np.array([one == name for one in names], dtype=bool) for name in set(names)}
    return {name: Fine.of(*(column[mask] for column in columns)) for name, mask in by_name.items()}


def _pairs(provider: Dim, model: Dim) -> Iterator[tuple[str | None, str | None]]:
    for one, other in zip(provider.codes.tolist(), model.codes.tolist(), strict=True):
        yield provider.values[one], model.values[other]


def _around_percentiles(found: Latencies) -> list[int]:
    """Return the milliseconds in which percentiles of the log or a route lie, or the bounds of their intervals."""
    parts = observed(found)
    sides = [*([part] for part in parts), list(parts)]
    return sorted({int(ms) for side in sides for ms in percentiles.neighbours(_distribution(side))})


def nothing(measure: Measure) -> Latencies:
    """Return the ledger of a time that a log does not have."""
    return Latencies({}, np.zeros(0, np.int64), np.zeros(0, np.int64), measure)


def _few_cuts(cuts: Mapping[str, tuple[int, ...]]) -> Mapping[str, tuple[int, ...]]:
    bins = math.prod(len(bounds) + 1 for bounds in cuts.values())
    return cuts if bins <= _MAX_BINS else {}


def observed(latencies: Latencies, stay: IntArray | None = None) -> tuple[Part, ...]:
    """Return the observed times by route; `stay` is the share of each row's requests that counts, in 1/UNIT."""
    if not len(latencies.ms):
        return ()
    provider, model = latencies.dims["provider"], latencies.dims["model"]
    codes, names = provider.codes.astype(np.int64) * len(model.values) + model.codes, {}
    for code in np.unique(codes).tolist():
        names[code] = route_name(provider.values[code // len(model.values)], model.values[code % len(model.values)])
    share = np.full(len(codes), _UNIT) if stay is None else stay
    parts = [_observed(latencies, names[code], codes == code, share) for code in sorted(names, key=names.__getitem__)]
    return tuple(part for part in parts if part.requests)


def _observed(latencies: Latencies, route: str, rows: Mask, share: IntArray) -> Part:
    fine = latencies.fine.get(route) if (share[rows] == _UNIT).all() else None  # of whole requests alone
    kept = rows & (share > 0)
    return Part(route, latencies.ms[kept], latencies.requests[kept] * share[kept], "measured", fine=fine)


def route_name(provider: str | None, model: str | None) -> str:
    """Return what a route is called in a table of times."""
    return f"{provider or '?'}/{model or '?'}"


def measured(latencies: Latencies) -> Percentiles | None:
    """Return the percentiles of all served requests, None where the log does not have the time."""
    return percentiles_of(observed(latencies))


def replayed(
    latencies: Latencies,
    cells: Cells,
    routed: Routed,
    levels: Mapping[Route, ServiceLevel],
    expected: Mapping[Route, Predicted | None],
    beside: Beside | None = None,
) -> tuple[Part, ...]:
    """Return how long served requests take under a policy: those that stay, and by route those that move.

    Time lost at routes that did not answer is added. Those that nobody waits for are left out. `beside` are failed
    requests that the policy has served, and those that take as long as the sooner of two answers.

    A key of which only a part moves keeps its observed times pro rata. `expected` are the times of requests that move,
    by route, where a line could be fitted (None: it did not hold, and nothing is said); without one they are those that
    the log has seen of the route. There are no parts where the log does not have the time.
    """
    if not len(latencies.ms):
        return ()
    keys = movement.joined(latencies.dims, len(latencies.ms), cells)
    served = cells.dims["failure"].where(None)[routed.cell]
    weights = movement.weights(cells, routed, served)
    beside = beside or Beside()
    at_once = movement.at_once(routed) & beside.alone(len(routed.cell))
    stays = (routed.route == 0) & at_once
    parts = []
    for waited_ms in sorted({0, *np.unique(routed.waited_ms[stays]).tolist()}):
        late = stays & (routed.waited_ms == waited_ms)
        share = movement.share(keys, routed, weights, late, otherwise=0 if waited_ms else _UNIT)
        parts += [part.after(waited_ms) for part in observed(latencies, share)]
    awaited = served if routed.waits is None else served & ~routed.waits
    for route, waited_ms, mask in _moves(routed, awaited & at_once):
        moved = routed.requests(cells, mask)
        if latencies.measure != "latency":  # not every served request has the time: those of its ledger move
            share = movement.share(keys, routed, weights, mask, otherwise=0)
            moved = Fraction(int((latencies.requests * share).sum()), _UNIT)
        parts.append(_part_of(route, moved, latencies, levels, expected).after(waited_ms))
    for called, mask in movement.escalated(routed, awaited):
        share = movement.share(keys, routed, weights, mask, otherwise=0)
        moved = routed.requests(cells, mask)
        steps = [_step(route, moved, share, latencies, levels, expected) for route in called]
        parts.append(one_after_another(steps))
    for group in beside.hedges:
        mask = group.shares & awaited
        share = movement.share(keys, routed, weights, mask, otherwise=0)
        moved = routed.requests(cells, mask)
        first = _step(group.route, moved, share, latencies, levels, expected)
        parts.append(_hedged(first, _part_of(group.hedge.route, moved, latencies, levels, expected), group.hedge))
    for route, waited_ms, mask in beside.moves():
        moved = beside.rescued.requests(cells, mask) if beside.rescued else Fraction(0)
        parts.append(_part_of(route, moved, latencies, levels, expected).after(waited_ms))
    return tuple(part for part in parts if part.requests)


def percentiles_of(parts: Sequence[Part]) -> Percentiles | None:
    """Return the percentiles of all parts together, None where there are none or some part is not known."""
    together = distribution(parts)
    if together is None:
        return None
    p50, p95, p99 = (together.named(name) for name in ("p50", "p95", "p99"))
    return Percentiles(p50, p95, p99, together.n, weakest(parts), *rests_on(parts))


def distribution(parts: Sequence[Part]) -> Distribution | None:
    """Return the distribution of all parts together, None where there are none or some part is not known."""
    if not parts or any(part.ms is None for part in parts):
        return None
    return _distribution(parts)


def _distribution(parts: Sequence[Part]) -> Distribution:
    fine = [part.fine for part in parts if part.fine is not None]
    whole = percentiles.together(fine) if len(fine) == len(parts) else None
    return percentiles.distribution([(part.ms, part.weights) for part in parts if part.ms is not None], whole)


def weakest(parts: Sequence[Part]) -> Label:
    """Return the label of parts together: that of the one that is least sure."""
    order: tuple[Label, ...] = ("assumed", "modelled", "measured")
    return next(label for label in order if label in {part.label for part in parts})


def rests_on(parts: Sequence[Part]) -> tuple[int | None, int | None]:
    """Return the rows behind the thinnest line of the parts, and the percent of them that lies within what it saw."""
    found = [(part.requests, part.predicted) for part in parts if part.predicted is not None]
    moved = sum(requests for requests, _ in found)
    if not moved:
        return None, None
    return min(one.rows for _, one in found), sum(n * one.support_percent for n, one in found) // moved


def _moves(routed: Routed, served: Mask) -> list[tuple[Route, int, Mask]]:
    """Return (route, time lost before in ms, which shares of cells) for all served requests that move."""
    found = []
    for index, route in enumerate(routed.routes):
        if route is None or route == UNSERVED:
            continue
        mask = served & (routed.route == index) & (routed.parts > 0)
        lost_ms = np.unique(routed.waited_ms[mask]).tolist()
        found += [(route, waited_ms, mask & (routed.waited_ms == waited_ms)) for waited_ms in lost_ms]
    return found


def _part_of(
    route: Route,
    requests: Fraction,
    latencies: Latencies,
    levels: Mapping[Route, ServiceLevel],
    expected: Mapping[Route, Predicted | None],
) -> Part:
    """Return how long requests take that move to a route: asserted first, then predicted, then as the log has seen."""
    name, nothing = route_name(route.provider, route.model), np.zeros(0, np.int64)
    level = levels.get(route)
    if latencies.measure == "latency" and level is not None and level.p50_ms is not None:
        return Part(name, *percentiles.spread(asserted(level), requests), "assumed")
    predicted = expected.get(route)
    if predicted is not None:
        return Part(name, *percentiles.spread((predicted.ms, predicted.weights), requests), "modelled", predicted)
    rows = seen(route, latencies)
    if route in expected or not rows.any():
        return Part(name, None, nothing, "modelled", unknown=int(requests * _UNIT))
    return Part(name, *percentiles.spread((latencies.ms[rows], latencies.requests[rows]), requests), "modelled")


def _step(
    route: Route | None,
    requests: Fraction,
    share: IntArray,
    latencies: Latencies,
    levels: Mapping[Route, ServiceLevel],
    expected: Mapping[Route, Predicted | None],
) -> Part:
    """Return how long requests take at one step of a cascade; `share` of each row's requests are there as logged."""
    if route is not None:
        return _part_of(route, requests, latencies, levels, expected)
    return Part("as logged", latencies.ms, latencies.requests * share, "measured")


def one_after_another(steps: Sequence[Part]) -> Part:
    """Return how long the same requests take that call all of these routes in turn; they count as the last one's."""
    last = steps[-1]
    if any(step.ms is None for step in steps):
        return Part(last.route, None, last.weights[:0], weakest(steps), unknown=last.requests)
    curves = [(step.ms, step.weights) for step in steps if step.ms is not None]
    together = reduce(latency_curves.added, curves)
    label: Label = "assumed" if weakest(steps) == "assumed" else "modelled"
    return Part(last.route, *percentiles.spread(together, Fraction(last.requests, _UNIT)), label)


def _hedged(first: Part, second: Part, hedge: Hedge) -> Part:
    """Return how long requests take that call a second route when the first has not answered in time."""
    if first.ms is None or second.ms is None:
        return Part(first.route, None, first.weights[:0], weakest((first, second)), unknown=first.requests)
    curve = sooner((first.ms, first.weights), (second.ms, second.weights), hedge.after_ms)
    label: Label = "assumed" if weakest((first, second)) == "assumed" else "modelled"
    return Part(first.route, *curve, label)


def first_calls(
    latencies: Latencies,
    cells: Cells,
    routed: Routed,
    group: Group,
    levels: Mapping[Route, ServiceLevel],
    expected: Mapping[Route, Predicted | None],
) -> Part:
    """Return how long the first calls of hedged requests take."""
    keys = movement.joined(latencies.dims, len(latencies.ms), cells)
    weights = movement.weights(cells, routed, cells.dims["failure"].where(None)[routed.cell])
    share = movement.share(keys, routed, weights, group.shares, otherwise=0)
    moved = routed.requests(cells, group.shares)
    return _step(group.route, moved, share, latencies, levels, expected)


def seen(route: Route, latencies: Latencies) -> Mask:
    """Return which rows of the latency ledger are of a route."""
    return latencies.dims["provider"].where(route.provider) & latencies.dims["model"].where(route.model)
