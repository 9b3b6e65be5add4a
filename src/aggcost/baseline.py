"""The baseline: the log as it is, under today's prices. Every comparison starts from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from aggcost import grains, health, invariants, repeated, scanning
from aggcost.arms import Month, Service, arm
from aggcost.candidates import keys
from aggcost.commitments import SPENT_BY, MonthUsed, monthly_lines, months_used
from aggcost.conditions import Truths
from aggcost.config import Project
from aggcost.coverage import cost_alone_issues, coverage, tier_issues, unpriced_issues, untold_issues
from aggcost.engine import Engine
from aggcost.errors import Issue, UsageError, did_you_mean
from aggcost.health import Health
from aggcost.importers import Quarantined, ReadOptions, Usage
from aggcost.incidents import read_incidents
from aggcost.ledger import Dim
from aggcost.money import settle
from aggcost.needs import needs
from aggcost.output import write
from aggcost.output.as_csv import rows_as_csv
from aggcost.policy import Policy
from aggcost.price_sources import load_rates
from aggcost.ratecard import RateCard
from aggcost.rating import Charges, Rates, Shares, all_of, rate
from aggcost.reached import Reached, at_reached_tiers
from aggcost.reliability import service_as_logged
from aggcost.report import Coverage
from aggcost.report_arms import Arm
from aggcost.rules import FIELDS, Condition
from aggcost.scanning import Ledgers

BASELINE = "as_logged"
BREAKDOWNS = ("model", "provider", "task", "day")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a command reads and how: the log, today's prices and facts, and the engine."""

    logs: tuple[str, ...]
    read: ReadOptions = field(default_factory=ReadOptions)
    project: Project = field(default_factory=Project.empty)
    prices: tuple[Path, ...] = ()
    catalogue_only: bool = False
    today: RateCard | None = None
    quarantine: Path | None = None
    by: tuple[str, ...] = ()
    invoice_usd: Decimal | None = None
    incidents: tuple[Path, ...] = ()
    scale: int = 1
    engine: str = "duckdb"
    master: str | None = None
    threads: int | None = None
    memory_limit: str | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone in which days, hours and weekdays are cut."""
        return ZoneInfo(self.read.timezone or self.project.timezone or "UTC")

    def card(self, own: Sequence[Path] = ()) -> RateCard:
        """Return today's rate card (`today`, where the caller made it), under the price files of an arm's own."""
        if self.today is not None:
            return load_rates(own, over=self.today)
        return load_rates(() if self.catalogue_only else (*own, *self.prices, *self.project.prices))


@dataclass(frozen=True, slots=True)
class Baseline:
    """The log as it is: its ledgers, today's rates and charges, and the arm they make.

    `dims` are the keys of every arm's charges, a code a cell; `outside` the month's costs beside the
    requests, by name, and `contract_lines` what commitments and credits add to them; `used` is what they are worked
    out from, and `tiers` what the months reached of schedules.
    """

    project: Project
    usage: Usage
    ledgers: Ledgers
    truths: Truths
    rates: Rates
    dims: Mapping[str, Dim]
    shares: Shares
    charges: Charges
    month: Month
    service: Service
    arm: Arm
    coverage: Coverage
    outside: Mapping[str, Decimal]
    tiers: tuple[Reached, ...]
    used: tuple[MonthUsed, ...]
    contract_lines: Mapping[str, Decimal]
    issues: tuple[Issue, ...]

    @property
    def component_names(self) -> tuple[str, ...]:
        """Return the components that have requests: as the project lists them, or providers, dearest first."""
        cost_usd = {name: sums.cost_usd for name, sums in self.charges.by("component").items()}
        listed = [name for name, _ in self.project.components if name in cost_usd]
        others = sorted(cost_usd.keys() - set(listed), key=lambda name: (-cost_usd[name], name))
        return (*listed, *others)

    @property
    def logged_models(self) -> list[tuple[str | None, str]]:
        """Return each logged provider and model that has requests."""
        return [(provider, model) for provider, model in self.charges.by_all(["provider", "model"]) if model]

    @property
    def first_s(self) -> int:
        """Return the time of the first request (epoch seconds), 0 where the log has no times."""
        first = self.ledgers.span.first
        return 0 if first is None else int(first.timestamp())

    def listed(self, at_list: Rates) -> tuple[MonthUsed, ...]:
        """Return what is used in a month at rates without the contract."""
        shares, _ = at_reached_tiers(self.ledgers.cells, all_of(at_list.as_logged(), self.ledgers.cells))
        keys = _spent_by(self.dims, shares)
        return months_used(self.ledgers.cells, shares, keys, self.ledgers, self.rates.card)

    def only(self, where: Condition | None) -> Charges:
        """Return the charges of the requests that satisfy a condition."""
        if where is None:
            return self.charges
        true, _ = self.truths.of(where)
        kept = self.shares.keep(true[self.shares.cell])
        return rate(self.ledgers.cells, kept, {name: self.dims[name].take(kept.cell) for name in ("day", "counted")})


def baseline(
    engine: Engine, usage: Usage, options: Options, policies: Sequence[tuple[Policy, RateCard]], *, detailed: bool
) -> Baseline:
    """Return the log as it is, scanned so that these policies can be replayed on it.

    `detailed` adds what only `analyze` shows and costs scans of its own: conversations, worst minutes.
    """
    _check_fields(options.by)
    grains.check(usage, routed=any(not policy.anew for policy, _ in policies))
    card = options.card()
    cards = [(card, ()), *((own, policy.routes) for policy, own in policies)]
    proposed = [policy for policy, _ in policies]
    asked = needs(proposed, _conditions(options.project, proposed))
    usage, known = _with_health(engine, usage, options, proposed)
    ledgers = scanning.scan(engine, usage.table, needs=asked, cards=cards, by=options.by, zone=options.zone)
    ledgers = replace(ledgers, health=known)
    truths = Truths(ledgers.cells, ledgers.zone)
    dims = keys(ledgers, truths, options.project, options.by)
    rates = Rates(ledgers.cells, card)
    shares, tiers = at_reached_tiers(ledgers.cells, all_of(rates.as_logged(), ledgers.cells))
    charges = rate(ledgers.cells, shares, {name: dim.take(shares.cell) for name, dim in dims.items()})
    fields = breakdowns(options, ledgers)
    invariants.breakdowns_add_up(charges, fields)
    found = repeated.told(engine, usage, coverage(ledgers.cells, charges), card)
    if options.quarantine is not None:
        write_quarantined(usage.locate(None), options.quarantine)
    invariants.every_record_has_one_outcome(found, sum(one.records for one in usage.inputs))
    month = Month(ledgers.span.factor)
    outside = {one.name: one.monthly_usd for one in options.project.overheads}
    used = months_used(ledgers.cells, shares, _spent_by(dims, shares), ledgers, card)
    lines = monthly_lines(card.contract, used)
    minutes = scanning.worst_minutes(engine, usage.table, ledgers.zone) if detailed else ()
    served = service_as_logged(ledgers, minutes)
    logged = arm(
        BASELINE,
        charges,
        served,
        monthly_usd=monthly_usd(month, charges, outside, lines),
        fields=fields,
        sessions=scanning.sessions(engine, usage.table) if detailed else None,
    )
    return Baseline(
        project=options.project,
        usage=usage,
        ledgers=ledgers,
        truths=truths,
        rates=rates,
        dims=dims,
        shares=shares,
        charges=charges,
        month=month,
        service=served,
        arm=logged,
        coverage=found,
        outside=outside,
        tiers=tiers,
        used=used,
        contract_lines=lines,
        issues=_issues(usage, found, rates, charges),
    )


def _with_health(
    engine: Engine, usage: Usage, options: Options, policies: Sequence[Policy]
) -> tuple[Usage, Health | None]:
    """Return the log with the state of each row, where some policy asks for it; incidents hold for all policies."""
    if not any(policy.failover for policy in policies):
        if options.incidents:
            raise UsageError("--incidents: no policy of this run says what to do about them (`failover:`)")
        return usage, None
    files = dict.fromkeys((*options.incidents, *(file for policy in policies for file in policy.incidents)))
    stated = [one for file in files for one in read_incidents(file, options.zone)]
    known = health.look(engine, usage.table, stated)
    return replace(usage, table=health.with_states(engine, usage.table, known)), known


def write_quarantined(found: Iterable[Quarantined], path: Path) -> None:
    """Write where unusable rows are, and why, as CSV: file, line, column, reason."""
    rows = ((row.file, row.line, row.column, row.reason) for row in found)
    write(rows_as_csv(("file", "line", "column", "reason"), rows), path)


def _issues(usage: Usage, found: Coverage, rates: Rates, charges: Charges) -> tuple[Issue, ...]:
    """Return what is wrong with the log as it is."""
    return (
        *repeated.rated(usage.issues, found.repeats),
        *scanning.issue_of_cells(rates.cells),
        *unpriced_issues(charges, rates.card),
        *cost_alone_issues(charges),
        *tier_issues(rates),
        *untold_issues(charges),
    )


def _spent_by(dims: Mapping[str, Dim], shares: Shares) -> dict[str, Dim]:
    """Return the keys by which spending is known, a code a share."""
    return {name: dims[name].take(shares.cell) for name in SPENT_BY}


def _check_fields(by: Sequence[str]) -> None:
    """Refuse a breakdown by a field that requests do not have, or whose values are numbers."""
    known = [name for name, kind in FIELDS.items() if kind == "text" and name != "weekday"]
    for name in by:
        if name not in known and not name.startswith("tags."):
            raise UsageError(
                f"--by {name}: no such field; one of {', '.join(known)}, tags.NAME", hint=did_you_mean(name, known)
            )


def breakdowns(options: Options, ledgers: Ledgers) -> tuple[str, ...]:
    """Return the fields every arm is broken down by; days only where the ledger can tell them."""
    known = [name for name in BREAKDOWNS if name != "day" or ledgers.by_the_hour]
    return tuple(dict.fromkeys((*known, *options.by)))


def _conditions(project: Project, policies: Sequence[Policy]) -> list[Condition]:
    found = [condition for _, condition in project.components]
    found += [budget.where for budget in project.budgets if budget.where is not None]
    for policy in policies:
        found += [rule.when for rule in policy.rules]
        found += [discount.where for discount in policy.discounts if discount.where is not None]
    return found


def monthly_usd(month: Month, charges: Charges, *beside: Mapping[str, Decimal]) -> Decimal | None:
    """Return a month's cost with what stands beside the requests, by name; None where a month cannot be told."""
    requests = month.all(charges)
    added = [amount for named in beside for amount in named.values()]
    return None if requests is None else settle(requests) + sum(added, Decimal(0))
