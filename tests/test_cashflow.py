"""Savings month by month, by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import islice

from aggcost.cashflow import Cashflow


def test_a_ramp_of_four_months():
    flow = Cashflow(Fraction(60), Fraction(40), Fraction(0), ramp_months=Fraction(4))
    assert list(islice(flow.savings(), 5)) == [25, 50, 75, 100, 100]


def test_growth_touches_only_what_follows_traffic():
    flow = Cashflow(Fraction(100), Fraction(10), Fraction(0), growth=Fraction(1, 10))
    assert list(islice(flow.savings(), 3)) == [110, 120, 131]


def test_present_values_at_a_rate_that_doubles_in_a_year():
    flow = Cashflow(Fraction(0), Fraction(100), Fraction(1000))
    values = list(islice(flow.present_values(Decimal(100)), 12))
    assert round(values[11], 9) == 50  # 100 / (1 + 1) after twelve months
    assert round(flow.net_present_value(12, Decimal(100)), 6) == round(sum(values) - 1000, 6)


def test_a_payback_inside_a_month():
    assert Cashflow(Fraction(0), Fraction(100), Fraction(250)).payback() == Fraction(5, 2)


def test_shrinking_traffic_may_never_pay_back():
    # 100, 50, 25 and so on: never more than 200 together.
    flow = Cashflow(Fraction(100), Fraction(0), Fraction(201), growth=Fraction(-1, 2))
    assert flow.payback() is None
    assert Cashflow(Fraction(100), Fraction(0), Fraction(175), growth=Fraction(-1, 2)).payback() == 3


def test_nothing_invested_and_nothing_lost():
    assert Cashflow(Fraction(0), Fraction(0), Fraction(0)).payback() == 0
    assert Cashflow(Fraction(0), Fraction(-1), Fraction(0)).payback() is None
