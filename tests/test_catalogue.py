import json
from fractions import Fraction

import pytest
from pricing import line

from aggcost.errors import ConfigError
from aggcost.price_sources import catalogue, load_rates, price_format
from aggcost.ratecard import RateCard, RateLine, Unpriced


@pytest.fixture(scope="module")
def card():
    return load_rates()


def test_the_source_is_named_with_its_licence(card):
    (source,) = card.sources
    assert (source.name, source.version, source.licence) == ("genai-prices", "0.2.3", "MIT")
    (path,) = catalogue.DATA.glob(catalogue.PATTERN)
    head = json.loads(path.read_text(encoding="utf-8"))["source"]
    assert "The MIT License" in head["licence_text"]
    assert "Permission is hereby granted" in head["licence_text"]


def test_every_model_reads_and_has_sane_rates(card):
    """Reading is lazy, so only this shows that the whole file is right."""
    models = card.models()
    assert len(models) > 2000
    for rates in models:
        for one in rates.periods:
            assert one.tariffs, rates.model
        assert rates.grid_s in {3600, 900}


def test_a_model_listed_without_a_price_is_unpriced(card):
    rates = card.resolve("cerebras", "qwen-3-coder-480b").rates
    assert line(rates) == Unpriced("unpriced_model", "cerebras/qwen-3-coder-480b has no token price")


def test_a_price_of_audio_alone_is_no_price_of_tokens(card):
    found = line(card.resolve("openai", "whisper-1").rates)
    assert isinstance(found, RateLine)
    assert not any(found.prices)
    assert found.extra["second_audio_in"] * 3_600_000 == Fraction("0.36")


def test_a_price_that_no_meter_here_counts_is_named(card):
    rates = card.resolve("openai", "gpt-live-1").rates
    assert isinstance(line(rates), Unpriced)
    assert rates.not_rated == ("audio_hours",)


def test_a_search_model_has_a_price_for_each_request(card):
    found = line(card.resolve("perplexity", "sonar").rates)
    assert isinstance(found, RateLine)
    assert found.prices[-1] * 1000 == 12


def test_only_the_models_asked_for_are_read(monkeypatch):
    read = []

    def read_model(provider, model, *rest):
        read.append(model)
        return price_format.read_model(provider, model, *rest)

    monkeypatch.setattr(catalogue, "read_model", read_model)
    card = RateCard([catalogue.load()])
    assert read == []
    card.resolve("openai", "gpt-4o")
    card.resolve("openai", "gpt-4o-2024-08-06")
    assert read == ["gpt-4o"]


def test_a_missing_catalogue_is_one_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "DATA", tmp_path)
    with pytest.raises(ConfigError, match="expected one catalogue of prices"):
        catalogue.load()
