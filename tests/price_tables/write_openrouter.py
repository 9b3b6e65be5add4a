"""OpenRouter's list of models: prices as text, and a model whose price a router decides."""

from __future__ import annotations

import json

from aggcost.money import plain
from price_tables.priced import LARGE_TOKENS, Priced

FILE, PROVIDER = "models.json", "openrouter"
METERS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
MODES = ()
OPERATOR = "ge"
FACTS = ("context", "max_output", "capabilities")
FIELDS = {
    "input": "prompt",
    "output": "completion",
    "cache_read": "input_cache_read",
    "cache_write": "input_cache_write",
    "cache_write_1h": "input_cache_write_1h",
}
BROKEN = ('{"data": [{"id": "a/one", "pricing": {"prompt": "-2"}}]}', "a/one.pricing.prompt")


def write(models: list[Priced]) -> str:
    auto = {"id": "auto", "pricing": {"prompt": "-1", "completion": "-1"}}
    return json.dumps({"data": [auto, *(_model(model) for model in models)]})


def _model(model: Priced) -> dict:
    pricing: dict = _prices(model.prices)
    if model.large:
        pricing["overrides"] = [{"min_prompt_tokens": LARGE_TOKENS, **_prices(model.large)}]
    names = {"tools": "tools", "json_schema": "structured_outputs"}
    return {
        "id": model.name,
        "canonical_slug": f"{model.name}-20260201",
        "context_length": model.context,
        "top_provider": {"max_completion_tokens": model.max_output},
        "architecture": {"input_modalities": ["text", *(["image"] if "vision" in model.capabilities else [])]},
        "supported_parameters": [name for word, name in names.items() if word in model.capabilities],
        "pricing": pricing | {"request": "0"},
    }


def _prices(prices: dict) -> dict:
    return {FIELDS[meter]: plain(price / 10**6) for meter, price in prices.items()}
