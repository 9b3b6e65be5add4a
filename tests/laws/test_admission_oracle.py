"""Admission agrees with an oracle that counts everything anew for each request."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from aggcost.admission import Requests, RouteLimit, admit
from aggcost.response_cache import ResponseCache, hits
from aggcost.room import OVER, REJECTED, SPENT

CASES = 600


def drawn(draw: random.Random) -> dict[str, Any]:
    size, routes = draw.randint(1, 60), draw.randint(1, 3)
    span = draw.choice([20, 150, 600, 4_000])
    chains = [draw.sample(range(routes + 1), draw.randint(1, routes)) for _ in range(draw.randint(1, 3))]
    limits = {route: limit(draw) for route in range(routes) if draw.random() < 0.8}
    return {
        "second": sorted(draw.randrange(span) for _ in range(size)),
        "tokens": [draw.choice([1, 10, 60]) for _ in range(size)],
        "cost": [draw.choice([1, 5, 20]) for _ in range(size)],
        "chain": [draw.randrange(len(chains)) for _ in range(size)],
        "chains": chains, "limits": limits, "first": draw.choice([0, 7]), "scale": draw.choice([1, 1, 2, 3]),
    }  # fmt: skip


def limit(draw: random.Random) -> RouteLimit:
    def some(*values: int) -> int | None:
        return draw.choice([None, *values])

    return RouteLimit(
        some(1, 3, 10), some(20, 100), some(4, 15), some(20, 100), draw.choice(["sliding", "minute"]),
        draw.choice(["spill", "queue", "reject"]), draw.choice([1, 30, 90]),
    )  # fmt: skip


def day(second: int) -> int:
    return second // 300


def period(second: int) -> int:
    return second // 700


class Oracle:
    """What each route admitted: (second, tokens, day, period, cost) of every request, never forgotten."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.case, self.admitted = case, {route: [] for route in case["limits"]}
        self.exhausted: dict[tuple[int, int], int] = {}

    def run(self) -> list[tuple[int, int, tuple[tuple[int, str], ...]]]:
        return [self.one(number) for number in range(len(self.case["second"]))]

    def one(self, number: int) -> tuple[int, int, tuple[tuple[int, str], ...]]:
        case = self.case
        chain = case["chains"][case["chain"][number]]
        second, refusals = case["second"][number], []
        for hop, route in enumerate(chain):
            if route not in case["limits"]:
                return hop, 0, tuple(refusals)
            at_s, why = self.ask(route, number, second)
            if at_s is not None:
                return hop, at_s - second, tuple(refusals)
            if case["limits"][route].when_full == "reject":
                return -1, 0, (*refusals, (route, why), *((later, REJECTED) for later in chain[hop + 1 :]))
            refusals.append((route, why))
        return -1, 0, tuple(refusals)

    def ask(self, route: int, number: int, second: int) -> tuple[int | None, str]:
        case, stated, before = self.case, self.case["limits"][route], self.admitted[route]
        scale = case["scale"]
        tokens, cost = scale * case["tokens"][number], scale * case["cost"][number]
        today = sum(scale for one in before if one[2] == day(second))
        if stated.requests_a_day is not None and today + scale > stated.requests_a_day:
            return None, OVER
        spent = sum(one[4] for one in before if one[3] == period(second))
        if stated.budget_pico_usd is not None and spent + cost > stated.budget_pico_usd:
            self.exhausted.setdefault((route, period(second)), second)
            return None, SPENT
        first = second
        last = second
        if stated.when_full == "queue":
            first = max(second, max((one[0] for one in before), default=0))
            last = second + stated.max_wait_s
        for at_s in range(first, last + 1):
            there = [one for one in before if self.counts(stated, one[0], at_s)]
            requests_fit = stated.requests_a_minute is None or len(there) * scale + scale <= stated.requests_a_minute
            load = sum(one[1] for one in there) + tokens
            if requests_fit and (stated.tokens_a_minute is None or load <= stated.tokens_a_minute):
                before.append((at_s, tokens, day(second), period(second), cost))
                return at_s, ""
        return None, OVER

    def counts(self, stated: RouteLimit, then: int, now: int) -> bool:
        if stated.window == "sliding":
            return now - 60 < then <= now
        return (then - self.case["first"]) // 60 == (now - self.case["first"]) // 60


@pytest.mark.parametrize("number", range(CASES))
def test_admission_is_what_counting_everything_anew_gives(number: int) -> None:
    case = drawn(random.Random(number))
    second = np.array(case["second"], np.int64)
    cost = np.array(case["cost"], np.int64)
    routes = case["limits"]
    requests = Requests(
        second, np.array(case["tokens"], np.int64), second // 300,
        dict.fromkeys(routes, second // 700), dict.fromkeys(routes, cost), np.array(case["chain"], np.int64),
    )  # fmt: skip
    found = admit(requests, case["chains"], routes, case["first"], case["scale"])
    oracle = Oracle(case)
    refusals = [found.refusals[place] for place in found.refused.tolist()]
    assert list(zip(found.hop.tolist(), found.waited_s.tolist(), refusals, strict=True)) == oracle.run()
    assert found.exhausted == oracle.exhausted


@pytest.mark.parametrize("number", range(300))
def test_a_response_cache_is_what_a_list_of_answers_gives(number: int) -> None:
    draw = random.Random(number)
    size = draw.randint(1, 60)
    ts_us = sorted(draw.randrange(200) * 500_000 for _ in range(size))
    keys = [draw.choice([-1, 1, 2, 3, 4, 5]) for _ in range(size)]
    stores = [draw.random() < 0.8 for _ in range(size)]
    cache = ResponseCache(draw.choice([1, 10, 100]), draw.choice([None, None, 1, 2, 3]))
    kept: list[tuple[int, int, int]] = []  # key, place, time; least recently used first
    expected = []
    for place in range(size):
        mine = [one for one in kept if one[0] == keys[place]]
        if mine and ts_us[place] - mine[0][2] <= cache.ttl_s * 1_000_000:
            kept = [*(one for one in kept if one[0] != keys[place]), *mine]
            expected.append(mine[0][1])
            continue
        expected.append(-1)
        if stores[place] and keys[place] != -1:
            kept = [one for one in kept if one[0] != keys[place]]
            kept = kept[-(cache.capacity - 1) :] if cache.capacity and cache.capacity > 1 else kept
            kept = [] if cache.capacity == 1 else kept
            kept.append((keys[place], place, ts_us[place]))
    hit, used = hits(np.array(ts_us, np.int64), np.array(keys, np.int64), np.array(stores), cache)
    assert used.tolist() == expected
    assert hit.tolist() == [place >= 0 for place in expected]
