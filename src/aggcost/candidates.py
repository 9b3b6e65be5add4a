"""Candidates: a policy replayed on the ledgers, its charges before and after, and how it would serve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from aggcost import invariants
from aggcost.answers import BY_CACHE, NAME, answered, with_answers, with_cache_times
from aggcost.arm_rates import arm_rates
from aggcost.arms import Service
from aggcost.assumed import assumptions
from aggcost.capping import Cut, capped
from aggcost.charged_together import together, uncounted
from aggcost.commitments import SPENT_BY, MonthUsed, monthly_lines, months_used
from aggcost.conditions import Truths, local_time
from aggcost.config import Project
from aggcost.extra_calls import ESCALATED, ExtraCalls
from aggcost.failing import Failing, everything
from aggcost.failing import failing as failures
from aggcost.failing import service as service_with
from aggcost.gates import gates
from aggcost.hedged import HEDGED, second_calls
from aggcost.integers import Mask
from aggcost.ledger import NOT_BILLED, OTHER, USAGE, Cells, Dim
from aggcost.meters import USAGE_KEYS
from aggcost.policy import Policy, Route
from aggcost.prompt_caches import views
from aggcost.ratecard import RateLine
from aggcost.rating import Charges, Lines, Rates, Shares, rate
from aggcost.reached import Reached, at_reached_tiers
from aggcost.reliability import failing as is_failing
from aggcost.reliability import second_shares, service_after, times_after
from aggcost.replay import Gate, Routed, decide
from aggcost.report import Assumption
from aggcost.rescue import calls, rescue
from aggcost.routes import UNPAID
from aggcost.rules import Condition
from aggcost.scanning import Ledgers
from aggcost.waiting import BY_PROCESSING, deferred, rule_name, waiting_requests, with_service_levels

OTHER_VALUES = "other values"
_NOTHING_PAID = RateLine((Fraction(0),) * len(USAGE_KEYS), "no provider serves it")


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
class Part:
    """Calls of an arm that are charged together: those that serve the log's requests, or calls beside them.

    `name` is None for those that serve, else the line of the bill that the calls make. `cells` have the usage of the
    calls as sums. `shares` cost what is paid, `bought` what the providers charge: a router's fee is not spent at them.
    """

    name: str | None
    cells: Cells
    routed: Routed
    rates: Rates
    bought: Shares
    shares: Shares
    keys: Mapping[str, Dim]
    tiers: tuple[Reached, ...]

    def charges(self, mask: Mask | None = None) -> Charges:
        """Return the charges of the shares where `mask` is true."""
        if mask is None:
            return self._counted(rate(self.cells, self.shares, self.keys))
        kept = {name: Dim(dim.codes[mask], dim.values) for name, dim in self.keys.items()}
        return self._counted(rate(self.cells, self.shares.keep(mask), kept))

    def _counted(self, charges: Charges) -> Charges:
        return charges if self.name is None else uncounted(charges)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy on this log: where it sends requests, what they cost before and after, how they are served.

    `parts` are its calls, those that serve first; `served` are their charges, `after` the charges of all. `tiers` are
    what the months reach of the schedules of its `rates`, `used` what is spent in a month at whom. `assumptions` are
    what its routing takes on trust. `cells` have the usage under the policy, and `cuts` what its caps on answers take
    from that of the log.
    """

    policy: Policy
    cells: Cells
    routed: Routed
    rates: Rates
    parts: tuple[Part, ...]
    before: Charges
    served: Charges
    after: Charges
    service: Service
    failing: Failing | None
    prompt_costs: Mapping[str, Fraction]
    tiers: tuple[Reached, ...]
    used: tuple[MonthUsed, ...]
    assumptions: tuple[Assumption, ...]
    cuts: tuple[Cut, ...] = ()

    @property
    def extra_names(self) -> tuple[str, ...]:
        """Return the lines of the bill that calls beside those that serve make."""
        return tuple(dict.fromkeys(part.name for part in self.parts if part.name is not None))

    @property
    def contract_lines(self) -> Mapping[str, Decimal]:
        """Return what commitments and credits add to a month, by name."""
        return monthly_lines(self.rates.card.contract, self.used)

    def listed(self, at_list: Rates, ledgers: Ledgers) -> tuple[MonthUsed, ...]:
        """Return what is used in a month at rates without the contract."""
        served = self.parts[0]
        bought = served.bought
        shares, _ = at_reached_tiers(self.cells, _shares(self.routed, at_list, bought.factor, bought.factors))
        return months_used(self.cells, shares, _spent_by(served), ledgers, self.rates.card)

    def only(self, where: Condition | None, truths: Truths) -> Charges:
        """Return the charges that satisfy a condition, which sees the provider and model of the route."""
        if where is None:
            return self.after
        return together([part.charges(on_shares(where, self.policy, part.routed, truths)) for part in self.parts])


