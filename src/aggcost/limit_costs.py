"""What single requests cost against a budget, and the local days and months in which they came."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np

from aggcost.integers import IntArray
from aggcost.meters import USAGE_KEYS
from aggcost.ordered_rows import SECOND_US, Ordered
from aggcost.ratecard import RateLine
from aggcost.rating import Lines

PICO = 10**12
_FEMTO_A_PICO = 1000
_MOST = 2**59  # of eight meters together, 64 bits hold this much of each
_QUARTER_S = 900  # local days begin on a quarter of an hour everywhere


def days_and_months(ts_us: IntArray, zone: str) -> tuple[IntArray, IntArray]:
    """Return the number of the local day and of the local month of each instant (microseconds)."""
    quarters, place = np.unique(ts_us // SECOND_US // _QUARTER_S, return_inverse=True)
    there = ZoneInfo(zone)
    local = [datetime.fromtimestamp(quarter * _QUARTER_S, UTC).astimezone(there) for quarter in quarters.tolist()]
    days = np.array([one.toordinal() for one in local], np.int64)
    months = np.array([one.year * 12 + one.month - 1 for one in local], np.int64)
    return days[place], months[place]


def cost_pico_usd(rows: Ordered, lines: Lines) -> IntArray:
    """Return what each row would cost on the lines, in 1e-12 US dollars, rounded down; without a price it is 0.

    It decides when a budget is spent and is no charge: tokens and requests count, each price to 1e-15 US dollars.
    """
    table = [_femto_usd(line) if isinstance(line, RateLine) else {} for line in lines.table]
    line = lines.index[rows.cell]
    cost = np.zeros(len(rows), np.int64)
    for key, counted in rows.sums.items():
        prices = np.array([prices.get(key, 0) for prices in table], np.int64)
        if int(counted.max(initial=0)) * int(prices.max(initial=0)) > _MOST:
            cost = cost.astype(object)  # Python's integers: numpy's wrap silently
        cost = cost + counted * prices[line].astype(cost.dtype)
    return np.minimum(cost // _FEMTO_A_PICO, 8 * _MOST).astype(np.int64)


def _femto_usd(line: RateLine) -> dict[str, int]:
    """Return the prices of a line in 1e-15 US dollars."""
    found = zip(USAGE_KEYS, line.prices, strict=True)
    return {key: round(Fraction(price) * PICO * _FEMTO_A_PICO) for key, price in found if price is not None}
