"""How far the saving of a month like these may lie from the one that was replayed.

Replaying the logged rows is arithmetic and has no interval. The interval is that of another month with the same
traffic: the saving of each complete day is taken apart into a level, the pattern of the week and what is left; what is
left is correlated from day to day, which widens the interval (Bayley and Hammersley 1946: the effective number of
independent days is n (1 - r) / (1 + r)). Both policies see the same days, so the days' differences are what varies.

These are estimates of statistics, not sums of money: floats are in order here, and nowhere near a total.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

import numpy as np

FEWEST_DAYS = 14
CONFIDENCE_PERCENT = 95
_DAYS_A_WEEK = 7
_STRONGEST = 0.95  # an estimate of the correlation nearer to 1 would leave no effective day
_FEWEST_FREE = 2.0


@dataclass(frozen=True, slots=True)
class Interval:
    """The mean monthly saving of months like these (US dollars), and where the next single month may lie.

    `days` complete days with an `autocorrelation` from day to day stand behind it.
    """

    mean_usd: float
    low_usd: float
    high_usd: float
    next_low_usd: float
    next_high_usd: float
    days: int
    autocorrelation: float


def is_enough(days: Collection[date]) -> bool:
    """Return whether there are enough days for an interval: 14, and each weekday among them."""
    return len(days) >= FEWEST_DAYS and len({day.weekday() for day in days}) == _DAYS_A_WEEK


def savings_interval(saved_usd: Mapping[date, float], days_a_month: float) -> Interval | None:
    """Return the interval of a month's saving from that of each complete day; None where there are too few."""
    if not is_enough(saved_usd):
        return None
    days = sorted(saved_usd)
    values = np.array([saved_usd[day] for day in days])
    weekdays = np.array([day.weekday() for day in days])
    patterns = np.array([values[weekdays == weekday].mean() for weekday in range(_DAYS_A_WEEK)])
    left = values - patterns[weekdays]
    free = len(values) - _DAYS_A_WEEK
    spread = math.sqrt(float(left @ left) / free)
    correlation = _autocorrelation(left, len(values))
    effective = len(values) * (1 - correlation) / (1 + correlation)
    error = spread / math.sqrt(effective)
    margin = t_quantile(max(_FEWEST_FREE, effective - 1)) * error
    one_month = spread * math.sqrt((1 + correlation) / (1 - correlation) / days_a_month)
    next_margin = t_quantile(max(_FEWEST_FREE, effective - 1)) * math.hypot(error, one_month)
    level = float(patterns.mean())
    return Interval(
        mean_usd=level * days_a_month,
        low_usd=(level - margin) * days_a_month,
        high_usd=(level + margin) * days_a_month,
        next_low_usd=(level - next_margin) * days_a_month,
        next_high_usd=(level + next_margin) * days_a_month,
        days=len(values),
        autocorrelation=correlation,
    )


def _autocorrelation(left: np.ndarray[tuple[int], np.dtype[np.float64]], days: int) -> float:
    """Return the correlation of neighbouring days, corrected for the short series it is estimated from.

    The estimate is too small by about (1 + 4 r) / n (Kendall 1954), and by the weekday means that were taken out.
    """
    square = float(left @ left)
    if not square:
        return 0.0
    found = float(left[:-1] @ left[1:]) / square
    corrected = found + (1 + 4 * found) / days
    return min(max(corrected, 0.0), _STRONGEST)


def t_quantile(free: float, confidence_percent: int = CONFIDENCE_PERCENT) -> float:
    """Return the two-sided quantile of Student's t with `free` degrees of freedom (at least 2).

    Hill 1970, Communications of the ACM 13 (10), algorithm 396: right to six digits.
    """
    tail = 1 - confidence_percent / 100
    if free == 2:  # noqa: PLR2004 - exact
        return math.sqrt(2 / (tail * (2 - tail)) - 2)
    a = 1 / (free - 0.5)
    b = 48 / a**2
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * free
    y = (d * tail) ** (2 / free)
    if y <= 0.05 + a:
        y = ((1 / (((free + 6) / (free * y) - 0.089 * d - 0.822) * (free + 2) * 3) + 0.5 / (free + 4)) * y - 1) * (
            free + 1
        ) / (free + 2) + 1 / y
        return math.sqrt(free * y)
    x = NormalDist().inv_cdf(tail / 2)
    y = x * x
    if free < 5:  # noqa: PLR2004
        c += 0.3 * (free - 4.5) * (x + 0.6)
    c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    y = a * y * y
    return math.sqrt(free * (math.exp(y) - 1 if y > 0.002 else 0.5 * y * y + y))  # noqa: PLR2004
