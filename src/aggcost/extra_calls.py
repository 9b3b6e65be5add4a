"""Calls of a policy: those that serve the log's requests, and those beside them, each kind a line of the bill."""

from __future__ import annotations

from dataclasses import dataclass

from aggcost.ledger import Cells
from aggcost.rating import Rates
from aggcost.replay import Routed

ESCALATED = "escalated first answers"


@dataclass(frozen=True, slots=True)
class ExtraCalls:
    """Calls of one kind: `routed` says where they go, `cells` what each of them uses; `name` None: those that serve.

    The cells are those of the ledger, one for one; their sums, and what is known of them, may differ.
    """

    name: str | None
    cells: Cells
    routed: Routed
    rates: Rates
