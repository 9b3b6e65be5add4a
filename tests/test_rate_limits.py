"""Rate limits: peaks by hand and of a real service, and what spills, against a slow limiter of single requests."""

from __future__ import annotations

import csv
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from aggcost.admission import RouteLimit, admit_load
from aggcost.peaks import LONGEST_WAIT_S
from aggcost.rate_limits import SECOND_US, WINDOWS, Load, first_over, peak

DATA = os.environ.get("AGGCOST_REAL_DATA")


def load(*seconds, tokens=1):
    return Load(np.array([round(second * SECOND_US) for second in seconds], np.int64), np.full(len(seconds), tokens))


def queue(**limit):
    return RouteLimit(when_full="queue", max_wait_s=LONGEST_WAIT_S, **limit)


def admitted(some, limit):
    """Which requests find room."""
    return admit_load(some, limit).hop >= 0


def spilled(some, limit):
    return int((~admitted(some, limit)).sum())


def ones(one):
    return np.ones(len(one), np.int64)


def test_a_burst_across_two_minutes_breaks_only_the_sliding_limit():
    """Two requests at the end of a minute and two at the start of the next: 2 and 2, or 4 within a minute."""
    burst = load(0, 58, 59, 60, 61)
    assert (peak(burst, ones(burst), "minute").units, peak(burst, ones(burst), "sliding").units) == (3, 4)
    assert first_over(burst, ones(burst), "minute", 3) is None
    assert first_over(burst, ones(burst), "sliding", 3) == 61 * SECOND_US


def test_a_minute_is_half_open():
    """A request exactly a minute earlier no longer counts."""
    pair = load(0, 60)
    assert peak(pair, ones(pair), "sliding").units == 1
    near = load(0, 59.999999)
    assert peak(near, ones(near), "sliding").units == 2


def test_minutes_begin_with_the_first_request():
    late = load(50, 70, 109)
    assert peak(late, ones(late), "minute").units == 3


def test_nothing_has_no_peak():
    nothing = load()
    assert peak(nothing, ones(nothing), "sliding").units == 0
    assert spilled(nothing, RouteLimit(1)) == 0


def test_what_is_over_the_limit_spills():
    some = load(0, 0, 0, 30, 61)
    assert (admitted(some, RouteLimit(2)).tolist(), spilled(some, RouteLimit(2))) == (
        [True, True, False, False, True],
        2,
    )


def test_tokens_that_find_no_room_spill():
    """Four requests of 10 tokens in a second: 25 tokens are room for two."""
    assert admitted(load(0, 0, 0, 0, tokens=10), RouteLimit(tokens_a_minute=25)).sum() == 2


def test_a_queue_serves_in_turn_and_loses_nothing():
    """Three at once, one a minute: the second waits 60 s, the third 120 s."""
    found = admit_load(load(0, 0, 0), queue(requests_a_minute=1))
    assert (found.hop.tolist(), found.waited_s.tolist()) == ([0, 0, 0], [0, 60, 120])


def test_a_request_larger_than_the_limit_never_waits_to_the_end():
    found = admit_load(load(0, 1, tokens=30), queue(tokens_a_minute=20))
    assert (found.hop.tolist(), found.waited_s.max()) == ([-1, -1], 0)


def test_nobody_waits_longer_than_a_day():
    """3,000 at once, one a minute: 1,441 are served within a day, the others give up."""
    found = admit_load(Load(np.zeros(3000, np.int64), np.ones(3000, np.int64)), queue(requests_a_minute=1))
    assert (int((found.hop >= 0).sum()), found.waited_s.max()) == (1441, 86_400)


def limited(moments, allowed, window):
    """How many requests a limiter admits that looks at each single request (all on whole seconds)."""
    admitted: list[int] = []
    for moment in moments:
        if window == "sliding":
            counted = sum(1 for one in admitted if one > moment - 60)
        else:
            counted = sum(1 for one in admitted if (one - moments[0]) // 60 == (moment - moments[0]) // 60)
        if counted < allowed:
            admitted.append(moment)
    return len(admitted)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("seed", range(10))
def test_the_kernel_admits_what_a_limiter_of_single_requests_would(window, seed):
    draw = random.Random(seed)
    moments = sorted(draw.randint(0, 400) for _ in range(300))
    for allowed in (1, 7, 30, 80):
        assert admitted(load(*moments), RouteLimit(allowed, window=window)).sum() == limited(moments, allowed, window)


def test_a_limit_that_is_never_reached_changes_nothing():
    draw = random.Random(1)
    some = load(*sorted(draw.uniform(0, 1000) for _ in range(200)))
    for window in WINDOWS:
        most = peak(some, ones(some), window).units
        assert spilled(some, RouteLimit(most + 200, window=window)) == 0


@pytest.mark.skipif(not DATA, reason="AGGCOST_REAL_DATA is not set: it names the folder of real logs")
def test_an_hour_of_a_real_service():
    """700 requests a minute hold on minutes from the first request, and break on sliding ones; 600 break on both."""
    path = Path(DATA or ".") / "traces" / "azure2023" / "AzureLLMInferenceTrace_code.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    moments = [datetime.fromisoformat(row["TIMESTAMP"][:26]).replace(tzinfo=UTC) for row in rows]
    ts_us = np.array([(one - moments[0]).days * 86_400_000_000 + (one - moments[0]).seconds * SECOND_US
                      + (one - moments[0]).microseconds for one in moments], np.int64)  # fmt: skip
    tokens = np.array([int(row["ContextTokens"]) + int(row["GeneratedTokens"]) for row in rows], np.int64)
    hour = Load(ts_us, tokens)
    assert [peak(hour, ones(hour), window).units for window in ("minute", "sliding")] == [632, 723]
    assert [peak(hour, tokens, window).units for window in ("minute", "sliding")] == [1_344_551, 1_409_698]
    assert first_over(hour, ones(hour), "minute", 700) is None
    assert first_over(hour, ones(hour), "sliding", 700) is not None
    assert all(first_over(hour, ones(hour), window, 600) is not None for window in WINDOWS)
    assert (spilled(hour, RouteLimit(600)), spilled(hour, RouteLimit(600, window="minute"))) == (192, 32)
