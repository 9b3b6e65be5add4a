"""What is needed to say how long moved requests would take: the lines of the routes they go to, and their own tokens.

The scans behind it run only where a policy moves requests to a route that the log has seen and of which the policy
asserts no latencies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggcost import latency_model, movement, timing
from aggcost.integers import Mask
from aggcost.latency_model import FEWEST_ROWS, Model, Predicted
from aggcost.ledger import Cells, Dim, Plan
from aggcost.policy import Route
from aggcost.replay import Routed
from aggcost.timing import BLOCK_S, BLOCKS, Observed, Traffic

if TYPE_CHECKING:
    import ibis

    from aggcost.engine import Engine

_STANDARD = (None, "standard")


@dataclass(frozen=True, slots=True)
class Foresight:
    """The fitted routes, and the traffic that may be sent to them; `by_the_hour` says that cells know their hour."""

    latency: Mapping[Route, Model]
    first_token: Mapping[Route, Model]
    traffic: Traffic
    by_the_hour: bool

    def expected(self, models: Mapping[Route, Model], cells: Cells, routed: Routed) -> dict[Route, Predicted]:
        """Return for each route the distribution of the time of the requests that move there."""
        served = cells.dims["failure"].where(None)[routed.cell]
        requests = movement.weights(cells, routed, served)
        dims, known = self._dims(cells)
        keys = movement.joined(dims, len(self.traffic.tokens.requests), known)
        block = self.traffic.dims["block"].at(lambda block: -1 if block is None else block)
        found = {}
        for index, route in enumerate(routed.routes):
            if route is None or route not in models:
                continue
            share = movement.share(keys, routed, requests, routed.route == index, otherwise=0)
            moved = self.traffic.tokens.requests * (share // 1000)
            predicted = latency_model.predict(models[route], self.traffic.tokens, block, moved)
            if predicted is not None:
                found[route] = predicted
        return found

    def _dims(self, cells: Cells) -> tuple[Mapping[str, Dim], Cells]:
        if not self.by_the_hour:
            return {name: dim for name, dim in self.traffic.dims.items() if name != "block"}, cells
        block = cells.dims["start_s"].map(lambda start_s: None if start_s is None else start_s // BLOCK_S % BLOCKS)
        return self.traffic.dims, Cells({**cells.dims, "block": block}, cells.sums)


def look(
    engine: Engine, usage: ibis.Table, wanted: Plan, routes: Sequence[Route], *, by_the_hour: bool, streamed: bool
) -> Foresight | None:
    """Return what can be said of requests that move to these routes, None where no line can be fitted to any."""
    if not routes:
        return None
    pairs = list(dict.fromkeys((route.provider, route.model) for route in routes))
    latency = fitted(timing.observe(engine, usage, pairs, "latency", None), routes)
    first_token = fitted(timing.observe(engine, usage, pairs, "ttft", None), routes) if streamed else {}
    if not latency and not first_token:
        return None
    return Foresight(latency, first_token, timing.traffic(engine, usage, wanted), by_the_hour)


def fitted(observed: Observed, routes: Sequence[Route]) -> dict[Route, Model]:
    """Return the models of those routes that enough rows tell of."""
    found = {route: latency_model.fit(rows_of(observed, route)) for route in routes}
    return {route: model for route, model in found.items() if model is not None}


def rows_of(observed: Observed, route: Route) -> Observed:
    """Return the rows that a route is fitted to: of its tier and region where enough are, else of all of the model.

    A route without a tier is the standard one, whatever tier its requests keep.
    """
    of_model = observed.dims["provider"].where(route.provider) & observed.dims["model"].where(route.model)
    tier = observed.dims["service_tier"].mask(lambda tier: tier == route.service_tier or _standard(route, tier))
    region = observed.dims["region"].mask(lambda region: route.region in (None, region))
    for rows in (of_model & tier & region, of_model & tier):
        if _enough(observed, rows):
            return observed.at(rows)
    return observed.at(of_model)


def _standard(route: Route, tier: str | None) -> bool:
    return route.service_tier in _STANDARD and tier in _STANDARD


def _enough(observed: Observed, rows: Mask) -> bool:
    return int(observed.tokens.requests[rows & observed.tokens.known].sum()) >= FEWEST_ROWS
