"""Commitments and credits by hand: lines of a month, before and after, worked out from what each arm spends."""

from dataclasses import replace
from decimal import Decimal

import pytest
from contracts import analyzed, options, policy, price_file, request

from aggcost import backtest
from aggcost.change_costs import Overhead
from aggcost.config import Budget, Project

RATES = """\
providers:
  acme: {models: {one: {rates: [{prices: {input: "1000000"}}]}}}
  other: {models: {two: {rates: [{prices: {input: "500000"}}]}}}
"""  # a dollar a token, and half a dollar
COMMITTED = RATES + 'commitments: [{name: deal, provider: acme, monthly: 100, overage: {multiply: "0.9"}}]\n'


def february(*tokens, model="acme/one"):
    """Requests of these tokens in a month that the log covers from its first to its last hour."""
    edges = [request("2026-02-01T00:30:00Z", model), request("2026-02-28T23:30:00Z", model)]
    return [*edges, *(request(f"2026-02-{day:02d}T12:00:00Z", model, tokens=n, task="a") for day, n in enumerate(tokens, 2))]  # fmt: skip


def monthly(report):
    return report.arms[0].cost_monthly


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [(30, 100), (100, 100), (150, 145)],  # below it what is committed, above it 100 and 50 x 0.9
)
def test_a_commitment_is_owed_and_its_overage_is_cheaper(tmp_path, tokens, usd):
    report = analyzed(tmp_path, february(tokens), COMMITTED)
    assert (monthly(report), report.arms[0].cost) == (usd, tokens)


def test_a_policy_that_moves_usage_away_shows_the_shortfall_it_causes(tmp_path):
    moves = policy(tmp_path, "rules: [{when: task == 'a', route: other/two}]\notherwise: as_logged\n")
    report = backtest.simulate(options(tmp_path, february(120), COMMITTED), [moves])
    compared = report.comparisons[0]
    assert [(row.name, row.before, row.after) for row in compared.components] == [
        ("acme", 120, 60),
        ("deal: shortfall", 0, 100),
        ("deal: overage", -2, 0),
    ]
    assert (compared.total.before, compared.total.after) == (118, 160)
    assert compared.savings == 60  # of the requests alone
    assert compared.roi.monthly_savings == -42
    assert compared.roi.payback_reason == "never"
    assert compared.roi.readings[0].name == "api_only"
    assert compared.roi.readings[0].monthly_savings == -42  # a shortfall is owed to the provider: no overhead


def test_what_a_limit_keeps_from_a_provider_is_owed_as_a_shortfall(tmp_path):
    # Three requests of 40 tokens, of which one a day finds room: the others come on the same day, and fail.
    rows = [request(f"2026-02-{day:02d}T{hour}:00:00Z", "acme/one", tokens=40, task="a")
            for day, hour in ((3, 11), (3, 12), (4, 12))]  # fmt: skip
    limited = policy(tmp_path, "otherwise: as_logged\nlimits: {as_logged: {requests_per_day: 1}}\n")
    discount = "discounts: [{provider: acme, percent: 50}]\n"
    report = backtest.simulate(options(tmp_path, [*february(), *rows], COMMITTED + discount), [limited])
    compared = report.comparisons[0]
    assert [(row.name, row.before, row.after) for row in compared.components] == [
        ("acme", 60, 40),
        ("deal: shortfall", 40, 60),
    ]
    figures = [(one.arm, one.list_monthly) for one in report.contracts]
    assert figures == [("as_logged", 120), ("policy", 80)]


def test_identity_saves_nothing_with_a_contract_on_both_sides(tmp_path):
    same = policy(tmp_path, "rules: []\n")
    text = (
        COMMITTED + "credits: [{name: gift, provider: acme, monthly: 7}]\ndiscounts: [{provider: acme, percent: 3}]\n"
    )
    asked = options(tmp_path, february(60), text)
    report = backtest.simulate(asked, [same])
    assert report.arms[0].cost_monthly == report.arms[1].cost_monthly == 93
    assert [row.savings for row in report.comparisons[0].components] == [0, 0, 0]


def test_a_credit_is_at_most_the_usage(tmp_path):
    text = RATES + "credits: [{name: gift, provider: acme, monthly: 50}, {name: more, provider: acme, monthly: 50}]\n"
    assert monthly(analyzed(tmp_path, february(70), text)) == 0
    assert monthly(analyzed(tmp_path, february(170), text)) == 70


