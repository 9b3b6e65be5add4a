"""Requests whose exact cost is known, from invoices, bug reports and price pages, against the shipped catalogue."""

from __future__ import annotations

import pytest
from pricing import NOW, charge, line, rates_of

from aggcost.price_sources import load_rates
from aggcost.ratecard import RateLine, Unpriced

SONNET = "claude-sonnet-4-5"
M = 1_000_000

# provider, model, time, service tier, quantities, cost in USD
CASES = {
    "cached tokens are not charged twice": (
        "openai", "gpt-4o", NOW, None, {"input": 86, "cache_read": 1920, "output": 300}, "0.005615"),
    "cached tokens at their own price": (
        "openai", "gpt-5", NOW, None, {"input": 4262, "cache_read": 4864, "output": 3197}, "0.0379055"),
    "cache writes as on an invoice": (
        "anthropic", "claude-3-7-sonnet-20250219", NOW, None,
        {"input": 3, "cache_write_5m": 12304, "output": 550}, "0.054399"),
    "cache writes of unknown lifetime cost what five minutes cost": (
        "anthropic", "claude-3-7-sonnet-20250219", NOW, None,
        {"input": 3, "cache_write_other": 12304, "output": 550}, "0.054399"),
    "cache writes for five minutes and for an hour": (
        "anthropic", SONNET, NOW, None,
        {"input": 100, "cache_write_5m": 1000, "cache_write_1h": 2000, "cache_read": 5000, "output": 400}, "0.02355"),
    "cache writes without their lifetime": (
        "anthropic", SONNET, NOW, None, {"input": 5, "cache_write_other": 4735, "output": 255}, "0.02159625"),
    "a prompt of exactly the threshold is not above it": (
        "google", "gemini-2.5-pro", NOW, None, {"input": 200_000, "output": 1000}, "0.26"),
    "above the threshold every token is dearer, cached and output too": (
        "google", "gemini-2.5-pro", NOW, None, {"input": 5005, "cache_read": 257_955, "output": 1744}, "0.10316125"),
    "xAI's threshold includes 200,000 itself": (
        "xai", "grok-4.5", NOW, None, {"input": 199_999, "output": 1000}, "0.405998"),
    "one token more, and the request costs twice as much": (
        "xai", "grok-4.5", NOW, None, {"input": 200_000, "output": 1000}, "0.812"),
    "272,000 tokens": ("openai", "gpt-5.4", NOW, None, {"input": 272_000, "output": 1000}, "0.695"),
    "before a cliff": ("anthropic", "claude-haiku-5-5", NOW, None, {"input": 100_000, "output": 1000}, "0.0105"),
    "after a cliff": ("anthropic", "claude-haiku-5-5", NOW, None, {"input": 100_001, "output": 1000}, "0.0525005"),
    "cached tokens count towards the threshold": (
        "anthropic", SONNET, "2026-01-05T00:00:00Z", None,
        {"input": 1000, "cache_read": 199_500, "output": 100}, "0.12795"),
    "the last second of an old price": ("openai", "o3", "2025-06-09T23:59:59Z", None, {"input": M}, "10"),
    "the first second of a new price": ("openai", "o3", "2025-06-10T00:00:00Z", None, {"input": M}, "2"),
    "one second before the window": (
        "deepseek", "deepseek-v4-pro", "2026-11-23T00:59:59Z", None, {"input": M, "output": M}, "2.64"),
    "the window begins": (
        "deepseek", "deepseek-v4-pro", "2026-11-23T01:00:00Z", None, {"input": M, "output": M}, "5.28"),
    "the last second of the window": (
        "deepseek", "deepseek-v4-pro", "2026-11-23T03:59:59Z", None, {"input": M, "output": M}, "5.28"),
    "the window has ended": (
        "deepseek", "deepseek-v4-pro", "2026-11-23T04:00:00Z", None, {"input": M, "output": M}, "2.64"),
    "the last second of the second window": (
        "deepseek", "deepseek-v4-pro", "2026-11-23T09:59:59Z", None, {"input": M, "output": M}, "5.28"),
    "the second window has ended": (
        "deepseek", "deepseek-v4-pro", "2026-11-23T10:00:00Z", None, {"input": M, "output": M}, "2.64"),
    "a Saturday before the weekend rule": (
        "deepseek", "deepseek-v4-pro", "2026-08-22T02:30:00Z", None, {"input": M, "output": M}, "5.28"),
    "batch": ("openai", "gpt-4o", "2026-11-01T00:00:00Z", "batch", {"input": M, "output": M}, "6.25"),
    "batch and cache discounts stack": (
        "anthropic", "claude-opus-5", "2026-11-01T00:00:00Z", "batch",
        {"input": 1000, "cache_read": 10_000, "cache_write_5m": 2000, "output": 500}, "0.0175"),
    "the published batch price, not half the standard one": (
        "openai", "gpt-5.4", NOW, "batch", {"cache_read": 100_000}, "0.013"),
    "priority": ("openai", "gpt-4o", NOW, "priority", {"input": M, "output": M}, "21.25"),
    "default is the standard tier": ("openai", "gpt-4o", NOW, "default", {"input": M, "output": M}, "12.5"),
    "flex": ("openai", "gpt-5-mini", NOW, "flex", {"input": 1000, "cache_read": 1000, "output": 500}, "0.0006375"),
    "the same turn on default": (
        "openai", "gpt-5-mini", NOW, "default", {"input": 1000, "cache_read": 1000, "output": 500}, "0.001275"),
    "cached tokens of a preview model": (
        "google", "gemini-3-flash-preview", NOW, None,
        {"input": 3914, "cache_read": 16_298, "output": 931}, "0.0055649"),
    "reasoning is inside output": (
        "openai", "o4-mini", NOW, None, {"input": 1000, "output": 5000, "reasoning": 4000}, "0.0231"),
    "searches are charged by the thousand": (
        "anthropic", SONNET, NOW, None, {"input": 1000, "output": 500, "web_search": 3}, "0.0405"),
    "audio has a price of its own in the prompt and in the answer": (
        "openai", "gpt-audio", NOW, None,
        {"input": 1100, "input_audio": 1000, "output": 450, "output_audio": 400}, "0.05835"),
    "heard audio by the hour": ("openai", "whisper-1", NOW, None, {"second_audio_in": 90}, "0.009"),
    "pages": ("mistral", "mistral-ocr-2503", NOW, None, {"page": 3}, "0.003"),
    "thoughts were added to output at import": (
        "google", "gemini-2.5-pro", NOW, None, {"input": 1000, "output": 2244}, "0.02369"),
    "Bedrock in a region": (
        "bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", NOW, None,
        {"input": 100_000, "output": 100_000}, "1.98"),
    "Bedrock anywhere": (
        "bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", NOW, None,
        {"input": 100_000, "output": 100_000}, "1.8"),
    "a snapshot with prices of its own": (
        "openai", "gpt-4o-2024-05-13", NOW, None, {"input": M, "output": M}, "20"),
    "a snapshot priced like its alias": ("openai", "gpt-4o-2024-08-06", NOW, None, {"input": M, "output": M}, "12.5"),
    "Azure charges OpenAI's prices": ("azure", "gpt-4o", NOW, None, {"input": 1000, "output": 100}, "0.0035"),
    "a free model": (
        "openrouter", "deepseek/deepseek-r1:free", NOW, None, {"input": 1000, "output": 100}, "0"),
    "grok-3 costs fifteen times the price it is often quoted at": (
        "xai", "grok-3", NOW, None, {"input": 1000, "output": 300}, "0.0075"),
    "grok-4-fast": ("xai", "grok-4-fast", NOW, None, {"input": 1000, "output": 300}, "0.00035"),
    "gemini-2.0-flash": ("google", "gemini-2.0-flash", NOW, None, {"input": 1000, "output": 300}, "0.00022"),
}  # fmt: skip


