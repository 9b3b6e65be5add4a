"""Failures under failover: what still fails, between what bounds, and in how many minutes no route answered.

Incidents are replayed minute by minute. What routes fail beyond them is a rate: asserted, or seen in the log outside of
incidents. Whether two routes fail together then is rarely seen in a log, so both ends are given: at worst the routes of
a chain fail together (the best of them decides), at best independently (rates multiply). The worse one is the figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from aggcost import health
from aggcost.arms import Service, Times
from aggcost.health import Health
from aggcost.integers import Mask, total
from aggcost.ledger import NOT_BILLED, USAGE, Cells
from aggcost.policy import Policy, Route
from aggcost.replay import Routed
from aggcost.rescue import Rescue
from aggcost.routes import UNSERVED
from aggcost.units import Label


@dataclass(frozen=True, slots=True)
class Failing:
    """What fails under failover (requests), and the minutes without a live route before and after.

    `low` and `high` bound the failures; None is unknown. `unstated` are routes of which nothing is known but incidents.
    `like_none` of the rescued requests are like no served one: what they would use is not known.
    """

    rescued: Fraction
    diverted: Fraction
    lost: Fraction
    low: Fraction | None
    high: Fraction | None
    label: Label
    minutes: int
    down_before: int
    down_after: int
    unstated: tuple[Route, ...]
    like_none: Fraction = Fraction(0)


def failing(policy: Policy, cells: Cells, known: Health, routed: Routed, rescue: Rescue) -> Failing:
    """Return what fails where the policy sends the billed requests to `routed`, and the failed ones to `rescue`."""
    failed = cells.dims["failure"].mask(lambda kind: kind is not None)
    outcome = cells.dims["outcome"]
    untried = failed & ~rescue.tried & outcome.where(NOT_BILLED)
    stuck = failed & ~rescue.tried & outcome.where(USAGE)
    lost = (
        Fraction(total(cells.sums["requests"][untried]))
        + routed.requests(cells, (routed.route == 0) & stuck[routed.cell])
        + _to(routed, UNSERVED).requests(cells)
        + rescue.lost.requests(cells)
    )
    rates = _Rates(policy, cells, known)
    bounds = [rates.bounds(one) for one in (routed, rescue.served)]
    low, high = (None if None in ends else sum(ends, lost) for ends in zip(*bounds, strict=True))
    states = _down_after(cells, known, routed, rescue)
    return Failing(
        rescued=rescue.served.requests(cells),
        diverted=routed.requests(cells, (routed.waited_ms > 0) & routed.paid),
        lost=lost,
        low=low,
        high=high,
        label=rates.label,
        minutes=known.minutes,
        down_before=known.minutes_in(_seen(known)),
        down_after=known.minutes_in(states),
        unstated=tuple(rates.unstated),
        like_none=_like_none(cells, rescue),
    )


def _like_none(cells: Cells, rescue: Rescue) -> Fraction:
    known = rescue.rates.cells.dims["tokens_known"].mask(bool)
    return rescue.served.requests(cells, ~known[rescue.served.cell])


def service(found: Failing, everything: Fraction, times: Times) -> Service:
    """Return how the requests are served: the worse bound is the figure."""
    served = everything - (found.high or Fraction(0))
    return Service(times, None, found.high, served, None if found.high is None else found.label)


class _Rates:
    """How often each route fails beyond the incidents, and on what ground."""

    def __init__(self, policy: Policy, cells: Cells, known: Health) -> None:
        self._policy = policy
        self._cells = cells
        self._calm = health.of(cells).where(0)
        self._stated = any(one.source == "stated" for one in known.incidents)
        self._found: dict[Route, Fraction | None] = {}
        self.unstated: list[Route] = []
        self.label: Label = "assumed" if self._stated else "modelled"

    def bounds(self, routed: Routed) -> tuple[Fraction | None, Fraction | None]:
        """Return at least and at most how many of the requests on paid routes fail beyond the incidents."""
        low = high = Fraction(0)
        kinds = np.stack([routed.rule, routed.route, (routed.waited_ms > 0).astype(np.int64)])[:, routed.paid]
        for rule, place, waited in np.unique(kinds, axis=1).T.tolist():
            route = routed.routes[place]
            if route is None:
                continue
            mask = (routed.rule == rule) & (routed.route == place) & ((routed.waited_ms > 0) == waited)
            behind = () if waited or rule < 0 else self._policy.rules[rule].fallback
            ends = self._chain(route, behind)
            if ends is None:
                return None, None
            requests = routed.requests(self._cells, mask)
            low, high = low + requests * ends[0], high + requests * ends[1]
        return low, high

    def _chain(self, route: Route, fallback: Sequence[Route | None]) -> tuple[Fraction, Fraction] | None:
        """Return the rates at which a route and what stands behind it fail: independently, and together."""
        own = self._rate(route)
        if own is None:
            return None
        behind = [one for one in fallback if one is not None and one.provider != route.provider]
        others = [rate for one in behind if (rate := self._rate(one)) is not None]
        tries = 1 if self._policy.failover is None else 1 + self._policy.failover.retries
        low, high = own**tries, own
        for rate in others:
            low, high = low * rate**tries, min(high, rate)
        return low, high

    def _rate(self, route: Route) -> Fraction | None:
        if route not in self._found:
            self._found[route] = self._look_up(route)
        return self._found[route]

    def _look_up(self, route: Route) -> Fraction | None:
        level = self._policy.service_levels.get(route)
        if level is not None and level.availability_percent is not None:
            self.label = "assumed"
            return (100 - Fraction(level.availability_percent)) / 100
        cells = self._cells
        seen = cells.dims["provider"].where(route.provider) & cells.dims["model"].where(route.model) & self._calm
        seen &= cells.dims["outcome"].mask(lambda outcome: outcome in (USAGE, NOT_BILLED))
        requests = total(cells.sums["requests"][seen])
        if requests:
            lost = seen & cells.dims["failure"].mask(lambda kind: kind in health.OUTAGES)
            return Fraction(total(cells.sums["requests"][lost]), requests)
        if not self._stated:
            return None
        self.unstated.append(route)
        return Fraction(0)


def _down_after(cells: Cells, known: Health, routed: Routed, rescue: Rescue) -> frozenset[int]:
    """Return the states in which some request had no live route."""
    states = health.of(cells)
    outage = cells.dims["failure"].mask(lambda kind: kind in health.OUTAGES)
    nobody = _to(routed, UNSERVED).cell
    again = rescue.lost.cell
    untried = np.flatnonzero(outage & ~rescue.tried & cells.dims["outcome"].where(NOT_BILLED))
    found = np.unique(np.concatenate([states.codes[nobody], states.codes[again[outage[again]]], states.codes[untried]]))
    values = {states.values[code] for code in found.tolist()}
    return frozenset(value for value in values if known.states[value])


def _seen(known: Health) -> frozenset[int]:
    """Return the states in which the log shows an outage."""
    observed = {number for number, one in enumerate(known.incidents) if one.source == "observed"}
    return frozenset(number for number, state in enumerate(known.states) if observed & state)


def _to(routed: Routed, route: Route) -> Routed:
    places = [place for place, one in enumerate(routed.routes) if one == route]
    return routed.keep(np.isin(routed.route, places))


def everything(cells: Cells) -> Fraction:
    """Return all requests that were tried: the billed ones, and those that failed without a bill."""
    outcome, failure = cells.dims["outcome"], cells.dims["failure"]
    tried: Sequence[Mask] = (
        outcome.where(USAGE), outcome.where(NOT_BILLED) & failure.mask(lambda kind: kind is not None)
    )  # fmt: skip
    return Fraction(sum(total(cells.sums["requests"][mask]) for mask in tried))
