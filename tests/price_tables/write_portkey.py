"""A table of Portkey: US cents per token, zeros where nothing is known."""

from __future__ import annotations

import json
from decimal import Decimal

from price_tables.priced import LARGE_TOKENS, Priced

FILE, PROVIDER = "openai.json", "openai"
METERS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
MODES = ("batch", "flex", "priority")
OPERATOR = "gt"
FACTS = ()
FIELDS = {
    "input": "request_token",
    "output": "response_token",
    "cache_read": "cache_read_input_token",
    "cache_write": "cache_write_input_token",
}
BROKEN = (
    '{"one": {"pricing_config": {"pay_as_you_go": {"request_token": {"price": []}}}}}',
    "one.pricing_config.pay_as_you_go.request_token.price",
)


def write(models: list[Priced]) -> str:
    default = {"default": {"pricing_config": {"pay_as_you_go": _prices({"input": Decimal(0), "output": Decimal(0)})}}}
    return json.dumps(default | {model.name: _model(model) for model in models})


def _model(model: Priced) -> dict:
    found: dict = {"pricing_config": _config(model.prices)}
    sizes = {"lte-200k": model.prices} | ({"gt-200k": model.large} if model.large else {})
    standard = {"context_tiers": {name: {"pricing_config": _config(prices)} for name, prices in sizes.items()}}
    modes = {
        mode: {"context_tiers": {"lte-200k": {"pricing_config": _config(prices)}}}
        for mode, prices in model.modes.items()
    }
    return found | {
        "custom_pricing": {
            "context_tier_map": {"0": "lte-200k", str(LARGE_TOKENS): "gt-200k"},
            "regions": {"default": {"execution_modes": {"standard": standard, **modes}}},
        }
    }


def _config(prices: dict) -> dict:
    return {"pay_as_you_go": _prices(prices)}


def _prices(prices: dict) -> dict:
    cents = {meter: {"price": float(price / 10**6 * 100)} for meter, price in prices.items()}
    units = {"cache_write_1h": cents.pop("cache_write_1h")} if "cache_write_1h" in cents else {}
    unknown = {"cache_read_input_token": {"price": 0}}
    return unknown | {FIELDS[meter]: price for meter, price in cents.items()} | {"additional_units": units}
