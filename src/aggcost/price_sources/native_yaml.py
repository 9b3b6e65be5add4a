"""A user's own price file: the price format of docs/prices.md as YAML."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

from aggcost.matching import Clause
from aggcost.model_rates import ModelRates, SourceInfo
from aggcost.names import canonical_provider
from aggcost.price_book import Book, Listing, ProviderBook
from aggcost.price_sources.contract_format import CONTRACT_KEYS, read_contract
from aggcost.price_sources.price_format import read_alias, read_clause, read_day, read_model
from aggcost.strict_yaml import TABLE, Node, load

NAME = "yaml"


def read(path: Path) -> Book:
    """Return the prices of one file, wholly read and checked; ConfigError says what is wrong, and where."""
    root = load(path, TABLE)
    fields = root.fields(required=("aggcost_prices",), optional=("currency", "source", "providers", *CONTRACT_KEYS))
    if not any(key in fields for key in ("providers", *CONTRACT_KEYS)):
        raise root.error("the key 'providers' is missing")
    _check_head(fields)
    source = _source(fields.get("source"), path)
    providers = _by_name(fields["providers"], canonical_provider) if "providers" in fields else {}
    books = {name: _provider(name, node, source) for name, node in providers.items()}
    return Book(source, tuple(books), books.__getitem__, _deployments(providers), contract=read_contract(fields))


def _check_head(fields: Mapping[str, Node]) -> None:
    version, currency = fields["aggcost_prices"], fields.get("currency")
    if version.text() != "1":
        raise version.error(f"this program reads version 1 of the price format, not {version.text()!r}")
    if currency is not None and currency.text() != "USD":
        raise currency.error(f"not supported yet: prices in {currency.text()}", hint="state them in USD")


def _source(node: Node | None, path: Path) -> SourceInfo:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    fields = node.fields(optional=("name", "url", "checked")) if node is not None else {}
    name = fields["name"].text() if "name" in fields else path.name
    url = fields["url"].text() if "url" in fields and not fields["url"].is_null else None
    checked: date | None = read_day(fields.get("checked"))
    return SourceInfo(name, None, digest, None, checked, url)


def _provider(provider: str, node: Node, source: SourceInfo) -> ProviderBook:
    return ProviderBook(
        provider, tuple(_listing(provider, name, model, source) for name, model in _models(node).items())
    )


def _listing(provider: str, name: str, node: Node, source: SourceInfo) -> Listing:
    rates = read_model(provider, name, node, source)

    def load_model() -> ModelRates:
        return rates

    return Listing(name, _clause(node), load_model, read_alias(node))


def _clause(node: Node) -> Clause | None:
    match = node.given("match")
    return None if match is None else read_clause(match)


def _deployments(providers: Mapping[str, Node]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return (seller, name in lower case) -> (provider, model) of every `deployments` of the file."""
    meant: dict[tuple[str, str], tuple[str, str]] = {}
    for provider, node in providers.items():
        for model, facts in _models(node).items():
            for seller, name in _served_as(facts):
                key = (canonical_provider(seller), name.text().strip().lower())
                if key in meant:
                    raise name.error(f"{'/'.join(key)} is already a deployment of {'/'.join(meant[key])}")
                meant[key] = (provider, model)
    return meant


def _served_as(facts: Node) -> Iterator[tuple[str, Node]]:
    by_seller = facts.given("deployments")
    for seller, names in by_seller.mapping().items() if by_seller else ():
        for name in names.list():
            yield seller, name


def _models(node: Node) -> Mapping[str, Node]:
    models = node.fields(required=("models",))["models"]
    _by_name(models, str.lower)
    return models.mapping()


def _by_name(node: Node, canonical: Callable[[str], str]) -> dict[str, Node]:
    """Return the nodes of a mapping by canonical name; ConfigError where two keys mean the same."""
    spelled: dict[str, str] = {}
    for key, value in node.mapping().items():
        if (name := canonical(key)) in spelled:
            raise value.error(f"{key} is already there as {spelled[name]!r}")
        spelled[name] = key
    return {name: node.mapping()[key] for name, key in spelled.items()}
