"""Chains: for each cell all routes that would take it, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from aggcost.conditions import Truths
from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells
from aggcost.policy import Policy, Route
from aggcost.replay import Gate, Quotes, decide
from aggcost.routes import UNPAID

_LONGEST = 16


@dataclass(frozen=True, slots=True)
class Chains:
    """`chain` is the number of each cell's chain, -1 where it has none or goes to several routes by weight."""

    routes: tuple[Route | None, ...]
    chains: tuple[tuple[int, ...], ...]
    chain: IntArray
    weighted: Mask


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
        paid = np.array([route not in UNPAID for route in routed.routes], dtype=bool)
        ends = ~paid[routed.route] | (routed.refused & bool(hops))
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
