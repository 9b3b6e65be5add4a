"""The commands as functions: analyze a log, simulate policies on it, check budgets against it.

Each reads the log once, scans it into ledgers, rates them, and returns a `Report`. Nothing is
printed, and no exit code is decided here but by `verdict`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from aggcost import answer_lengths, failover_report, in_order_report, origin, scanning
from aggcost.advice import advice
from aggcost.arms import arm
from aggcost.asserted import asserted_prices
from aggcost.baseline import Baseline, Options, baseline, breakdowns, monthly_usd
from aggcost.bounds import bounds
from aggcost.budget import BudgetResult, judge
from aggcost.candidates import Candidate, candidate, monthly_outside
from aggcost.compare import Basis, Outside, comparison
from aggcost.config import Budget
from aggcost.contract_report import ContractNotes, contract_assumptions, of_baseline, of_candidate
from aggcost.cost_ranges import cost_ranges
from aggcost.coverage import unpriced_issues
from aggcost.dealing import deals
from aggcost.engine import Engine, open_engine
from aggcost.errors import AggcostError, ConfigError, DataQualityError
from aggcost.importers import ReadOptions, Usage, again, read_usage
from aggcost.importers.grains import BUCKET
from aggcost.latency_tables import back_tests
from aggcost.lever_assumptions import lever_assumptions
from aggcost.model_rates import day_text
from aggcost.money import percent
from aggcost.needs import needs
from aggcost.ordered import Replayed, in_order
from aggcost.policy import Policy, ServiceLevel
from aggcost.quality import quality
from aggcost.ratecard import RateCard
from aggcost.rating import Charges, Rates
from aggcost.report import Assumption, Invoice, Report
from aggcost.report_arms import Arm
from aggcost.report_compare import AssertedPrice, Comparison
from aggcost.spend import value_of
from aggcost.what_if import card_of, rates_of


def analyze(options: Options) -> Report:
    """Return what the log cost and how it was served."""
    with _engine(options) as engine:
        usage = read_usage(engine, options.logs, options.read)
        base = baseline(engine, usage, options, (), detailed=True)
    return replace(
        _report("analyze", base),
        next_commands=_after_analyze(options, usage, base),
        budgets=_budgets(options, base, None),
        invoice=_invoice(options.invoice_usd, base.arm.cost),
        advice=advice(base.arm.cost_monthly),
    )


def simulate(options: Options, policies: Sequence[Policy]) -> Report:
    """Return what each policy would have cost, how it would have served, and when it pays back."""
    with _engine(options) as engine:
        usage = read_usage(engine, options.logs, _read(options, policies))
        return _simulated("simulate", options, engine, usage, policies)


def check(options: Options, policy: Policy | None = None) -> Report:
    """Return the budgets held against the log, or against what a policy would make of it."""
    if not options.project.budgets:
        raise ConfigError("no budgets to check", hint="add a `budgets:` list to aggcost.yaml (aggcost init)")
    with _engine(options) as engine:
        asked = () if policy is None else (policy,)
        return _simulated("check", options, engine, read_usage(engine, options.logs, _read(options, asked)), asked)


def verdict(
    report: Report, *, max_quarantined_percent: Decimal, max_unpriced_percent: Decimal | None
) -> AggcostError | None:
    """Return why the log is not good enough to judge (exit 3), or None. None as a limit asks for no check."""
    found = report.coverage
    usable = found.records - found.quarantined - found.duplicate - found.filtered
    if usable <= 0:
        return DataQualityError(f"no usable row among {found.records:,}", hint="see the issues of the report")
    lost = percent(found.quarantined, found.records)
    if lost is not None and lost > max_quarantined_percent:
        return DataQualityError(
            f"{found.quarantined:,} of {found.records:,} rows are quarantined, more than {max_quarantined_percent} %",
            hint="--quarantine FILE lists them; --max-quarantined PERCENT allows more",
        )
    unknown = [budget.name for budget in report.budgets if budget.status == "unknown"]
    if report.command == "check" and unknown:
        return DataQualityError(
            f"a budget cannot be judged: {', '.join(unknown)}",
            hint="it needs priced requests with times, and for a run rate at least one complete day",
        )
    if max_unpriced_percent is None:
        return None
    for one in report.arms:
        unpriced = one.unpriced_percent
        if unpriced is not None and unpriced > max_unpriced_percent:
            return DataQualityError(
                f"{one.name}: {unpriced:.2f} % of the tokens have no price, more than {max_unpriced_percent} %",
                hint="a missing price looks like a saving: state it (--prices FILE) or allow it (--max-unpriced)",
            )
    return None


def _read(options: Options, policies: Sequence[Policy]) -> ReadOptions:
    """Return how to read the log: with the ids of requests only where some policy decides by them."""
    return replace(options.read, request_ids=options.read.request_ids or _by_ids(policies))


def _by_ids(policies: Sequence[Policy]) -> bool:
    return bool(needs(policies).sticky) or any(deals(policy) for policy in policies)


@contextmanager
def _engine(options: Options) -> Iterator[Engine]:
    with open_engine(
        options.engine, master=options.master, threads=options.threads, memory_limit=options.memory_limit
    ) as engine:
        yield engine


def _simulated(
    command: Literal["simulate", "check"], options: Options, engine: Engine, usage: Usage, policies: Sequence[Policy]
) -> Report:
    cards = {policy.pricing: card_of(options, policy) for policy in policies}
    policies = answer_lengths.learned(engine, usage.table, [(one, cards[one.pricing]) for one in policies])
    for policy in policies:
        if not options.catalogue_only:
            _check_routes(policy, cards[policy.pricing])
    base = baseline(engine, usage, options, [(policy, cards[policy.pricing]) for policy in policies], detailed=False)
    base = replace(base, ledgers=scanning.foresee(engine, usage.table, base.ledgers, policies))
    seen = base.ledgers.foresight
    rates = {policy.pricing: rates_of(policy, cards[policy.pricing], base.rates) for policy in policies}
    report = _report(command, base)
    arms, comparisons, issues, contracts = [base.arm], [], list(report.issues), list[ContractNotes]()
    assumed = list(report.assumptions)
    last: Candidate | None = None
    on = base
    for policy in policies:
        own = rates[policy.pricing]
        last, ordered = _candidate(engine, options, base, policy, own)
        one, compared = _compared(options, base, last, own)
        compared = replace(compared, in_order=in_order_report.section(last, ordered, options.scale))
        assumed += in_order_report.assumptions(last, ordered)
        arms.append(one)
        on = _on(base, ordered)
        bounded = bounds(last, on.ledgers, on.truths)
        comparisons.append(replace(compared, bounds=bounded, quality=quality(last, bounded)))
        contracts.append(of_candidate(on, last))
        assumed += failover_report.assumptions(last)
        issues += [*unpriced_issues(last.after, own.card), *contracts[-1].issues]
        assumed += [*last.assumptions, *_assumptions(policy, cards[policy.pricing]), *lever_assumptions(last)]
    return replace(
        report,
        arms=tuple(arms),
        comparisons=tuple(comparisons),
        budgets=_budgets(options, on, last),
        assumptions=tuple(dict.fromkeys(assumed)),
        issues=tuple(dict.fromkeys(issues)),
        contracts=(*report.contracts, *(figures for one in contracts for figures in one.figures)),
        tiers=(*report.tiers, *(tier for one in contracts for tier in one.tiers)),
        next_commands=_after_simulate(options, policies) if command == "simulate" else (),
        backtest=() if seen is None else back_tests(seen.back_tests, base.ledgers.zone),
    )


def _candidate(
    engine: Engine, options: Options, base: Baseline, policy: Policy, own: Rates
) -> tuple[Candidate, Replayed | None]:
    """Return a policy on the log; one with limits or caches asks for the rows in order first."""
    if not policy.in_order.asked:
        return candidate(policy, base.ledgers, base.truths, own, base.dims), None
    found = in_order(engine, options, base, policy, own)
    last = candidate(found.policy, found.ledgers, found.truths, found.own, found.dims)
    return replace(last, policy=policy), found


def _on(base: Baseline, ordered: Replayed | None) -> Baseline:
    """Return the log as a policy was replayed on it: in cells that may be finer than those of the baseline."""
    if ordered is None:
        return base
    return replace(base, ledgers=ordered.ledgers, truths=ordered.truths, dims=ordered.dims)


def _after_analyze(options: Options, usage: Usage, base: Baseline) -> tuple[str, ...]:
    if any(BUCKET in one.grains for one in usage.inputs):
        return (f"aggcost reconcile LOG --against {_logs(options)}".strip(),)
    audit = (f"aggcost audit {_logs(options)}".strip(),) if base.arm.variance else ()
    return (*audit, f"aggcost simulate {_logs(options)}--policy cheap")


def _after_simulate(options: Options, policies: Sequence[Policy]) -> tuple[str, ...]:
    named = " ".join(map(_asked_for, policies))
    detail = f"aggcost simulate {_logs(options)}{named} --detail"
    if not options.project.budgets or len(policies) != 1 or policies[0].anew:
        return (detail,)
    return (detail, f"aggcost check {_logs(options)}{named}")


def _asked_for(policy: Policy) -> str:
    """Return the flags that ask for a policy, or for prices."""
    if not policy.anew:
        return f"--policy {shlex.quote(policy.given)}"
    files = [f"--prices {shlex.quote(str(file))}" for file in policy.prices]
    return " ".join([*files, *([] if policy.at_s is None else [f"--prices-at {day_text(policy.at_s)}"])])


def _logs(options: Options) -> str:
    """Return the logs as the command line needs them: none where the project names them."""
    return (
        "" if options.logs == options.project.logs else "".join(f"{shlex.quote(again(log))} " for log in options.logs)
    )


def _report(command: Literal["analyze", "simulate", "check"], base: Baseline) -> Report:
    contract = of_baseline(base)
    return Report(
        command=command,
        inputs=origin.inputs(base.usage.inputs),
        prices=origin.prices(base.rates.card),
        period=origin.period(base.ledgers),
        coverage=base.coverage,
        arms=(base.arm,),
        assumptions=tuple(contract_assumptions(base.rates.card.contract)),
        issues=(*base.issues, *contract.issues),
        contracts=contract.figures,
        tiers=contract.tiers,
    )


def _check_routes(policy: Policy, card: RateCard) -> None:
    """Refuse a route that no price source knows: it could only end unpriced, and is likely a typing error."""
    for route in policy.routes:
        found = card.resolve(route.provider, route.model)
        if found.rates is None:
            near = found.suggestions
            raise ConfigError(
                f"{policy.path}: no price for the route {route}: {found.how}",
                hint=f"known: {', '.join(near)}" if near else "state its price in a file listed under `prices:`",
            )


def _compared(options: Options, base: Baseline, found: Candidate, own: Rates) -> tuple[Arm, Comparison]:
    policy = found.policy
    lines = found.contract_lines
    outside = Outside(base.outside, monthly_outside(policy, base.outside), base.contract_lines, lines)
    one = arm(
        policy.name,
        found.after,
        found.service,
        monthly_usd=monthly_usd(base.month, found.after, outside.after_usd, lines),
        fields=breakdowns(options, base.ledgers),
    )
    one = replace(one, policy_digest=policy.digest or None, recorded_cost=None, variance=None, variance_percent=None)
    basis = Basis(
        month=base.month,
        project=options.project,
        component_names=base.component_names,
        asserted=_asserted(options, base, policy, own.card),
        ranges=cost_ranges(base, policy, own),
        ledgers=base.ledgers,
    )
    return one, comparison(base.arm, one, found, base.service, outside, basis)


def _asserted(options: Options, base: Baseline, policy: Policy, card: RateCard) -> tuple[AssertedPrice, ...]:
    catalogue = replace(options, catalogue_only=True).card()
    at_s = base.first_s
    logged = asserted_prices(base.logged_models, base.rates.card, catalogue, at_s)
    named = base.logged_models if policy.anew else [(route.provider, route.model) for route in policy.routes]
    routed = asserted_prices(named, card, catalogue, at_s)
    return tuple(dict.fromkeys((*logged, *routed)))


def _budgets(options: Options, base: Baseline, found: Candidate | None) -> tuple[BudgetResult, ...]:
    """Judge the project's budgets on the log, or on what the policy made of it."""
    values = {}
    for budget in options.project.budgets:
        charges, outside = _about(budget, base, found)
        values[budget.name] = value_of(budget, charges, base.month, outside)
    return judge(options.project.budgets, values)


