"""The overlay: what it corrects, that every row is proved, and that it moves nothing else."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from pricing import NOW, charge, epoch_s, line, per_million, rates_of

from aggcost.price_sources import catalogue, load_rates, overlay
from aggcost.price_sources.price_format import read_day
from aggcost.ratecard import RateCard, RateLine, Unpriced
from aggcost.strict_yaml import from_data

M = 1_000_000


@pytest.fixture(scope="module")
def card():
    return load_rates()


@pytest.fixture(scope="module")
def uncorrected():
    return RateCard([catalogue.load()])


@pytest.fixture(scope="module")
def tree():
    return json.loads(overlay.FILE.read_text(encoding="utf-8"))


def rows_of(tree):
    for kind in tree["amendments"].values():
        yield from kind
    for provider in tree["providers"].values():
        for model in provider["models"].values():
            yield from model.get("rates", ())
            yield from model.get("alias", ())


def test_every_row_names_its_public_source_and_the_day_it_was_checked(tree):
    rows = list(rows_of(tree))
    assert len(rows) > 30
    for row in rows:
        assert row["source"]["url"].startswith("https://"), row
        checked = read_day(from_data(row["source"]["checked"], "overlay"))
        assert date(2026, 11, 1) <= checked <= date.fromisoformat(tree["source"]["version"]), row


def test_every_model_that_it_corrects_is_one_of_the_catalogue(tree, uncorrected):
    """A name that the catalogue writes otherwise would correct nothing."""
    for provider, facts in tree["providers"].items():
        known = {rates.model for rates in uncorrected.models(provider)}
        aliases = {model for model, own in facts["models"].items() if "alias" in own}
        assert set(facts["models"]) - aliases <= known
    for row in tree["amendments"]["regions"]:
        assert set(row["models"]) <= {rates.model for rates in uncorrected.models(row["provider"])}, row["provider"]


def test_every_correction_reads_and_every_alias_means_a_known_model(card, tree):
    for provider, facts in tree["providers"].items():
        for model in facts["models"]:
            assert rates_of(card, provider, model).periods, (provider, model)


def test_every_amendment_still_has_something_to_amend(card, tree):
    """If a newer catalogue dates the tiers itself, the row has to go."""
    for row in tree["amendments"]["service_tiers"]:
        begun = [
            period.from_s
            for rates in card.models(row["provider"])
            for period in rates.periods
            if row["tier"] in period.tariffs and period.amended_by is not None
        ]
        assert epoch_s(row["from"]) in begun, row
    for row in tree["amendments"]["regions"]:
        for model in row["models"]:
            assert rates_of(card, row["provider"], model).periods[-1].regions


def test_what_it_does_not_name_is_as_the_catalogue_says(card, uncorrected, tree):
    named = {(provider, model) for provider, facts in tree["providers"].items() for model in facts["models"]}
    differing = {
        (before.provider, before.model)
        for before in uncorrected.models()
        if prices_now(rates_of(card, before.provider, before.model)) != prices_now(before)
    }
    assert differing <= named
    assert {provider for provider, _ in differing} == {"deepseek"}  # the retired names


def prices_now(rates):
    lines = {tier: line(rates, NOW, tier=tier) for tier in rates.service_tiers}
    return {tier: found.prices for tier, found in lines.items() if isinstance(found, RateLine)}


# provider, model, time, tier, prices of a million tokens by meter
HISTORY = {
    "the cached price of o3 before its cut": (
        "openai", "o3", "2025-06-09", None, {"input": 10, "cache_read": "2.5", "output": 40}),
    "and after it": ("openai", "o3", "2025-06-10", None, {"input": 2, "cache_read": "0.5", "output": 8}),
    "o3 flex before its cut, as announced": ("openai", "o3", "2025-05-01", "flex", {"input": 5, "output": 20}),
    "haiku as released": (
        "anthropic", "claude-3-5-haiku-20241022", "2024-12-02", None, {"input": 1, "cache_read": "0.1", "output": 5}),
    "haiku as lowered": (
        "anthropic", "claude-3-5-haiku-20241022", "2024-12-03", None, {"input": "0.8", "cache_read": "0.08", "output": 4}),
    "on Bedrock, too": (
        "bedrock", "us.anthropic.claude-3-5-haiku-20241022-v1:0", "2024-11-30", None, {"input": 1, "output": 5}),
    "on Vertex, too": ("vertex_ai", "claude-3-5-haiku@20241022", "2024-11-30", None, {"input": 1, "output": 5}),
    "Gemini's cache at a quarter": (
        "google", "gemini-2.5-flash", "2025-09-01", None, {"input": "0.3", "cache_read": "0.075", "output": "2.5"}),
    "at a tenth": ("google", "gemini-2.5-flash", "2025-11-14", None, {"input": "0.3", "cache_read": "0.03"}),
    "batch does not halve Gemini's cache": (
        "google", "gemini-2.5-pro", "2025-08-01", "batch", {"input": "0.625", "cache_read": "0.3125", "output": 5}),
    "deepseek-chat in 2024": (
        "deepseek", "deepseek-chat", "2024-12-28", None, {"input": "0.14", "cache_read": "0.014", "output": "0.28"}),
    "after the promotion": ("deepseek", "deepseek-chat", "2025-02-09", None, {"input": "0.27", "output": "1.1"}),
    "by day": ("deepseek", "deepseek-chat", "2025-03-25T16:29:59Z", None, {"input": "0.27", "output": "1.1"}),
    "by night": ("deepseek", "deepseek-chat", "2025-03-25T16:30:00Z", None, {"input": "0.135", "output": "0.55"}),
    "past midnight": ("deepseek", "deepseek-reasoner", "2025-03-26T00:29:59Z", None, {"input": "0.135", "output": "0.55"}),
    "in the morning": ("deepseek", "deepseek-reasoner", "2025-03-26T00:30:00Z", None, {"input": "0.55", "output": "2.19"}),
    "V3.1": ("deepseek", "deepseek-reasoner", "2025-09-10", None, {"input": "0.56", "output": "1.68"}),
    "V3.2": ("deepseek", "deepseek-chat", "2026-01-01", None, {"input": "0.28", "cache_read": "0.028", "output": "0.42"}),
    "an alias of V4 flash": (
        "deepseek", "deepseek-chat", "2026-05-01", None, {"input": "0.14", "cache_read": "0.0028", "output": "0.28"}),
    "V4 flash at a peak": ("deepseek", "deepseek-v4-flash", "2026-09-01T02:00:00Z", None, {"input": "0.44", "output": "1.32"}),
    "V4.1 flash at a peak": ("deepseek", "deepseek-v4-flash", "2026-09-11T02:00:00Z", None, {"input": "0.3", "output": "1.2"}),
    "Large before its alias moved": ("mistral", "mistral-large-latest", "2025-12-01", None, {"input": 2, "output": 6}),
    "Large after": ("mistral", "mistral-large-latest", "2025-12-02", None, {"input": "0.5", "output": "1.5"}),
    "Medium in 2024": ("mistral", "mistral-medium-latest", "2024-06-01", None, {"input": "2.7", "output": "8.1"}),
    "Medium 3": ("mistral", "mistral-medium-latest", "2025-05-07", None, {"input": "0.4", "output": 2}),
    "Medium 3.5": ("mistral", "mistral-medium-latest", "2026-06-16", None, {"input": "1.5", "output": "7.5"}),
}  # fmt: skip


@pytest.mark.parametrize("case", HISTORY)
def test_what_a_model_cost_when(card, case):
    provider, model, when, tier, expected = HISTORY[case]
    found = line(rates_of(card, provider, model), when, tier=tier)
    assert {meter: per_million(found, meter) for meter in expected} == {
        meter: Decimal(price) for meter, price in expected.items()
    }


def test_a_retired_name_has_no_price_afterwards_and_says_so(card):
    rates = rates_of(card, "deepseek", "deepseek-chat")
    assert rates.retired == date(2026, 7, 24)
    assert line(rates, "2026-07-24T16:00:00Z") == Unpriced(
        "unpriced_period", "deepseek/deepseek-chat has no price at that time"
    )


@pytest.mark.parametrize(
    ("provider", "model", "tier", "first"),
    [
        ("openai", "gpt-4o-mini", "batch", "2024-04-15"),
        ("openai", "gpt-5-mini", "flex", "2025-04-17"),
        ("openai", "gpt-4.1", "priority", "2025-06-26"),
        ("openai", "gpt-4.1", "fast", "2026-08-07"),
        ("anthropic", "claude-sonnet-4-5", "batch", "2024-10-08"),
        ("google", "gemini-3-flash-preview", "batch", "2025-07-07"),
    ],
)
def test_a_discount_begins_when_its_provider_announced_it(card, provider, model, tier, first):
    rates = rates_of(card, provider, model)
    day_s = epoch_s(first)
    before, after = (line(rates, f"{when}", tier=tier) for when in ("2024-04-01", first))
    assert isinstance(before, Unpriced)
    assert before.reason == "unpriced_mode"
    assert per_million(after, "input") is not None
    assert per_million(after, "input") == per_million(line(rates, NOW, tier=tier), "input")
    assert day_s in rates.instants


def test_a_tier_is_not_dated_back_past_a_change_of_the_standard_price(card):
    """Sol's price was cut in August 2026: what a batch cost before is not what it costs since."""
    rates = rates_of(card, "openai", "gpt-5.6-sol")
    first, changed = rates.periods[0], rates.periods[1].from_s
    assert first.to_s == changed
    assert per_million(line(rates, "2026-08-25", tier="batch"), "input") == 2
    assert isinstance(line(rates, "2026-08-01", tier="batch"), Unpriced)


