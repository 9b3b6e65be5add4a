"""Eligibility: what a route can take, asked before any price.

What is not known of a route refuses nothing: the route counts as eligible, and the report says how many requests rest
on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple

import numpy as np

from aggcost.abilities import ABILITIES, shown, untold
from aggcost.conditions import Truths
from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells
from aggcost.policy import Policy, Route
from aggcost.scales import Scaling


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a route; None is unknown, as is an ability that it neither `has` nor `lacks`."""

    context_window: int | None = None
    max_output: int | None = None
    retired_s: int | None = None
    has: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    region: str | None = None
    data_policy: frozenset[str] | None = None


class Unknown(NamedTuple):
    """Something that is not known of a route, what is assumed instead, and which cells would ask for it."""

    name: str
    assumed: str
    cells: Mask


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The gate of what routes can take; with `context` prompts and answers must fit.

    `scaling` says what tokens are on a route, `needs` of each ability which cells need it. A region is one of `regions`
    or begins with one and a hyphen.
    """

    cells: Cells
    facts: Mapping[Route, Facts]
    context: bool
    needs: Mapping[str, Mask] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    data_policy: tuple[str, ...] = ()
    scaling: Scaling = field(default_factory=Scaling)
    lasting: ClassVar[bool] = True
    wait_ms: ClassVar[int] = 0

    def refused(self, route: Route | None, rows: IntArray) -> Iterable[tuple[str, Mask]]:
        """Return which cells at `rows` the route cannot take, by reason; as logged takes all."""
        if route is None:
            return
        known = self._facts(route)
        yield from self._limits(route, known, rows)
        for word, cells in self.needs.items():
            if word in known.lacks:
                yield f"no {word}", cells[rows]
        if self.regions:
            yield "not in the region", self._outside(route, known)[rows]
        for word in self.data_policy:
            if known.data_policy is not None and word not in known.data_policy:
                yield f"no {word}", np.ones(len(rows), dtype=bool)

    def has(self, route: Route) -> frozenset[str]:
        """Return the abilities that the route is known to have."""
        return self._facts(route).has

    def unknown(self, route: Route) -> Iterator[Unknown]:
        """Yield what a decision for the route rests on without anything that states it."""
        known, everything = self._facts(route), np.ones(len(self.cells), dtype=bool)
        if self.context and known.context_window is None:
            yield Unknown("context window", "large enough", everything)
        if self.context and known.max_output is None:
            yield Unknown("maximum output", "large enough", everything)
        for word, cells in self.needs.items():
            if word not in known.has | known.lacks:
                yield Unknown(word, "supported", cells)
        if self.regions:
            yield Unknown("region", f"in {' or '.join(self.regions)}", self._region_unknown(route, known))
        for word in self.data_policy if known.data_policy is None else ():
            yield Unknown(word, "granted", everything)

    def _facts(self, route: Route) -> Facts:
        """Return what is known of a route; one that waits in a service tier is the same without it."""
        return self.facts.get(route) or self.facts.get(replace(route, service_tier=None), Facts())

    def _limits(self, route: Route, known: Facts, rows: IntArray) -> Iterator[tuple[str, Mask]]:
        if known.retired_s is not None:
            yield "retired", lower(self.cells, "start_s", rows) >= known.retired_s
        if known.context_window is not None and self.context:
            prompts = self.scaling.prompts(self.cells, route)[rows]
            yield "prompt over the context window", prompts > known.context_window
        if known.max_output is not None and self.context:
            answers = self.scaling.answers(self.cells, route)[rows]
            yield "answer over the maximum output", answers > known.max_output

    def _outside(self, route: Route, known: Facts) -> Mask:
        own = route.region or known.region
        if own is not None:
            return np.full(len(self.cells), not self._inside(own))
        logged = self.cells.dims["region"].mask(lambda region: region is not None and not self._inside(region))
        return logged & self._keeps_region(route)

    def _region_unknown(self, route: Route, known: Facts) -> Mask:
        if route.region or known.region:
            return np.zeros(len(self.cells), dtype=bool)
        return ~self._keeps_region(route) | self.cells.dims["region"].where(None)

    def _keeps_region(self, route: Route) -> Mask:
        """Say which cells keep their logged region, as their prices do: those whose provider stays the same."""
        return self.cells.dims["provider"].where(route.provider)

    def _inside(self, region: str) -> bool:
        return any(f"{region.lower()}-".startswith(f"{wanted}-") for wanted in self.regions)


def eligibility(
    policy: Policy, cells: Cells, truths: Truths, facts: Mapping[Route, Facts], scaling: Scaling
) -> Eligibility:
    """Return the gate of what the policy requires of these routes."""
    asked = policy.require
    needs = _needs(policy, cells, truths)
    return Eligibility(cells, facts, asked.context, needs, asked.regions, asked.data_policy, scaling)


def not_told(policy: Policy, cells: Cells) -> tuple[str, ...]:
    """Return the abilities that a policy wants asked where a request uses them, and of which this log tells nothing."""
    return untold(cells.dims) if policy.require.shown else ()


def _needs(policy: Policy, cells: Cells, truths: Truths) -> dict[str, Mask]:
    """Return which cells need which ability: what the log shows, and what the policy or the rule of a cell asks."""
    found: dict[str, Mask] = {}
    if policy.require.shown:
        found = {word: cells.dims[shown(word)].mask(bool) for word in ABILITIES if shown(word) in cells.dims}
    for words, members in asked_by_rule(policy, cells, truths):
        for word in words:
            found[word] = found[word] | members if word in found else members
    return {word: found[word] for word in ABILITIES if word in found}


def asked_by_rule(policy: Policy, cells: Cells, truths: Truths) -> Iterator[tuple[tuple[str, ...], Mask]]:
    """Yield the abilities that each rule asks, with the cells that it decides; what no rule matches comes last."""
    deciding = deciding_rule(policy, cells, truths)
    for index, rule in enumerate(policy.rules):
        yield policy.require.abilities if rule.needs is None else rule.needs, deciding == index
    yield policy.require.abilities, deciding == -1


def deciding_rule(policy: Policy, cells: Cells, truths: Truths) -> IntArray:
    """Return for each cell the first rule that matches it, -1 where none does."""
    deciding = np.full(len(cells), -1, np.int64)
    for index in range(len(policy.rules) - 1, -1, -1):
        true, _ = truths.of(policy.rules[index].when)
        deciding[true] = index
    return deciding


def lower(cells: Cells, name: str, rows: IntArray) -> IntArray:
    """Return the smallest value of each cell's bin; an unknown value is under every limit."""
    return cells.dims[name].take(rows).at(lambda value: -1 if value is None else value)
