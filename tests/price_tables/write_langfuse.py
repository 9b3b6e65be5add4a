"""Langfuse's table: a price for every name of a count, tiers with conditions."""

from __future__ import annotations

import json

from price_tables.priced import LARGE_TOKENS, Priced, per_token

FILE, PROVIDER = "default-model-prices.json", "openai"
METERS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
MODES = ("flex", "priority")
OPERATOR = "gt"
FACTS = ()
FIELDS = {
    "input": ("input", "input_tokens"),
    "output": ("output", "output_tokens"),
    "cache_read": ("input_cached_tokens", "input_cache_read", "cache_read_input_tokens"),
    "cache_write": ("input_cache_creation", "cache_creation_input_tokens"),
    "cache_write_1h": ("input_cache_creation_1h",),
}
BROKEN = (
    '[{"modelName": "one", "matchPattern": "(?i)^(openai/)?(one", "pricingTiers": []}]',
    "one.matchPattern",
)


def write(models: list[Priced]) -> str:
    return json.dumps([_model(model) for model in models])


def _model(model: Priced) -> dict:
    tiers = [_tier([], model.prices)]
    size = {"usageDetailPattern": "(input)", "operator": "gt", "value": LARGE_TOKENS, "caseSensitive": False}
    if model.large:
        tiers.append(_tier([size], model.large))
    for mode, prices in model.modes.items():
        asked = {"source": "model_parameters", "key": "service_tier", "operator": "in", "values": [mode]}
        tiers.append(_tier([asked], prices))
    pattern = f"(?i)^(openai\\/)?({model.name})$"
    return {"modelName": model.name, "matchPattern": pattern, "tokenizerId": "openai", "pricingTiers": tiers}


def _tier(conditions: list[dict], prices: dict) -> dict:
    named = {name: per_token(price) for meter, price in prices.items() for name in FIELDS[meter]}
    return {"name": "Tier", "conditions": conditions, "prices": named}
