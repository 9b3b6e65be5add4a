"""Admission by hand: spill, queue, reject, days, budgets, and both ways to count a minute."""

import numpy as np
import pytest

from aggcost.admission import Requests, RouteLimit, admit
from aggcost.room import OVER, REJECTED, SPENT


def asked(seconds, limit, *, tokens=None, cost=None, chain=(0, 1), first=0, scale=1):
    second = np.array(seconds, np.int64)
    load = np.array(tokens or [1] * len(seconds), np.int64)
    usd = np.array(cost or [0] * len(seconds), np.int64)
    everything = np.zeros(len(seconds), np.int64)
    requests = Requests(second, load, second // 86_400, {0: second // 86_400}, {0: usd}, everything)
    return admit(requests, [chain], {0: limit}, first, scale)


def test_what_finds_no_room_spills_to_the_next_route_and_a_minute_later_there_is_room():
    found = asked([0, 10, 20, 60, 61], RouteLimit(requests_a_minute=2))
    assert found.hop.tolist() == [0, 0, 1, 0, 1]
    assert [found.refusals[place] for place in found.refused] == [(), (), ((0, OVER),), (), ((0, OVER),)]


@pytest.mark.parametrize(("window", "hops"), [("sliding", [0, 0, 1, 1]), ("minute", [0, 0, 0, 0])])
def test_a_sliding_minute_sees_what_two_fixed_ones_do_not(window, hops):
    assert asked([58, 59, 60, 61], RouteLimit(requests_a_minute=2, window=window)).hop.tolist() == hops


def test_tokens_are_counted_with_the_answer_and_a_smaller_request_still_fits():
    found = asked([0, 1, 2], RouteLimit(tokens_a_minute=100), tokens=[80, 30, 20])
    assert found.hop.tolist() == [0, 1, 0]


def test_a_queue_serves_first_what_came_first_and_nobody_waits_longer_than_stated():
    found = asked([0, 1, 2, 3], RouteLimit(requests_a_minute=1, when_full="queue", max_wait_s=120))
    assert found.hop.tolist() == [0, 0, 0, 1]
    assert found.waited_s.tolist() == [0, 59, 118, 0]


def test_rejected_requests_are_served_by_nobody():
    found = asked([0, 1], RouteLimit(requests_a_minute=1, when_full="reject"))
    assert found.hop.tolist() == [0, -1]
    assert found.refusals[found.refused[1]] == ((0, OVER), (1, REJECTED))


def test_a_day_has_its_own_count():
    found = asked([0, 1000, 2000, 86_400], RouteLimit(requests_a_day=2))
    assert found.hop.tolist() == [0, 0, 1, 0]


def test_a_budget_that_is_spent_switches_until_its_period_ends_and_a_cheaper_request_may_still_fit():
    found = asked([0, 1, 2, 86_400], RouteLimit(budget_pico_usd=10), cost=[6, 5, 4, 10])
    assert found.hop.tolist() == [0, 1, 0, 0]
    assert found.refusals[found.refused[1]] == ((0, SPENT),)
    assert found.exhausted == {(0, 0): 1}


def test_at_three_times_the_traffic_a_limit_holds_a_third():
    assert asked([0, 1, 2, 3], RouteLimit(requests_a_minute=6), scale=3).hop.tolist() == [0, 0, 1, 1]


def test_a_request_larger_than_the_limit_never_fits():
    assert asked([0], RouteLimit(tokens_a_minute=10, when_full="queue"), tokens=[11]).hop.tolist() == [1]


@pytest.mark.parametrize(("usd", "scale"), [(100_000, 1), (1_000, 100)])
def test_a_budget_holds_where_what_may_come_costs_more_than_64_bits_hold(usd, scale):
    pico = 10**12
    found = asked(range(100), RouteLimit(budget_pico_usd=10**6 * pico), cost=[usd * pico] * 100, scale=scale)
    assert found.hop.tolist() == [0] * 10 + [1] * 90
    assert found.exhausted == {(0, 0): 10}


@pytest.mark.parametrize(("window", "last_waits_s"), [("sliding", 40), ("minute", 39)])
def test_a_queue_waits_until_enough_tokens_left_the_window_and_a_refused_request_blocks_nobody(window, last_waits_s):
    limit = RouteLimit(tokens_a_minute=100, window=window, when_full="queue", max_wait_s=50)
    found = asked([0, 1, 2, 3, 20, 21], limit, tokens=[40, 40, 101, 90, 60, 10])
    assert found.hop.tolist() == [0, 0, 1, 1, 0, 0]
    assert found.waited_s.tolist() == [0, 0, 0, 0, 40, last_waits_s]
