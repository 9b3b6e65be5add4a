"""The gates of a policy: everything that may refuse a request, in the order in which it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aggcost.conditions import Truths
from aggcost.eligibility import Eligibility, Unknown, eligibility
from aggcost.policy import Policy, Route
from aggcost.rating import Rates
from aggcost.replay import Gate
from aggcost.rescue import Answering
from aggcost.room import FULL, Room
from aggcost.route_facts import facts_of_routes
from aggcost.scanning import Ledgers
from aggcost.within_caps import WithinCaps, within_caps


@dataclass(frozen=True, slots=True)
class Gates:
    """What routes can take, whether they are too slow or too dear for it, whether they answer, then have room."""

    eligibility: Eligibility
    caps: WithinCaps
    answering: Answering | None
    room: Room | None = None

    @property
    def all(self) -> tuple[Gate, ...]:
        """Return the gates in their order."""
        found = (self.eligibility, self.caps, self.answering, self.room)
        return tuple(gate for gate in found if gate is not None)

    def unknown(self, route: Route) -> Iterator[Unknown]:
        """Yield what a decision for the route rests on without anything that states it."""
        yield from self.eligibility.unknown(route)
        yield from self.caps.unknown(route)


def gates(policy: Policy, ledgers: Ledgers, truths: Truths, own: Rates) -> Gates:
    """Return what may refuse requests under a policy, at the rates of its arm."""
    able = eligibility(policy, ledgers.cells, truths, facts_of_routes(policy, own.card), own.scaling)
    caps = within_caps(policy, ledgers.cells, truths, ledgers.latencies, own)
    room = Room(ledgers.cells) if FULL in ledgers.cells.dims else None
    if policy.failover is None or ledgers.health is None:
        return Gates(able, caps, None, room)
    return Gates(able, caps, Answering(ledgers.cells, ledgers.health, policy.failover, policy.gateway), room)
