"""Where requests go: what a decision asks of gates and prices, and what it comes to for each share of a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

import numpy as np

from aggcost.integers import IntArray, Mask, total
from aggcost.ledger import Cells
from aggcost.policy import Route
from aggcost.routes import UNPAID


class Gate(Protocol):
    """Says which requests a route cannot take, and why; one concern a gate (abilities, incidents, limits).

    A `lasting` refusal is of the route and the request, whenever it comes: refused by all routes, it stays as logged.
    Any other holds for now: the request was on its way, lost `wait_ms` at the route, and where no further route takes
    it, nobody serves it.
    """

    @property
    def lasting(self) -> bool:
        """Whether the refusal does not depend on the time."""

    @property
    def wait_ms(self) -> int:
        """What a refusal costs in time, in milliseconds."""

    def refused(self, route: Route | None, rows: IntArray) -> Iterable[tuple[str, Mask]]:
        """Return (reason, which of the cells at `rows`) for what `route` (None: as logged) cannot take."""


class Quotes(Protocol):
    """Prices as a policy may see them."""

    def same_price(self, routes: Sequence[Route | None]) -> IntArray:
        """Return a code a cell: equal codes have the same prices on every one of the routes."""

    def cost(self, route: Route | None, rows: IntArray) -> Fraction | None:
        """Return what the cells at `rows` would cost on `route` (None: as logged), or None if unpriced."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Requests that a route could not take, and why; `lasting` tells what it never takes from what it did not then."""

    rule: str
    route: str
    reason: str
    requests: int
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class Routed:
    """Where every cell of usage goes: arrays of one length, one entry a share of a cell.

    `cell` is the position in the ledger, `parts` of `whole` its weight, `rule` the index of the rule
    that decided (-1: none), `route` the index into `routes` (0 is `None`, as logged), `refused`
    whether every route of the rule was refused, `waited_ms` the time lost at routes that refused it for now. `waits`
    says of shares that nobody waits for them; None: somebody does for all.
    `unknown` counts the requests that a rule did not
    match because a field it tests is missing, by rule. `tried` are the calls in vain: routes that took time to refuse;
    `escalated` those of cascades whose answers were not good enough, and `answered` says of each share which of
    `answers` (routes in the order of their calls) came before the one that serves.
    """

    cell: IntArray
    parts: IntArray
    whole: int
    rule: IntArray
    route: IntArray
    refused: Mask
    waited_ms: IntArray
    routes: tuple[Route | None, ...]
    refusals: tuple[Refusal, ...]
    unknown: Mapping[str, int]
    matched: tuple[int, ...]
    tried: tuple[IntArray, IntArray, IntArray, IntArray]
    waits: Mask | None = None
    escalated: tuple[IntArray, IntArray, IntArray, IntArray] | None = None
    answered: IntArray | None = None
    answers: tuple[tuple[Route | None, ...], ...] = ((),)

    @property
    def paid(self) -> Mask:
        """Which shares some provider serves, as logged or not."""
        paid: Mask = np.array([route not in UNPAID for route in self.routes], dtype=bool)[self.route]
        return paid

    def requests(self, cells: Cells, mask: Mask | slice = slice(None)) -> Fraction:
        """Return how many requests the shares hold, or those where `mask` is true."""
        return Fraction(total(cells.sums["requests"][self.cell[mask]] * self.parts[mask]), self.whole)

    def keep(self, mask: Mask) -> Routed:
        """Return the shares where `mask` is true."""
        names = ("cell", "parts", "rule", "route", "refused", "waited_ms")
        waits = None if self.waits is None else self.waits[mask]
        answered = None if self.answered is None else self.answered[mask]
        return replace(self, waits=waits, answered=answered, **{name: getattr(self, name)[mask] for name in names})

    def in_vain(self) -> Routed:
        """Return the calls that were tried in vain, as shares of their own."""
        return self._of_calls(self.tried)

    def first_answers(self) -> Routed:
        """Return the calls of cascades whose answers were not good enough, as shares of their own."""
        nothing = np.zeros(0, np.int64)
        return self._of_calls(self.escalated or (nothing, nothing, nothing, nothing))

    def _of_calls(self, calls: tuple[IntArray, IntArray, IntArray, IntArray]) -> Routed:
        cell, parts, rule, route = calls
        none, waited = np.zeros(len(cell), dtype=bool), np.zeros(len(cell), np.int64)
        return replace(
            self,
            cell=cell,
            parts=parts,
            rule=rule,
            route=route,
            refused=none,
            waited_ms=waited,
            waits=None,
            answered=None,
        )
