"""Percentiles and their intervals against other ways to work them out."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from aggcost import percentiles
from aggcost.percentiles import PERCENTILES, SMALLEST_N, UNIT, ranks


def of(values, parts=UNIT):
    return percentiles.distribution([(np.array(values, np.int64), np.full(len(values), parts))])


def ranks_by_hand(n, share):
    """Count all the ways: the chance that at most k of n lie below the percentile, as a fraction."""
    chances = [comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
    at_most = [sum(chances[: k + 1]) for k in range(n + 1)]
    low = sum(chance <= Fraction(25, 1000) for chance in at_most)
    high = next(k for k in range(n + 1) if at_most[k] >= Fraction(975, 1000)) + 1
    return low or None, high if high <= n else None


@pytest.mark.parametrize("n", [1, 5, 6, 20, 100, 150, 400])
@pytest.mark.parametrize("name", PERCENTILES)
def test_ranks_are_those_of_the_binomial_law(n, name):
    assert ranks(n, PERCENTILES[name]) == ranks_by_hand(n, PERCENTILES[name])


def test_the_median_of_150_lies_between_the_63rd_and_the_88th():
    times = of(range(1, 151))
    assert times.named("p50") == Fraction(151, 2)
    assert times.interval("p50", 150) == (63, 88)


def test_an_interval_holds_the_truth_in_95_of_100_samples():
    random = np.random.default_rng(11)
    held = {"p50": 0, "p95": 0, "p99": 0}
    truth = {name: np.exp(0.5 * z) * 10**6 for name, z in (("p50", 0), ("p95", 1.6448536), ("p99", 2.3263479))}
    for _ in range(300):
        sample = of((np.exp(0.5 * random.normal(size=1500)) * 10**6).astype(int))
        for name in held:
            low, high = sample.interval(name, 1500)
            held[name] += low <= truth[name] <= high
    assert all(0.92 * 300 <= count <= 300 for count in held.values()), held


def test_few_requests_bound_a_tail_on_one_side_at_most():
    low, high = of(range(100)).interval("p99", 100)
    assert low is not None
    assert high is None
    assert of([7]).interval("p50", 1) == (None, None)


@pytest.mark.parametrize(("name", "n"), SMALLEST_N.items())
def test_thin_data_has_no_percentile(name, n):
    assert of(range(n)).named(name) is not None
    assert of(range(n - 1)).named(name) is None or n == 1


def test_a_part_of_a_request_counts_as_that_part():
    assert of([10, 20, 30, 40], UNIT // 2).n == 2
    assert of([10, 20, 30, 40], UNIT // 2).at(Fraction(1, 2)) == Fraction(20)
