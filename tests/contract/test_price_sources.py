"""What every format of price tables must do, over the registry; `tests/price_tables` has a writer for each."""

import importlib
import json

import numpy as np
import pytest
from price_tables.priced import LARGE_TOKENS, priced_models
from pricing import line, per_million

from aggcost.errors import ConfigError
from aggcost.price_sources import tables
from aggcost.ratecard import RateCard, RateLine, Unpriced

FREE_IS_UNKNOWN = {"portkey"}  # its zeros may be either, see the module


def twin(name):
    return importlib.import_module(f"price_tables.write_{name.replace('.', '_').replace('-', '_')}")


@pytest.fixture(params=sorted(tables.SOURCES))
def name(request):
    return request.param


@pytest.fixture
def writer(name):
    return twin(name)


@pytest.fixture
def models(writer):
    return priced_models(writer.METERS, writer.MODES)


@pytest.fixture
def path(writer, models, tmp_path):
    path = tmp_path / writer.FILE
    path.write_text(writer.write(models), encoding="utf-8")
    return path


@pytest.fixture
def card(path):
    return RateCard([tables.read(path)])


def rates_of(card, writer, model):
    rates = card.resolve(writer.PROVIDER, model.name).rates
    assert rates is not None, model
    return rates


def test_it_says_what_it_is(name):
    source = tables.SOURCES[name]
    assert name == source.NAME
    assert source.TITLE
    assert source.RULE


def test_it_knows_its_own_files_only(name, path):
    document = json.loads(path.read_text(encoding="utf-8"))
    assert [one.NAME for one in tables.SOURCES.values() if one.detect(document)] == [name]


@pytest.mark.parametrize("other", [None, [], {}, 3, "text", [1], {"a": 1}, {"a": {"b": 1}}, [{"a": 1}]])
def test_it_takes_no_other_document(name, other):
    assert not tables.SOURCES[name].detect(other)


def test_every_price_is_exact(card, writer, models):
    for model in models:
        found = line(rates_of(card, writer, model), prompt=1000)
        if not model.prices["input"] and writer.__name__.rpartition("_")[2] in FREE_IS_UNKNOWN:
            continue
        assert {meter: per_million(found, meter) for meter in model.prices if meter != "cache_write"} == {
            meter: price for meter, price in model.prices.items() if meter != "cache_write"
        }
        if "cache_write" in model.prices:
            assert per_million(found, "cache_write_other") == model.prices["cache_write"]


def test_larger_prompts_cost_what_is_stated_from_the_stated_size_on(card, writer, models):
    last_small = LARGE_TOKENS - (writer.OPERATOR == "ge")
    large = [model for model in models if model.large]
    assert large
    for model in large:
        rates = rates_of(card, writer, model)
        assert rates.cuts == (last_small + 1,)
        assert per_million(line(rates, prompt=last_small), "output") == model.prices["output"]
        assert per_million(line(rates, prompt=last_small + 1), "output") == model.large["output"]


def test_other_service_tiers_have_their_own_prices(card, writer, models):
    for model in models:
        rates = rates_of(card, writer, model)
        assert set(rates.service_tiers) - {"standard"} == set(model.modes)
        for mode, prices in model.modes.items():
            assert per_million(line(rates, tier=mode), "input") == prices["input"]


def test_zero_is_free_where_the_table_means_it(name, card, writer, models):
    found = line(rates_of(card, writer, models[0]))
    if name in FREE_IS_UNKNOWN:
        assert isinstance(found, Unpriced)
    else:
        assert isinstance(found, RateLine)
        assert found.free


def test_the_facts_of_a_model(card, writer, models):
    for model in models:
        rates = rates_of(card, writer, model)
        if "context" in writer.FACTS:
            assert rates.context_window == model.context
        if "max_output" in writer.FACTS:
            assert rates.max_output == model.max_output
        if "capabilities" in writer.FACTS:
            assert set(rates.capabilities or ()) == set(model.capabilities)


def test_it_says_where_its_prices_come_from(name, path, card, writer, models):
    (source,) = card.sources
    assert path.name in source.name
    assert name in source.name
    assert len(source.digest or "") == 64
    assert rates_of(card, writer, models[0]).source == source


def test_the_digest_follows_the_file(path):
    before = tables.read(path).source.digest
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert tables.read(path).source.digest != before


def test_what_cannot_be_read_is_named_with_its_place(writer, tmp_path):
    text, place = writer.BROKEN
    path = tmp_path / writer.FILE
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        tables.read(path)
    assert f"{path.name}: {place}: " in caught.value.message


def test_names_are_canonical_and_openable(card):
    (book,) = card.books
    for provider in book.provider_names:
        assert provider == provider.lower()
        opened = book.provider(provider)
        assert opened is not None
        assert all(listing.load().provider == provider for listing in opened.listings)
    assert book.provider("nobody") is None


def test_every_line_is_a_price_or_a_reason(card):
    for rates in card.models():
        for tier in (None, *rates.service_tiers, "bogus"):
            lines, index = rates.lines(tier, None, np.array([-1, 0, 2**31]), np.array([0, 1, 10**6]))
            assert len(index) == 3
            assert all(isinstance(one, RateLine | Unpriced) for one in lines)
            assert set(index.tolist()) == set(range(len(lines)))
