"""What a migration costs, what it saves a month, and every honest reading of when it pays back.

The base reading is the policy as it is stated. Beside it stand the readings that leave out what was
not replayed, that charge what was left out, or that are less lucky; docs/accuracy.md explains them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from aggcost.cashflow import MONTHS_A_YEAR, Cashflow
from aggcost.money import percent, round_half_even
from aggcost.units import Hours, Months, Percent, Usd

if TYPE_CHECKING:
    from aggcost.policy import Migration, Upkeep

WEEKS_A_MONTH = Fraction(52, 12)
_PLACES = 6
CountAs: TypeAlias = Literal["capacity", "cash"]


class Settings(Protocol):
    """How far to look, at what discount rate a year, and how fast traffic grows."""

    @property
    def horizon_months(self) -> int: ...
    @property
    def discount_rate_percent(self) -> Decimal: ...
    @property
    def growth_percent_monthly(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class MonthlyCost:
    """A month's cost: of requests, which grows with traffic, and of what stands beside them.

    `upkeep` are the engineering hours that go with it; None where nobody states them.
    """

    requests_usd: Decimal
    overheads_usd: Decimal = Decimal(0)
    upkeep: Upkeep | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Investment:
    """The one-off cost in its parts: hours at a rate, fees, and what ran twice meanwhile."""

    hours: Hours
    hourly_rate: Usd
    one_off: Usd
    parallel_run: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The same proposal read another way; `text` says which, for people."""

    name: str
    text: str
    monthly_savings: Usd
    payback_months: Months | None
    investment: Usd
    roi_percent: Percent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Roi:
    """The return of a policy.

    `payback_months` is None with the reason ``never``, and 0 with the reason ``immediate`` where there
    is nothing to pay back. `payback_by_hours_months` is migration hours / (monthly savings / hourly
    rate), the article's other formula, which knows neither fees nor a ramp. `annual_savings` is gross;
    `first_year_net`, `roi_percent` and `npv` are after the investment, the last two over the horizon.
    `hours_savings_monthly` is what engineering hours saved are worth; it is inside `monthly_savings`
    only where the policy counts them as cash.
    """

    investment: Usd
    monthly_savings: Usd
    payback_months: Months | None
    recovered_in_month: int | None
    annual_savings: Usd
    first_year_net: Usd
    roi_percent: Percent | None
    npv: Usd
    readings: tuple[Reading, ...]
    assumed_share_percent: Percent | None
    payback_reason: Literal["never", "immediate"] | None
    payback_by_hours_months: Months | None
    discounted_payback_months: Months | None
    horizon_months: int
    discount_rate_percent: Percent
    investment_parts: Investment
    hours_savings_monthly: Usd | None
    hours_count_as: CountAs | None


@dataclass(frozen=True, slots=True)
class _Hours:
    """Engineering hours of a month in dollars: today's and those left; None where nobody says."""

    today: Fraction | None
    after: Fraction | None
    count_as: CountAs | None

    @property
    def saved(self) -> Fraction | None:
        return None if self.today is None or self.after is None else self.today - self.after

    @property
    def cash(self) -> Fraction:
        return self.saved or Fraction(0) if self.count_as == "cash" else Fraction(0)


@dataclass(frozen=True, slots=True)
class _Proposal:
    """Everything that a reading may vary."""

    today: MonthlyCost
    policy: MonthlyCost
    investment: Investment
    weeks: Fraction
    ramp_months: Fraction
    growth: Fraction
    hours: _Hours

    def cashflow(
        self, *, cost_factor: Fraction = Fraction(1), hours_factor: Fraction = Fraction(1), hours_usd: Fraction
    ) -> Cashflow:
        """Return the flows with the policy's cost and the migration's hours scaled, and `hours_usd` a month added."""
        return Cashflow(
            growing=Fraction(self.today.requests_usd) - Fraction(self.policy.requests_usd) * cost_factor,
            fixed=Fraction(self.today.overheads_usd) - Fraction(self.policy.overheads_usd) * cost_factor + hours_usd,
            investment=_invested(self.investment, hours_factor),
            growth=self.growth,
            ramp_months=self.ramp_months,
        )


