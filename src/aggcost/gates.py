"""The gates of a policy: everything that may refuse a request, in the order in which it is asked."""

from __future__ import annotations

from dataclasses import dataclass

from aggcost.conditions import Truths
from aggcost.eligibility import Eligibility, eligibility
from aggcost.policy import Policy
from aggcost.rating import Rates
from aggcost.replay import Gate
from aggcost.rescue import Answering
from aggcost.route_facts import facts_of_routes
from aggcost.scanning import Ledgers


@dataclass(frozen=True, slots=True)
class Gates:
    """What routes can take, then whether they answer."""

    eligibility: Eligibility
    answering: Answering | None

    @property
    def all(self) -> tuple[Gate, ...]:
        """Return the gates in their order."""
        return (self.eligibility,) if self.answering is None else (self.eligibility, self.answering)


def gates(policy: Policy, ledgers: Ledgers, truths: Truths, own: Rates) -> Gates:
    """Return what may refuse requests under a policy, at the rates of its arm."""
    able = eligibility(policy, ledgers.cells, truths, facts_of_routes(policy, own.card))
    if policy.failover is None or ledgers.health is None:
        return Gates(able, None)
    return Gates(able, Answering(ledgers.cells, ledgers.health, policy.failover, policy.gateway))
