"""Two price tables of 4,000 models each, one in LiteLLM's form and one in models.dev's, a tenth of them at odds."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

MODELS = 4_000
PROVIDERS = ("openai", "anthropic", "google", "mistral", "deepseek", "xai", "groq", "cohere")
_MILLION = 1_000_000


def write(folder: Path) -> tuple[Path, Path]:
    """Write both tables, seeded, and return their paths."""
    draw = random.Random(2026)
    litellm: dict[str, Any] = {}
    models_dev: dict[str, Any] = {name: {"id": name, "models": {}} for name in PROVIDERS}
    for number in range(MODELS):
        provider, model = PROVIDERS[number % len(PROVIDERS)], f"model-{number}"
        cents = {meter: draw.randint(1, 5_000) for meter in ("input", "output", "cache_read")}
        litellm[f"{provider}/{model}"] = {
            "litellm_provider": provider,
            "mode": "chat",
            "input_cost_per_token": cents["input"] / 100 / _MILLION,
            "output_cost_per_token": cents["output"] / 100 / _MILLION,
            "cache_read_input_token_cost": cents["cache_read"] / 100 / _MILLION,
        }
        odd = {meter: price * (2 if draw.random() < 0.1 else 1) / 100 for meter, price in cents.items()}  # noqa: PLR2004
        models_dev[provider]["models"][model] = {
            "id": model,
            "cost": odd,
            "limit": {"context": 128_000, "output": 16_384},
            "modalities": {"input": ["text"], "output": ["text"]},
        }
    paths = folder / "litellm.json", folder / "models-dev.json"
    for path, table in zip(paths, (litellm, models_dev), strict=True):
        path.write_text(json.dumps(table))
    return paths
