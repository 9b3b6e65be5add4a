"""Rate limits held against a load: how busy the busiest minute is, and when a limit is first broken.

Providers count in one of two ways, and the answers differ, so both are offered and the one that was used is named:
*sliding*, the requests of the last minute before each request, (t - 60 s, t]; and *minute*, minutes that begin with
the first request. Either is exact, from the times of all requests; what finds no room is told by `admission`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from aggcost.integers import IntArray

Window = Literal["sliding", "minute"]
WINDOWS: tuple[Window, ...] = ("sliding", "minute")
SECOND_US, MINUTE_US = 1_000_000, 60_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """Requests in order of time: when each began (microseconds, UTC), its prompt and output tokens together."""

    ts_us: IntArray
    tokens: IntArray

    def __len__(self) -> int:
        return len(self.ts_us)


@dataclass(frozen=True, slots=True)
class Peak:
    """The most units in any one minute, and the time (microseconds) of the request that completed it."""

    units: int
    at_us: int | None


def peak(load: Load, units: IntArray, window: Window, first_us: int | None = None) -> Peak:
    """Return the most `units` (one number a request) of any minute; the first such minute where there are several.

    Fixed minutes begin at `first_us`, by default with the first request.
    """
    if not len(load):
        return Peak(0, None)
    summed = _in_window(load.ts_us, units, window, first_us)
    place = int(np.argmax(summed))
    return Peak(int(summed[place]), int(load.ts_us[place]))


def first_over(load: Load, units: IntArray, window: Window, allowed: int, first_us: int | None = None) -> int | None:
    """Return the time (microseconds) of the first request that is one too many, None where none is."""
    over = np.flatnonzero(_in_window(load.ts_us, units, window, first_us) > allowed)
    return int(load.ts_us[over[0]]) if len(over) else None


def _in_window(ts_us: IntArray, units: IntArray, window: Window, first_us: int | None) -> IntArray:
    """Return for each request the units of its minute up to and including it."""
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(units)])
    if window == "sliding":
        first = np.searchsorted(ts_us, ts_us - MINUTE_US, side="right")
    else:
        minutes = (ts_us - (ts_us[:1] if first_us is None else first_us)) // MINUTE_US
        first = np.searchsorted(minutes, minutes, side="left")
    summed: IntArray = before[1:] - before[first]
    return summed
