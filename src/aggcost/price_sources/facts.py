"""Facts of models that the catalogue does not state: limits, abilities and the day a model retires.

Shipped as a compact JSON file, made by `build_facts` from the table of LiteLLM; only models of the catalogue are in
it, under the catalogue's names. It states no price.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from aggcost.errors import ConfigError
from aggcost.model_rates import ModelRates, SourceInfo
from aggcost.price_book import Book, Listing, ProviderBook

NAME = "facts"
DATA = Path(__file__).resolve().parent.parent / "data"
PATTERN = "facts-*.json"


def load() -> Book:
    """Return the shipped facts as a book without prices."""
    found = sorted(DATA.glob(PATTERN))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise ConfigError(f"expected one file of facts in {DATA}, found {names}", hint="install aggcost again")
    tree = json.loads(found[0].read_bytes())
    head, providers = tree["source"], tree["providers"]
    source = SourceInfo(
        head["name"],
        head["version"],
        head["digest"],
        head["licence"],
        date.fromisoformat(head["released"]),
        head["url"],
    )
    opened = cache(lambda name: ProviderBook(name, tuple(_listings(name, providers[name], source))))
    return Book(source, tuple(providers), opened, facts_only=True)


def _listings(provider: str, models: dict[str, list[Any]], source: SourceInfo) -> list[Listing]:
    return [_listing(provider, model, facts, source) for model, facts in models.items()]


def _listing(provider: str, model: str, facts: list[Any], source: SourceInfo) -> Listing:
    def load_model() -> ModelRates:
        context, output, words, retired = facts
        return ModelRates(
            provider,
            model,
            source,
            context_window=context,
            max_output=output,
            capabilities=None if words is None else tuple(words),
            retired=None if retired is None else date.fromisoformat(retired),
        )

    return Listing(model, None, load_model)
