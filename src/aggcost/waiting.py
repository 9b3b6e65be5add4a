"""Requests that may wait: they go to the batch or flex tier of whatever route serves them.

A request that would stay as logged becomes a call of the same model in that tier: that changes what is paid for it, so
it counts as moved, by the rule `processing`. A model without such a tier takes it as before, and the refusal is
counted. Requests that are in a tier that waits already stay in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Protocol

import numpy as np

from aggcost import answers
from aggcost.conditions import Truths
from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells
from aggcost.levers import PROCESSING, WAITING_TIERS, Waiting
from aggcost.policy import Policy, Route
from aggcost.replay import OTHERWISE, Refusal, Routed

BY_PROCESSING = -2  # in place of a rule's index


class Offers(Protocol):
    """Prices as far as they say which service tiers there are."""

    def offered(self, route: Route) -> Mask:
        """Return for each cell whether the route's model is sold in the route's service tier."""


def rule_name(policy: Policy, index: int) -> str:
    """Return the name under which decisions of a rule are told, by the rule's index or what stands in its place."""
    if index >= 0:
        return policy.rules[index].name
    return {BY_PROCESSING: PROCESSING, answers.BY_CACHE: answers.NAME}.get(index, OTHERWISE)


def deferred(policy: Policy, cells: Cells, routed: Routed, truths: Truths, offers: Offers) -> Routed:
    """Return where requests go when those that may wait are sent to the tier that takes its time."""
    found, open_ = routed, np.ones(len(routed.cell), dtype=bool)
    for one in policy.levers.waiting:
        matches = truths.of(one.where)[0][routed.cell] & open_
        open_ &= ~matches
        for shares, target in _targets(cells, found, matches & ~_waits_already(cells, found), one):
            found = _sent(cells, found, shares, target, offers)
    return found


def waiting_shares(routed: Routed) -> Mask:
    """Return which shares wait."""
    return np.zeros(len(routed.cell), dtype=bool) if routed.waits is None else routed.waits


def waiting_requests(cells: Cells, routed: Routed) -> Fraction:
    """Return how many requests nobody waits for."""
    return routed.requests(cells, waiting_shares(routed))


def with_service_levels(policy: Policy, routed: Routed) -> Policy:
    """Return the policy that asserts of a route that waits what it asserts of the same route without the tier."""
    levels = policy.service_levels
    waits = (route for route in routed.routes if route is not None and route.service_tier in WAITING_TIERS)
    same = {route: levels[plain] for route in waits if (plain := replace(route, service_tier=None)) in levels}
    return replace(policy, service_levels={**same, **levels}) if same else policy


def awaited_routes(routed: Routed) -> set[Route | None]:
    """Return the routes at which somebody waits for an answer."""
    return {routed.routes[position] for position in np.unique(routed.route[~waiting_shares(routed)]).tolist()}


def _waits_already(cells: Cells, routed: Routed) -> Mask:
    logged = cells.dims["service_tier"].mask(lambda tier: tier in WAITING_TIERS)[routed.cell]
    named = np.array([route is not None and route.service_tier is not None for route in routed.routes], dtype=bool)
    waits = np.array([route is not None and route.service_tier in WAITING_TIERS for route in routed.routes], dtype=bool)
    found: Mask = np.where(named[routed.route], waits[routed.route], logged) | ~routed.paid
    return found


def _targets(cells: Cells, routed: Routed, shares: Mask, wait: Waiting) -> Iterator[tuple[IntArray, Route | None]]:
    """Yield groups of shares with the route that they wait at; None where the log does not name who served them."""
    for position in np.unique(routed.route[shares]).tolist():
        rows = np.flatnonzero(shares & (routed.route == position))
        route = routed.routes[position]
        if route is not None:
            yield rows, replace(route, service_tier=wait.tier)
        else:
            yield from _as_logged(cells, routed, rows, wait)


def _as_logged(cells: Cells, routed: Routed, rows: IntArray, wait: Waiting) -> Iterator[tuple[IntArray, Route | None]]:
    provider, model = cells.dims["provider"], cells.dims["model"]
    of_rows = routed.cell[rows]
    pairs = provider.codes[of_rows].astype(np.int64) * len(model.values) + model.codes[of_rows]
    for pair in np.unique(pairs).tolist():
        sold_by, named = provider.values[pair // len(model.values)], model.values[pair % len(model.values)]
        known = sold_by is not None and named is not None
        yield rows[pairs == pair], Route(sold_by, named, None, wait.tier) if known else None


def _sent(cells: Cells, routed: Routed, shares: IntArray, target: Route | None, offers: Offers) -> Routed:
    """Return the shares sent to a route that waits, as far as its model is sold so."""
    taken = np.zeros(len(shares), dtype=bool) if target is None else offers.offered(target)[routed.cell[shares]]
    refused = _refusals(cells, routed, shares[~taken], target)
    if target is None or not taken.any():
        return replace(routed, refusals=(*routed.refusals, *refused))
    routes = routed.routes if target in routed.routes else (*routed.routes, target)
    gone = shares[taken]
    rule, route, waits = routed.rule.copy(), routed.route.copy(), waiting_shares(routed).copy()
    rule[gone] = np.where(route[gone] == 0, BY_PROCESSING, rule[gone])
    route[gone] = routes.index(target)
    waits[gone] = True
    return replace(routed, rule=rule, route=route, waits=waits, routes=routes, refusals=(*routed.refusals, *refused))


def _refusals(cells: Cells, routed: Routed, shares: IntArray, target: Route | None) -> Sequence[Refusal]:
    requests = int(cells.sums["requests"][np.unique(routed.cell[shares])].sum())
    if not requests:
        return ()
    if target is None:
        return [Refusal(PROCESSING, "as logged", "the log does not name provider and model", requests)]
    return [Refusal(PROCESSING, str(target), f"the model has no {target.service_tier} tier", requests)]
