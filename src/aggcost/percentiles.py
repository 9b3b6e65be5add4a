"""Percentiles of weighted milliseconds: exact order statistics, and how far those of another sample may lie.

A percentile is the order statistic with linear interpolation between neighbours, at rank (n - 1) x p. Its interval is
distribution-free: order statistics between which the true percentile lies in at least 95 of 100 samples, by the
binomial law of how many of n requests are below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from aggcost.integers import IntArray

UNIT = 10**6  # parts of a request
PERCENTILES: Mapping[str, Fraction] = {
    "p50": Fraction(50, 100),
    "p95": Fraction(95, 100),
    "p99": Fraction(99, 100),
    "p99.9": Fraction(999, 1000),
}
# A percentile needs enough requests above it to mean anything.
SMALLEST_N: Mapping[str, int] = {"p50": 1, "p95": 100, "p99": 1_000, "p99.9": 10_000}
_NS_A_MS = 10**6
_ONE_SIDE = 0.025
_SPREADS, _AT_LEAST = 10, 20  # how far from its mean a binomial count is looked at


@dataclass(frozen=True, slots=True)
class Fine:
    """Nanoseconds of requests within milliseconds, ascending, and how many requests took each.

    It need not hold every millisecond: of those that it lacks nothing more is known.
    """

    ms: IntArray
    ns: IntArray
    requests: IntArray

    @classmethod
    def of(cls, ms: IntArray, ns: IntArray, requests: IntArray) -> Fine:
        """Return the same in ascending order."""
        order = np.lexsort((ns, ms))
        return cls(ms[order], ns[order], requests[order])

    def at(self, ms: int, rank: int) -> Fraction:
        """Return the time in ms of the request with this rank (from 0) among those of a millisecond."""
        low, high = (int(np.searchsorted(self.ms, ms, side=side)) for side in ("left", "right"))
        if low == high:
            return Fraction(ms)
        position = int(np.searchsorted(np.cumsum(self.requests[low:high]), rank, side="right"))
        return Fraction(int(self.ns[low + min(position, high - low - 1)]), _NS_A_MS)


def together(parts: Sequence[Fine]) -> Fine:
    """Return the requests of all parts."""
    ms, ns, requests = (np.concatenate([getattr(one, name) for one in parts]) for name in ("ms", "ns", "requests"))
    return Fine.of(ms, ns, requests)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Values in ascending order, and how many parts of requests (1/UNIT) are at or below each.

    `fine` tells requests of one value apart, where a log does.
    """

    values: IntArray
    ends: IntArray
    fine: Fine | None = None

    @property
    def n(self) -> int:
        """How many whole requests there are."""
        return int(self.ends[-1]) // UNIT if len(self.ends) else 0

    def ranked(self, rank: int) -> Fraction:
        """Return the value of the request with this rank, counted from 0."""
        position = min(int(np.searchsorted(self.ends, rank * UNIT, side="right")), len(self.ends) - 1)
        value = int(self.values[position])
        if self.fine is None:
            return Fraction(value)
        first = int(np.searchsorted(self.values, value, side="left"))
        below = int(self.ends[first - 1]) // UNIT if first else 0
        return self.fine.at(value, rank - below)

    def at(self, share: Fraction) -> Fraction:
        """Return the value with this share of the requests below it, between the neighbours of rank (n - 1) x share."""
        rank = max((Fraction(int(self.ends[-1]), UNIT) - 1) * share, Fraction(0))
        low = math.floor(rank)
        below = self.ranked(low)
        return below + (self.ranked(math.ceil(rank)) - below) * (rank - low)

    def named(self, name: str) -> Fraction | None:
        """Return a percentile by its name, None where there are too few requests."""
        return self.at(PERCENTILES[name]) if self.n >= SMALLEST_N[name] else None

    def interval(self, name: str, n: int) -> tuple[Fraction | None, Fraction | None]:
        """Return where the percentile lies with 95 % confidence if `n` requests tell of it; None: no bound."""
        found = []
        for rank in ranks(n, PERCENTILES[name]):
            at = None if rank is None else Fraction(rank - 1, max(n - 1, 1))
            found.append(None if at is None else self.at(at))
        return found[0], found[1]


def distribution(parts: Iterable[tuple[IntArray, IntArray]], fine: Fine | None = None) -> Distribution:
    """Return the distribution of (values, weights in 1/UNIT) together; `fine` tells whole requests apart."""
    listed = list(parts)
    values = np.concatenate([values for values, _ in listed])
    weights = np.concatenate([weights for _, weights in listed])
    order = np.argsort(values, kind="stable")
    return Distribution(values[order], np.cumsum(weights[order]), fine)


def neighbours(found: Distribution) -> list[Fraction]:
    """Return the values between which the percentiles of a distribution and the bounds of their intervals lie."""
    last = max(found.n - 1, 0)
    at = [rank for share in PERCENTILES.values() for rank in _neighbours(found.n, share)]
    return [found.ranked(min(max(rank, 0), last)) for rank in at]


def _neighbours(n: int, share: Fraction) -> list[int]:
    low = math.floor((n - 1) * share)
    return [low, low + 1, *(rank - 1 for rank in ranks(n, share) if rank is not None)]


def spread(points: tuple[IntArray, IntArray], requests: Fraction) -> tuple[IntArray, IntArray]:
    """Give so many requests the distribution of `points` (values, counts): weights in 1/UNIT."""
    values, counts = points
    parts, everything = requests.numerator * UNIT, int(counts.sum()) * requests.denominator
    ends = np.array([0, *(parts * int(end) // everything for end in np.cumsum(counts))], np.int64)
    return values, ends[1:] - ends[:-1]


def ranks(n: int, share: Fraction) -> tuple[int | None, int | None]:
    """Return the ranks (from 1) of the order statistics that hold the percentile in 95 of 100 samples of `n`.

    None where not even the least or the largest is far enough out.
    """
    if n < 1:
        return None, None
    first, below = _at_most(n, float(share))
    # The percentile is above the l-th where at least l are below it: P(fewer than l) must not pass 2.5 %.
    low = first + int(np.searchsorted(below, _ONE_SIDE, side="right"))
    high = first + int(np.searchsorted(below, 1 - _ONE_SIDE, side="left")) + 1
    return (low if low >= 1 else None), (high if high <= n else None)


def _at_most(n: int, share: float) -> tuple[int, np.ndarray]:
    """Return a count and the chance of at most that many of `n`, at most one more, and so on, as far as it matters."""
    mean = n * share
    reach = _SPREADS * math.sqrt(mean * (1 - share)) + _AT_LEAST
    first, last = max(math.floor(mean - reach), 0), min(math.ceil(mean + reach), n)
    counts = np.arange(first, last)
    steps = np.log((n - counts) / (counts + 1.0)) + math.log(share / (1 - share))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    chances = np.exp(logs - logs.max())
    return first, np.cumsum(chances) / chances.sum()
