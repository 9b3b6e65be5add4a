"""Hedged requests: how many of them wait so long that a second call goes out, and how long they take then.

How long the first call takes is known as a distribution: observed, predicted or asserted. The share of it beyond the
stated time makes a second call, and is answered by whichever of the two is sooner; their times are taken to be
independent. A hedge is for requests that the first route of their rule serves at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from aggcost.hedge import Hedge
from aggcost.integers import IntArray, Mask
from aggcost.latency_curves import Curve, points
from aggcost.policy import Policy, Route
from aggcost.routed import Routed
from aggcost.routes import UNPAID

HEDGED = "hedged requests"
_MILLION = 10**6


@dataclass(frozen=True, slots=True)
class Group:
    """Shares of one rule on one route that a hedge is for; `late` is the share of their requests that it calls for."""

    rule: int
    hedge: Hedge
    route: Route | None
    shares: Mask
    late: Fraction | None = None


def groups(policy: Policy, routed: Routed, at_once: Mask) -> Iterator[Group]:
    """Yield the shares that hedges are for, by rule and route."""
    for number, rule in enumerate(policy.rules):
        if rule.hedge is None:
            continue
        of_rule = (routed.rule == number) & at_once & (routed.waited_ms == 0) & (routed.parts > 0)
        for place in np.unique(routed.route[of_rule]).tolist():
            route = routed.routes[place]
            if route not in UNPAID and route != rule.hedge.route:
                yield Group(number, rule.hedge, route, of_rule & (routed.route == place))


def late(first: Curve, after_ms: int) -> Fraction:
    """Return the share of requests without an answer after `after_ms`, in whole millionths."""
    ms, weights = first
    everything = sum(weights.tolist())
    waiting = sum(weights[ms > after_ms].tolist())
    return Fraction(round(Fraction(waiting * _MILLION, everything)), _MILLION) if everything else Fraction(0)


def sooner(first: Curve, second: Curve, after_ms: int) -> Curve:
    """Return how long requests take that call a second route after `after_ms`: the sooner of both answers."""
    ms, weights = first
    in_time = ms <= after_ms
    waiting = int(weights[~in_time].sum())
    if not waiting:
        return first
    firsts = points((ms[~in_time], weights[~in_time]))
    found = np.minimum(firsts[:, None], after_ms + points(second)[None, :]).ravel()
    values, counts = np.unique(found, return_counts=True)
    shares = _parts(counts, waiting)
    return np.concatenate([ms[in_time], values]), np.concatenate([weights[in_time], shares])


def _parts(counts: IntArray, total: int) -> IntArray:
    """Return whole numbers in proportion to `counts` that add up to `total`: the last of equal remainders gives way."""
    ends = [int(end) * total // int(counts.sum()) for end in np.cumsum(counts).tolist()]
    return np.array([end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)], np.int64)


def second_calls(routed: Routed, group: Group, able: Mask) -> Routed:
    """Return the second calls of a group whose requests the hedge's route can take, as shares of their own."""
    kept = routed.keep(group.shares & able)
    share = group.late or Fraction(0)
    return replace(
        kept,
        parts=kept.parts * share.numerator,
        whole=kept.whole * share.denominator,
        route=np.ones(len(kept.cell), np.int64),
        routes=(None, group.hedge.route),
        refused=np.zeros(len(kept.cell), dtype=bool),
        escalated=None,
        answered=None,
    )