def test_a_total_counts_by_the_month_until_it_ends(tmp_path):
    spans = "effective: {from: 2026-01-01, to: 2026-03-01}"
    text = RATES + f"credits: [{{name: gift, provider: acme, total: 80, {spans}}}]\n"
    assert monthly(analyzed(tmp_path, february(70), text)) == 30
    over = text.replace("2026-03-01", "2026-02-01")
    assert monthly(analyzed(tmp_path, february(70), over)) == 70


def test_months_are_held_against_the_commitment_one_by_one(tmp_path):
    rows = [*february(150), *(replace_month(row) for row in february(50)), request("2026-03-31T23:30:00Z")]
    report = analyzed(tmp_path, rows, COMMITTED)
    assert report.period.basis == "mean of 2 calendar months"
    assert monthly(report) == Decimal("122.5")  # 145 and 100, not the 100 of two months of 100


def replace_month(row):
    return {**row, "timestamp": row["timestamp"].replace("2026-02", "2026-03"), "request_id": row["request_id"] + "m"}


def test_part_of_a_month_is_scaled_before_it_is_held_against_the_commitment(tmp_path):
    edges = [request("2026-02-03T00:30:00Z"), request("2026-02-04T23:30:00Z")]
    report = analyzed(tmp_path, [*edges, request("2026-02-03T12:00:00Z", tokens=4)], COMMITTED)
    assert monthly(report) == 100  # 4 dollars in 2 days are 60.875 a month
    report = analyzed(tmp_path, [*edges, request("2026-02-03T12:00:00Z", tokens=8)], COMMITTED)
    assert monthly(report) == Decimal("119.575")  # 121.75 a month: 100 + 21.75 x 0.9


def test_a_commitment_counts_in_months_that_begin_while_it_holds(tmp_path):
    later = COMMITTED.replace("monthly: 100", "monthly: 100, effective: {from: 2026-02-02}")
    assert monthly(analyzed(tmp_path, february(30), later)) == 30
    ending = COMMITTED.replace("monthly: 100", "monthly: 100, effective: {to: 2026-02-02}")
    assert monthly(analyzed(tmp_path, february(30), ending)) == 100


def test_a_router_s_fee_is_not_spent_at_the_provider(tmp_path):
    text = "rules: [{when: task == 'a', route: {provider: acme, model: one, region: eu}}]\nfees: {percent: 50}\n"
    report = backtest.simulate(options(tmp_path, february(80), COMMITTED), [policy(tmp_path, text)])
    assert report.arms[1].cost_monthly == 140  # 80 and 40 of fees; the shortfall is still 20


def test_a_policy_s_own_file_replaces_the_commitment_of_its_name(tmp_path):
    price_file(tmp_path, "commitments: [{name: deal, provider: acme, monthly: 20}]\n", "offer.yaml")
    other = policy(tmp_path, "rules: []\nprices: [offer.yaml]\n")
    report = backtest.simulate(options(tmp_path, february(30), COMMITTED), [other])
    assert [arm.cost_monthly for arm in report.arms] == [100, 30]


def test_overheads_stand_beside_a_contract(tmp_path):
    project = Project(overheads=(Overhead("cache", Decimal(5)),))
    asked = replace(options(tmp_path, february(30), COMMITTED), project=project)
    report = backtest.simulate(asked, [policy(tmp_path, "rules: []\noverheads: [{name: cache, monthly: 1}]\n")])
    assert (monthly(report), report.arms[1].cost_monthly) == (105, 101)
    assert report.comparisons[0].roi.assumed_share_percent == 100


def test_a_run_rate_budget_includes_what_is_owed(tmp_path):
    project = Project(budgets=(Budget("all", None, Decimal(99)),))
    asked = replace(options(tmp_path, february(30), COMMITTED), project=project)
    assert backtest.check(asked).budgets[0].value == 100


def test_a_log_that_names_no_provider_is_spent_at_who_sells_the_model(tmp_path):
    rows = [{**row, "provider": ""} for row in february(30)]
    assert monthly(analyzed(tmp_path, rows, COMMITTED)) == 100
