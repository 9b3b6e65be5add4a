"""Laws of cash flows and of what a page shows of them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from aggcost.cashflow import Cashflow
from aggcost.output.figures import decimals, money_column

amounts = st.decimals(min_value=1, max_value=10**7, places=2).map(Fraction)
rates = st.decimals(min_value=0, max_value=100, places=1)
small = st.decimals(min_value=-1000, max_value=1000, places=6)


@given(amounts, amounts)
def test_a_steady_saving_pays_back_after_investment_over_saving(saving, investment):
    payback = Cashflow(saving, Fraction(0), investment).payback()
    assert payback == (investment / saving if investment / saving <= 1200 else None)


@given(amounts, amounts, amounts, st.integers(0, 12))
def test_growing_and_fixed_savings_are_alike_without_growth(one, other, investment, ramp):
    together = Cashflow(one + other, Fraction(0), investment, ramp_months=Fraction(ramp))
    apart = Cashflow(one, other, investment, ramp_months=Fraction(ramp))
    assert together.payback() == apart.payback()


@given(amounts, amounts, rates, st.integers(2, 12))
def test_discounting_and_a_ramp_never_make_it_sooner(saving, investment, rate, ramp):
    plain = Cashflow(saving, Fraction(0), investment)
    ramped = Cashflow(saving, Fraction(0), investment, ramp_months=Fraction(ramp))
    for later in (plain.payback(rate), ramped.payback()):
        assert later is None or (plain.payback() is not None and later >= plain.payback())


@given(amounts, amounts, st.integers(1, 36))
def test_net_reaches_zero_in_the_month_of_the_payback(saving, investment, month):
    flow = Cashflow(saving, Fraction(0), investment)
    payback = flow.payback()
    assert (flow.net(month) >= 0) == (payback is not None and payback <= month)


@given(st.lists(small, min_size=1, max_size=30))
def test_shown_amounts_add_up_to_the_shown_total(column):
    *rows, total = money_column(column, sum(column, Decimal(0)), decimals(column))
    assert sum(Decimal(row.replace(",", "")) for row in rows) == Decimal(total.replace(",", ""))
