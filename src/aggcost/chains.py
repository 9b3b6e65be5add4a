"""Chains: for each cell all routes that would take it, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from aggcost.conditions import Truths
from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells
from aggcost.policy import Policy, Route
from aggcost.replay import Gate, Quotes, decide

_LONGEST = 16


@dataclass(frozen=True, slots=True)
class Chains:
    """`chain` is the number of each cell's chain, -1 where it has none or goes to several routes by weight.

    `shared` are numbers that stand for requests which stay at a route as logged, with the number of that route.
    """

    routes: tuple[Route | None, ...]
    chains: tuple[tuple[int, ...], ...]
    chain: IntArray
    weighted: Mask
    shared: Mapping[int, int] = field(default_factory=dict)

    def numbers(self, route: Route | None) -> frozenset[int]:
        """Return the numbers by which requests come to a route: sent there, or as logged."""
        if route not in self.routes:
            return frozenset()
        number = self.routes.index(route)
        return frozenset({number, *(one for one, same in self.shared.items() if same == number)})


@dataclass(slots=True)
class _Asked:
    """A gate that refuses what was asked before."""

    before: dict[Route | None, Mask] = field(default_factory=dict)
    lasting: ClassVar[bool] = False
    wait_ms: ClassVar[int] = 0

    def refused(self, route: Route | None, rows: IntArray) -> Iterable[tuple[str, Mask]]:
        asked = self.before.get(route)
        return () if asked is None else (("asked before", asked[rows]),)


def chains(policy: Policy, cells: Cells, among: Mask, truths: Truths, gates: Sequence[Gate], quotes: Quotes) -> Chains:
    """Return the chains of the cells of `among`: a route that some gate refuses stands in none."""
    asked = _Asked()
    routes: dict[Route | None, int] = {None: 0}
    hops: list[IntArray] = []
    weighted = np.zeros(len(cells), dtype=bool)
    remaining = among.copy()
    while remaining.any() and len(hops) < _LONGEST:
        routed = decide(policy, cells, remaining, truths, [*gates, asked], quotes)
        places = np.array([routes.setdefault(route, len(routes)) for route in routed.routes], np.int64)
        if not hops:
            weighted[routed.cell[routed.parts != routed.whole]] = True
        hop = np.full(len(cells), -1, np.int64)
        ends = ~routed.paid | (routed.refused & bool(hops))
        hop[routed.cell[~ends]] = places[routed.route[~ends]]
        hop[weighted] = -1
        for route, number in routes.items():
            asked.before[route] = asked.before.get(route, np.zeros(len(cells), dtype=bool)) | (hop == number)
        hops.append(hop)
        remaining &= hop >= 0
    table = np.stack([*hops, np.full(len(cells), -1, np.int64)], axis=1)
    kinds, chain = np.unique(table, axis=0, return_inverse=True)
    found = tuple(tuple(number for number in kind if number >= 0) for kind in kinds.tolist())
    named = np.where([len(one) > 0 for one in found], np.arange(len(found)), -1)
    return Chains(tuple(routes), found, named[chain.reshape(-1)], weighted)


def sharing(found: Chains, cells: Cells, limited: Collection[Route | None]) -> Chains:
    """Return the chains in which requests that stay as logged at a limited route come to that route's limit.

    Where `as_logged` has a limit of its own, they come to that one.
    """
    if None in limited:
        return found
    routes, kinds, shared = [*found.routes], [*found.chains], dict[int, int]()
    chain = found.chain.copy()
    routes += [one for one in limited if one not in routes]
    for owner, route in [(number, one) for number, one in enumerate(routes) if one is not None and one in limited]:
        of_route = cells.dims["provider"].where(route.provider) & cells.dims["model"].where(route.model)
        alias = len(routes)
        for number in np.unique(chain[of_route & (chain >= 0)]).tolist():
            if 0 not in kinds[number]:
                continue
            chain[of_route & (chain == number)] = len(kinds)
            kinds.append(tuple(alias if one == 0 else one for one in kinds[number]))
            shared[alias] = owner
        routes += [None] if alias in shared else []
    return Chains(tuple(routes), tuple(kinds), chain, found.weighted, shared)
