"""What single formats of price tables mean, by hand; what all of them must do is in contract/test_price_sources.py."""

import json
from decimal import Decimal

import pytest
from pricing import charge, line, per_million, rates_of

from aggcost.errors import ConfigError, UsageError
from aggcost.price_sources import native_yaml, tables
from aggcost.price_sources.as_yaml import imported
from aggcost.ratecard import RateCard, Unpriced

LITELLM = {"litellm_provider": "openai", "mode": "chat"}


@pytest.fixture
def write(tmp_path):
    def write(document, name="table.json"):
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return path

    return write


@pytest.fixture
def card(write):
    return lambda document, name="table.json": RateCard([tables.read(write(document, name))])


def test_four_spellings_of_one_price_are_one_card(card):
    per_thousand = (
        'aggcost_prices: 1\nproviders: {openai: {models: {one: {rates: [{per: 1000, prices: {input: "0.0025"}}]}}}}'
    )
    cards = [
        card({"one": LITELLM | {"input_cost_per_token": "0.0000025"}}),
        card(per_thousand, "thousand.yaml"),
        card({"openai": {"models": {"one": {"limit": {}, "modalities": {}, "cost": {"input": 2.5}}}}}),
        card({"one": {"pricing_config": {"pay_as_you_go": {"request_token": {"price": 0.00025}}}}}, "openai.json"),
    ]
    prices = [rates_of(one, "openai", "one").periods for one in cards]
    assert prices[0] == prices[1] == prices[2] == prices[3]
    assert charge(rates_of(cards[0], "openai", "one"), input=1_000_000) == "2.5"


def test_float_noise_is_rounded_to_twelve_digits_and_noted(write):
    path = write('{"one": {"litellm_provider": "databricks", "input_cost_per_token": 1.5000020000000002e-05}}')
    table = tables.convert(path)
    rates = rates_of(RateCard([tables.book(table)]), "databricks", "one")
    assert per_million(line(rates), "input") == Decimal("15.00002")
    (note,) = table.notes
    assert (note.where, note.message) == (
        "one.input_cost_per_token",
        "float noise: 0.000015000020000000002 read as 0.00001500002",
    )


def test_xai_thresholds_of_litellm_include_the_number(card):
    prices = {"input_cost_per_token": 2e-06, "input_cost_per_token_above_200k_tokens": 4e-06}
    found = card({"xai/grok": {"litellm_provider": "xai"} | prices, "gpt": LITELLM | prices})
    assert rates_of(found, "x-ai", "grok").cuts == (200_000,)
    assert rates_of(found, "openai", "gpt").cuts == (200_001,)


def test_ranges_of_litellm_begin_above_their_first_number(card):
    ranges = [
        {"range": [0, 32000], "input_cost_per_token": 1e-06},
        {"range": [32000, 128000.0], "input_cost_per_token": 2e-06},
    ]
    rates = rates_of(card({"one": LITELLM | {"tiered_pricing": ranges}}), "openai", "one")
    assert charge(rates, input=32000) == "0.032"
    assert charge(rates, input=32001) == "0.064002"


