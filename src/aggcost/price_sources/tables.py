"""The formats of price tables that this program reads, and how a file is known to be one of them."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from aggcost.errors import ConfigError, UsageError
from aggcost.model_rates import ModelRates, SourceInfo
from aggcost.price_book import Book, Listing, ProviderBook
from aggcost.price_sources import catalogue, formats, native_yaml, strict_json
from aggcost.price_sources.draft import Conversion, Note, Tree
from aggcost.price_sources.price_format import read_clause, read_model
from aggcost.strict_yaml import from_data

GROUP = "aggcost.price_sources"
_NATIVE_KEY = "aggcost_prices"
_JSON_STARTS = (b"{", b"[")


class Source(Protocol):
    """What a module must offer to be a format of price tables."""

    NAME: str
    TITLE: str
    RULE: str

    def detect(self, document: Any) -> bool:
        """Return whether a JSON document is of this format, by its keys."""

    def convert(self, document: Any, to: Conversion) -> None:
        """Add every model of the document; ConfigError names the place of what cannot be read."""


def _found() -> Mapping[str, Source]:
    """Return the built-in formats and those of other packages, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(formats.__path__))
    own = [importlib.import_module(f"{formats.__name__}.{name}") for name in names]
    known = {one.NAME for one in own}
    plugins = [point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)]
    return {one.NAME: one for one in (*own, *(plugin for plugin in plugins if plugin.NAME not in known))}


SOURCES: Mapping[str, Source] = _found()


@dataclass(frozen=True, slots=True)
class PriceTable:
    """A table in the price format: its models by provider, where it comes from, and what was changed on the way."""

    source: SourceInfo
    format: Source
    providers: Mapping[str, Tree]
    notes: tuple[Note, ...]


def read(path: Path) -> Book:
    """Return the prices of a file of any known format; ConfigError says what is wrong, and where."""
    document = _document(path)
    if document is None:
        return native_yaml.read(path)
    if _is_catalogue(document):
        return catalogue.read(path)
    return book(convert(path, document))


def convert(path: Path, document: Any = None) -> PriceTable:
    """Return the table of a file that is not in our own format; UsageError for one that is."""
    document = _document(path) if document is None else document
    if document is None or _is_catalogue(document):
        raise UsageError(f"{path} is already in our own format", hint="use it as it is: --prices FILE")
    source = _source_of(path, document)
    to = Conversion(path.name)
    source.convert(document, to)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    about = SourceInfo(f"{path.name} ({source.NAME})", None, digest)
    return PriceTable(about, source, to.providers, tuple(to.notes))


def book(table: PriceTable) -> Book:
    """Return a table as a price book; a model is read when it is first asked for."""
    opened = cache(lambda name: _provider(name, table.providers[name], table.source))
    return Book(table.source, tuple(table.providers), opened)


def _provider(name: str, tree: Tree, source: SourceInfo) -> ProviderBook:
    read_once: dict[str, ModelRates] = {}
    models = tree["models"].items()
    return ProviderBook(name, tuple(_listing(name, model, facts, source, read_once) for model, facts in models))


def _listing(provider: str, model: str, facts: Tree, source: SourceInfo, read_once: dict[str, ModelRates]) -> Listing:
    match = facts.get("match")

    def load_model() -> ModelRates:
        if model not in read_once:
            node = from_data(facts, f"{source.name}: {provider}/{model}")
            read_once[model] = read_model(provider, model, node, source)
        return read_once[model]

    return Listing(model, None if match is None else read_clause(from_data(match, source.name)), load_model)


def _document(path: Path) -> Any:
    """Return the document of a JSON file of another format, None where the file is in ours."""
    try:
        with path.open("rb") as file:
            start = file.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError as problem:
        raise ConfigError(f"cannot read {path}: {problem.strerror}") from None
    if not start.startswith(_JSON_STARTS) or path.suffix in (".yaml", ".yml"):
        return None
    document = strict_json.load(path)
    return None if isinstance(document, dict) and _NATIVE_KEY in document and not _is_catalogue(document) else document


def _is_catalogue(document: Any) -> bool:
    """Return whether a document is what `aggcost prices refresh` writes: our format, with the licence of its source."""
    return isinstance(document, dict) and "licence_text" in (document.get("source") or {})


def _source_of(path: Path, document: Any) -> Source:
    found = [source for source in SOURCES.values() if source.detect(document)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"{path} may be {' or '.join(source.TITLE for source in found)}")
    keys = ", ".join(repr(key) for key in list(document)[:3]) if isinstance(document, dict) else "a list"
    known = "; ".join(f"{source.NAME}: {source.RULE}" for source in SOURCES.values())
    raise ConfigError(f"{path} is no price table that this program knows (found {keys})", hint=f"known: {known}")
