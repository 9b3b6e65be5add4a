"""Which days a log covers, and how a month is made of them."""

from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from aggcost.period import cover, whole_months

ZONE = ZoneInfo("UTC")


def span(first: str, last: str, zone: ZoneInfo = ZONE):
    seconds = [int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) for text in (first, last)]
    return cover(seconds[0], seconds[1], zone)


def test_a_covered_calendar_month_counts_as_itself():
    found = span("2026-02-01T00:20:00", "2026-02-28T23:40:00")
    assert found.factor == 1
    assert len(found.counted) == 28
    assert (found.basis, found.name, found.indicative) == ("calendar month", "February 2026", False)


def test_two_whole_months_are_averaged_and_the_rest_is_left_out():
    found = span("2026-01-31T00:00:00", "2026-04-02T23:59:00")
    assert found.factor == Fraction(1, 2)
    assert {day.month for day in found.counted} == {2, 3}
    assert found.basis == "mean of 2 calendar months"


def test_without_a_whole_month_complete_days_are_scaled():
    found = span("2026-02-03T09:00:00", "2026-02-10T23:10:00")
    assert sorted(found.counted) == [date(2026, 2, day) for day in range(4, 11)]
    assert found.factor == Fraction("30.4375") / 7
    assert found.indicative


@pytest.mark.parametrize(("first", "last"), [("2026-02-03T09:00:00", "2026-02-03T10:00:00"),
                                             ("2026-02-03T09:00:00", "2026-02-04T10:00:00")])  # fmt: skip
def test_without_a_complete_day_there_is_no_month(first, last):
    found = span(first, last)
    assert found.factor is None
    assert found.basis == "less than one complete day"


def test_days_are_cut_in_the_zone():
    found = span("2026-02-01T05:00:00", "2026-03-01T04:59:00", ZoneInfo("America/New_York"))
    assert found.basis == "calendar month"
    assert found.days[0] == date(2026, 2, 1)


def test_no_dated_request_is_no_period():
    assert cover(None, None, ZONE).days == ()


def test_thirteen_complete_days_are_indicative_and_fourteen_are_not():
    assert span("2026-02-01T00:00:00", "2026-02-13T23:00:00").indicative
    assert not span("2026-02-01T00:00:00", "2026-02-14T23:00:00").indicative


def test_whole_months_need_every_day():
    days = [date(2026, 2, day) for day in range(1, 29)]
    assert whole_months(days) == [(2026, 2)]
    assert whole_months(days[:-1]) == []
