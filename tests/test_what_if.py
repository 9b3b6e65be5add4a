"""Questions about prices: the same usage on another card, or as of another date."""

from decimal import Decimal

import pytest
from contracts import options, price_file, request
from typer.testing import CliRunner

from aggcost import backtest
from aggcost.cli import app
from aggcost.what_if import questions

TODAY = """\
source: {name: today}
providers:
  acme:
    models:
      one:
        rates:
          - {effective: {to: 2026-03-01}, prices: {input: "2", output: "10"}}
          - {effective: {from: 2026-03-01}, prices: {input: "3", output: "10"}}
"""
CUT = """\
source: {name: cut}
providers:
  acme:
    models:
      one:
        rates:
          - effective: {from: 2026-04-01}
            prices: {input: "1", output: "5"}
            windows: [{hours: ["09:00-10:00"], prices: {input: "4"}}]
"""
ROWS = [
    request("2026-02-01T00:30:00Z", tokens=1000, output=100),
    request("2026-02-02T09:30:00Z", tokens=1000, output=100),
    request("2026-02-28T23:30:00Z", tokens=1000, output=100),
]
APRIL_S = 1_775_001_600  # 2026-04-01T00:00:00Z


def ask(tmp_path, rows, *texts, at_s=None, today=TODAY):
    files = [price_file(tmp_path, text, f"offer{number}.yaml") for number, text in enumerate(texts)]
    return backtest.simulate(options(tmp_path, rows, today), questions(files, at_s))


def test_every_request_is_priced_anew_and_nothing_moves(tmp_path):
    offer = TODAY.replace("today", "offer").replace('"2"', '"1"')
    report = ask(tmp_path, ROWS, offer)
    before, after = report.arms
    assert (after.name, before.cost, after.cost) == ("offer", Decimal("0.009"), Decimal("0.006"))
    (compared,) = report.comparisons
    assert (compared.kind, compared.roi, compared.moved_requests, compared.without_evidence_percent) == (
        "prices", None, 0, 0,
    )  # fmt: skip
    assert (after.latency_ms, after.failed) == (before.latency_ms, before.failed)
    assert [(row.from_, row.to, row.before, row.after) for row in compared.decisions] == [
        ("acme/one", None, before.cost, after.cost)
    ]


def test_today_s_own_prices_save_exactly_nothing(tmp_path):
    report = ask(tmp_path, ROWS, TODAY)
    assert report.comparisons[0].savings == 0
    assert report.arms[0].by == report.arms[1].by


def test_a_price_that_begins_later_is_tried_on_last_month_s_usage(tmp_path):
    report = ask(tmp_path, ROWS, CUT, at_s=APRIL_S)
    before, after = report.arms
    assert after.name == "cut, as of 2026-04-01"
    assert before.cost == Decimal("0.009")  # the log keeps its own times: 3 x (1,000 x 2 + 100 x 10)
    assert after.cost == Decimal("0.0075")  # 2 x (1,000 x 1 + 500); in the window 4,000 + 500
    early = ask(tmp_path, ROWS, CUT)
    assert early.arms[1].cost is None  # before it begins, it is no price
    assert "unpriced_period" in {issue.code for issue in early.issues}


def test_the_date_before_every_price_finds_none(tmp_path):
    report = ask(tmp_path, ROWS, CUT, at_s=APRIL_S - 1)
    assert report.arms[1].cost is None
    assert "unpriced_period" in {issue.code for issue in report.issues}


def test_today_s_prices_as_of_a_later_date_are_a_candidate_too(tmp_path):
    report = ask(tmp_path, ROWS, at_s=APRIL_S)
    assert [(arm.name, arm.cost) for arm in report.arms] == [
        ("as_logged", Decimal("0.009")),
        ("today, as of 2026-04-01", Decimal("0.012")),  # 3 x (3,000 + 1,000)
    ]


def test_a_contract_that_begins_later_holds_as_of_its_date(tmp_path):
    offer = """\
source: {name: offer}
discounts: [{provider: acme, percent: 50, effective: {from: 2026-04-01}}]
commitments: [{name: deal, provider: acme, monthly: 1, effective: {from: 2026-04-01}}]
"""
    now, later = ask(tmp_path, ROWS, offer), ask(tmp_path, ROWS, offer, at_s=APRIL_S)
    assert now.comparisons[0].total.savings == 0
    assert later.arms[1].cost == Decimal("0.006")  # 3 x 4,000 millionths, the price from March on, at half
    assert later.comparisons[0].total.after == 1
    assert [(row.name, row.after) for row in later.comparisons[0].components] == [
        ("acme", Decimal("0.006")),
        ("deal: shortfall", Decimal("0.994")),
    ]


def test_several_files_are_candidates_of_their_own(tmp_path):
    offers = [TODAY.replace("name: today", f"name: {name}").replace('"2"', f'"{usd}"') for name, usd in (("a", 1), ("b", 3))]  # fmt: skip
    report = ask(tmp_path, ROWS, *offers)
    assert [(arm.name, arm.cost) for arm in report.arms[1:]] == [("a", Decimal("0.006")), ("b", Decimal("0.012"))]


def test_a_bill_that_sums_requests_can_be_asked_about_prices(tmp_path):
    rows = [{**row, "requests": 5} for row in ROWS]
    assert ask(tmp_path, rows, TODAY.replace('"2"', '"1"')).arms[1].cost == Decimal("0.006")


def test_over_the_catalogue_alone_an_offer_still_counts(tmp_path):
    rows = [request("2026-02-01T00:30:00Z", "openai/gpt-4o", tokens=1000)]
    half = price_file(tmp_path, "discounts: [{provider: openai, percent: 50}]\n", "half.yaml")
    dear = 'providers: {openai: {models: {gpt-4o: {rates: [{prices: {input: "100"}}]}}}}\n'
    asked = options(tmp_path, rows, dear, catalogue_only=True)
    report = backtest.simulate(asked, questions([half], None))
    assert [arm.cost for arm in report.arms] == [Decimal("0.0025"), Decimal("0.00125")]


def run(tmp_path, monkeypatch, *arguments):
    options(tmp_path, ROWS, TODAY)
    price_file(tmp_path, CUT, "cut.yaml")
    (tmp_path / "aggcost.yaml").write_text("aggcost: 1\nlogs: [log.csv]\nprices: [prices.yaml]\n")
    monkeypatch.chdir(tmp_path)
    return CliRunner().invoke(app, ["simulate", *arguments])


def test_the_command_asks_about_prices_where_no_policy_is_named(tmp_path, monkeypatch):
    found = run(tmp_path, monkeypatch, "--prices", "cut.yaml", "--prices-at", "2026-04-01")
    assert found.exit_code == 0, found.output
    assert found.stdout.startswith("prices of cut, as of 2026-04-01: ")
    assert "aggcost simulate --prices cut.yaml --prices-at 2026-04-01 --detail" in " ".join(found.stdout.split())
    assert "pay" not in found.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to compare with"),
        (("--policy", "as-logged", "--prices-at", "2026-04-01"), "does not go with --policy"),
        (("--prices-at", "soon"), "expected a date such as"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(tmp_path, monkeypatch, arguments, message):
    found = run(tmp_path, monkeypatch, *arguments)
    assert found.exit_code != 0
    assert message in str(found.exception)


def test_with_a_policy_prices_are_today_s(tmp_path, monkeypatch):
    found = run(tmp_path, monkeypatch, "--policy", "as-logged", "--prices", "prices.yaml", "--format", "json")
    assert found.exit_code == 0, found.output
    assert '"cost": "0.009"' in found.stdout
