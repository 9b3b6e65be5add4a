"""Replay: a policy decides, cell by cell, where the logged requests would have gone.

Nothing here computes money. A policy moves usage; what the moved usage costs is the business of
`rating`, which prices the result exactly as it prices the log. A price-aware policy (`cheapest`)
asks `Quotes`, a read-only view of prices that the caller hands in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple, Protocol

import numpy as np

from aggcost import sticky
from aggcost.conditions import Truths
from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells
from aggcost.policy import Cheapest, Policy, Route, Rule, Single, Split, Target
from aggcost.routes import UNSERVED

OTHERWISE = "otherwise"


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
    match because a field it tests is missing, by rule. `tried` are the calls in vain: routes that took time to refuse.
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

    def keep(self, mask: Mask) -> Routed:
        """Return the shares where `mask` is true."""
        names = ("cell", "parts", "rule", "route", "refused", "waited_ms")
        waits = None if self.waits is None else self.waits[mask]
        return replace(self, waits=waits, **{name: getattr(self, name)[mask] for name in names})

    def in_vain(self) -> Routed:
        """Return the calls that were tried in vain, as shares of their own."""
        cell, parts, rule, route = self.tried
        nothing = np.zeros(len(cell), np.int64)
        refused = np.zeros(len(cell), dtype=bool)
        return replace(
            self, cell=cell, parts=parts, rule=rule, route=route, refused=refused, waited_ms=nothing, waits=None
        )


def decide(policy: Policy, cells: Cells, among: Mask, truths: Truths, gates: Sequence[Gate], quotes: Quotes) -> Routed:
    """Return where the policy sends the cells of `among`: the first rule that matches decides.

    A cell that a gate refuses goes on to the next route of its rule; the first gate that refuses names the reason.
    """
    return _Decider(policy, cells, among, truths, gates, quotes).run()


class _Share(NamedTuple):
    """The same part of some cells, sent to one route by one rule."""

    rows: IntArray
    parts: int
    rule: int
    route: int
    stayed: bool
    waited_ms: IntArray


class _Refused(NamedTuple):
    """Which cells a route refuses, which of them only for now, and what each lost in time."""

    mask: Mask
    for_now: Mask
    waited_ms: IntArray


class _Decider:
    def __init__(
        self,
        policy: Policy,
        cells: Cells,
        among: Mask,
        truths: Truths,
        gates: Sequence[Gate],
        quotes: Quotes,
    ) -> None:
        self._policy = policy
        self._cells = cells
        self._truths = truths
        self._gates = gates
        self._quotes = quotes
        self._open = among.copy()
        self._routes: dict[Route | None, int] = {None: 0}
        self._whole = _common_whole(policy)
        self._shares: list[_Share] = []
        self._tried: list[_Share] = []
        self._refusals: dict[tuple[str, str, str, bool], int] = {}
        self._unknown: dict[str, int] = {}
        self._matched: list[int] = []

    def run(self) -> Routed:
        for index, rule in enumerate(self._policy.rules):
            self._apply(index, rule)
        self._send(np.flatnonzero(self._open), -1, OTHERWISE, self._policy.otherwise, ())
        return self._routed()

    def _apply(self, index: int, rule: Rule) -> None:
        true, unknown = self._truths.of(rule.when)
        missed = np.flatnonzero(unknown & self._open)
        if len(missed):
            self._unknown[rule.name] = int(self._cells.sums["requests"][missed].sum())
        rows = np.flatnonzero(true & self._open)
        self._matched.append(int(self._cells.sums["requests"][rows].sum()))
        self._open[rows] = False
        self._send(rows, index, rule.name, rule.target, rule.fallback)

    def _send(self, rows: IntArray, rule: int, name: str, target: Target, fallback: Sequence[Route | None]) -> None:
        if not len(rows):
            return
        match target:
            case Single(route):
                self._chain(rows, self._whole, rule, name, (route, *fallback))
            case Split():
                for share, weight, route in self._shares_of(rows, name, target):
                    self._chain(share, weight, rule, name, (route, *fallback))
            case Cheapest(routes):
                for chosen, group in self._cheapest(rows, name, routes):
                    self._chain(group, self._whole, rule, name, (*chosen, *fallback))

    def _shares_of(self, rows: IntArray, name: str, split: Split) -> Iterator[tuple[IntArray, int, Route | None]]:
        """Yield the cells, weight and route of each part: all as weights, or of a sticky split what has no session."""
        if split.sticky:
            lowest = self._cells.dims[sticky.key(name)].take(rows)
            part_of = lowest.at(lambda hashed: sticky.part_of(hashed, split.percents))
            for part, (route, _) in enumerate(split.parts):
                yield rows[part_of == part], self._whole, route
            rows = rows[part_of == sticky.UNDECIDED]
        for route, percent in split.parts:
            yield rows, int(Fraction(percent) * self._whole / 100), route

    def _chain(self, rows: IntArray, parts: int, rule: int, name: str, chain: Sequence[Route | None]) -> None:
        """Send the cells to the first route of the chain that takes them.

        Refused by all, they stay as logged, or are served by nobody where some route refused them only for now.
        """
        for_now, waited_ms = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), np.int64)
        for route in chain:
            refused = self._refused(rows, route, name)
            taken, vain = ~refused.mask, refused.waited_ms > 0
            self._record(rows[taken], parts, rule, route, waited_ms[taken])
            self._tried += self._share(rows[vain], parts, rule, route, refused.waited_ms[vain])
            for_now, waited_ms = for_now | refused.for_now, waited_ms + refused.waited_ms
            rows, for_now, waited_ms = rows[refused.mask], for_now[refused.mask], waited_ms[refused.mask]
        self._record(rows[for_now], parts, rule, UNSERVED, waited_ms[for_now])
        self._record(rows[~for_now], parts, rule, None, waited_ms[~for_now], stayed=True)

    def _record(
        self, rows: IntArray, parts: int, rule: int, route: Route | None, waited_ms: IntArray, *, stayed: bool = False
    ) -> None:
        self._shares += self._share(rows, parts, rule, route, waited_ms, stayed=stayed)

    def _share(
        self, rows: IntArray, parts: int, rule: int, route: Route | None, waited_ms: IntArray, *, stayed: bool = False
    ) -> list[_Share]:
        if not len(rows) or not parts:
            return []
        number = self._routes.setdefault(route, len(self._routes))
        return [_Share(rows, parts, rule, number, stayed, waited_ms)]

    def _refused(self, rows: IntArray, route: Route | None, name: str, *, lasting: bool = False) -> _Refused:
        """Return what the gates refuse; with `lasting` only those that do so whenever a request comes."""
        nothing = np.zeros(len(rows), dtype=bool)
        found = _Refused(nothing, nothing, np.zeros(len(rows), np.int64))
        for gate in self._gates:
            if lasting and not gate.lasting:
                continue
            for reason, mask in gate.refused(route, rows):
                fresh = mask & ~found.mask
                if fresh.any():
                    self._count((name, _named(route), reason, gate.lasting), rows[fresh])
                found = _Refused(
                    found.mask | mask,
                    found.for_now | (fresh & (not gate.lasting)),
                    found.waited_ms + np.where(fresh, gate.wait_ms, 0),
                )
        return found

    def _count(self, key: tuple[str, str, str, bool], rows: IntArray) -> None:
        self._refusals[key] = self._refusals.get(key, 0) + int(self._cells.sums["requests"][rows].sum())

    def _cheapest(
        self, rows: IntArray, name: str, routes: Sequence[Route | None]
    ) -> list[tuple[tuple[Route | None, ...], IntArray]]:
        """Choose once for all requests of a rule that have the same prices and the same eligible routes.

        Choosing for a whole group, not cell by cell, keeps the choice independent of what else the
        ledger happens to keep apart. Routes that cost more stand behind it, for when it takes none for now.
        """
        refused = np.stack([self._refused(rows, route, name, lasting=True).mask for route in routes])
        codes = np.stack([*refused.astype(np.int64), self._quotes.same_price(routes)[rows]])
        _, group = np.unique(codes, axis=1, return_inverse=True)
        chosen = []
        for code in range(int(group.max()) + 1):
            members = group == code
            eligible = [route for route, no in zip(routes, refused[:, members][:, 0], strict=True) if not no]
            chosen.append((self._by_cost(eligible, rows[members]), rows[members]))
        return chosen

    def _by_cost(self, routes: Sequence[Route | None], rows: IntArray) -> tuple[Route | None, ...]:
        quoted = [(self._quotes.cost(route, rows), position) for position, route in enumerate(routes)]
        priced = sorted((cost, position) for cost, position in quoted if cost is not None)
        return tuple(routes[position] for _, position in priced)

    def _routed(self) -> Routed:
        cell, parts, rule, route = _columns(self._shares)
        return Routed(
            cell=cell,
            parts=parts,
            whole=self._whole,
            rule=rule,
            route=route,
            refused=_each(self._shares, [share.stayed for share in self._shares]).astype(bool),
            waited_ms=np.concatenate([share.waited_ms for share in self._shares] or [np.zeros(0, np.int64)]),
            routes=tuple(self._routes),
            refusals=tuple(
                Refusal(rule, route, reason, requests, lasting)
                for (rule, route, reason, lasting), requests in sorted(self._refusals.items())
            ),
            unknown=self._unknown,
            matched=tuple(self._matched),
            tried=_columns(self._tried),
        )


def _named(route: Route | None) -> str:
    return "as logged" if route is None else str(route)


def _columns(shares: Sequence[_Share]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return cell, parts, rule and route of shares, an entry a cell."""
    return (
        np.concatenate([share.rows for share in shares] or [np.zeros(0, np.int64)]),
        _each(shares, [share.parts for share in shares]),
        _each(shares, [share.rule for share in shares]),
        _each(shares, [share.route for share in shares]),
    )


def _each(shares: Sequence[_Share], values: Sequence[int]) -> IntArray:
    return np.repeat(np.array(values, np.int64), [len(share.rows) for share in shares])


def _common_whole(policy: Policy) -> int:
    """Return the smallest power of ten (at least 100) in which every split weight is a whole number."""
    whole = 100
    targets = [policy.otherwise, *(rule.target for rule in policy.rules)]
    weights = [percent for target in targets if isinstance(target, Split) for _, percent in target.parts]
    if not weights:
        return 1
    while any((Fraction(weight) * whole / 100).denominator != 1 for weight in weights):
        whole *= 10
    return whole