def test_off_peak_hours_of_litellm_are_cut_at_the_midnight_of_their_days(card):
    windows = [
        {"hours_utc": ["00:00-01:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
        {"hours_utc": "00:00-00:00", "weekdays": [6, 7]},
    ]
    off_peak = {"input_cost_per_token": 1e-06, "windows": windows, "weekday_timezone": "Asia/Shanghai"}
    rates = rates_of(
        card({"one": LITELLM | {"input_cost_per_token": 2e-06, "off_peak_pricing": off_peak}}), "openai", "one"
    )
    cost = {when: charge(rates, when, input=1_000_000) for when in (
        "2026-11-23T09:59:59Z",  # Monday, peak
        "2026-11-23T10:00:00Z",
        "2026-11-27T16:30:00Z",  # Saturday 00:30 in Shanghai
        "2026-11-28T05:00:00Z",
        "2026-11-29T20:00:00Z",  # Monday 04:00 in Shanghai
        "2026-11-30T05:00:00Z",
    )}  # fmt: skip
    assert list(cost.values()) == ["2", "1", "1", "1", "1", "2"]


def test_regions_of_litellm_multiply(card):
    facts = LITELLM | {"input_cost_per_token": 1e-06, "regional_processing_uplift_multiplier_eu": 1.1}
    rates = rates_of(card({"one": facts}), "openai", "one")
    assert charge(rates, region="eu", input=1_000_000) == "1.1"


def test_of_two_entries_for_one_model_the_makers_own_counts_and_the_other_is_noted(write):
    entries = {
        "gemini-x": {"litellm_provider": "vertex_ai-language-models", "input_cost_per_token": 1.5e-07},
        "gemini/gemini-x": {"litellm_provider": "gemini", "input_cost_per_token": 1e-07},
    }
    table = tables.convert(write(entries))
    assert charge(rates_of(RateCard([tables.book(table)]), "google", "gemini-x"), input=1_000_000) == "0.1"
    assert [note.message for note in table.notes] == ["left out: google/gemini-x has other prices as gemini/gemini-x"]


def test_minus_one_of_openrouter_is_dynamic_and_zero_is_free(card):
    models = [
        {"id": "auto", "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "a/b:free", "pricing": {"prompt": "0", "completion": "0"}},
    ]
    found = card({"data": models})
    auto = line(rates_of(found, "openrouter", "auto"))
    assert isinstance(auto, Unpriced)
    assert auto.reason == "dynamic"
    assert charge(rates_of(found, "openrouter", "a/b:free"), input=100, output=100) == "0"


def test_entries_of_genai_prices_hold_from_their_day_on(card):
    model = {
        "id": "one",
        "match": {"equals": "one"},
        "prices": [
            {"prices": {"input_mtok": 10}},
            {"constraint": {"start_date": "2025-06-10"}, "prices": {"input_mtok": 2}},
            {"constraint": {"start_time": "16:30:00Z", "end_time": "00:30:00Z"}, "prices": {"input_mtok": 1}},
        ],
    }
    rates = rates_of(card([{"id": "acme", "api_pattern": "x", "models": [model]}]), "acme", "one")
    whens = ("2025-06-09T12:00:00Z", "2025-06-10T00:30:00Z", "2025-06-10T16:30:00Z")
    assert [charge(rates, when, input=1_000_000) for when in whens] == ["10", "2", "1"]


def test_a_service_tier_without_a_price_for_large_prompts_has_none(card):
    prices = {
        "input_cost_per_token": 2e-06,
        "input_cost_per_token_above_272k_tokens": 4e-06,
        "input_cost_per_token_priority": 3e-06,
    }
    rates = rates_of(card({"one": LITELLM | prices}), "openai", "one")
    assert charge(rates, tier="priority", input=1000) == "0.003"
    assert charge(rates, tier="priority", input=272_001) is None


def test_what_no_meter_holds_is_named(card):
    facts = LITELLM | {"input_cost_per_token": 1e-06, "vector_store_cost_per_gb_per_day": 0.1}
    assert rates_of(card({"one": facts}), "openai", "one").not_rated == ("vector_store_cost_per_gb_per_day",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": {"litellm_provider": "x"}', "table.json:1: not valid JSON"),
        ('{"a": {"litellm_provider": "x", "input_cost_per_token": NaN}}', "NaN is not a number"),
        ('{"a": {"litellm_provider": "x", "litellm_provider": "y"}}', "stands twice in one object"),
        ('{"prices": {}}', "is no price table that this program knows"),
        ("[" * 100_000, "nested too deep"),
        ('{"a": {"litellm_provider": "x", "input_cost_per_token": 1e99}}', "not a price"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(write, text, said):
    with pytest.raises(ConfigError) as caught:
        tables.read(write(text))
    assert said in caught.value.message


def test_an_imported_table_reads_back_as_the_same_prices(write, tmp_path):
    hard = {"null": LITELLM, "a: b #c": LITELLM | {"input_cost_per_token": 1e-06}, "ünï": LITELLM}
    path = write(hard)
    text, _ = imported(path)
    target = tmp_path / "own.yaml"
    target.write_text(text, encoding="utf-8")
    mine, theirs = RateCard([tables.read(path)]), RateCard([native_yaml.read(target)])
    assert [(one.model, one.periods) for one in mine.models()] == [(one.model, one.periods) for one in theirs.models()]


def test_import_names_the_nearest_provider_and_refuses_our_own_format(write):
    path = write({"one": LITELLM})
    with pytest.raises(UsageError) as caught:
        imported(path, ["opnai"])
    assert caught.value.hint == "did you mean 'openai'?"
    with pytest.raises(UsageError, match="already in our own format"):
        imported(write("aggcost_prices: 1\nproviders: {}\n", "own.yaml"))