def _about(budget: Budget, base: Baseline, found: Candidate | None) -> tuple[Charges, Decimal]:
    """Return the charges a budget is about, and the month's costs beside them."""
    if found is None:
        beside = (*base.outside.values(), *base.contract_lines.values())
        return base.only(budget.where), sum(beside, Decimal(0))
    beside = (*monthly_outside(found.policy, base.outside).values(), *found.contract_lines.values())
    return found.only(budget.where, base.truths), sum(beside, Decimal(0))


def _invoice(amount_usd: Decimal | None, cost_usd: Decimal | None) -> Invoice | None:
    if amount_usd is None:
        return None
    gap = None if cost_usd is None else amount_usd - cost_usd
    return Invoice(
        amount=amount_usd, gap=gap, gap_percent=None if gap is None else percent(gap, cost_usd or Decimal(0))
    )


def _assumptions(policy: Policy, card: RateCard) -> list[Assumption]:
    """Return what the comparison takes from the policy on trust."""
    levels = [
        Assumption(name=f"service of {route}", value=_level_text(level), source=str(policy.path))
        for route, level in policy.service_levels.items()
    ]
    return levels + contract_assumptions(card.contract)


def _level_text(level: ServiceLevel) -> str:
    percentiles = [("p50", level.p50_ms), ("p95", level.p95_ms), ("p99", level.p99_ms)]
    stated = [f"{name} {value} ms" for name, value in percentiles if value is not None]
    if level.availability_percent is not None:
        stated.append(f"availability {level.availability_percent} %")
    return ", ".join(stated)


def broken(report: Report) -> bool:
    """Return whether some budget is broken."""
    return any(budget.status == "broken" for budget in report.budgets)
