"""The gate of routes that are too slow or too dear for the requests of a rule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

import numpy as np

from aggcost import percentiles, service
from aggcost.caps import Caps
from aggcost.conditions import Truths
from aggcost.eligibility import Unknown, deciding_rule
from aggcost.integers import IntArray, Mask, total
from aggcost.ledger import USAGE, Cells
from aggcost.policy import Policy, Route, ServiceLevel
from aggcost.replay import Quotes
from aggcost.service import Latencies


@dataclass(frozen=True, slots=True)
class WithinCaps:
    """What each route is too slow or too dear for, by reason, and what is not known of it."""

    over: Mapping[Route, tuple[tuple[str, Mask], ...]]
    not_known: Mapping[Route, tuple[Unknown, ...]]
    lasting: ClassVar[bool] = True
    wait_ms: ClassVar[int] = 0

    def refused(self, route: Route | None, rows: IntArray) -> Iterable[tuple[str, Mask]]:
        """Return which cells at `rows` the route is too slow or too dear for; as logged takes all."""
        return () if route is None else [(reason, cells[rows]) for reason, cells in self.over.get(route, ())]

    def unknown(self, route: Route) -> Iterable[Unknown]:
        """Return what a decision for the route rests on without anything that states it."""
        return self.not_known.get(route, ())


def within_caps(policy: Policy, cells: Cells, truths: Truths, latencies: Latencies, quotes: Quotes) -> WithinCaps:
    """Return the gate of the limits that a policy sets on the latency and the cost of its routes."""
    over: dict[Route, list[tuple[str, Mask]]] = {}
    not_known: dict[Route, list[Unknown]] = {}
    for route, caps, members in _limited(policy, cells, truths):
        p95_ms = _p95_ms(route, policy.service_levels.get(route), latencies)
        if caps.max_p95_ms is not None and p95_ms is None:
            not_known.setdefault(route, []).append(Unknown("p95 latency", f"up to {caps.max_p95_ms:,} ms", members))
        elif caps.max_p95_ms is not None and p95_ms is not None and p95_ms > caps.max_p95_ms:
            reason = f"p95 of {math.ceil(p95_ms):,} ms over {caps.max_p95_ms:,} ms"
            over.setdefault(route, []).append((reason, members))
        if caps.max_cost_usd is not None:
            dear = too_dear(route, caps.max_cost_usd, cells, members, quotes)
            over.setdefault(route, []).append((f"dearer than ${caps.max_cost_usd} a request", dear))
    return WithinCaps(
        {route: tuple(found) for route, found in over.items()},
        {route: tuple(found) for route, found in not_known.items()},
    )


def too_dear(route: Route, limit_usd: Decimal, cells: Cells, members: Mask, quotes: Quotes) -> Mask:
    """Return which of the cells of a rule cost more than the limit on a route, a request on average.

    The mean is over all usage of the rule with the same prices on this route, so that it does not depend on what else
    the ledger keeps apart. What has no price there, or no request, is not refused.
    """
    found = np.zeros(len(cells), dtype=bool)
    usage, codes = cells.dims["outcome"].where(USAGE), quotes.same_price([route])
    for code in np.unique(codes[members]).tolist():
        group = members & (codes == code)
        rows = np.flatnonzero(group & usage)
        requests = total(cells.sums["requests"][rows])
        cost_usd = quotes.cost(route, rows) if requests else None
        if cost_usd is not None and cost_usd > requests * Fraction(limit_usd):
            found |= group
    return found


def _limited(policy: Policy, cells: Cells, truths: Truths) -> Iterator[tuple[Route, Caps, Mask]]:
    """Yield the limited routes of each rule with the cells that it decides."""
    if not any((policy.otherwise_caps, *(rule.caps for rule in policy.rules))):
        return
    deciding = deciding_rule(policy, cells, truths)
    for index, rule in enumerate(policy.rules):
        for route, caps in rule.caps.items():
            yield route, caps, deciding == index
    for route, caps in policy.otherwise_caps.items():
        yield route, caps, deciding == -1


def _p95_ms(route: Route, level: ServiceLevel | None, latencies: Latencies) -> Fraction | None:
    """Return the p95 of a route: as asserted, else of what the log has seen of it where that is enough."""
    if level is not None and level.p95_ms is not None:
        return Fraction(level.p95_ms)
    if not len(latencies.ms):
        return None
    rows = service.seen(route, latencies)
    served = percentiles.distribution([(latencies.ms[rows], latencies.requests[rows] * percentiles.UNIT)])
    return served.named("p95") if served.n else None
