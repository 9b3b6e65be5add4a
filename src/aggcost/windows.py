"""Daily and weekly windows of time in which other prices apply, such as off-peak hours.

A window is read on the clock of its own zone: an instant is inside when the local time lies in
`[from, to)` of a stated day. Hours that wrap midnight belong to the day they begin on, so
``fri 22:00-02:00`` ends on Saturday.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

IntArray = np.ndarray[Any, np.dtype[np.int64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

DAYS: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_S = 86_400
GRIDS_S: tuple[int, ...] = (3600, 900, 60, 1)

_THURSDAY = 3  # 1970-01-01 was one
# Clock changes are looked up inside these years; outside them the nearest offset is used.
_FIRST_S = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp())
_LAST_S = int(datetime(2040, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Window:
    """Local days (0 is Monday) and hours, as seconds of the day `[from, to)`; from > to wraps midnight."""

    zone: str
    days: frozenset[int]
    hours_s: tuple[tuple[int, int], ...]

    def holds(self, starts_s: IntArray) -> BoolArray:
        """Return which instants (epoch seconds, UTC) lie inside the window."""
        day, second = np.divmod(starts_s + offsets_s(self.zone, starts_s), DAY_S)
        weekday = (day + _THURSDAY) % 7
        opens = np.array([number in self.days for number in range(7)])
        today, yesterday = opens[weekday], opens[weekday - 1]
        inside = np.zeros(len(starts_s), np.bool_)
        for begin, end in self.hours_s:
            if begin < end:
                inside |= today & (second >= begin) & (second < end)
            else:
                inside |= (today & (second >= begin)) | (yesterday & (second < end))
        return inside

    @property
    def grid_s(self) -> int:
        """The coarsest grid (seconds, anchored at the epoch) on which every edge lies, in any season."""
        changes = _clock_changes(self.zone)
        edges = [edge - offset for begin, end in self.hours_s for edge in (begin, end) for _, offset in changes]
        return coarsest_grid([*edges, *(instant for instant, _ in changes[1:])])


def coarsest_grid(instants_s: Iterable[int]) -> int:
    """Return the largest of `GRIDS_S` that divides every instant (3600 where there is none)."""
    instants = tuple(instants_s)
    return next(grid for grid in GRIDS_S if all(instant % grid == 0 for instant in instants))


def offsets_s(zone: str, starts_s: IntArray) -> IntArray:
    """Return the zone's offset from UTC in seconds at each instant."""
    changes = _clock_changes(zone)
    instants = np.array([instant for instant, _ in changes[1:]], np.int64)
    offsets = np.array([offset for _, offset in changes], np.int64)
    return offsets[np.searchsorted(instants, starts_s, side="right")]


@lru_cache(maxsize=64)
def _clock_changes(zone: str) -> tuple[tuple[int, int], ...]:
    """Return (first instant, offset in seconds) of each stretch with one offset, in order."""
    return tuple(_find_clock_changes(ZoneInfo(zone)))


def _find_clock_changes(zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    current = _offset_s(zone, _FIRST_S)
    yield _FIRST_S, current
    for day in range(_FIRST_S, _LAST_S, DAY_S):
        later = _offset_s(zone, day + DAY_S)
        if later != current:
            before = current
            seconds = range(day, day + DAY_S + 1)
            place = bisect.bisect_left(seconds, 1, key=lambda second: int(_offset_s(zone, second) != before))
            yield seconds[place], later
            current = later


def _offset_s(zone: ZoneInfo, instant_s: int) -> int:
    offset = datetime.fromtimestamp(instant_s, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
