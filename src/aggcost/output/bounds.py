"""Bounds on the page: what else the requests could have cost that a policy moves."""

from __future__ import annotations

from aggcost.output.blocks import Facts
from aggcost.output.clean import clean
from aggcost.output.figures import UNKNOWN, dollars, share
from aggcost.report_bounds import Bounds, RandomSplit
from aggcost.report_compare import Comparison

_LONG = 200


def bound_facts(comparison: Comparison) -> Facts | None:
    """Return the bounds of a policy in a line each, or None where it moves nothing."""
    found = comparison.bounds
    if found is None:
        return None
    lines = [("bounds", _cheapest(found))]
    if found.random_split is not None:
        lines.append(("", _coin(found.random_split)))
    return Facts(tuple(lines))


def _cheapest(found: Bounds) -> str:
    if found.cost is None or found.cheapest_eligible is None:
        return f"{UNKNOWN}, because some requests have no price"
    best = f"{dollars(found.cheapest_eligible)} with the cheapest route for each request that may move"
    return f"{best}, {dollars(found.cost)} with these rules"


def _coin(found: RandomSplit) -> str:
    cheap, dear = _name(found.cheap), _name(found.dear)
    if found.cheap_percent is None:
        return f"no coin costs the same: {dollars(found.cheap_cost)} {cheap}, {dollars(found.dear_cost)} {dear}"
    return f"a coin costs the same: {share(found.cheap_percent)} {cheap}, the others {dear}"


def _name(route: str | None) -> str:
    return "as logged" if route is None else f"to {clean(route, _LONG)}"
