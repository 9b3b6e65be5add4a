"""What is needed to say how long moved requests would take: the lines of the routes they go to, and their own tokens.

The scans behind it run only where a policy moves requests to a route that the log has seen and of which the policy
asserts no latencies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aggcost import holdout, latency_model, movement, timing
from aggcost.holdout import BackTest, Cut
from aggcost.integers import Mask
from aggcost.latency_model import FEWEST_ROWS, Model, Predicted
from aggcost.ledger import Cells, Dim, Plan
from aggcost.policy import Route
from aggcost.replay import Routed
from aggcost.scales import Scaling
from aggcost.timing import BLOCK_S, BLOCKS, Measure, Observed, Tokens, Traffic

if TYPE_CHECKING:
    import ibis

    from aggcost.engine import Engine

_STANDARD = (None, "standard")
_CHOICES = (("service_tier", "region"), ("service_tier",), ())


@dataclass(frozen=True, slots=True)
class Foresight:
    """The fitted routes, and the traffic that may be sent to them; `by_the_hour` says that cells know their hour.

    `back_tests` say how well each model tells the last days of the log. Those that fail are in no model's place.
    """

    latency: Mapping[Route, Model]
    first_token: Mapping[Route, Model]
    back_tests: tuple[BackTest, ...]
    traffic: Traffic
    by_the_hour: bool

    def expected(
        self, measure: Measure, cells: Cells, routed: Routed, scaling: Scaling
    ) -> dict[Route, Predicted | None]:
        """Return for each route the distribution of the time of the requests that move there, at their tokens there.

        None is of a route whose model failed its back-test; a route without a model is absent.
        """
        models = self.latency if measure == "latency" else self.first_token
        failed = self.withheld(measure)
        served = cells.dims["failure"].where(None)[routed.cell]
        requests = movement.weights(cells, routed, served)
        dims, known = self._dims(cells)
        keys = movement.joined(dims, len(self.traffic.tokens.requests), known)
        block = self.traffic.dims["block"].at(lambda block: -1 if block is None else block)
        found: dict[Route, Predicted | None] = dict.fromkeys(route for route in failed if route in routed.routes)
        for index, route in enumerate(routed.routes):
            if route is None or route not in models or route in failed:
                continue
            share = movement.share(keys, routed, requests, routed.route == index, otherwise=0)
            moved = self.traffic.tokens.requests * (share // 1000)
            predicted = latency_model.predict(models[route], self._tokens(route, scaling), block, moved)
            if predicted is not None:
                found[route] = predicted
        return found

    def _tokens(self, route: Route, scaling: Scaling) -> Tokens:
        """Return the tokens of the traffic as they are on a route."""
        tokens = self.traffic.tokens
        scale = scaling.of(Cells(self.traffic.dims, {"records": tokens.requests}), route)
        if not scale.any():
            return tokens
        prompt, answer = np.array([[float(ratio) for ratio in one] for one in scaling.table]).T
        return tokens.times(prompt[scale], answer[scale])

    def withheld(self, measure: Measure) -> dict[Route, BackTest]:
        """Return the routes whose times are not told, with the tests that they failed."""
        return {test.route: test for test in self.back_tests if test.failed and test.measure == measure}

    def _dims(self, cells: Cells) -> tuple[Mapping[str, Dim], Cells]:
        if not self.by_the_hour:
            return {name: dim for name, dim in self.traffic.dims.items() if name != "block"}, cells
        block = cells.dims["start_s"].map(lambda start_s: None if start_s is None else start_s // BLOCK_S % BLOCKS)
        return self.traffic.dims, Cells({**cells.dims, "block": block}, cells.sums)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a log: routes to move to, what a policy may look at, and where to cut it for a back-test."""

    routes: Sequence[Route]
    wanted: Plan
    cut: Cut | None
    streamed: bool
    by_the_hour: bool


def look(engine: Engine, usage: ibis.Table, asked: Question) -> Foresight | None:
    """Return what can be said of requests that move to some routes, None where no line can be fitted to any."""
    if not asked.routes:
        return None
    measures: tuple[Measure, ...] = ("latency", "ttft") if asked.streamed else ("latency",)
    found = {measure: _fitted(engine, usage, asked, measure) for measure in measures}
    if not any(models for models, _ in found.values()):
        return None
    tests = tuple(test for _, listed in found.values() for test in listed)
    first_token = found["ttft"][0] if asked.streamed else {}
    traffic = timing.traffic(engine, usage, asked.wanted)
    return Foresight(found["latency"][0], first_token, tests, traffic, asked.by_the_hour)


def _fitted(
    engine: Engine, usage: ibis.Table, asked: Question, measure: Measure
) -> tuple[dict[Route, Model], list[BackTest]]:
    """Return the models of those routes that enough rows tell of, and their back-tests."""
    pairs = list(dict.fromkeys((route.provider, route.model) for route in asked.routes))
    at_s = None if asked.cut is None else asked.cut.at_s
    observed = timing.observe(engine, usage, pairs, measure, at_s)
    late = None if at_s is None else timing.late_times(engine, usage, pairs, measure, at_s)
    models, tests = {}, []
    for route in asked.routes:
        choice = _choice(observed, route)
        rows = observed.at(_chosen(observed.dims, route, choice))
        if (model := latency_model.fit(rows)) is None:
            continue
        models[route] = model
        if late is not None and asked.cut is not None:
            mask = _chosen(late.dims, route, choice)
            test = holdout.back_test(route, rows, (late.ms[mask], late.requests[mask]), asked.cut)
            tests += [] if test is None else [test]
    return models, tests


def _choice(observed: Observed, route: Route) -> tuple[str, ...]:
    """Return by which keys a route's rows are told from others of its model: the narrowest that leave enough."""
    enough = (keys for keys in _CHOICES if _enough(observed, _chosen(observed.dims, route, keys)))
    return next(enough, ())


def _chosen(dims: Mapping[str, Dim], route: Route, keys: Sequence[str]) -> Mask:
    """Return the rows of a route's model, of its tier and region where these are among the keys.

    A route without a tier is the standard one, whatever tier its requests keep.
    """
    rows = dims["provider"].where(route.provider) & dims["model"].where(route.model)
    if "service_tier" in keys:
        rows &= dims["service_tier"].mask(lambda tier: tier == route.service_tier or _standard(route, tier))
    if "region" in keys:
        rows &= dims["region"].mask(lambda region: route.region in (None, region))
    return rows


def _standard(route: Route, tier: str | None) -> bool:
    return route.service_tier in _STANDARD and tier in _STANDARD


def _enough(observed: Observed, rows: Mask) -> bool:
    return int(observed.tokens.requests[rows & observed.tokens.known].sum()) >= FEWEST_ROWS
