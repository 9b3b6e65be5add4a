"""Percentiles of observed and asserted latencies, worked out by hand."""

from fractions import Fraction

import numpy as np
import pytest

from aggcost import percentiles, service
from aggcost.asserted_times import asserted
from aggcost.ledger import Dim
from aggcost.policy import ServiceLevel
from aggcost.service import Latencies


def ledger_of(values, counts):
    one = Dim(np.zeros(len(values), np.int32), ("acme",))
    return Latencies({"provider": one, "model": one}, values, counts)


def latencies(pairs):
    values, counts = zip(*pairs, strict=True)
    return ledger_of(np.array(values, np.int64), np.array(counts, np.int64))


def test_percentiles_interpolate_between_order_statistics():
    found = service.measured(latencies([(10, 1), (20, 1), (40, 1), (50, 1)]))
    assert found is not None
    assert found.p50_ms == 30  # rank 1.5 between 20 and 40
    assert (found.n, found.label) == (4, "measured")


def test_thin_data_has_no_tail():
    assert service.measured(latencies([(10, 99)])).p95_ms is None
    found = service.measured(latencies([(10, 999)]))
    assert (found.p95_ms, found.p99_ms) == (10, None)
    assert service.measured(latencies([(10, 1000)])).p99_ms == 10


def test_percentiles_equal_numpy_s_linear_ones():
    rng = np.random.default_rng(5)
    values = rng.integers(1, 5000, 4000)
    found = service.measured(latencies([(int(value), 1) for value in values]))
    for percentile, ms in ((50, found.p50_ms), (95, found.p95_ms), (99, found.p99_ms)):
        assert float(ms) == pytest.approx(np.percentile(values, percentile), abs=1e-6)


def test_counts_stand_for_repeated_values():
    spread = [(100, 3), (200, 5), (300, 2)]
    repeated = [(value, 1) for value, count in spread for _ in range(count)]
    assert service.measured(latencies(spread)) == service.measured(latencies(repeated))


def test_no_latency_is_unknown():
    assert service.measured(Latencies({}, np.zeros(0, np.int64), np.zeros(0, np.int64))) is None


def test_an_asserted_level_gives_back_its_own_percentiles():
    level = ServiceLevel(p50_ms=562, p95_ms=834, p99_ms=982, availability_percent=None)
    values, counts = asserted(level)
    found = service.measured(ledger_of(values, counts * 1000))
    assert abs(found.p50_ms - 562) <= 2
    assert abs(found.p95_ms - 834) <= 3
    assert abs(found.p99_ms - 982) <= 5


def test_moved_requests_are_spread_without_loss():
    values, counts = percentiles.spread((np.array([1, 2]), np.array([1, 3])), Fraction(8))
    assert list(counts) == [2 * service._UNIT, 6 * service._UNIT]
    assert Fraction(int(counts.sum()), service._UNIT) == 8
    assert list(values) == [1, 2]