def candidate(policy: Policy, ledgers: Ledgers, truths: Truths, own: Rates, by: Mapping[str, Dim]) -> Candidate:
    """Return the policy replayed on the ledgers under the arm's `own` rates; requests that stay keep today's."""
    cells, cuts = capped(ledgers.cells, policy.levers.caps, truths)
    own = arm_rates(policy, cells, own)
    asked = gates(policy, replace(ledgers, cells=cells), truths, own)
    usage = cells.dims["outcome"].where(USAGE) & ~answered(cells)
    decided = decide(policy, cells, usage, truths, asked.all, own)
    routed = with_answers(deferred(policy, cells, decided, truths, own), cells)
    invariants.every_cell_goes_somewhere(cells, routed)
    prompts = views(cells, _all_moved(cells, routed), ledgers.simulated)
    cells = prompts[policy.in_order.prompt_cache.mode]
    own = own.on(cells)
    served = _part(policy, ExtraCalls(None, cells, routed, own), truths, by)
    levels = with_cache_times(with_service_levels(policy, routed))
    extras, service, failing = _service(levels, ledgers, truths, asked.all, own, routed)
    first = ExtraCalls(ESCALATED, cells, deferred(policy, cells, routed.first_answers(), truths, own), own)
    hedged = _hedged(levels, replace(ledgers, cells=cells), asked.all, own, routed)
    extras = (*([first] if len(first.routed.cell) else []), *hedged, *extras)
    parts = (served, *(_part(policy, extra, truths, by) for extra in extras))
    charges = [part.charges() for part in parts]
    return Candidate(
        policy=policy,
        cells=cells,
        routed=routed,
        rates=own,
        parts=parts,
        before=_before(ledgers.cells, routed, own, parts[0], by),
        served=charges[0],
        after=together(charges),
        service=replace(service, waiting=waiting_requests(cells, routed)),
        failing=failing,
        tiers=served.tiers,
        used=months_used(cells, served.bought, _spent_by(served), ledgers, own.card),
        assumptions=assumptions(policy, cells, routed, asked),
        cuts=cuts,
        prompt_costs=_prompt_costs(served, prompts),
    )


def _hedged(
    policy: Policy, ledgers: Ledgers, gates: Sequence[Gate], own: Rates, routed: Routed
) -> Iterator[ExtraCalls]:
    """Yield the second calls of hedged requests, where the hedge's route can take them."""
    for group in second_shares(policy, ledgers, routed, own.scaling):
        refusals = [no for gate in gates for _, no in gate.refused(group.hedge.route, routed.cell)]
        able = ~np.logical_or.reduce([np.zeros(len(routed.cell), dtype=bool), *refusals])
        calls = second_calls(routed, group, able)
        if len(calls.cell) and group.late:
            yield ExtraCalls(HEDGED, ledgers.cells, calls, own)


def saved_usd(found: Candidate, ledgers: Ledgers, truths: Truths, own: Rates, among: Mask) -> Fraction | None:
    """Return what the cells of `among` would cost where the policy sends them, None where some have no price."""
    policy = found.policy
    cells, _ = capped(ledgers.cells, policy.levers.caps, truths)
    rates = arm_rates(policy, cells, own)
    routed = decide(
        policy, cells, among, truths, gates(policy, replace(ledgers, cells=cells), truths, rates).all, rates
    )
    sums = serving(policy, cells, routed, rates, truths).total()
    return None if sums.has_unpriced else sums.cost_usd


def _prompt_costs(served: Part, prompts: Mapping[str, Cells]) -> dict[str, Fraction]:
    """Return what the served requests cost by mode of the prompt cache; nothing where the modes do not differ."""
    if prompts["cold"] is prompts["as_logged"]:
        return {}
    return {mode: rate(cells, served.shares, {}).total().cost_usd for mode, cells in prompts.items()}


def _all_moved(cells: Cells, routed: Routed) -> Mask:
    """Return the cells all of whose requests move to some route."""
    found = np.zeros(len(cells), dtype=bool)
    found[routed.cell] = True
    found[routed.cell[(routed.route == 0) | (routed.parts != routed.whole)]] = False
    return found


