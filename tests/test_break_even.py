"""From which volume a contract is cheaper, by hand."""

from decimal import Decimal
from fractions import Fraction

import pytest
from contracts import analyzed, options, policy, request
from test_commitments import COMMITTED, RATES, february

from aggcost import backtest
from aggcost.break_even import MonthTerms, break_even_usd

HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("terms", "usd"),
    [
        (MonthTerms(Fraction(9, 10)), 0),  # a discount alone is cheaper from the first dollar
        (MonthTerms(Fraction(1)), None),
        (MonthTerms(Fraction(11, 10)), None),
        (MonthTerms(Fraction("0.85"), Fraction(50_000)), 50_000),  # 50,000 is paid from 0 to 58,823 at list
        (MonthTerms(Fraction(1), Fraction(100)), None),  # never cheaper, at best as dear
        (MonthTerms(Fraction(1), Fraction(100), overage=Fraction("0.9")), 100),
        (MonthTerms(Fraction(6, 5), Fraction(100), overage=HALF), 125),  # 100 + (1.2 L - 100) / 2 = L
        (MonthTerms(HALF, Fraction(100), overage=Fraction(4)), 100),  # and dearer again from 300 on
        (MonthTerms(Fraction(1), credit_usd=Fraction(5)), 0),
        (MonthTerms(Fraction(1), Fraction(100), credit_usd=Fraction(30)), 70),  # 100 less 30
        (MonthTerms(Fraction(0)), 0),
        (MonthTerms(Fraction(0), Fraction(100)), 100),
    ],
)
def test_the_break_even_of_a_month(terms, usd):
    assert break_even_usd(terms) == usd


def test_below_the_break_even_the_list_price_is_cheaper():
    terms = MonthTerms(Fraction("0.85"), Fraction(50_000))
    assert terms.cost_usd(Fraction(49_999)) == 50_000
    assert terms.cost_usd(Fraction(50_001)) == 50_000
    assert terms.cost_usd(Fraction(60_000)) == 51_000


def test_the_report_says_it_in_requests_and_tokens_at_the_log_s_mix(tmp_path):
    text = COMMITTED + "discounts: [{provider: acme, percent: 20}]\n"
    (row,) = analyzed(tmp_path, february(30, 30), text).contracts
    assert (row.arm, row.provider) == ("as_logged", "acme")
    assert row.terms == ("20 % off every model", "deal: 100 USD a month committed, above it times 0.9")
    assert (row.list_monthly, row.contract_monthly, row.cheaper) == (60, 100, False)
    assert row.break_even_monthly == 100
    assert (row.break_even_requests, row.break_even_tokens) == (7, 100)  # 4 requests and 60 tokens cost 60


def test_each_arm_has_a_mix_of_its_own(tmp_path):
    moves = policy(tmp_path, "rules: [{when: task == 'a', route: other/two}]\notherwise: as_logged\n")
    report = backtest.simulate(options(tmp_path, february(120), COMMITTED), [moves])
    before, after = report.contracts
    assert (before.list_monthly, before.contract_monthly, before.cheaper) == (120, 118, True)
    assert (after.arm, after.list_monthly, after.contract_monthly, after.cheaper) == ("policy", 0, 100, False)
    assert (after.break_even_monthly, after.break_even_requests) == (100, None)


def test_an_adjusted_price_without_usage_has_no_mix(tmp_path):
    text = RATES + "discounts: [{provider: other, percent: 20}]\n"
    (row,) = analyzed(tmp_path, february(30), text).contracts
    assert (row.provider, row.list_monthly, row.break_even_monthly) == ("other", 0, None)


def test_terms_that_are_over_are_not_weighed(tmp_path):
    text = RATES + "discounts: [{provider: acme, percent: 20, effective: {to: 2026-01-01}}]\n"
    report = analyzed(tmp_path, february(30), text)
    assert report.contracts == ()
    assert [(one.name, one.value) for one in report.assumptions] == [
        ("contract with acme", "20 % off every model, to 2026-01-01")
    ]


def test_without_a_complete_day_there_is_no_month_to_weigh(tmp_path):
    report = analyzed(tmp_path, [request("2026-02-02T12:00:00Z", tokens=5)], COMMITTED)
    assert (report.contracts, report.arms[0].cost_monthly, report.arms[0].cost) == ((), None, Decimal(5))
