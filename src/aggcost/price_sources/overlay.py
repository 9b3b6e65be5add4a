"""Our own corrections of the catalogue: a small file in the price format, and since when, or where, its prices hold.

Beside `providers` it has `amendments`. `service_tiers` say since when a tier has been offered at the price
that the catalogue states from the day on which it was first written down; `regions` say which models
cost more in which region.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from aggcost.matching import Clause
from aggcost.model_rates import ModelRates, SourceInfo
from aggcost.price_book import Book, Listing, ProviderBook
from aggcost.price_history import Amendment, RegionalPrices, TierStart
from aggcost.price_sources.price_format import read_alias, read_instant, read_model, read_regions, read_row_source
from aggcost.strict_yaml import Node, from_data

NAME = "overlay"
FILE = Path(__file__).resolve().parent.parent / "data" / "overlay.json"


def load(path: Path = FILE) -> Book:
    """Return the shipped overlay as a price book; `path` may be another file of its form."""
    content = path.read_bytes()
    tree = json.loads(content)
    head = tree["source"]
    source = SourceInfo(head["name"], head["version"], hashlib.sha256(content).hexdigest())
    providers = tree["providers"]
    open_provider = cache(lambda name: _provider(name, providers[name]["models"], source, path.name))
    amendments = tuple(_amendments(from_data(tree["amendments"], path.name), source))
    return Book(source, tuple(providers), open_provider, amendments=amendments, corrects=True)


def _provider(name: str, models: dict[str, Any], source: SourceInfo, file: str) -> ProviderBook:
    return ProviderBook(name, tuple(_listing(name, model, facts, source, file) for model, facts in models.items()))


def _listing(provider: str, model: str, facts: dict[str, Any], source: SourceInfo, file: str) -> Listing:
    @cache
    def load_model() -> ModelRates:
        return read_model(provider, model, from_data(facts, file), source)

    return Listing(model, None, load_model, read_alias(from_data(facts, file)) if "alias" in facts else ())


def _amendments(node: Node, source: SourceInfo) -> Iterator[Amendment]:
    kinds = node.fields(required=("service_tiers", "regions"))
    for row in kinds["service_tiers"].list():
        yield _tier_start(row, source)
    for row in kinds["regions"].list():
        yield _regional_prices(row, source)


def _tier_start(row: Node, source: SourceInfo) -> TierStart:
    fields = row.fields(required=("provider", "tier", "from", "recorded", "source"))
    return TierStart(
        provider=fields["provider"].text(),
        tier=fields["tier"].text(),
        from_s=read_instant(fields["from"]) or 0,
        recorded_s=frozenset(read_instant(day) or 0 for day in fields["recorded"].list()),
        source=read_row_source(fields["source"], source) or source,
    )


def _regional_prices(row: Node, source: SourceInfo) -> RegionalPrices:
    fields = row.fields(required=("provider", "models", "regions", "source"))
    models = tuple(Clause("equals", model.text()) for model in fields["models"].list())
    return RegionalPrices(
        provider=fields["provider"].text(),
        models=Clause("any", parts=models),
        regions=read_regions(fields["regions"]),
        source=read_row_source(fields["source"], source) or source,
    )
