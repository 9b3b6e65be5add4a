"""Replay: a policy decides, cell by cell, where the logged requests would have gone.

Nothing here computes money. A policy moves usage; what the moved usage costs is the business of
`rating`, which prices the result exactly as it prices the log. A price-aware policy (`cheapest`)
asks `Quotes`, a read-only view of prices that the caller hands in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from aggcost import balancing, sticky
from aggcost.conditions import Truths
from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells, Dim, group
from aggcost.policy import Cheapest, Policy, Route, Rule, Single, Split, Target
from aggcost.routed import Gate, Quotes, Refusal, Routed
from aggcost.routes import UNSERVED, Balance, Cascade

__all__ = ["OTHERWISE", "Gate", "Quotes", "Refusal", "Routed", "decide"]

OTHERWISE = "otherwise"
Quoted = Sequence[tuple[Fraction, Route | None]]


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
    waited_ms: IntArray
    stayed: bool = False
    answered: int = 0


class _Refused(NamedTuple):
    """Which cells a route refuses, which of them only for now, and what each lost in time."""

    mask: Mask
    for_now: Mask
    waited_ms: IntArray


@dataclass(frozen=True, slots=True)
class _Step:
    """Cells on their way through the routes of a cascade: at which step, what they lost in time, and who answered."""

    rows: IntArray
    parts: int
    place: int = 0
    answered: tuple[Route | None, ...] = ()
    lost: _Refused | None = None

    @property
    def for_now(self) -> Mask:
        return np.zeros(len(self.rows), dtype=bool) if self.lost is None else self.lost.for_now

    @property
    def waited_ms(self) -> IntArray:
        return np.zeros(len(self.rows), np.int64) if self.lost is None else self.lost.waited_ms

    def with_refusals(self, found: _Refused) -> _Step:
        """Return the step with what its route refused for now."""
        lost = _Refused(found.mask, self.for_now | found.for_now, self.waited_ms + found.waited_ms)
        return replace(self, lost=lost)

    def next(self, mask: Mask, parts: int, answered: tuple[Route | None, ...]) -> _Step:
        """Return the next step of some of the cells."""
        lost = _Refused(mask[mask], self.for_now[mask], self.waited_ms[mask])
        return _Step(self.rows[mask], parts, self.place + 1, answered, lost)


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
        self._escalated: list[_Share] = []
        self._answered: dict[tuple[Route | None, ...], int] = {(): 0}
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
        match target:
            case Single(route):
                self._chain(rows, self._whole, rule, name, (route, *fallback))
            case Split():
                for share, weight, route in self._shares_of(rows, name, target):
                    self._chain(share, weight, rule, name, (route, *fallback))
            case Cascade():
                self._cascade(_Step(rows, self._whole), rule, name, target, fallback)
            case Cheapest(routes) | Balance(routes):
                for eligible, group in self._alike(rows, name, routes):
                    for weight, chain in self._by_price(target, self._by_cost(eligible, group)):
                        self._chain(group, weight, rule, name, (*chain, *fallback))

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

    def _chain(
        self,
        rows: IntArray,
        parts: int,
        rule: int,
        name: str,
        chain: Sequence[Route | None],
        step: _Step | None = None,
    ) -> None:
        """Send the cells to the first route of the chain that takes them.

        Refused by all, they stay as logged, or are served by nobody where some route refused them only for now.
        """
        step = step or _Step(rows, parts)
        for_now, waited_ms, answered = step.for_now, step.waited_ms, step.answered
        for route in chain:
            refused = self._refused(rows, route, name)
            taken, vain = ~refused.mask, refused.waited_ms > 0
            self._record(self._share(rows[taken], parts, rule, route, waited_ms[taken]), answered)
            self._tried += self._share(rows[vain], parts, rule, route, refused.waited_ms[vain])
            for_now, waited_ms = for_now | refused.for_now, waited_ms + refused.waited_ms
            rows, for_now, waited_ms = rows[refused.mask], for_now[refused.mask], waited_ms[refused.mask]
        self._record(self._share(rows[for_now], parts, rule, UNSERVED, waited_ms[for_now]), answered)
        self._record(self._share(rows[~for_now], parts, rule, None, waited_ms[~for_now]), answered, stayed=True)

    def _record(self, found: Sequence[_Share], answered: tuple[Route | None, ...], *, stayed: bool = False) -> None:
        number = self._answered.setdefault(answered, len(self._answered))
        self._shares += [share._replace(stayed=stayed, answered=number) for share in found]

    def _share(self, rows: IntArray, parts: int, rule: int, route: Route | None, waited_ms: IntArray) -> list[_Share]:
        if not len(rows) or not parts:
            return []
        number = self._routes.setdefault(route, len(self._routes))
        return [_Share(rows, parts, rule, number, waited_ms)]

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

    def _cascade(self, step: _Step, rule: int, name: str, target: Cascade, fallback: Sequence[Route | None]) -> None:
        """Send the cells of a step to its route, and what escalates, or is refused, to the next step."""
        place = step.place
        if place == len(target.escalate):
            self._chain(step.rows, step.parts, rule, name, (target.routes[place], *fallback), step)
            return
        route = target.routes[place]
        refused = self._refused(step.rows, route, name)
        taken, vain = ~refused.mask, refused.waited_ms > 0
        self._tried += self._share(step.rows[vain], step.parts, rule, route, refused.waited_ms[vain])
        step = step.with_refusals(refused)
        further = int(step.parts * Fraction(target.escalate[place]) / 100)
        served = self._share(step.rows[taken], step.parts - further, rule, route, step.waited_ms[taken])
        self._record(served, step.answered)
        self._escalated += self._share(step.rows[taken], further, rule, route, step.waited_ms[taken])
        self._cascade(step.next(taken, further, (*step.answered, route)), rule, name, target, fallback)
        self._cascade(step.next(refused.mask, step.parts, step.answered), rule, name, target, fallback)

    def _by_price(self, target: Cheapest | Balance, quoted: Quoted) -> Iterator[tuple[int, tuple[Route | None, ...]]]:
        """Yield weights with the chain of each: the cheapest first or, balanced, each route with the others behind."""
        if isinstance(target, Cheapest) or not quoted:
            yield self._whole, tuple(route for _, route in quoted)
            return
        shares = balancing.weights([cost for cost, _ in quoted])
        for share, (_, route) in zip(shares, quoted, strict=True):
            others = (other for _, other in quoted if other != route)
            yield share * self._whole // balancing.UNIT, (route, *others)

    def _alike(
        self, rows: IntArray, name: str, routes: Sequence[Route | None]
    ) -> Iterator[tuple[Sequence[Route | None], IntArray]]:
        """Yield the requests of a rule that have the same prices and the same eligible routes, and these routes.

        Choosing for a whole group, not cell by cell, keeps the choice independent of what else the
        ledger happens to keep apart. Routes that cost more stand behind it, for when it takes none for now.
        """
        if not len(rows):
            return
        refused = np.stack([self._refused(rows, route, name, lasting=True).mask for route in routes])
        price = self._quotes.same_price(routes)[rows]
        fits = [Dim(mask.astype(np.int32), (False, True)) for mask in refused]
        dims = (*fits, Dim(price.astype(np.int32), tuple(range(int(price.max()) + 1))))
        codes, firsts = group(dims, len(rows))
        for code, first in enumerate(firsts.tolist()):
            yield [route for route, no in zip(routes, refused[:, first], strict=True) if not no], rows[codes == code]

    def _by_cost(self, routes: Sequence[Route | None], rows: IntArray) -> Quoted:
        """Return what the cells would cost on each route that has a price, cheapest first."""
        quoted = [(self._quotes.cost(route, rows), position) for position, route in enumerate(routes)]
        priced = sorted((cost, position) for cost, position in quoted if cost is not None)
        return [(cost, routes[position]) for cost, position in priced]

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
            escalated=_columns(self._escalated),
            answered=_each(self._shares, [share.answered for share in self._shares]),
            answers=tuple(self._answered),
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
    """Return the smallest power of ten (at least 100) in which every weight is a whole number."""
    targets = [policy.otherwise, *(rule.target for rule in policy.rules)]
    weights = [percent for target in targets for percent in _weights(target)]
    balanced = any(isinstance(target, Balance) for target in targets)
    if not weights and not balanced:
        return 1
    whole = balancing.UNIT if balanced else 100
    while any((Fraction(weight) * whole / 100).denominator != 1 for weight in weights):
        whole *= 10
    return whole


def _weights(target: Target) -> Sequence[Decimal]:
    """Return the percentages that a target states, of all requests."""
    match target:
        case Split():
            return target.percents
        case Cascade():
            return target.reached
        case _:
            return ()