def _service(
    policy: Policy, ledgers: Ledgers, truths: Truths, gates: Sequence[Gate], own: Rates, routed: Routed
) -> tuple[tuple[ExtraCalls, ...], Service, Failing | None]:
    """Return the calls beside those that serve, and how requests are served, with failover where the policy has it."""
    cells = ledgers.cells
    if policy.failover is None or ledgers.health is None:
        unbilled = cells.dims["outcome"].where(NOT_BILLED) & is_failing(cells)
        failed = deferred(policy, cells, decide(policy, cells, unbilled, truths, gates, own), truths, own)
        return (), service_after(policy, ledgers, routed, failed, own.scaling), None
    rescued = rescue(policy, policy.failover, truths, gates, own, routed)
    failing = failures(policy, cells, ledgers.health, routed, rescued)
    times = times_after(policy, ledgers, routed, own.scaling, rescued.served)
    service = service_with(failing, everything(cells), times)
    return calls(policy.failover, rescued, routed), service, failing


def serving(policy: Policy, cells: Cells, routed: Routed, rates: Rates, truths: Truths) -> Charges:
    """Return what requests cost that go elsewhere than the policy sends them, under its discounts and fees."""
    by = {name: cells.dims[name] for name in ("provider", "model")}
    return _part(policy, ExtraCalls(None, cells, routed, rates), truths, by).charges()


def _part(policy: Policy, calls: ExtraCalls, truths: Truths, by: Mapping[str, Dim]) -> Part:
    routed, cells = calls.routed, calls.cells
    factor, factors = _discounts(policy, routed, truths)
    bought, tiers = at_reached_tiers(cells, _shares(routed, calls.rates, factor, factors))
    keys = _keys(policy, routed, by)
    if calls.name is not None:
        keys["component"] = Dim(np.zeros(len(routed.cell), np.int32), (calls.name,))
    return Part(calls.name, cells, routed, calls.rates, bought, _with_fees(policy, routed, bought), keys, tiers)


def _before(cells: Cells, routed: Routed, own: Rates, served: Part, by: Mapping[str, Dim]) -> Charges:
    """Return the charges of the same requests as they are logged, under today's prices."""
    logged = {name: by[name].take(routed.cell) for name in ("provider", "model")}
    unmoved, _ = at_reached_tiers(cells, _shares_before(routed, own.before()))
    return rate(cells, unmoved, {**served.keys, **logged})


def _spent_by(part: Part) -> dict[str, Dim]:
    return {name: part.keys[name] for name in SPENT_BY}


def _keys(policy: Policy, routed: Routed, by: Mapping[str, Dim]) -> dict[str, Dim]:
    """Return the keys of each share: provider and model are those of its route."""
    found = {name: dim.take(routed.cell) for name, dim in by.items()}
    source = _pairs(found["provider"], found["model"])
    found["provider"] = _after(found["provider"], routed, lambda route: route.provider)
    found["model"] = _after(found["model"], routed, lambda route: route.model)
    rules = tuple(range(len(policy.rules)))
    beyond = len(rules) - 1 - routed.rule  # what stands in place of a rule comes after the rules
    numbers = np.where(routed.rule < 0, beyond, routed.rule).astype(np.int32)
    found["rule"] = Dim(numbers, (*rules, -1, BY_PROCESSING, BY_CACHE))
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
        mask = routed.route == position
        if route in UNPAID:
            line[mask] = len(table)
            table.append(_NOTHING_PAID)
            continue
        lines = rates.of(route)
        line[mask] = len(table) + lines.index[routed.cell[mask]]
        table.extend(lines.table)
    scale = _scales(routed, rates)
    return Shares(
        routed.cell, routed.parts, routed.whole, line, tuple(table), factor, factors, scale, rates.scaling.table
    )


def _scales(routed: Routed, rates: Rates) -> Any:
    """Return the place of each share's scale, None where nothing is scaled."""
    if not rates.scaling.pairs:
        return None
    scale = np.zeros(len(routed.cell), np.int32)
    for position, route in enumerate(routed.routes):
        mask = routed.route == position
        scale[mask] = rates.scaling.of(rates.cells, route)[routed.cell[mask]]
    return scale


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
        named = {"rule": rule_name(policy, rule)}
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
    cache = policy.in_order.response_cache
    caching = {NAME: cache.monthly_usd} if cache is not None and cache.monthly_usd else {}
    return {**today, **stated, **fees, **caching}
