"""The shipped catalogue: a compact JSON file in the price format, built from `genai-prices`.

A model is read when it is first asked for, so that opening the catalogue stays quick.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from aggcost.errors import ConfigError
from aggcost.model_rates import ModelRates, SourceInfo
from aggcost.price_book import Book, Listing, ProviderBook
from aggcost.price_sources.price_format import read_clause, read_model
from aggcost.strict_yaml import from_data

NAME = "catalogue"
DATA = Path(__file__).resolve().parent.parent / "data"
PATTERN = "rates-*.json"


def load() -> Book:
    """Return the shipped catalogue as a price book."""
    found = sorted(DATA.glob(PATTERN))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise ConfigError(f"expected one catalogue of prices in {DATA}, found {names}", hint="install aggcost again")
    return read(found[0])


def read(path: Path) -> Book:
    """Return a catalogue file as a price book: the shipped one, or one of `aggcost prices refresh`."""
    content = path.read_bytes()
    tree = json.loads(content)
    source = _source(tree["source"], hashlib.sha256(content).hexdigest())
    providers = tree["providers"]
    makes = {
        name: read_clause(from_data(facts["makes"], path.name)) for name, facts in providers.items() if "makes" in facts
    }
    open_provider = cache(lambda name: _provider(name, providers[name], source, path.name))
    return Book(source, tuple(providers), open_provider, makes=makes)


def _source(head: dict[str, Any], digest: str) -> SourceInfo:
    return SourceInfo(head["name"], head["version"], digest, head["licence"], url=head["url"])


def _provider(name: str, tree: dict[str, Any], source: SourceInfo, file: str) -> ProviderBook:
    listings = tuple(_listing(name, model, facts, source, file) for model, facts in tree["models"].items())
    return ProviderBook(name, listings, tuple(tree.get("fallbacks", ())))


def _listing(provider: str, model: str, facts: dict[str, Any], source: SourceInfo, file: str) -> Listing:
    @cache
    def load_model() -> ModelRates:
        return read_model(provider, model, from_data(facts, file), source)

    return Listing(model, read_clause(from_data(facts["match"], file)), load_model)
