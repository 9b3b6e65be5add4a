"""Comparison: two sets of charges of the same requests, side by side.

`before` is the log under today's prices, `after` the same requests under a policy. Components are
rows by where requests came from; decisions are rows by which rule sent them where.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from aggcost import interval
from aggcost.answers import BY_CACHE
from aggcost.arms import Month, Service, count
from aggcost.candidates import Candidate
from aggcost.config import Project
from aggcost.failover_report import section, uptime_rows
from aggcost.finance import MonthlyCost, Roi, roi
from aggcost.holdout import MOST_ERROR_PERCENT, BackTest
from aggcost.latency_model import FEWEST_ROWS
from aggcost.money import percent, settle
from aggcost.percentiles import SMALLEST_N
from aggcost.policy import Policy
from aggcost.rating import Charge, Charges
from aggcost.report_arms import Arm
from aggcost.report_compare import AssertedPrice, Comparison, Component, Decision
from aggcost.report_compare import Service as ServiceRow
from aggcost.routes import UNSERVED
from aggcost.scanning import Ledgers
from aggcost.sensitivity import CostRange
from aggcost.service import Percentiles
from aggcost.units import Label
from aggcost.waiting import BY_PROCESSING, rule_name


@dataclass(frozen=True, slots=True)
class Outside:
    """A month's cost beside the requests, by name: what stands today, and under the policy.

    Overheads are what the user states. The lines of a contract are worked out from the usage of each side.
    """

    before_usd: Mapping[str, Decimal]
    after_usd: Mapping[str, Decimal]
    contract_before_usd: Mapping[str, Decimal] = field(default_factory=dict)
    contract_after_usd: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def overheads(self) -> tuple[Decimal, Decimal]:
        """Return the sums of the overheads, before and after."""
        return _sum(self.before_usd), _sum(self.after_usd)

    @property
    def contracts(self) -> tuple[Decimal, Decimal]:
        """Return the sums of the contracts' lines, before and after."""
        return _sum(self.contract_before_usd), _sum(self.contract_after_usd)

    def rows(self) -> tuple[Component, ...]:
        """Return a row for each overhead, in the order of today's list, new ones last."""
        return _rows(self.before_usd, self.after_usd, "assumed")

    def contract_rows(self) -> tuple[Component, ...]:
        """Return a row for each line of a contract that costs something on either side."""
        rows = _rows(self.contract_before_usd, self.contract_after_usd, "recomputed")
        return tuple(row for row in rows if row.before or row.after)


def _sum(named: Mapping[str, Decimal]) -> Decimal:
    return sum(named.values(), Decimal(0))


def _rows(before: Mapping[str, Decimal], after: Mapping[str, Decimal], label: Label) -> tuple[Component, ...]:
    zero = Decimal(0)
    names = dict.fromkeys((*before, *after))
    return tuple(component(name, before.get(name, zero), after.get(name, zero), label) for name in names)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a comparison rests on beside the charges: how a month is made, today's facts, the components."""

    month: Month
    project: Project
    component_names: tuple[str, ...]
    asserted: tuple[AssertedPrice, ...]
    ledgers: Ledgers
    ranges: tuple[CostRange, ...] = ()


def comparison(
    baseline: Arm, after: Arm, found: Candidate, before: Service, outside: Outside, basis: Basis
) -> Comparison:
    """Return a policy beside the log: money by component and decision, service, and return."""
    policy = found.policy
    gone, unproven = moved(policy, found.served)
    saved = None if baseline.cost is None or after.cost is None else baseline.cost - after.cost
    requests = found.before.total().requests
    overheads = () if not outside.rows() else (component("overheads", *outside.overheads, "assumed"),)
    return Comparison(
        baseline=baseline.name,
        candidate=policy.name,
        kind="prices" if policy.anew else "policy",
        savings=saved,
        savings_percent=None if saved is None else percent(saved, baseline.cost or Decimal(0)),
        components=(
            *components(found.before, found.after, basis.month, basis.component_names),
            *components(found.before, found.after, basis.month, found.extra_names, "modelled"),
            *outside.contract_rows(),
            *overheads,
        ),
        total=component("total", baseline.cost_monthly, after.cost_monthly, "recomputed"),
        outside=outside.rows(),
        service=(*service_rows(before, found.service), *uptime_rows(found)),
        service_notes=service_notes(before, found.service),
        decisions=decisions(policy, found.before, found.served),
        moved_requests=count(gone),
        moved_percent=percent(gone, requests),
        without_evidence_percent=percent(unproven, requests),
        asserted_prices=basis.asserted,
        roi=_roi(baseline, after, outside, policy, basis),
        interval=interval.of_months_like_these(found.before, found.after, basis.month),
        interval_note=interval.missing(found.before),
        warnings=_warnings(found),
        failover=section(found, basis.ledgers),
    )