def roi(
    today: MonthlyCost,
    policy: MonthlyCost,
    *,
    migration: Migration | None,
    settings: Settings,
    assumed_savings_usd: Decimal = Decimal(0),
) -> Roi:
    """Return what the policy brings in; `assumed_savings_usd` is the part of the saving nobody measured.

    Without a migration nothing is invested; without an upkeep of its own the policy keeps today's.
    """
    proposal = _proposal(today, policy, migration, settings)
    hours = proposal.hours
    flow = proposal.cashflow(hours_usd=hours.cash)
    payback = flow.payback()
    return Roi(
        investment=_usd(flow.investment),
        monthly_savings=_usd(flow.monthly),
        payback_months=_months(payback),
        recovered_in_month=None if payback is None else math.ceil(payback),
        annual_savings=_usd(flow.monthly * MONTHS_A_YEAR),
        first_year_net=_usd(flow.net(MONTHS_A_YEAR)),
        roi_percent=_roi_percent(flow, settings.horizon_months),
        npv=_usd(flow.net_present_value(settings.horizon_months, settings.discount_rate_percent)),
        readings=tuple(_readings(proposal, settings.horizon_months)),
        assumed_share_percent=percent(assumed_savings_usd, flow.monthly) if flow.monthly > 0 else None,
        payback_reason=_reason(flow, payback),
        payback_by_hours_months=_payback_by_hours(proposal.investment, flow.monthly),
        discounted_payback_months=_months(flow.payback(settings.discount_rate_percent)),
        horizon_months=settings.horizon_months,
        discount_rate_percent=settings.discount_rate_percent,
        investment_parts=proposal.investment,
        hours_savings_monthly=None if hours.saved is None else _usd(hours.saved),
        hours_count_as=hours.count_as,
    )


def _proposal(today: MonthlyCost, policy: MonthlyCost, migration: Migration | None, settings: Settings) -> _Proposal:
    return _Proposal(
        today=today,
        policy=policy,
        investment=_investment(migration),
        weeks=Fraction(migration.weeks) if migration else Fraction(0),
        ramp_months=Fraction(migration.ramp_months) if migration else Fraction(0),
        growth=Fraction(settings.growth_percent_monthly) / 100,
        hours=_hours(today.upkeep, policy.upkeep),
    )


def _investment(migration: Migration | None) -> Investment:
    if migration is None:
        zero = Decimal(0)
        return Investment(hours=zero, hourly_rate=zero, one_off=zero, parallel_run=zero)
    months = Fraction(migration.weeks) / WEEKS_A_MONTH
    return Investment(
        hours=migration.hours,
        hourly_rate=migration.hourly_rate_usd,
        one_off=migration.one_off_usd,
        parallel_run=_usd(Fraction(migration.parallel_run_monthly_usd) * months),
    )


def _invested(parts: Investment, hours_factor: Fraction) -> Fraction:
    work = Fraction(parts.hours) * hours_factor * Fraction(parts.hourly_rate)
    return work + Fraction(parts.one_off) + Fraction(parts.parallel_run)


def _hours(today: Upkeep | None, after: Upkeep | None) -> _Hours:
    stated = after or today
    if stated is None:
        return _Hours(None, None, None)
    rate = stated.hourly_rate_usd or (today.hourly_rate_usd if today else None)
    before = None if today is None else _hours_cost(today, today.hourly_rate_usd or rate)
    return _Hours(before, _hours_cost(stated, rate), stated.count_as)


def _hours_cost(upkeep: Upkeep, rate_usd: Decimal | None) -> Fraction | None:
    """Return a month's dollars of the weekly hours, or None where nobody says what an hour costs."""
    return None if rate_usd is None else Fraction(upkeep.hours_per_week) * WEEKS_A_MONTH * Fraction(rate_usd)


