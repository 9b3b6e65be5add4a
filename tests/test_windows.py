from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from aggcost.windows import Window, coarsest_grid

EVERY_DAY = frozenset(range(7))
HOUR = 3600


def holds(window, when):
    moment = datetime.fromisoformat(when)
    return bool(window.holds(np.array([int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())]))[0])


def by_the_clock(window, instant_s):
    """The definition, one instant at a time: read the local clock, then look at the day the hours began on."""
    local = datetime.fromtimestamp(instant_s, ZoneInfo(window.zone))
    second = local.hour * 3600 + local.minute * 60 + local.second
    for begin, end in window.hours_s:
        if begin < end and begin <= second < end and local.weekday() in window.days:
            return True
        if begin > end and second >= begin and local.weekday() in window.days:
            return True
        if begin > end and second < end and (local - timedelta(days=1)).weekday() in window.days:
            return True
    return False


PEAK = Window("Asia/Shanghai", frozenset(range(5)), ((9 * HOUR, 12 * HOUR), (14 * HOUR, 18 * HOUR)))


@pytest.mark.parametrize(
    ("when", "inside"),
    [
        ("2026-11-23T00:59:59Z", False),  # Monday 08:59:59 in Shanghai
        ("2026-11-23T01:00:00Z", True),
        ("2026-11-23T03:59:59Z", True),
        ("2026-11-23T04:00:00Z", False),
        ("2026-11-23T09:59:59Z", True),
        ("2026-11-23T10:00:00Z", False),
        ("2026-11-21T02:30:00Z", False),  # Saturday
        ("2026-11-22T23:00:00Z", False),  # Monday 07:00 in Shanghai, Sunday in London
    ],
)
def test_the_window_is_read_on_its_own_clock(when, inside):
    assert holds(PEAK, when) is inside


NIGHT = Window("UTC", frozenset({4}), ((22 * HOUR, 2 * HOUR),))


@pytest.mark.parametrize(
    ("when", "inside"),
    [
        ("2026-11-20T21:59:59Z", False),
        ("2026-11-20T22:00:00Z", True),  # Friday
        ("2026-11-21T01:59:59Z", True),  # Saturday, still Friday's night
        ("2026-11-21T02:00:00Z", False),
        ("2026-11-20T01:00:00Z", False),  # Thursday's night
        ("2026-11-21T22:30:00Z", False),  # Saturday's night
    ],
)
def test_a_window_that_wraps_midnight_belongs_to_the_day_it_begins_on(when, inside):
    assert holds(NIGHT, when) is inside


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]
)
def test_clock_changes_are_followed_to_the_second(zone):
    window = Window(zone, frozenset({5, 6}), ((1 * HOUR, 3 * HOUR), (23 * HOUR, 30 * 60)))
    spring, autumn = (int(datetime(2026, month, 1, tzinfo=UTC).timestamp()) for month in (3, 10))
    starts = np.concatenate([np.arange(first, first + 45 * 86400, 899) for first in (spring, autumn)])
    expected = [by_the_clock(window, int(start)) for start in starts]
    assert 0 < sum(expected) < len(expected)
    assert window.holds(starts).tolist() == expected


def test_a_window_may_end_at_midnight():
    whole_day = Window("UTC", EVERY_DAY, ((0, 24 * HOUR),))
    assert holds(whole_day, "2026-11-23T23:59:59Z")


@pytest.mark.parametrize(
    ("zone", "hours", "grid"),
    [
        ("UTC", (HOUR, 2 * HOUR), 3600),
        ("UTC", (1800, 2 * HOUR), 900),
        ("UTC", (60, 2 * HOUR), 60),
        ("Asia/Shanghai", (9 * HOUR, 12 * HOUR), 3600),
        ("Asia/Kolkata", (9 * HOUR, 12 * HOUR), 900),
        ("Asia/Kathmandu", (9 * HOUR, 12 * HOUR), 900),
        ("Australia/Lord_Howe", (9 * HOUR, 12 * HOUR), 900),
        ("Europe/Berlin", (9 * HOUR, 12 * HOUR), 3600),
    ],
)
def test_the_grid_holds_every_edge_in_any_season(zone, hours, grid):
    assert Window(zone, EVERY_DAY, (hours,)).grid_s == grid


def test_grids():
    assert coarsest_grid([]) == 3600
    assert coarsest_grid([7200, 900]) == 900
    assert coarsest_grid([7200, 61]) == 1
