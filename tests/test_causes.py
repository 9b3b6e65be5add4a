"""What else a request may have been billed at: each cause by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from pricing import epoch_s

from aggcost.causes import Asked, causes
from aggcost.price_sources import load_rates

PRICES = """\
aggcost_prices: 1
providers:
  acme:
    models:
      all:
        rates:
          - effective: {to: 2026-01-01}
            prices: {input: "4", cache_read: "2", output: "20"}
          - effective: {from: 2026-01-01}
            prices: {input: "2", cache_read: "0.5", output: "10"}
            tiers: [{when: {prompt_tokens: {gt: 1000}}, prices: {input: "4", cache_read: "1", output: "15"}}]
            modes: {batch: {prices: {input: "1", cache_read: "0.5", output: "5"}, tiers: []}}
            regions: {eu: {multiply: "1.1"}}
"""
NOW = epoch_s("2026-06-01")
PER_TOKEN = Fraction(1, 1_000_000)


@pytest.fixture(scope="module")
def rates(tmp_path_factory):
    path = tmp_path_factory.mktemp("prices") / "prices.yaml"
    path.write_text(PRICES)
    found = load_rates([path]).resolve("acme", "all").rates
    assert found is not None
    return found


def cost(cause, fresh, cached, output):
    """What a cause charges for tokens, in millionths of a dollar."""
    prices = cause.prices
    usd = prices["input"] * fresh + prices["cache_read"] * cached + prices["output"] * output + cause.fixed_usd
    return usd / PER_TOKEN


def named(rates, asked):
    return {(one.name, one.detail): one for one in causes(rates, asked)}


# 100 fresh and 100 cached tokens, 10 out, are 200 + 50 + 100 = 350 millionths of a dollar by the card.
@pytest.mark.parametrize(
    ("name", "detail", "expected"),
    [
        ("cache_at_full_price", "cached tokens at the full input price", 200 + 200 + 100),
        ("cache_counted_twice", "cached tokens charged as input and once more as cached", 200 + 250 + 100),
        ("cache_left_out", "cached tokens not charged", 200 + 100),
        ("older_price", "the price until 2026-01-01", 400 + 200 + 200),
        ("other_tier", "the price of service tier batch", 100 + 50 + 50),
        ("other_size", "the price of larger prompts (from 1,001 tokens)", 400 + 100 + 150),
        ("other_region", "the price of region eu", 385),
        ("counted_twice", "every quantity counted twice", 700),
        ("unit", "recorded in cents", 35_000),
    ],
)
def test_a_cause_has_its_price(rates, name, detail, expected):
    assert cost(named(rates, Asked(NOW, 200))[name, detail], 100, 100, 10) == expected


def test_a_threshold_taken_for_a_marginal_one(rates):
    """2,000 tokens in, 10 out: the first 1,000 at 2, the rest at 4, and the output at the lower price."""
    cause = named(rates, Asked(NOW, 2000))["threshold_as_marginal", "only the tokens above 1,000 at the higher price"]
    assert cost(cause, 2000, 0, 10) == 1000 * 2 + 1000 * 4 + 10 * 10


def test_batch_at_list(rates):
    cause = named(rates, Asked(NOW, 200, "batch"))["batch_at_list", "batch at the standard price"]
    assert cost(cause, 100, 100, 10) == 350


def test_a_later_price(rates):
    found = named(rates, Asked(epoch_s("2025-06-01"), 200))
    assert cost(found["later_price", "the price from 2026-01-01"], 100, 100, 10) == 350


def test_reasoning_beside_the_output(rates):
    cause = named(rates, Asked(NOW, 200))["reasoning", "reasoning tokens charged beside the output"]
    assert cause.reasoning_usd == 10 * PER_TOKEN


def test_no_two_causes_and_none_of_them_is_the_card(rates):
    found = causes(rates, Asked(NOW, 200))
    keys = [(tuple(sorted(one.prices.items())), one.fixed_usd, one.reasoning_usd) for one in found]
    assert len(set(keys)) == len(keys)
    assert not any(cost(one, 100, 100, 10) == 350 and not one.reasoning_usd for one in found)


def test_what_has_no_price_has_no_causes(rates):
    assert causes(rates, Asked(NOW, 200, "flex")) == ()
