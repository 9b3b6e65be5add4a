"""A proposal: today's month, the month under a policy, and what the change costs, ready to be varied.

Everything that a careful reader may doubt is a field here, so that each doubt is one other cash flow.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from aggcost.cashflow import Cashflow
from aggcost.money import round_half_even
from aggcost.units import Hours, Usd

if TYPE_CHECKING:
    from aggcost.policy import Migration, Upkeep

WEEKS_A_MONTH = Fraction(52, 12)
PLACES = 6
CountAs: TypeAlias = Literal["capacity", "cash"]


class Settings(Protocol):
    """How far to look and what is assumed of the time until then."""

    @property
    def horizon_months(self) -> int:
        """Months over which ROI and net present value are taken."""

    @property
    def discount_rate_percent(self) -> Decimal:
        """Effective discount rate a year."""

    @property
    def growth_percent_monthly(self) -> Decimal:
        """Growth of traffic a month."""


@dataclass(frozen=True, slots=True)
class MonthlyCost:
    """A month's cost: of requests, which grows with traffic, and of what stands beside them.

    `upkeep` are the engineering hours that go with it; None where nobody states them. `contract_usd` is owed to
    providers beside the requests: commitments that are not used, less credits.
    """

    requests_usd: Decimal
    overheads_usd: Decimal = Decimal(0)
    upkeep: Upkeep | None = None
    contract_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Investment:
    """The one-off cost in its parts: hours at a rate, fees, and what ran twice meanwhile."""

    hours: Hours
    hourly_rate: Usd
    one_off: Usd
    parallel_run: Usd


@dataclass(frozen=True, slots=True)
class EngineeringHours:
    """Engineering hours of a month in dollars: today's and those left; None where nobody says."""

    today: Fraction | None
    after: Fraction | None
    count_as: CountAs | None

    @property
    def saved(self) -> Fraction | None:
        """Return the dollars a month that the policy frees."""
        return None if self.today is None or self.after is None else self.today - self.after

    @property
    def cash(self) -> Fraction:
        """Return the part of them that counts as money saved."""
        return self.saved or Fraction(0) if self.count_as == "cash" else Fraction(0)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything that a reading may vary."""

    today: MonthlyCost
    policy: MonthlyCost
    investment: Investment
    weeks: Fraction
    ramp_months: Fraction
    growth: Fraction
    horizon_months: int
    hours: EngineeringHours

    def cashflow(
        self, *, cost_factor: Fraction = Fraction(1), hours_factor: Fraction = Fraction(1), hours_usd: Fraction
    ) -> Cashflow:
        """Return the flows with the policy's cost and the migration's hours scaled, and `hours_usd` a month added."""
        return Cashflow(
            growing=Fraction(self.today.requests_usd) - Fraction(self.policy.requests_usd) * cost_factor,
            fixed=self._overheads_saved(cost_factor) + self.contract_saved + hours_usd,
            investment=_invested(self.investment, hours_factor),
            growth=self.growth,
            ramp_months=self.ramp_months,
        )

    @property
    def contract_saved(self) -> Fraction:
        """Return the dollars a month by which less is owed under contracts; negative where a commitment goes unused."""
        return Fraction(self.today.contract_usd) - Fraction(self.policy.contract_usd)

    def _overheads_saved(self, cost_factor: Fraction) -> Fraction:
        return Fraction(self.today.overheads_usd) - Fraction(self.policy.overheads_usd) * cost_factor


def propose(today: MonthlyCost, policy: MonthlyCost, migration: Migration | None, settings: Settings) -> Proposal:
    """Return what the policy would change, in fractions; without a migration nothing is invested."""
    return Proposal(
        today=today,
        policy=policy,
        investment=_investment(migration),
        weeks=Fraction(migration.weeks) if migration else Fraction(0),
        ramp_months=Fraction(migration.ramp_months) if migration else Fraction(0),
        growth=Fraction(settings.growth_percent_monthly) / 100,
        horizon_months=settings.horizon_months,
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
        parallel_run=round_half_even(Fraction(migration.parallel_run_monthly_usd) * months, PLACES),
    )


def _invested(parts: Investment, hours_factor: Fraction) -> Fraction:
    work = Fraction(parts.hours) * hours_factor * Fraction(parts.hourly_rate)
    return work + Fraction(parts.one_off) + Fraction(parts.parallel_run)


def _hours(today: Upkeep | None, after: Upkeep | None) -> EngineeringHours:
    """Return the hours of both sides; a policy that states none keeps today's, and nothing changes."""
    if after is None:
        return EngineeringHours(None, None, None)
    rate_today_usd = None if today is None else today.hourly_rate_usd
    rate_usd = rate_today_usd if after.hourly_rate_usd is None else after.hourly_rate_usd
    before = None if today is None else _hours_cost(today, rate_usd if rate_today_usd is None else rate_today_usd)
    return EngineeringHours(before, _hours_cost(after, rate_usd), after.count_as)


def _hours_cost(upkeep: Upkeep, rate_usd: Decimal | None) -> Fraction | None:
    """Return a month's dollars of the weekly hours, or None where nobody says what an hour costs."""
    return None if rate_usd is None else Fraction(upkeep.hours_per_week) * WEEKS_A_MONTH * Fraction(rate_usd)