@pytest.fixture(scope="module")
def card():
    return load_rates()


@pytest.mark.parametrize("case", CASES)
def test_a_request_costs_exactly(card, case):
    provider, model, when, tier, quantities, expected = CASES[case]
    assert charge(rates_of(card, provider, model), when, tier, **quantities) == expected


def test_two_turns_on_different_tiers_add_up(card):
    rates = rates_of(card, "openai", "gpt-5-mini")
    turns = [charge(rates, NOW, tier, input=1000, cache_read=1000, output=500) for tier in ("flex", "default")]
    assert turns == ["0.0006375", "0.001275"]  # 0.0019125 together


def test_the_free_model_says_so(card):
    found = line(rates_of(card, "openrouter", "deepseek/deepseek-r1:free"))
    assert isinstance(found, RateLine)
    assert found.free


def test_an_unknown_service_tier_is_not_priced_as_standard(card):
    found = line(rates_of(card, "openai", "gpt-4o"), tier="bogus")
    assert found == Unpriced(
        "unpriced_mode",
        "openai/gpt-4o has no price for service tier 'bogus' (it has standard, batch, fast, priority)",
    )


def test_batch_before_the_catalogue_knows_its_price_is_unpriced_not_standard(card):
    """The catalogue dates batch prices from 2026-10-14; a request of September was 6.25, which it cannot know."""
    found = line(rates_of(card, "openai", "gpt-4o"), "2026-09-01T00:00:00Z", tier="batch")
    assert found == Unpriced("unpriced_mode", "openai/gpt-4o has no price for service tier 'batch' at that time")


def test_an_unknown_model_has_no_rates_at_all(card):
    assert card.resolve("openai", "gpt-99").rates is None


@pytest.mark.xfail(reason="the catalogue applies DeepSeek's windows before they existed", strict=True)
def test_windows_before_their_first_day(card):
    rates = rates_of(card, "deepseek", "deepseek-v4-pro")
    assert charge(rates, "2026-08-01T02:00:00Z", input=M, output=M) == "1.305"


@pytest.mark.xfail(reason="the catalogue cannot say that DeepSeek's windows are on weekdays only", strict=True)
def test_windows_on_a_saturday(card):
    rates = rates_of(card, "deepseek", "deepseek-v4-pro")
    assert charge(rates, "2026-11-21T02:30:00Z", input=M, output=M) == "2.64"


@pytest.mark.xfail(reason="the catalogue keeps only the newest cache price of Gemini", strict=True)
def test_a_cache_price_before_it_was_cut(card):
    rates = rates_of(card, "google", "gemini-2.5-pro")
    usage = {"input": 5005, "cache_read": 257_955, "output": 1744}
    assert charge(rates, "2025-09-24T00:00:00Z", **usage) == "0.199894375"
