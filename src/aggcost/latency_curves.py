"""Algebra of times: how long one thing after another takes, from the distributions of both.

A distribution is milliseconds with weights. Two are taken to be independent of each other. Each is read at the middles
of equal shares, and every one of them meets every other: no draw, the same answer on every run.
"""

from __future__ import annotations

import numpy as np

from aggcost.integers import IntArray

Curve = tuple[IntArray, IntArray]
_POINTS = 400


def points(curve: Curve, number: int = _POINTS) -> IntArray:
    """Return the values at the middles of `number` equal shares of a distribution, ascending."""
    values, weights = curve
    order = np.argsort(values, kind="stable")
    ends = np.cumsum(weights[order])
    middles = [(2 * share + 1) * int(ends[-1]) // (2 * number) for share in range(number)]
    found: IntArray = values[order][np.searchsorted(ends, np.array(middles, np.int64), side="right")]
    return found


def added(first: Curve, second: Curve) -> Curve:
    """Return how long `first` and then `second` take together."""
    sums = points(first)[:, None] + points(second)[None, :]
    values, counts = np.unique(sums.ravel(), return_counts=True)
    return values, counts.astype(np.int64)
