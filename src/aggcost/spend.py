"""What a budget is held against: a month's run rate, or the dearest day, week or month of the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from aggcost.arms import Month
from aggcost.config import Budget
from aggcost.money import settle
from aggcost.period import DAYS_A_MONTH
from aggcost.rating import Charges

_MONTHS_A = {"month": Fraction(1), "week": 7 / DAYS_A_MONTH, "day": 1 / DAYS_A_MONTH}


def value_of(budget: Budget, charges: Charges, month: Month, outside_usd: Decimal) -> Decimal | None:
    """Return the dollars to hold against a budget, None where they cannot be known.

    `charges` are those the budget is about. A run rate without a condition includes the month's costs
    beside the requests (`outside_usd`); what was actually spent is requests only. Nothing passes while
    requests have no price.
    """
    sums = charges.total()
    if sums.has_unpriced or not (sums.requests or sums.has_price):
        return None
    if budget.on == "actual":
        return _dearest(charges, budget.per)
    monthly = month.all(charges)
    if monthly is None:
        return None
    fixed = Fraction(outside_usd) if budget.where is None else Fraction(0)
    return settle((monthly + fixed) * _MONTHS_A[budget.per])


def _dearest(charges: Charges, per: str) -> Decimal | None:
    spent: dict[Any, Fraction] = {}
    for day, sums in charges.by("day").items():
        if day is None:
            return None
        unit = _UNITS[per](day)
        spent[unit] = spent.get(unit, Fraction(0)) + sums.cost_usd
    return settle(max(spent.values())) if spent else None


_UNITS: dict[str, Callable[[date], Any]] = {
    "day": lambda day: day,
    "week": lambda day: day.isocalendar()[:2],
    "month": lambda day: (day.year, day.month),
}