def _roi(baseline: Arm, after: Arm, outside: Outside, policy: Policy, basis: Basis) -> Roi | None:
    """Return the return of a policy, None where a month's cost is not known, or where only prices are in question."""
    if policy.anew or baseline.cost_monthly is None or after.cost_monthly is None:
        return None
    (owed_before, owed_after), (stated_before, stated_after) = outside.contracts, outside.overheads
    return roi(
        MonthlyCost(
            baseline.cost_monthly - owed_before - stated_before, stated_before, basis.project.upkeep, owed_before
        ),
        MonthlyCost(after.cost_monthly - owed_after - stated_after, stated_after, policy.upkeep, owed_after),
        migration=policy.migration,
        settings=basis.project.finance,
        assumed_savings_usd=stated_before - stated_after,
        ranges=basis.ranges,
    )


def _warnings(found: Candidate) -> tuple[str, ...]:
    policy, routed = found.policy, found.routed
    said = [*_unserved(found)]
    said += [
        f"rule {rule.name!r} (line {rule.line}) matches no request, or earlier rules take them all"
        for rule, matched in zip(policy.rules, routed.matched, strict=True)
        if not matched
    ]
    said += [
        f"rule {name!r}: {requests:,} requests fell through because a field it tests is missing"
        for name, requests in routed.unknown.items()
    ]
    said += [
        f"rule {one.rule!r}: {one.route} refused {one.requests:,} requests: {one.reason}"
        for one in routed.refusals
        if one.lasting
    ]
    return tuple(said)


def _unserved(found: Candidate) -> Iterator[str]:
    """Yield how many requests nobody serves: a request that is dropped looks like a saving."""
    lost = found.served.total(lambda charge: charge.keys["to"] == str(UNSERVED)).requests
    if lost:
        yield f"nobody serves {count(lost):,} requests: what they cost in the log counts as saved"


def component(name: str, before_usd: Decimal | None, after_usd: Decimal | None, label: Label) -> Component:
    """Return a row of the month's bill."""
    if before_usd is None or after_usd is None:
        return Component(name=name, before=before_usd, after=after_usd, savings=None, savings_percent=None, label=label)
    saved = before_usd - after_usd
    return Component(
        name=name,
        before=before_usd,
        after=after_usd,
        savings=saved,
        savings_percent=percent(saved, abs(before_usd)),
        label=label,
    )


def components(
    before: Charges, after: Charges, month: Month, names: Sequence[str], label: Label = "recomputed"
) -> tuple[Component, ...]:
    """Return a month's rows by where requests came from."""
    return tuple(
        component(name, _usd(month.of(before, "component", name)), _usd(month.of(after, "component", name)), label)
        for name in names
    )


def _usd(amount: Fraction | None) -> Decimal | None:
    return None if amount is None else settle(amount)


def decisions(policy: Policy, before: Charges, after: Charges) -> tuple[Decision, ...]:
    """Return a row for each rule and pair of routes, in the order of the rules, dearest first."""
    everything = before.total().requests
    refused = {rule: sums.requests for (rule, no), sums in after.by_all(["rule", "refused"]).items() if no}
    befores = before.by_all(["rule", "from", "to"])
    rows = []
    for key, sums in sorted(after.by_all(["rule", "from", "to"]).items(), key=lambda item: _order(item[0], befores)):
        index, source, target = key
        rule = policy.rules[index] if index >= 0 else None
        was = befores[key]
        rows.append(
            Decision(
                rule=rule_name(policy, index),
                requests=count(sums.requests),
                share=percent(sums.requests, everything),
                from_=source,
                to=target,
                before=settle(was.cost_usd) if was.has_price else None,
                after=settle(sums.cost_usd) if sums.has_price else None,
                refused=count(refused.get(index, Fraction(0))) if target is None else 0,
                evidence=rule.evidence if rule else None,
            )
        )
    return tuple(rows)


