"""What a policy's routing rests on that neither the log nor any price source states, with the requests it concerns."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from aggcost.arms import count
from aggcost.eligibility import not_told
from aggcost.gates import Gates
from aggcost.integers import Mask, total
from aggcost.ledger import Cells
from aggcost.policy import Policy
from aggcost.replay import Routed
from aggcost.report import Assumption
from aggcost.routes import UNPAID
from aggcost.units import Requests
from aggcost.waiting import BY_PROCESSING

_NOWHERE = "no source"


def assumptions(policy: Policy, cells: Cells, routed: Routed, asked: Gates) -> tuple[Assumption, ...]:
    """Return what the routes that took requests were taken to be able to do, and what requests were taken not to do."""
    return (*_of_routes(cells, routed, asked), *_of_requests(policy, cells, routed, asked))


def _of_routes(cells: Cells, routed: Routed, asked: Gates) -> Iterator[Assumption]:
    for position, route in enumerate(routed.routes):
        if route is None or route in UNPAID:
            continue
        for one in asked.unknown(route):
            # What waits where it was logged keeps its model, which took it.
            shares = (routed.route == position) & (routed.rule != BY_PROCESSING)
            if requests := resting(cells, routed, shares & one.cells[routed.cell]):
                name = f"{one.name} of {route}"
                yield Assumption(name=name, value=one.assumed, source=_NOWHERE, requests=requests)


def _of_requests(policy: Policy, cells: Cells, routed: Routed, asked: Gates) -> Iterator[Assumption]:
    """Yield the abilities that a request may use without the log telling, where its route may lack one."""
    untold, words = not_told(policy, cells), set[str]()
    doubtful = np.zeros(len(routed.cell), dtype=bool)
    for position, route in enumerate(routed.routes):
        missing = set() if route is None or route in UNPAID else set(untold) - asked.eligibility.has(route)
        shares = routed.route == position
        if missing and shares.any():
            words |= missing
            doubtful |= shares
    if requests := resting(cells, routed, doubtful):
        yield Assumption(
            name=f"use of {', '.join(word for word in untold if word in words)}",
            value="by no request",
            source="not logged",
            requests=requests,
        )


def resting(cells: Cells, routed: Routed, mask: Mask) -> Requests:
    """Return how many requests the masked shares hold."""
    held = total(cells.sums["requests"][routed.cell[mask]] * routed.parts[mask])
    return count(Fraction(held, routed.whole))