def _readings(proposal: _Proposal, horizon_months: int) -> Iterator[Reading]:
    """Yield the other readings: what was replayed first, then kinder, then harder ones."""
    cash = proposal.hours.cash
    api = Cashflow(
        growing=Fraction(proposal.today.requests_usd) - Fraction(proposal.policy.requests_usd),
        fixed=Fraction(0),
        investment=_invested(proposal.investment, Fraction(1)),
        growth=proposal.growth,
        ramp_months=proposal.ramp_months,
    )
    yield _reading("api_only", "API cost alone", api, horizon_months)
    yield from _hours_readings(proposal, horizon_months)
    for name, text, factor in _HARDER:
        yield _reading(name, text, proposal.cashflow(cost_factor=factor, hours_usd=cash), horizon_months)
    worst = proposal.cashflow(
        cost_factor=_PLUS_50_PERCENT * _FEE_5_PERCENT,
        hours_factor=Fraction(3, 2),
        hours_usd=-(proposal.hours.after or Fraction(0)),
    )
    text = "half more migration hours, cost +50 %, a 5 % fee, remaining hours charged"
    yield _reading("all_together", text, worst, horizon_months)


_FEE_5_PERCENT = Fraction(105, 100)
_PLUS_50_PERCENT = Fraction(150, 100)
# What the proposal may have left out, as a factor on the month's cost that remains.
_HARDER: tuple[tuple[str, str, Fraction], ...] = (
    ("fee_5_percent", "a further 5 % router fee on what remains", _FEE_5_PERCENT),
    ("lost_discount_10_percent", "a 10 % volume discount lost on what remains", Fraction(100, 90)),
    ("lost_discount_20_percent", "a 20 % volume discount lost on what remains", Fraction(100, 80)),
    ("policy_cost_plus_50_percent", "what remains costs 50 % more", _PLUS_50_PERCENT),
)


def _hours_readings(proposal: _Proposal, horizon_months: int) -> Iterator[Reading]:
    """Yield the readings that engineering hours and the length of the project allow."""
    hours = proposal.hours
    if hours.saved is not None and hours.count_as == "cash":
        flow = proposal.cashflow(hours_usd=Fraction(0))
        yield _reading("without_hours", "without the engineering hours", flow, horizon_months)
    elif hours.saved:
        flow = proposal.cashflow(hours_usd=hours.saved)
        yield _reading("hours_as_cash", "engineering hours saved counted as cash", flow, horizon_months)
    if hours.after:
        flow = proposal.cashflow(hours_usd=-hours.after)
        yield _reading("hours_charged", "remaining engineering hours charged", flow, horizon_months)
    if proposal.weeks:
        flow = proposal.cashflow(hours_usd=hours.cash)
        text = "counted from the start of the project"
        yield _reading("from_project_start", text, flow, horizon_months, proposal.weeks / WEEKS_A_MONTH)


def _reading(name: str, text: str, flow: Cashflow, horizon_months: int, delay: Fraction = Fraction(0)) -> Reading:
    payback = flow.payback()
    return Reading(
        name=name,
        text=text,
        monthly_savings=_usd(flow.monthly),
        payback_months=None if payback is None else _months(payback + delay),
        investment=_usd(flow.investment),
        roi_percent=_roi_percent(flow, horizon_months),
    )


def _reason(flow: Cashflow, payback: Fraction | None) -> Literal["never", "immediate"] | None:
    if payback is None:
        return "never"
    return "immediate" if flow.investment <= 0 else None


def _payback_by_hours(parts: Investment, monthly: Fraction) -> Months | None:
    if monthly <= 0 or not parts.hours or not parts.hourly_rate:
        return None
    return _months(Fraction(parts.hours) / (monthly / Fraction(parts.hourly_rate)))


def _roi_percent(flow: Cashflow, horizon_months: int) -> Percent | None:
    return percent(flow.net(horizon_months), flow.investment) if flow.investment > 0 else None


def _usd(amount: Fraction) -> Usd:
    return round_half_even(amount, _PLACES)


def _months(duration: Fraction | None) -> Months | None:
    return None if duration is None else round_half_even(duration, _PLACES)
