"""The interval of a comparison's saving, from the counted days of both sides: estimates, beside the exact figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from aggcost import uncertainty
from aggcost.arms import Month
from aggcost.money import round_half_even
from aggcost.rating import Charges
from aggcost.report_compare import SavingsInterval


def of_months_like_these(before: Charges, after: Charges, month: Month) -> SavingsInterval | None:
    """Return where the monthly saving of months like these lies, from the counted days; None for too few of them."""
    days, saved = _counted_days(before), {}
    befores, afters = before.by("day"), after.by("day")
    for day in days:
        saved[day] = float(befores[day].cost_usd - afters[day].cost_usd)
    found = None if month.factor is None else uncertainty.savings_interval(saved, float(month.factor * len(days)))
    if found is None:
        return None
    return SavingsInterval(
        mean=_rounded(found.mean_usd),
        low=_rounded(found.low_usd),
        high=_rounded(found.high_usd),
        next_low=_rounded(found.next_low_usd),
        next_high=_rounded(found.next_high_usd),
        confidence_percent=uncertainty.CONFIDENCE_PERCENT,
        days=found.days,
        autocorrelation=_rounded(found.autocorrelation),
    )


def _counted_days(charges: Charges) -> list[date]:
    return sorted(day for day, counted in charges.by_all(["day", "counted"]) if counted and day is not None)


def _rounded(estimate: float) -> Decimal:
    return round_half_even(Fraction(estimate), 2)


def missing(before: Charges) -> str | None:
    """Return why there is no interval, None where there is one."""
    days = _counted_days(before)
    if uncertainty.is_enough(days):
        return None
    if len(days) >= uncertainty.FEWEST_DAYS:
        return "no interval: the log has no complete day of some weekday"
    return f"no interval: it needs {uncertainty.FEWEST_DAYS} complete days, the log has {len(days)}"
