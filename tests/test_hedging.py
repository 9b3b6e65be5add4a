"""Hedging by hand: who gets a second call, what it costs, and how long the sooner answer takes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from test_in_order import row, simulate  # noqa: F401 - a fixture

from aggcost.errors import ConfigError
from aggcost.hedged import late, sooner

BETA = Fraction(1000 + 4 * 100, 10**6)


def curve(*ms):
    return np.array(ms, np.int64), np.full(len(ms), 1_000, np.int64)


def test_the_share_that_waits_too_long_is_called_a_second_time():
    assert late(curve(100, 200, 300, 400), 300) == Fraction(1, 4)
    assert late(curve(100, 200, 300, 400), 99) == 1


def test_the_sooner_of_two_answers_counts_and_nobody_else_is_touched():
    ms, weights = sooner(curve(100, 1000), curve(50), 300)
    assert dict(zip(ms.tolist(), weights.tolist(), strict=True)) == {100: 1_000, 350: 1_000}
    ms, weights = sooner(curve(100, 320), curve(50), 300)
    assert dict(zip(ms.tolist(), weights.tolist(), strict=True)) == {100: 1_000, 320: 1_000}
    assert [one.tolist() for one in sooner(curve(100, 200), curve(50), 300)] == [[100, 200], [1_000, 1_000]]


HEDGE = (
    "rules:\n- {name: all, when: true, route: as_logged, hedge: {after_ms: 600, route: beta/two}}\n"
    "routes: {beta/two: {latency_ms: {p50: 100}}}\n"
)


def test_second_calls_are_a_line_of_the_bill_and_no_requests(simulate):  # noqa: F811
    rows = [row(second, latency_ms=2000 if second % 4 == 0 else 500) for second in range(8)]
    report = simulate(rows, HEDGE)
    before, after = report.arms
    # two of eight wait longer than 600 ms
    assert Fraction(after.cost) - Fraction(before.cost) == 2 * BETA
    assert after.requests == 8
    (line,) = [one for one in report.comparisons[0].components if one.name == "hedged requests"]
    assert line.label == "modelled"


def test_hedged_requests_take_as_long_as_the_sooner_answer(simulate):  # noqa: F811
    rows = [row(second, latency_ms=2000) for second in range(8)]
    report = simulate(rows, HEDGE)
    assert {one.name: one.after for one in report.comparisons[0].service}["p50 latency"] == 700


def test_without_latencies_of_the_first_route_a_hedge_cannot_be_told(simulate):  # noqa: F811
    text = HEDGE.replace("as_logged", "gamma/three")
    with pytest.raises(ConfigError, match="how many requests"):
        simulate([row(0)], text)


def test_a_hedge_goes_to_another_route(simulate):  # noqa: F811
    with pytest.raises(ConfigError, match="another route"):
        simulate([row(0)], HEDGE.replace("route: beta/two}}", "route: as_logged}}"))
