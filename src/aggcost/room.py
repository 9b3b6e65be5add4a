"""Room: the gate of routes that were full, or had spent their budget, when a request came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells
from aggcost.policy import Route
from aggcost.replay import Routed

FULL = "full"  # key of the ledger: which routes refused a request, and why
QUEUED = "queued_s"  # key of the ledger: how long a request waited in a queue for room
OVER, SPENT = "over the rate limit", "budget spent"
REJECTED = "rejected before"  # by a route that lets nothing go on


@dataclass(frozen=True, slots=True)
class Room:
    """The gate of limits: it refuses what the admission in order of time did not let in."""

    cells: Cells
    lasting: ClassVar[bool] = False
    wait_ms: ClassVar[int] = 0

    def refused(self, route: Route | None, rows: IntArray) -> Iterable[tuple[str, Mask]]:
        """Return which cells at `rows` found no room on `route`, by reason."""
        refusals = self.cells.dims[FULL].take(rows)
        for why in ((route, OVER), (route, SPENT), (route, REJECTED)):
            yield why[1], refusals.mask(partial(_holds, why))


def _holds(why: tuple[Route | None, str], refusals: frozenset[tuple[Route | None, str]]) -> bool:
    return why in refusals


def in_queue(routed: Routed, cells: Cells) -> Routed:
    """Return where requests go, with the time that they waited for room."""
    queued = cells.dims.get(QUEUED)
    if queued is None:
        return routed
    waited_ms = queued.at(lambda seconds: seconds * 1000)[routed.cell]
    return replace(routed, waited_ms=routed.waited_ms + waited_ms)
