"""Discounts and uplifts of a contract by hand, and the order in which everything that makes a price applies."""

from decimal import Decimal
from fractions import Fraction

import pytest
from contracts import analyzed, options, policy, price_file, request
from pricing import charge, rates_of

from aggcost import backtest
from aggcost.contract import Contract, joined
from aggcost.errors import ConfigError
from aggcost.price_sources import load_rates, native_yaml

GPT = "openai/gpt-4o"  # 2.50 and 10 USD per million in the catalogue


def card_of(tmp_path, *texts):
    return load_rates([price_file(tmp_path, text, f"{number}.yaml") for number, text in enumerate(texts)])


def million(card, when, provider="openai", model="gpt-4o", **more):
    return charge(rates_of(card, provider, model), when, input=1_000_000, **more)


def test_a_discount_holds_for_prices_of_the_catalogue(tmp_path):
    card = card_of(tmp_path, "discounts: [{provider: openai, percent: 15}]\n")
    assert million(card, "2026-02-01") == "2.125"
    assert million(card, "2026-02-01", "anthropic", "claude-haiku-4-5") == "1"  # another provider


def test_a_discount_may_name_models_and_begin_and_end(tmp_path):
    card = card_of(
        tmp_path,
        "discounts: [{provider: openai, models: [gpt-4o], percent: 20, "
        "effective: {from: 2026-03-01, to: 2026-04-01}}]\n",
    )
    assert million(card, "2026-02-28T23:59:59Z") == "2.5"
    assert million(card, "2026-03-01T00:00:00Z") == "2"
    assert million(card, "2026-03-31T23:59:59Z") == "2"
    assert million(card, "2026-04-01T00:00:00Z") == "2.5"
    assert million(card, "2026-03-15", model="gpt-4o-mini") == "0.15"


def test_of_several_discounts_the_first_that_holds_counts_and_an_uplift_comes_on_top(tmp_path):
    text = """\
discounts:
  - {provider: openai, models: [gpt-4o], percent: 50, effective: {to: 2026-03-01}}
  - {provider: openai, percent: 10}
uplifts: [{provider: openai, percent: 10, effective: {from: 2026-04-01}}]
"""
    card = card_of(tmp_path, text)
    assert million(card, "2026-02-28") == "1.25"
    assert million(card, "2026-03-01") == "2.25"
    assert million(card, "2026-04-01") == "2.475"  # 2.50 x 0.9 x 1.1


def test_the_first_file_is_foremost(tmp_path):
    card = card_of(
        tmp_path, "discounts: [{provider: openai, percent: 20}]\n", "discounts: [{provider: openai, percent: 10}]\n"
    )
    assert million(card, "2026-02-01") == "2"


def test_a_commitment_is_replaced_by_one_of_its_name_in_an_earlier_file(tmp_path):
    texts = ("commitments: [{name: c, provider: openai, monthly: 5}]\n", "commitments: [{name: c, provider: openai, monthly: 9}]\n")  # fmt: skip
    books = [native_yaml.read(price_file(tmp_path, text)) for text in texts]
    assert [one.monthly_usd for one in joined(book.contract for book in books).commitments] == [5]
    assert joined([]) == Contract()


def test_a_request_without_a_time_has_no_price_under_a_discount_that_begins(tmp_path):
    text = "discounts: [{provider: openai, percent: 15, effective: {from: 2026-01-01}}]\n"
    rows = [request("2026-02-01T00:00:00Z", GPT, tokens=10), request("", GPT, tokens=10)]
    assert analyzed(tmp_path, rows, text).coverage.unpriced == 1


EVERYTHING = """\
providers:
  acme:
    models:
      one:
        rates:
          - effective: {to: 2026-02-10}
            prices: {input: "100", output: "100"}
          - effective: {from: 2026-02-10}
            prices: {input: "2", output: "10"}
            tiers: [{when: {prompt_tokens: {gt: 1000}}, prices: {input: "3"}}]
            modes: {batch: {prices: {output: "5"}}}
            windows:
              - {hours: ["09:00-12:00"], prices: {input: "4"}, tiers: [{when: {prompt_tokens: {gt: 1000}}, prices: {input: "8"}}]}
            regions: {eu: {multiply: "1.10"}}
            schedule: {kind: volume, tiers: [{up_to: 100}, {multiply: "0.5"}]}
discounts: [{provider: acme, percent: 20, effective: {from: 2026-02-15}}]
"""  # fmt: skip


