"""Candidates: a policy replayed on the ledgers, its charges before and after, and how it would serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from aggcost import invariants
from aggcost.arms import Service
from aggcost.commitments import SPENT_BY, MonthUsed, monthly_lines, months_used
from aggcost.conditions import Truths, local_time
from aggcost.config import Project
from aggcost.integers import Mask
from aggcost.ledger import NOT_BILLED, OTHER, USAGE, Cells, Dim
from aggcost.policy import Policy, Route
from aggcost.ratecard import RateCard
from aggcost.rating import Charges, Lines, Rates, Shares, rate
from aggcost.reached import Reached, at_reached_tiers
from aggcost.reliability import failing, service_after
from aggcost.replay import OTHERWISE, Facts, Routed, decide
from aggcost.rules import Condition
from aggcost.scanning import Ledgers

OTHER_VALUES = "other values"


def keys(ledgers: Ledgers, truths: Truths, project: Project, by: Iterable[str]) -> dict[str, Dim]:
    """Return what charges are kept apart by, a code a cell: provider, model, task, local day, component, `by`."""
    cells = ledgers.cells
    found = {name: cells.dims[name] for name in ("provider", "model", "task")}
    found["day"] = cells.dims["start_s"].map(lambda start_s: _day(start_s, ledgers))
    found["counted"] = cells.dims["start_s"].map(lambda start_s: _counted(start_s, ledgers))
    found["component"] = _components(cells, truths, project)
    for name in by:
        found.setdefault(name, cells.dims.get(name, found["day"]).map(lambda v: OTHER_VALUES if v is OTHER else v))
    return found


def _day(start_s: int | None, ledgers: Ledgers) -> date | None:
    """Return the local day of a time bucket, None where it is unknown or the ledger keeps no days apart."""
    local = local_time(start_s, ledgers.zone)
    return local.date() if local is not None and ledgers.by_the_hour else None


def _counted(start_s: int | None, ledgers: Ledgers) -> bool:
    local = local_time(start_s, ledgers.zone)
    return local is not None and local.date() in ledgers.span.counted


def _components(cells: Cells, truths: Truths, project: Project) -> Dim:
    """Return the component of each cell: the first that matches, or the provider where none are named."""
    if not project.components:
        return cells.dims["provider"].map(lambda name: name or "unknown provider")
    codes = np.full(len(cells), len(project.components), np.int32)
    for position in range(len(project.components) - 1, -1, -1):
        true, _ = truths.of(project.components[position][1])
        codes[true] = position
    return Dim(codes, (*(name for name, _ in project.components), "other requests"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy on this log: where it sends requests, what they cost before and after, how they are served.

    `shares` cost what is paid, `bought` what the providers charge: a router's fee is not spent at them. `tiers` are
    what the months reach of the schedules of its `rates`, `used` what is spent in a month at whom.
    """

    policy: Policy
    cells: Cells
    routed: Routed
    rates: Rates
    bought: Shares
    shares: Shares
    keys: Mapping[str, Dim]
    before: Charges
    after: Charges
    service: Service
    tiers: tuple[Reached, ...]
    used: tuple[MonthUsed, ...]

    @property
    def contract_lines(self) -> Mapping[str, Decimal]:
        """Return what commitments and credits add to a month, by name."""
        return monthly_lines(self.rates.card.contract, self.used)

    def listed(self, at_list: Rates, ledgers: Ledgers) -> tuple[MonthUsed, ...]:
        """Return what is used in a month at rates without the contract."""
        shares, _ = at_reached_tiers(self.cells, _shares(self.routed, at_list, self.bought.factor, self.bought.factors))
        return months_used(self.cells, shares, {name: self.keys[name] for name in SPENT_BY}, ledgers, self.rates.card)

    def only(self, where: Condition | None, truths: Truths) -> Charges:
        """Return the charges that satisfy a condition, which sees the provider and model of the route."""
        if where is None:
            return self.after
        mask = on_shares(where, self.policy, self.routed, truths)
        kept = {name: Dim(self.keys[name].codes[mask], self.keys[name].values) for name in ("day", "counted")}
        return rate(self.cells, self.shares.keep(mask), kept)


def candidate(policy: Policy, ledgers: Ledgers, truths: Truths, own: Rates, by: Mapping[str, Dim]) -> Candidate:
    """Return the policy replayed on the ledgers under the arm's `own` rates; requests that stay keep today's."""
    cells = ledgers.cells
    facts = {route: _facts(own.card, route) for route in policy.routes}
    usage = cells.dims["outcome"].where(USAGE)
    routed = decide(policy, cells, usage, truths, facts, own)
    invariants.every_cell_goes_somewhere(cells, routed)
    found = _keys(policy, routed, by)
    factor, factors = _discounts(policy, routed, truths)
    bought, tiers = at_reached_tiers(cells, _shares(routed, own, factor, factors))
    shares = _with_fees(policy, routed, bought)
    after = rate(cells, shares, found)
    logged = {name: by[name].take(routed.cell) for name in ("provider", "model")}
    unmoved, _ = at_reached_tiers(cells, _shares_before(routed, own.before()))
    before = rate(cells, unmoved, {**found, **logged})
    unbilled = cells.dims["outcome"].where(NOT_BILLED) & failing(cells)
    failed = decide(policy, cells, unbilled, truths, facts, own)
    service = service_after(policy, ledgers, routed, failed)
    used = months_used(cells, bought, {name: found[name] for name in SPENT_BY}, ledgers, own.card)
    return Candidate(policy, cells, routed, own, bought, shares, found, before, after, service, tiers, used)


