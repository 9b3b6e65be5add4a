"""Arms that bound a policy: everything to the cheapest route that can take it, and a coin of equal cost.

What a policy saves is not yet the merit of its rules: much of it may be had by sending requests anywhere cheap. The
bounds say how much of it, with the same requests, routes, prices, discounts and fees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from aggcost.arms import count
from aggcost.candidates import Candidate, serving
from aggcost.conditions import Truths
from aggcost.eligibility import deciding_rule
from aggcost.gates import gates
from aggcost.integers import total
from aggcost.ledger import USAGE
from aggcost.money import percent, settle
from aggcost.policy import Cheapest, Policy, Route, Rule, Single, Target
from aggcost.replay import Gate, decide
from aggcost.report_bounds import Bounds, RandomSplit, RouteCost
from aggcost.routes import targets_of
from aggcost.scanning import Ledgers
from aggcost.units import Requests
from aggcost.waiting import deferred


def bounds(found: Candidate, ledgers: Ledgers, truths: Truths) -> Bounds | None:
    """Return what else the requests could cost that the policy may move, None where it may move none."""
    policy = found.policy
    if policy.anew or not policy.routes:
        return None
    bounding = _Bounding(found, ledgers, truths)
    options = (None, *policy.routes)
    cost, cheapest = _usd(found), bounding.cost(Cheapest(options))
    alone = [(route, bounding.cost(Single(route))) for route in options]
    return Bounds(
        movable_requests=_movable(found, truths),
        cost=None if cost is None else settle(cost),
        cheapest_eligible=None if cheapest is None else settle(cheapest),
        room=None if cost is None or cheapest is None else settle(cost - cheapest),
        random_split=None if cost is None else _coin(alone, cost),
        routes=tuple(RouteCost(route=_name(route), cost=None if usd is None else settle(usd)) for route, usd in alone),
    )


class _Bounding:
    """Replays the requests that a policy may move to other targets than its own."""

    def __init__(self, found: Candidate, ledgers: Ledgers, truths: Truths) -> None:
        self._found = found
        self._truths = truths
        asked = gates(found.policy, replace(ledgers, cells=found.cells), truths, found.rates)
        # Whether a route answers is no property of it: a bound is what it can take.
        self._gates: tuple[Gate, ...] = tuple(gate for gate in asked.all if gate.lasting)

    def cost(self, target: Target) -> Fraction | None:
        """Return the exact cost in US dollars if all that may move went to `target`, None where some has no price."""
        found, policy = self._found, _redirected(self._found.policy, target)
        usage = found.cells.dims["outcome"].where(USAGE)
        decided = decide(policy, found.cells, usage, self._truths, self._gates, found.rates)
        routed = deferred(policy, found.cells, decided, self._truths, found.rates)
        totals = serving(policy, found.cells, routed, found.rates, self._truths).total()
        return None if totals.has_unpriced else totals.cost_usd


def _coin(alone: Sequence[tuple[Route | None, Fraction | None]], cost_usd: Fraction) -> RandomSplit | None:
    """Return the coin between the cheapest and the dearest of the costs of routes `alone`."""
    priced = [(usd, position) for position, (_, usd) in enumerate(alone) if usd is not None]
    if not priced:
        return None
    (low, cheap), (high, dear) = min(priced), max(priced)
    share = (high - cost_usd) / (high - low) if high > low else None
    return RandomSplit(
        cheap=_name(alone[cheap][0]),
        dear=_name(alone[dear][0]),
        cheap_cost=settle(low),
        dear_cost=settle(high),
        cheap_percent=percent(share, Fraction(1)) if share is not None and 0 <= share <= 1 else None,
    )


def _name(route: Route | None) -> str | None:
    return None if route is None else str(route)


def _usd(found: Candidate) -> Fraction | None:
    totals = found.after.total()
    return None if totals.has_unpriced else totals.cost_usd


def _movable(found: Candidate, truths: Truths) -> Requests:
    policy, cells = found.policy, found.cells
    deciding = deciding_rule(policy, cells, truths)
    moving = [index for index, rule in enumerate(policy.rules) if _moves(rule.target, rule.fallback)]
    if _moves(policy.otherwise, ()):
        moving.append(-1)
    mask = cells.dims["outcome"].where(USAGE) & np.isin(deciding, moving)
    return count(Fraction(total(cells.sums["requests"][mask])))


def _redirected(policy: Policy, target: Target) -> Policy:
    """Return the policy with everything that it may move sent to `target`; what that refuses stays as logged."""
    rules = tuple(_rule(rule, target) for rule in policy.rules)
    return replace(policy, rules=rules, otherwise=target if _moves(policy.otherwise, ()) else policy.otherwise)


def _rule(rule: Rule, target: Target) -> Rule:
    return replace(rule, target=target, fallback=()) if _moves(rule.target, rule.fallback) else rule


def _moves(target: Target, fallback: tuple[Route | None, ...]) -> bool:
    return any(route is not None for route in (*targets_of(target), *fallback))
