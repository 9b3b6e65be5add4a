"""The shipped catalogue against the package it is built from: the same bytes, and the same money."""

import random
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from genai_prices import data, types
from pricing import charge, epoch_s, line

from aggcost.meters import PRICED
from aggcost.model_rates import RateLine
from aggcost.money import PICO
from aggcost.price_sources import build, catalogue, genai_prices, load_rates

DRAWS = 3  # requests of each model
WHENS = (
    "2024-06-01T02:00:00Z",
    "2026-08-20T07:30:00Z",
    "2026-10-13T12:00:00Z",
    "2026-11-23T15:59:59Z",
    "2027-02-01T00:00:00Z",
)
TIERS = {
    None: None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}


def test_converting_again_gives_the_shipped_file_byte_for_byte():
    (shipped,) = catalogue.DATA.glob(catalogue.PATTERN)
    assert shipped.read_bytes() == build.catalogue_text().encode()


# Parts and units of ours, and the package's names for what has no cached part.
PARTS = {
    "input_video": "input_video_tokens", "reasoning": "output_reasoning_tokens", "output_audio": "output_audio_tokens",
    "output_image": "output_image_tokens", "output_video": "output_video_tokens",
    "cache_read_audio": "cache_audio_read_tokens", "cache_read_image": "cache_image_read_tokens",
}  # fmt: skip
UNITS = {
    "web_search": "web_searches", "file_search": "storage_searches", "page": "input_document_pages",
    "char": "input_characters", "second_audio_in": "input_audio_seconds",
}  # fmt: skip


def usage_of(quantities):
    writes = quantities["cache_write_5m"] + quantities["cache_write_1h"]
    known = {name: quantities[key] for key, name in (PARTS | UNITS).items() if key in quantities}
    if "second_audio_in" in quantities:
        known["audio_seconds"] = quantities["second_audio_in"]  # which contains what was heard
    for kind in ("audio", "image"):
        parts = [quantities.get(f"{where}_{kind}", 0) for where in ("input", "cache_read")]
        known |= {f"input_{kind}_tokens": sum(parts)} if any(parts) else {}
    return types.Usage(
        input_tokens=quantities["input"] + quantities["cache_read"] + writes,
        cache_read_tokens=quantities["cache_read"],
        cache_write_tokens=writes,
        cache_write_5m_tokens=quantities["cache_write_5m"],
        cache_write_1h_tokens=quantities["cache_write_1h"],
        output_tokens=quantities["output"],
        **known,
    )