def _facts(card: RateCard, route: Route) -> Facts:
    rates = card.resolve(route.provider, route.model).rates
    if rates is None:
        return Facts()
    retired = None if rates.retired is None else int(datetime.combine(rates.retired, time(), UTC).timestamp())
    return Facts(rates.context_window, rates.max_output, retired)


def _keys(policy: Policy, routed: Routed, by: Mapping[str, Dim]) -> dict[str, Dim]:
    """Return the keys of each share: provider and model are those of its route."""
    found = {name: dim.take(routed.cell) for name, dim in by.items()}
    source = _pairs(found["provider"], found["model"])
    found["provider"] = _after(found["provider"], routed, lambda route: route.provider)
    found["model"] = _after(found["model"], routed, lambda route: route.model)
    rules = tuple(range(len(policy.rules)))
    found["rule"] = Dim(np.where(routed.rule < 0, len(rules), routed.rule).astype(np.int32), (*rules, -1))
    found["from"] = source
    found["to"] = Dim(routed.route.astype(np.int32), tuple(None if r is None else str(r) for r in routed.routes))
    found["refused"] = Dim(routed.refused.astype(np.int32), (False, True))
    return found


def _pairs(provider: Dim, model: Dim) -> Dim:
    names = [f"{p or '?'}/{m or '?'}" for p in provider.values for m in model.values]
    return Dim((provider.codes * len(model.values) + model.codes).astype(np.int32), tuple(names))


def _after(logged: Dim, routed: Routed, name: Any) -> Dim:
    """Return the logged value where a request stays, and the route's where it moves."""
    named = tuple(name(route) for route in routed.routes if route is not None)
    codes = np.where(routed.route == 0, logged.codes, len(logged.values) + routed.route - 1)
    return Dim(codes.astype(np.int32), (*logged.values, *named)).map(lambda value: value)


def _shares(routed: Routed, rates: Rates, factor: Any, factors: tuple[Fraction, ...]) -> Shares:
    line = np.zeros(len(routed.cell), np.int32)
    table: list[Any] = []
    for position, route in enumerate(routed.routes):
        lines = rates.of(route)
        mask = routed.route == position
        line[mask] = len(table) + lines.index[routed.cell[mask]]
        table.extend(lines.table)
    return Shares(routed.cell, routed.parts, routed.whole, line, tuple(table), factor, factors)


def _shares_before(routed: Routed, lines: Lines) -> Shares:
    none = np.zeros(len(routed.cell), np.int32)
    index = lines.index[routed.cell]
    return Shares(routed.cell, routed.parts, routed.whole, index, lines.table, none, (Fraction(1),))


def _discounts(policy: Policy, routed: Routed, truths: Truths) -> tuple[Any, tuple[Fraction, ...]]:
    """Return for each share the factor on its cost: the first discount that matches."""
    factor = np.zeros(len(routed.cell), np.int32)
    factors = [Fraction(1)]
    for discount in policy.discounts:
        fresh = on_shares(discount.where, policy, routed, truths) & (factor == 0)
        factor[fresh] = len(factors)
        factors.append(1 - Fraction(discount.percent) / 100)
    return factor, tuple(factors)


def _with_fees(policy: Policy, routed: Routed, bought: Shares) -> Shares:
    """Return the shares with the router's percentage on top."""
    if not policy.fees.percent:
        return bought
    factor = bought.factor.copy()
    charged = routed.route != 0 if policy.fees.on == "moved" else np.ones(len(factor), dtype=bool)
    factor[charged] += np.int32(len(bought.factors))
    with_fee = [one * (1 + Fraction(policy.fees.percent) / 100) for one in bought.factors]
    return replace(bought, factor=factor, factors=(*bought.factors, *with_fee))


def on_shares(condition: Condition | None, policy: Policy, routed: Routed, truths: Truths) -> Mask:
    """Return which shares satisfy a condition that sees the arm: provider and model are the route's."""
    if condition is None:
        return np.ones(len(routed.cell), dtype=bool)
    found = np.zeros(len(routed.cell), dtype=bool)
    for rule in np.unique(routed.rule).tolist():
        named = {"rule": policy.rules[rule].name if rule >= 0 else OTHERWISE}
        for position, route in enumerate(routed.routes):
            mask = (routed.rule == rule) & (routed.route == position)
            if mask.any():
                true, _ = truths.of(condition, {**named, **_seen_from(route)})
                found[mask] = true[routed.cell[mask]]
    return found


def _seen_from(route: Route | None) -> dict[str, str | None]:
    return {} if route is None else {"provider": route.provider, "model": route.model}


def monthly_outside(policy: Policy, today: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the monthly costs beside the requests under a policy: a name it does not state stays as today."""
    stated = {overhead.name: overhead.monthly_usd for overhead in policy.overheads}
    fees = {"router fee": policy.fees.monthly} if policy.fees.monthly else {}
    return {**today, **stated, **fees}