@pytest.mark.parametrize(
    ("provider", "model", "region", "usd"),
    [
        ("openai", "gpt-5.4", "EU", "2.75"),
        ("openai", "gpt-5.4", "", "2.5"),
        ("openai", "gpt-4o-2024-08-06", "eu", "2.5"),  # released before 2026-03-05
        ("anthropic", "claude-opus-5", "us", "5.5"),
        ("anthropic", "claude-opus-5", "global", "5"),
        ("anthropic", "claude-sonnet-4-5", "us", "3"),
        ("vertex_ai", "claude-sonnet-4-5@20250929", "us-east5", "3.3"),
        ("vertex_ai", "claude-sonnet-4-5@20250929", "global", "3"),
        ("vertex_ai", "claude-sonnet-4-5@20250929", "", "3"),  # unknown: what is listed
        ("vertex_ai", "claude-3-7-sonnet@20250219", "us-east5", "3"),
        ("azure", "gpt-5.4", "eu", "2.5"),  # OpenAI's regions are not Azure's
    ],
)
def test_what_a_region_costs(card, provider, model, region, usd):
    assert per_million(line(rates_of(card, provider, model), region=region), "input") == Decimal(usd)


def test_another_provider_charges_the_corrected_prices(card):
    assert charge(rates_of(card, "azure", "deepseek-v4-pro"), "2026-11-21T02:30:00Z", input=M, output=M) == "2.64"