def draw(rng, extra):
    """Quantities of a request, with some of those that are priced apart."""
    found = {
        "input": rng.randrange(1000),
        "cache_read": rng.choice([0, rng.randrange(500_000)]),
        "cache_write_5m": rng.choice([0, 100]),
        "cache_write_1h": rng.choice([0, 70]),
        "output": rng.randrange(2000),
        "requests": 1,
    }
    for key in extra:
        within = PRICED[key].within
        found[key] = rng.randrange(20) if within is None else rng.randrange(found[within] // 4 + 1)
    return found


def explained(rates, model, tier):
    """Say why a request is unpriced here and has a price there, or None where there is no reason for it."""
    if tier is not None and all(one.constraint for one in model.price_variants if one.when == TIERS[tier]):
        return "no price for that service tier yet; the package charges the standard one"
    stated = {meter for period in rates.periods for tariff in period.tariffs.values() for meter in tariff.prices}
    if not {"input", "output"} <= stated:
        return "no price for a meter; the package charges nothing"
    return None


def tiers_of(model):
    """Return the service tiers that the package has a price for, and the standard one."""
    variants = [variant.when for variant in model.price_variants or ()]
    return [None, *(tier for tier, when in TIERS.items() if when in variants)]


def test_requests_cost_what_the_package_says_or_are_unpriced_for_a_reason():
    card, rng, priced, unpriced = load_rates(), random.Random(20261123), 0, 0
    extra = set()
    for provider in data.providers:
        for model in [model for model in provider.models for _ in range(DRAWS)]:
            rates = card.resolve(provider.id, model.id).rates
            when, tier = rng.choice(WHENS), rng.choice(tiers_of(model))
            found = line(rates, when, tier=tier)
            quantities = draw(rng, found.extra if isinstance(found, RateLine) else ())
            extra |= quantities.keys() & {*PARTS, *UNITS}
            at = datetime.fromtimestamp(epoch_s(when), UTC)
            theirs = model.calc_price(
                usage_of(quantities), provider, genai_request_timestamp=at, price_context=TIERS[tier]
            )
            ours = charge(rates, when, tier, **quantities)
            if ours is None:
                assert explained(rates, model, tier), (provider.id, model.id, when, tier)
                unpriced += 1
            else:
                assert Decimal(ours) == theirs.total_price.quantize(PICO), (
                    provider.id,
                    model.id,
                    when,
                    tier,
                    quantities,
                )
                priced += 1
    assert extra == {*PARTS, *UNITS}
    assert priced > 2000 * DRAWS
    assert unpriced < 300 * DRAWS


def test_every_listed_name_means_the_same_model():
    card = load_rates()
    for provider in data.providers:
        for model in provider.models:
            for name in listed_names(model.match):
                theirs = provider.find_model(name, all_providers=data.providers)
                ours = card.resolve(provider.id, name).rates
                assert theirs is not None
                assert ours is not None
                assert ours.model == theirs.id, (provider.id, name)


def listed_names(logic):
    if isinstance(logic, types.ClauseEquals):
        yield logic.equals
    if isinstance(logic, types.ClauseOr):
        for part in logic.or_:
            yield from listed_names(part)


def model_of(prices, variants=None, name="m"):
    info = types.ModelInfo(id=name, match=types.ClauseEquals(name), prices=prices, price_variants=variants)
    return genai_prices.model(info)["rates"]


def mtok(**prices):
    return types.ModelPrice(**{f"{meter}_mtok": Decimal(price) for meter, price in prices.items()})


def test_dates_become_periods_in_which_the_later_entry_wins():
    entries = [
        types.ConditionalPrice(prices=mtok(input="1")),
        types.ConditionalPrice(types.StartDateConstraint(date(2026, 2, 1)), prices=mtok(input="2")),
    ]
    assert model_of(entries) == [
        {"effective": {"from": None, "to": "2026-02-01T00:00:00Z"}, "prices": {"input": "1"}},
        {"effective": {"from": "2026-02-01T00:00:00Z", "to": None}, "prices": {"input": "2"}},
    ]


def test_times_of_day_become_windows_in_utc():
    daily = types.TimeOfDateConstraint(time(0, 30, tzinfo=UTC), time(16, 30, tzinfo=UTC))
    entries = [types.ConditionalPrice(prices=mtok(input="1")), types.ConditionalPrice(daily, prices=mtok(input="2"))]
    assert model_of(entries) == [
        {"prices": {"input": "1"}, "windows": [{"tz": "UTC", "hours": ["00:30-16:30"], "prices": {"input": "2"}}]}
    ]


def test_parts_and_fees_are_taken_over_and_what_no_meter_counts_is_named():
    prices = types.ModelPrice(
        input_mtok=Decimal(3), input_audio_mtok=Decimal(32), output_reasoning_mtok=Decimal(2),
        web_searches_kcount=Decimal(10), audio_hours=Decimal("0.36"), input_audio_hours=Decimal("0.36"),
        output_citation_mtok=Decimal(2),
    )  # fmt: skip
    info = types.ModelInfo(id="m", match=types.ClauseEquals("m"), prices=prices)
    found = genai_prices.model(info)
    assert found["also_priced"] == ["output_citation_mtok"]
    assert found["rates"] == [
        {
            "prices": {"input": "3", "input_audio": "32", "reasoning": "2"},
            "fees": {"web_search": {"price": "10", "per": 1000}, "second_audio_in": {"price": "0.36", "per": 3600}},
        }
    ]
    alone = types.ModelInfo(id="m", match=types.ClauseEquals("m"), prices=types.ModelPrice(audio_hours=Decimal(3)))
    assert (genai_prices.model(alone)["also_priced"], genai_prices.model(alone)["rates"]) == (["audio_hours"], [])


def test_a_window_that_would_hide_a_price_is_refused():
    daily = types.TimeOfDateConstraint(time(0), time(1))
    entries = [
        types.ConditionalPrice(prices=mtok(input="1", output="2")),
        types.ConditionalPrice(daily, prices=mtok(input="2")),
    ]
    with pytest.raises(ValueError, match="output"):
        model_of(entries)


def test_variants_become_service_tiers_from_their_start():
    start = types.StartDateConstraint(date(2026, 10, 14))
    variants = [
        types.PriceVariant({"service_tier": "default"}, mtok()),
        types.PriceVariant({"processing": "batch"}, mtok(input="1"), start),
        types.PriceVariant({"processing": "batch"}, mtok(input="9", output="5"), start),
        types.PriceVariant({"speed": "fast"}, mtok(input="8")),
        types.PriceVariant({"route": "eu"}, mtok(input="7")),
    ]
    first, second = model_of(mtok(input="2", output="10"), variants)
    assert first["modes"] == {"fast": {"prices": {"input": "8"}}}
    assert second["modes"] == {"batch": {"prices": {"input": "1", "output": "5"}}, "fast": {"prices": {"input": "8"}}}


def test_thresholds_are_more_than():
    tiered = types.TieredPrices(Decimal(1), [types.Tier(199_999, Decimal(2))])
    (rate,) = model_of(types.ModelPrice(input_mtok=tiered, output_mtok=Decimal(5)))
    assert rate == {
        "prices": {"input": "1", "output": "5"},
        "tiers": [{"when": {"prompt_tokens": {"gt": 199_999}}, "prices": {"input": "2"}}],
    }


def test_a_model_whose_name_says_free_is_free_and_any_other_without_prices_is_not():
    assert model_of(types.ModelPrice(), name="x:free") == [{"prices": {"input": "0", "output": "0"}}]
    assert model_of(types.ModelPrice()) == []
