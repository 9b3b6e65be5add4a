"""A LiteLLM table: a field for every meter, size and service tier."""

from __future__ import annotations

import json

from price_tables.priced import Priced, per_token

FILE, PROVIDER = "model_prices_and_context_window.json", "openai"
METERS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
MODES = ("batch", "flex", "priority")
OPERATOR = "gt"
FACTS = ("context", "max_output", "capabilities")
FIELDS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
}
FLAGS = {"tools": "supports_function_calling", "json_schema": "supports_response_schema", "vision": "supports_vision"}
BROKEN = (
    '{"acme/one": {"litellm_provider": "acme", "input_cost_per_token": "cheap"}}',
    "acme/one.input_cost_per_token",
)


def write(models: list[Priced]) -> str:
    spec = {"sample_spec": {"litellm_provider": "one of https://docs.litellm.ai/docs/providers", "mode": "chat"}}
    return json.dumps(spec | {model.name: _entry(model) for model in models}, indent=4)


def _entry(model: Priced) -> dict:
    tiers = {"batch": "_batches", "flex": "_flex", "priority": "_priority"}
    entry: dict = {"litellm_provider": "openai", "mode": "chat"}
    entry |= {FIELDS[meter]: per_token(price) for meter, price in model.prices.items()}
    entry |= {f"{FIELDS[meter]}_above_200k_tokens": per_token(price) for meter, price in model.large.items()}
    for mode, prices in model.modes.items():
        entry |= {FIELDS[meter] + tiers[mode]: per_token(price) for meter, price in prices.items()}
    flags = {flag: word in model.capabilities for word, flag in FLAGS.items()}
    return entry | flags | {"max_input_tokens": model.context, "max_output_tokens": model.max_output}
