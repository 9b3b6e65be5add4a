"""The interval of a month's saving: by hand where that is possible, and Student's t against its table."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest

from aggcost.uncertainty import savings_interval, t_quantile

FIRST = date(2026, 2, 2)  # a Monday


def days(values):
    return {FIRST + timedelta(days=number): value for number, value in enumerate(values)}


@pytest.mark.parametrize(
    ("free", "expected"),
    [(2, 4.302653), (3, 3.182446), (5, 2.570582), (10, 2.228139), (30, 2.042272), (100, 1.983972), (1e6, 1.959966)],
)
def test_students_t(free, expected):
    assert t_quantile(free) == pytest.approx(expected, abs=2e-5)


def test_a_pattern_of_the_week_is_no_uncertainty():
    found = savings_interval(days([10, 12, 11, 13, 10, 3, 2] * 3), 28)
    assert found is not None
    assert (found.low_usd, found.mean_usd, found.high_usd) == pytest.approx((244, 244, 244))  # 61 a week x 4
    assert (found.days, found.autocorrelation) == (21, 0)


def test_days_that_differ_by_hand():
    """Two weeks, one 1 below and one 1 above the mean: 14 residuals of 1, 7 of 14 degrees of freedom are left."""
    found = savings_interval(days([9, 11] * 3 + [9] + [11, 9] * 3 + [11]), 7)
    assert found is not None
    assert found.mean_usd == pytest.approx(70)
    assert found.autocorrelation == 0  # neighbours lie on opposite sides; less than none is none
    error = math.sqrt(14 / 7) / math.sqrt(14)
    assert found.high_usd - 70 == pytest.approx(7 * t_quantile(13) * error)
    one_month = math.sqrt(14 / 7) / math.sqrt(7)
    assert found.next_high_usd - 70 == pytest.approx(7 * t_quantile(13) * math.hypot(error, one_month))


def test_correlated_days_widen_the_interval():
    slow = savings_interval(days([10 + math.sin(number / 4) for number in range(56)]), 30)
    quick = savings_interval(days([10 + (-1) ** number * math.sin(number / 4) for number in range(56)]), 30)
    assert slow is not None
    assert quick is not None
    assert slow.autocorrelation > 0.8
    assert slow.high_usd - slow.low_usd > 3 * (quick.high_usd - quick.low_usd)


def test_the_next_month_is_less_certain_than_the_mean():
    found = savings_interval(days([10 + number % 5 for number in range(30)]), 30)
    assert found is not None
    assert found.next_low_usd < found.low_usd < found.mean_usd < found.high_usd < found.next_high_usd


def test_thirteen_days_are_too_few():
    assert savings_interval(days([10] * 13), 30) is None
    assert savings_interval(days([10] * 14), 30) is not None


def test_a_weekday_without_a_day_has_no_pattern():
    workdays = {day: 1.0 for day in days([0] * 28) if day.weekday() < 6}
    assert len(workdays) > 14
    assert savings_interval(workdays, 28) is None
    assert savings_interval(workdays | {FIRST + timedelta(days=6): 1.0}, 28) is not None
