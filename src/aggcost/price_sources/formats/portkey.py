"""Portkey's tables (`pricing/<provider>.json`): **US cents** per token, a file for each provider.

A price of 0 means that nothing is charged apart, or that nobody knows; the table does not tell these apart, so 0 is
left out. The `default` entry holds zeros for unknown models and is no price.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from aggcost.price_sources.draft import Amount, Conversion, Draft, PriceSet, Stated

NAME = "portkey"
TITLE = "Portkey, pricing/<provider>.json (US cents per token)"
RULE = "an object whose entries have pricing_config"

_CENTS = Decimal(100)
_TOKENS: Mapping[str, str] = {
    "request_token": "input",
    "response_token": "output",
    "cache_read_input_token": "cache_read",
    "cache_write_input_token": "cache_write",
    "request_audio_token": "input_audio",
    "response_audio_token": "output_audio",
    "cache_read_audio_input_token": "cache_read_audio",
    "request_image_token": "input_image",
    "response_image_token": "output_image",
    "cache_read_image_input_token": "cache_read_image",
}
_SAME = frozenset({  # text of models that take images or sound too, at the price above
    "request_text_token", "response_text_token", "cached_text_input_token", "cache_read_text_input_token",
    "cached_image_input_token",
})  # fmt: skip
_UNITS: Mapping[str, str] = {
    "cache_write_1h": "cache_write_1h",
    "thinking_token": "reasoning",
    "web_search": "web_search",
    "file_search": "file_search",
}
_DEFAULTS = frozenset({"default_duration_seconds", "default_sample_count", "routing_units"})
_DEFAULT = "default"
_FILES: Mapping[str, str] = {"azure-openai": "azure", "bedrock": "aws"}


def detect(document: Any) -> bool:
    """Return whether a document is a table of Portkey."""
    if not isinstance(document, dict):
        return False
    return any(isinstance(facts, dict) and "pricing_config" in facts for facts in document.values())


def convert(document: Any, to: Conversion) -> None:
    """Add every model; the name of the file is the provider's."""
    stem = PurePath(to.file).stem
    provider = _FILES.get(stem, stem)
    for name, facts in document.items():
        if name == _DEFAULT:
            to.note(name, "left out: its zeros stand for unknown prices")
            continue
        draft = _model(to.mapping(facts, name), to, name)
        to.add(provider, name, draft, name)


def _model(facts: Mapping[str, Any], to: Conversion, name: str) -> Draft:
    draft = Draft()
    if (config := facts.get("pricing_config")) is None:
        return draft
    where = f"{name}.pricing_config"
    config = to.mapping(config, where)
    draft.rate.standard.prices.update(_stated(config.get("pay_as_you_go") or {}, draft, to, f"{where}.pay_as_you_go"))
    if batch := _stated(config.get("batch_config") or {}, draft, to, f"{where}.batch_config"):
        draft.rate.mode("batch").prices.update(batch)
    _put_custom(draft, facts.get("custom_pricing"), to, f"{name}.custom_pricing")
    return draft


def _stated(priced: Mapping[str, Any], draft: Draft, to: Conversion, where: str) -> Stated:
    """Return the prices that are not 0, in USD."""
    found: Stated = {}
    for key, cents, meters in _entries(priced, to, where):
        meter = meters.get(key)
        if meter is None:
            draft.others.update({key} - _SAME - _DEFAULTS)
        elif cents:
            found[meter] = Amount(cents / _CENTS, 1)
    return found


def _entries(priced: Mapping[str, Any], to: Conversion, where: str) -> Iterator[tuple[str, Decimal, Mapping[str, str]]]:
    """Yield every price in cents, and by which meters it is to be read."""
    for key, entry in priced.items():
        if key == "additional_units":
            for unit, own in to.mapping(entry, f"{where}.{key}").items():
                yield unit, _cents(own, to, f"{where}.{key}.{unit}"), _UNITS
        elif key != "image":
            yield key, _cents(entry, to, f"{where}.{key}"), _TOKENS
        else:
            yield key, Decimal(1), {}


def _cents(entry: Any, to: Conversion, where: str) -> Decimal:
    return to.usd(to.mapping(entry, where).get("price", 0), f"{where}.price")


def _put_custom(draft: Draft, custom: Any, to: Conversion, where: str) -> None:
    """Put prices by size of the prompt and service tier, as they are outside of every named region."""
    if not custom:
        return
    sizes = {name: int(size) for size, name in (custom.get("context_tier_map") or {}).items()}
    regions = to.mapping(custom.get("regions"), f"{where}.regions")
    draft.others.update(f"region {name}" for name in regions if name != _DEFAULT)
    place = f"{where}.regions.{_DEFAULT}.execution_modes"
    for mode, facts in ((regions.get(_DEFAULT) or {}).get("execution_modes") or {}).items():
        prices = draft.rate.standard if mode == "standard" else draft.rate.mode(mode)
        _put_sizes(prices, facts.get("context_tiers") or {}, sizes, draft, to, f"{place}.{mode}")


def _put_sizes(
    prices: PriceSet, by_size: Mapping[str, Any], sizes: Mapping[str, int], draft: Draft, to: Conversion, where: str
) -> None:
    for name, facts in by_size.items():
        place = f"{where}.{name}"
        stated = _stated(((facts.get("pricing_config") or {}).get("pay_as_you_go")) or {}, draft, to, place)
        size = sizes.get(name, 0)
        into = prices.tier("gt", size) if size else prices.prices
        into.update({meter: amount for meter, amount in stated.items() if meter not in into})