def _order(key: tuple[int, str, str | None], befores: Mapping[Any, Any]) -> tuple[Any, ...]:
    index, source, target = key
    return (index < 0, index, -befores[key].cost_usd, source or "", target or "")


def moved(policy: Policy, after: Charges) -> tuple[Fraction, Fraction]:
    """Return the requests that some rule moved, and those of them without evidence of the quality.

    The same model in another service tier or region needs none.
    """
    bare = {index for index, rule in enumerate(policy.rules) if not rule.evidence} | {-1, BY_PROCESSING, BY_CACHE}
    gone = after.total(lambda charge: charge.keys["to"] is not None)
    unproven = after.total(lambda charge: _other_model(charge) and charge.keys["rule"] in bare)
    return gone.requests, unproven.requests


def _other_model(charge: Charge) -> bool:
    return charge.keys["to"] is not None and f"{charge.keys['provider']}/{charge.keys['model']}" != charge.keys["from"]


def service_rows(before: Service, after: Service) -> tuple[ServiceRow, ...]:
    """Return the service table: latency percentiles, then successful and failed requests."""
    labels = (before.failed_label, after.failed_label)
    served = (before.successful_percent, after.successful_percent)
    failed = (_whole(before.failed), _whole(after.failed))
    return (
        *(_time_row("latency", name, before.latency, after.latency) for name in ("p50", "p95", "p99")),
        *(_time_row("TTFT", name, before.first_token, after.first_token) for name in _first_token_shown(before)),
        _row("successful requests", "percent", served, labels),
        _row("failed requests", "requests", failed, labels),
    )


def service_notes(before: Service, after: Service) -> tuple[str, ...]:
    """Return why figures of the service table are unknown, in plain words."""
    notes = []
    if before.latency is None:
        notes.append("the log has no latencies")
    elif None in (before.latency.p50_ms, before.latency.p95_ms, before.latency.p99_ms):
        p95, p99 = SMALLEST_N["p95"], SMALLEST_N["p99"]
        notes.append(f"p95 needs {p95:,} requests with a latency, p99 {p99:,}")
    if after.waiting:
        notes.append(f"{count(after.waiting):,} requests may wait: they are not in the latencies of the policy")
    for what in ("requests", "latencies"):
        routes = [route for route, missing in after.unseen.items() if missing == what]
        if not routes or (what == "latencies" and before.latency is None):
            continue
        listed = f"{', '.join(routes)}; assert {'its' if len(routes) == 1 else 'their'} service levels"
        notes.append(f"the log has no {what} of {listed} under `routes:` in the policy")
    notes += [_withheld(test) for test in after.times.withheld]
    resampled = [route for route, missing in after.unseen.items() if missing == "sizes"]
    if resampled and before.latency is not None:
        notes.append(
            f"latency of {', '.join(resampled)}: the log's own, whatever the size of a request; a line needs "
            f"{FEWEST_ROWS} requests with tokens"
        )
    return tuple(notes)


def _withheld(test: BackTest) -> str:
    error = test.error_percent("p95") or Decimal(0)
    return (
        f"latency of {test.route} is withheld: fitted to the first days, its p95 of the last ones is {error:+,.0f} % "
        f"off, more than {MOST_ERROR_PERCENT} %; assert its service levels under `routes:` in the policy"
    )


def _first_token_shown(before: Service) -> tuple[str, ...]:
    return () if before.first_token is None else ("p50", "p95")


def _time_row(what: str, name: str, before: Percentiles | None, after: Percentiles | None) -> ServiceRow:
    ms = [None if found is None else _whole(getattr(found, f"{name}_ms")) for found in (before, after)]
    labels = (None if before is None else before.label, None if after is None else after.label)
    return _row(f"{name} {what}", "ms", (ms[0], ms[1]), labels)


def _row(
    name: str,
    unit: Literal["ms", "percent", "requests"],
    values: tuple[Decimal | None, Decimal | None],
    labels: tuple[Label | None, Label | None],
) -> ServiceRow:
    before, after = values
    points = unit == "percent"
    change = None
    if before is not None and after is not None:
        change = after - before if points else percent(after - before, before)
    return ServiceRow(
        name=name,
        before=before,
        after=after,
        change=change,
        unit=unit,
        change_unit="points" if points else "percent",
        label_before=labels[0] if before is not None else None,
        label_after=labels[1] if after is not None else None,
    )


def _whole(number: Fraction | None) -> Decimal | None:
    return None if number is None else Decimal(round(number))
