"""How often the interval of a month's saving holds the truth: ``python benchmarks/intervals.py``.

A synthetic service whose daily saving has a pattern of the week and differs from day to day, with a correlation
between neighbouring days. The truth is known; the interval is nominally 95 %.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta

import numpy as np

from aggcost.uncertainty import savings_interval

RUNS = 400
WEEK_USD = np.array([100, 105, 108, 104, 100, 60, 55])
SPREAD_USD = 10
MONTH_DAYS = 28
FIRST = date(2026, 1, 1)


def coverage(days: int, correlation: float, random: np.random.Generator) -> tuple[float, float]:
    """Return the percent of runs whose interval holds the true mean, and whose next month it holds."""
    held_mean = held_next = 0
    dates = [FIRST + timedelta(days=number) for number in range(days + MONTH_DAYS)]
    truth = float(WEEK_USD.mean()) * MONTH_DAYS
    for _ in range(RUNS):
        saved = _saved(dates, correlation, random)
        found = savings_interval(dict(zip(dates[:days], saved[:days], strict=True)), MONTH_DAYS)
        if found is None:
            raise ValueError(f"no interval for {days} days")
        held_mean += found.low_usd <= truth <= found.high_usd
        held_next += found.next_low_usd <= sum(saved[days:]) <= found.next_high_usd
    return 100 * held_mean / RUNS, 100 * held_next / RUNS


def _saved(dates: list[date], correlation: float, random: np.random.Generator) -> list[float]:
    """Return the saving of each day; the day's own part keeps its spread whatever the correlation."""
    own = random.normal(size=len(dates))
    for number in range(1, len(own)):
        own[number] = correlation * own[number - 1] + own[number] * (1 - correlation**2) ** 0.5
    return [float(WEEK_USD[day.weekday()] + SPREAD_USD * part) for day, part in zip(dates, own, strict=True)]


def main() -> None:
    """Print the table of docs/benchmarks.md."""
    random = np.random.default_rng(2026)
    print("| days | correlation | mean held | next month held |\n|--:|--:|--:|--:|")
    for days in (28, 56, 84):
        for correlation in (0.0, 0.3, 0.5):
            mean, following = coverage(days, correlation, random)
            print(f"| {days} | {correlation} | {mean:.1f} % | {following:.1f} % |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
