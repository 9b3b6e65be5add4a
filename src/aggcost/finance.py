"""The return of a policy: what a migration costs, what it saves, and when the one has paid for the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from aggcost.cashflow import MONTHS_A_YEAR, Cashflow
from aggcost.money import percent
from aggcost.proposal import CountAs, Investment, MonthlyCost, Settings, propose
from aggcost.readings import Reading, months, readings, roi_percent, usd
from aggcost.sensitivity import CostRange, Sensitivity, sensitivities
from aggcost.units import Months, Percent, Usd

if TYPE_CHECKING:
    from aggcost.policy import Migration

__all__ = ["Investment", "MonthlyCost", "Reading", "Roi", "Sensitivity", "roi"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roi:
    """The return of a policy.

    `payback_months` is None with the reason ``never``, and 0 with the reason ``immediate`` where there
    is nothing to pay back. `payback_by_hours_months` is migration hours / (monthly savings / hourly
    rate), the article's other formula, which knows neither fees nor a ramp. `annual_savings` is gross;
    `first_year_net`, `roi_percent` and `npv` are after the investment, the last two over the horizon.
    `hours_savings_monthly` is what engineering hours saved are worth; it is inside `monthly_savings`
    only where the policy counts them as cash. `sensitivity` ranks the assumptions by what the payback hangs on.
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
    sensitivity: tuple[Sensitivity, ...] = ()


def roi(
    today: MonthlyCost,
    policy: MonthlyCost,
    *,
    migration: Migration | None,
    settings: Settings,
    assumed_savings_usd: Decimal = Decimal(0),
    ranges: Sequence[CostRange] = (),
) -> Roi:
    """Return what the policy brings in; `assumed_savings_usd` is the part of the saving nobody measured.

    `ranges` are assumptions about the requests with what they cost at either end.
    Without a migration nothing is invested; without an upkeep of its own the policy keeps today's.
    """
    proposal = propose(today, policy, migration, settings)
    hours = proposal.hours
    flow = proposal.cashflow(hours_usd=hours.cash)
    payback = flow.payback()
    return Roi(
        investment=usd(flow.investment),
        monthly_savings=usd(flow.monthly),
        payback_months=months(payback),
        recovered_in_month=None if payback is None else math.ceil(payback),
        annual_savings=usd(flow.monthly * MONTHS_A_YEAR),
        first_year_net=usd(flow.net(MONTHS_A_YEAR)),
        roi_percent=roi_percent(flow, settings.horizon_months),
        npv=usd(flow.net_present_value(settings.horizon_months, settings.discount_rate_percent)),
        readings=tuple(readings(proposal)),
        assumed_share_percent=percent(assumed_savings_usd, flow.monthly) if flow.monthly > 0 else None,
        payback_reason=_reason(flow, payback),
        payback_by_hours_months=_payback_by_hours(proposal.investment, flow.monthly),
        discounted_payback_months=months(flow.payback(settings.discount_rate_percent)),
        horizon_months=settings.horizon_months,
        discount_rate_percent=settings.discount_rate_percent,
        investment_parts=proposal.investment,
        hours_savings_monthly=None if hours.saved is None else usd(hours.saved),
        hours_count_as=hours.count_as,
        sensitivity=sensitivities(proposal, ranges),
    )


def _reason(flow: Cashflow, payback: Fraction | None) -> Literal["never", "immediate"] | None:
    if payback is None:
        return "never"
    return "immediate" if flow.investment <= 0 else None


def _payback_by_hours(parts: Investment, monthly: Fraction) -> Months | None:
    if monthly <= 0 or not parts.hours or not parts.hourly_rate:
        return None
    return months(Fraction(parts.hours) / (monthly / Fraction(parts.hourly_rate)))
