"""Calendar months of a time zone: which one an instant lies in, and when they begin.

A month is a number, 12 x year + month - 1, so that months are counted and compared as integers.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from aggcost.windows import DAY_S, IntArray, Window, offsets_s

_EPOCH_MONTH = 1970 * 12
_EVERY_DAY = frozenset(range(7))


def month_numbers(starts_s: IntArray, zone: str) -> IntArray:
    """Return the local month of each instant (epoch seconds, UTC)."""
    local = (starts_s + offsets_s(zone, starts_s)).astype("datetime64[s]")
    return local.astype("datetime64[M]").astype(np.int64) + _EPOCH_MONTH


def month_of(day: date) -> int:
    """Return the month of a day."""
    return day.year * 12 + day.month - 1


def month_name(number: int) -> str:
    """Return a month as ``2026-02``."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def month_start_s(number: int, zone: str) -> int:
    """Return the epoch second at which a month begins in the zone."""
    return int(datetime(number // 12, number % 12 + 1, 1, tzinfo=ZoneInfo(zone)).timestamp())


def month_starts_s(first_s: int, last_s: int, zone: str) -> tuple[int, ...]:
    """Return when the months begin that begin after `first_s`, up to `last_s`."""
    first, last = month_numbers(np.array([first_s, last_s], np.int64), zone).tolist()
    return tuple(month_start_s(number, zone) for number in range(first + 1, last + 1))


def month_grid_s(zone: str) -> int:
    """Return the coarsest grid (seconds, anchored at the epoch) on which every midnight of the zone lies."""
    return Window(zone, _EVERY_DAY, ((0, DAY_S),)).grid_s


def months_touched(from_s: int, to_s: int, zone: str = "UTC") -> int:
    """Return how many calendar months have a part in `[from_s, to_s)`."""
    first, last = month_numbers(np.array([from_s, to_s - 1], np.int64), zone).tolist()
    return int(last - first + 1)
