"""Calls that a policy makes beside those that serve the log's requests; each kind is a line of the bill."""

from __future__ import annotations

from dataclasses import dataclass

from aggcost.ledger import Cells
from aggcost.rating import Rates
from aggcost.replay import Routed

ESCALATED = "escalated first answers"


@dataclass(frozen=True, slots=True)
class ExtraCalls:
    """Calls that a policy makes beside those that serve: `routed` says where, `cells` what each of them uses.

    The cells are those of the ledger, one for one; their sums, and what is known of them, may differ.
    """

    name: str
    cells: Cells
    routed: Routed
    rates: Rates
