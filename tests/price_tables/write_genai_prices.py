"""The data of genai-prices: providers with match clauses, prices with tiers, and variants."""

from __future__ import annotations

import json

from price_tables.priced import LARGE_TOKENS, Priced

FILE, PROVIDER = "data.json", "acme"
METERS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
MODES = ("batch", "flex", "priority")
OPERATOR = "gt"
FACTS = ("context",)
BROKEN = (
    '[{"id": "acme", "api_pattern": "x", "models": [{"id": "one", "prices": {"input_mtok": true}}]}]',
    "acme.models.one.prices.input_mtok",
)


def write(models: list[Priced]) -> str:
    return json.dumps([{"id": "acme", "api_pattern": "https://acme", "models": [_model(model) for model in models]}])


def _model(model: Priced) -> dict:
    selector = {"batch": "processing"}
    variants = [
        {
            "when": {selector.get(mode, "service_tier"): mode},
            "prices": {_key(meter): float(price) for meter, price in prices.items()},
        }
        for mode, prices in model.modes.items()
    ]
    return {
        "id": model.name,
        "match": {"or": [{"equals": model.name}, {"starts_with": f"{model.name}-20"}]},
        "context_window": model.context,
        "prices": {_key(meter): _price(model, meter) for meter in model.prices},
        "price_variants": variants,
    }


def _key(meter: str) -> str:
    return f"{meter}_mtok"


def _price(model: Priced, meter: str) -> float | dict:
    base = float(model.prices[meter])
    if meter not in model.large:
        return base
    return {"base": base, "tiers": [{"start": LARGE_TOKENS, "price": float(model.large[meter])}]}
