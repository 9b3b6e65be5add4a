"""The table of models.dev: providers, models, costs per million and abilities."""

from __future__ import annotations

import json

from price_tables.priced import LARGE_TOKENS, Priced

FILE, PROVIDER = "api.json", "acme"
METERS = ("input", "output", "cache_read", "cache_write")
MODES = ("priority",)
OPERATOR = "gt"
FACTS = ("context", "max_output", "capabilities")
BROKEN = (
    '{"acme": {"models": {"one": {"limit": {}, "modalities": {}, "cost": {"input": -1}}}}}',
    "acme.models.one.cost.input",
)


def write(models: list[Priced]) -> str:
    return json.dumps(
        {"acme": {"id": "acme", "name": "Acme", "models": {model.name: _model(model) for model in models}}}
    )


def _model(model: Priced) -> dict:
    cost: dict = _prices(model.prices)
    if model.large:
        cost["tiers"] = [{"tier": {"type": "context", "size": LARGE_TOKENS}, **_prices(model.large)}]
    modes = {
        f"fast {mode}": {"cost": _prices(prices), "provider": {"body": {"service_tier": mode}}}
        for mode, prices in model.modes.items()
    }
    return {
        "id": model.name,
        "limit": {"context": model.context, "output": model.max_output},
        "modalities": {"input": ["text", *(["image"] if "vision" in model.capabilities else [])], "output": ["text"]},
        "tool_call": "tools" in model.capabilities,
        "structured_output": "json_schema" in model.capabilities,
        "cost": cost,
        "experimental": {"modes": modes},
    }


def _prices(prices: dict) -> dict:
    return {meter: float(price) for meter, price in prices.items()}
