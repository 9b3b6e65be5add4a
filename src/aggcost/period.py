"""The period a log covers, and how a period's figure becomes a month's.

A whole calendar month that the log covers counts as itself. Otherwise a month is the mean of the
complete days x 30.4375 (365.25 / 12). Without a single complete day there is no monthly figure.
A day at the edge of the log is complete if its first (or last) hour has traffic.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

DAYS_A_MONTH = Fraction("30.4375")
INDICATIVE_BELOW_DAYS = 14
_LAST_HOUR = 23


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a log: `days` from first to last, and those that a month's figure is made of.

    A month's figure is `factor` x the sum over the `counted` days; None without a complete day.
    """

    first: datetime | None
    last: datetime | None
    days: tuple[date, ...]
    counted: frozenset[date]
    factor: Fraction | None
    basis: str

    @property
    def indicative(self) -> bool:
        """Whether the log is too short for a month's figure to be more than an indication."""
        return len(self.counted) < INDICATIVE_BELOW_DAYS

    def edges_s(self) -> tuple[int, ...]:
        """Return the epoch seconds at which the counted days begin and end; they are in one piece."""
        if not self.counted or self.first is None:
            return ()
        after = max(self.counted) + timedelta(days=1)
        starts = (datetime.combine(day, time(), self.first.tzinfo) for day in (min(self.counted), after))
        return tuple(int(start.timestamp()) for start in starts)

    @property
    def name(self) -> str:
        """Return the period for people: ``February 2026``, or its first and last day."""
        if not self.days:
            return "no dated requests"
        months = whole_months(self.days)
        if len(months) == 1 and len(self.days) == _length(months[0]):
            return self.days[0].strftime("%B %Y")
        first, last = self.days[0], self.days[-1]
        return f"{first.isoformat()}" if first == last else f"{first.isoformat()} to {last.isoformat()}"


def cover(first_s: int | None, last_s: int | None, zone: ZoneInfo) -> Span:
    """Return the days from the first to the last request (epoch seconds), and how a month is made of them."""
    if first_s is None or last_s is None:
        return Span(None, None, (), frozenset(), None, "no dated requests")
    first, last = (datetime.fromtimestamp(second, UTC).astimezone(zone) for second in (first_s, last_s))
    days = tuple(first.date() + timedelta(days=n) for n in range((last.date() - first.date()).days + 1))
    complete = [day for day in days if _complete(day, first, last)]
    months = whole_months(complete)
    if months:
        counted = frozenset(day for day in complete if (day.year, day.month) in months)
        basis = "calendar month" if len(months) == 1 else f"mean of {len(months)} calendar months"
        return Span(first, last, days, counted, Fraction(1, len(months)), basis)
    if not complete:
        return Span(first, last, days, frozenset(), None, "less than one complete day")
    basis = f"mean of {len(complete)} complete days x 30.4375"
    return Span(first, last, days, frozenset(complete), DAYS_A_MONTH / len(complete), basis)


def whole_months(days: Sequence[date]) -> list[tuple[int, int]]:
    """Return the (year, month) of the calendar months whose every day is among `days`."""
    seen: dict[tuple[int, int], int] = {}
    for day in days:
        seen[day.year, day.month] = seen.get((day.year, day.month), 0) + 1
    return [month for month, count in seen.items() if count == _length(month)]


def _length(month: tuple[int, int]) -> int:
    return calendar.monthrange(*month)[1]


def _complete(day: date, first: datetime, last: datetime) -> bool:
    if day == first.date() and first.hour > 0:
        return False
    return not (day == last.date() and last.hour < _LAST_HOUR)