@pytest.mark.parametrize(
    ("when", "prompt", "output", "served", "usd"),
    [
        ("2026-02-09T10:00:00Z", 2000, 100, ("", "eu"), "0.21"),  # the older card: 2,100 x 100
        ("2026-02-10T08:00:00Z", 10, 10, ("", ""), "0.00012"),  # 10 x 2 + 10 x 10, first tier of the month
        ("2026-02-10T08:00:00Z", 1000, 100, ("", ""), "0.0015"),  # (1,000 x 2 + 100 x 10) x 0.5
        ("2026-02-10T09:00:00Z", 1000, 100, ("", ""), "0.0025"),  # the window: (1,000 x 4 + 1,000) x 0.5
        ("2026-02-10T09:00:00Z", 1000, 100, ("batch", ""), "0.00225"),  # and the service tier: (4,000 + 500) x 0.5
        ("2026-02-10T09:00:00Z", 2000, 100, ("batch", ""), "0.00825"),  # and the size: (2,000 x 8 + 500) x 0.5
        ("2026-02-10T09:00:00Z", 2000, 100, ("batch", "eu"), "0.009075"),  # and the region: x 1.1
        ("2026-02-15T09:00:00Z", 2000, 100, ("batch", "eu"), "0.00726"),  # and the discount, last: x 0.8
    ],
)
def test_the_order_of_everything_that_makes_a_price(tmp_path, when, prompt, output, served, usd):
    tier, region = served
    row = request(when, tokens=prompt, output=output, service_tier=tier, region=region)
    assert analyzed(tmp_path, [row], EVERYTHING).arms[0].cost == Decimal(usd)


def test_a_policy_s_own_contract_holds_for_what_it_moves_alone(tmp_path):
    price_file(tmp_path, "discounts: [{provider: openai, percent: 50}]\n", "offer.yaml")
    moves = policy(
        tmp_path, "rules: [{when: task == 'a', route: openai/gpt-4o}]\notherwise: as_logged\nprices: [offer.yaml]\n"
    )
    rows = [
        request("2026-02-01T00:00:00Z", "openai/gpt-4-turbo", tokens=1000, task="a"),
        request("2026-02-02T00:00:00Z", GPT, tokens=1000),
    ]
    before, after = backtest.simulate(options(tmp_path, rows, ""), [moves]).arms
    assert before.cost == Decimal("0.0125")  # 1,000 x 10 + 1,000 x 2.50
    assert after.cost == Decimal("0.00375")  # moved at 1.25, stayed at 2.50


def test_what_a_provider_sells_at_another_s_prices_has_its_own_contract(tmp_path):
    card = card_of(tmp_path, "discounts: [{provider: azure, percent: 10}]\n")
    assert million(card, "2026-11-23", "azure", "gpt-4o") == "2.25"
    assert million(card, "2026-11-23") == "2.5"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("discounts: [{provider: openai}]", "'percent' is missing"),
        ("discounts: [{provider: openai, percent: 101}]", "a number up to 100"),
        ("discounts: [{provider: openai, percent: 1, models: []}]", "at least one model"),
        ("discounts: [{provider: opnai, percent: 1}]", "0.yaml:2: no price source knows the provider 'opnai'"),
        ("discounts: [{provider: openai, percent: 1, models: [gpt-4oo]}]", "openai has no model 'gpt-4oo'"),
        ("discounts: [{provider: openai, percent: 1, models: [gpt-4o-2024-08-06]}]", "is priced as gpt-4o"),
        ("discounts: [{provider: openai, percent: 1, effective: {from: 2026-02-01, to: 2026-02-01}}]", "before `to`"),
        ("commitments: [{name: c, provider: openai, monthly: 1}, {name: d, provider: openai, monthly: 1}]", "both committed"),
        ("credits: [{name: c, provider: openai}]", "either `monthly` or a `total`"),
        ("credits: [{name: c, provider: openai, total: 5, effective: {to: 2026-02-01}}]", "with `from` and `to`"),
        ("commitment: []", "unknown key 'commitment'"),
        ("source: {name: x}", "'providers' is missing"),
    ],
)  # fmt: skip
def test_a_contract_that_cannot_be_meant_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        card_of(tmp_path, text + "\n")


def test_a_total_is_spread_over_the_months_it_touches(tmp_path):
    text = "credits: [{name: c, provider: openai, total: 1000, effective: {from: 2026-01-15, to: 2026-04-01}}]\n"
    (credit,) = card_of(tmp_path, text).contract.credits
    assert credit.monthly_usd == Fraction(1000, 3)
