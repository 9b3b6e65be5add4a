"""The shipped facts of models: made from the table they name, and known by the rate card with their source."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from aggcost.price_sources import build_facts, facts, load_rates
from aggcost.ratecard import RateCard

ROOT = Path(__file__).parent.parent
(SHIPPED,) = facts.DATA.glob(facts.PATTERN)


def source_table(version):
    """Return the table of the pinned package: inside its wheel, or as a copy among public data."""
    wheels = sorted((ROOT / "build" / "facts").glob(f"litellm-{version}-*.whl"))
    if wheels:
        return build_facts.head_of(wheels[0])
    data = os.environ.get("AGGCOST_REAL_DATA")
    copies = sorted(Path(data).glob(f"price-tables/litellm-{version}.*.json")) if data else []
    if not copies:
        pytest.skip("neither the wheel of `make rates` in build/facts, nor its table under AGGCOST_REAL_DATA")
    return None, copies[0].read_bytes()


def test_converting_again_gives_the_shipped_file_byte_for_byte():
    shipped = json.loads(SHIPPED.read_bytes())["source"]
    head, table = source_table(shipped["version"])
    kept = {key: value for key, value in shipped.items() if key != "digest"}
    assert head in (None, kept)
    assert SHIPPED.read_bytes() == build_facts.facts_text(kept, table).encode()
    assert hashlib.sha256(table).hexdigest() == shipped["digest"]


def test_the_licence_is_inside():
    source = json.loads(SHIPPED.read_bytes())["source"]
    assert source["licence"] == "MIT"
    assert "Permission is hereby granted" in source["licence_text"]


def test_each_fact_names_its_source():
    card = load_rates()
    rates = card.resolve("openai", "gpt-4o").rates
    assert rates is not None
    assert (rates.max_output, rates.capabilities) == (16384, ("tools", "json_schema", "vision"))
    assert {name: source.name for name, source in card.fact_sources(rates).items()} == {
        "context_window": "genai-prices",
        "max_output": "LiteLLM",
        "capabilities": "LiteLLM",
    }


def test_facts_bring_no_model_and_no_price():
    with_facts = load_rates()
    without = RateCard([book for book in with_facts.books if not book.facts_only])
    assert [(one.provider, one.model, one.periods) for one in with_facts.models()] == [
        (one.provider, one.model, one.periods) for one in without.models()
    ]
    assert with_facts.digest == without.digest


def test_a_fact_of_your_own_comes_first(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(
        "aggcost_prices: 1\nproviders: {openai: {models: {gpt-4o: {limits: {max_output: 99}}}}}\n", encoding="utf-8"
    )
    card = load_rates([path])
    rates = card.resolve("openai", "gpt-4o").rates
    assert rates is not None
    assert (rates.max_output, str(card.fact_sources(rates)["max_output"])) == (99, "own.yaml")


def test_an_unknown_fact_stays_unknown():
    rates = load_rates().resolve("x-ai", "grok-4-fast").rates
    assert rates is not None
    assert (rates.max_output, rates.capabilities, rates.retired) == (None, None, None)
