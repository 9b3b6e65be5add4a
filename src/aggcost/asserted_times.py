"""The distribution of times behind the percentiles that a policy asserts of a route."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from aggcost.integers import IntArray
from aggcost.routes import ServiceLevel

_POINTS = 1_000


def asserted(level: ServiceLevel) -> tuple[IntArray, IntArray]:
    """Return a distribution through the asserted percentiles: log-latency is linear in the normal score.

    Two lognormals glued at p95; beyond p99 and below p50 the nearest slope goes on. With only a
    median asserted, every request gets it.
    """
    known = [(50, level.p50_ms), (95, level.p95_ms), (99, level.p99_ms)]
    normal = NormalDist()
    scores = [normal.inv_cdf(p / 100) for p, ms in known if ms is not None]
    logs = [math.log(float(ms)) for _, ms in known if ms is not None]
    wanted = [normal.inv_cdf((point + 0.5) / _POINTS) for point in range(_POINTS)]
    values = [round(math.exp(_on_line(score, scores, logs))) for score in wanted]
    return np.array(values, np.int64), np.ones(_POINTS, np.int64)


def _on_line(at: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    if len(xs) == 1:
        return ys[0]
    right = next((i for i in range(1, len(xs)) if at <= xs[i]), len(xs) - 1)
    slope = (ys[right] - ys[right - 1]) / (xs[right] - xs[right - 1])
    return ys[right - 1] + slope * (at - xs[right - 1])
