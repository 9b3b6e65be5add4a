"""A price table as a file in our own format: what `aggcost prices import` writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aggcost.errors import UsageError, did_you_mean
from aggcost.names import canonical_provider
from aggcost.price_sources.draft import Tree
from aggcost.price_sources.tables import PriceTable, convert

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[./-][A-Za-z0-9_]+)*", re.ASCII)
_NULLS = frozenset({"null", "Null", "NULL"})
_INDENT = "  "


def imported(path: Path, providers: Sequence[str] = ()) -> tuple[str, int]:
    """Return a file of another format as YAML, and its number of notes; UsageError for a provider it does not know."""
    table = convert(path)
    names = [canonical_provider(name) for name in providers]
    for name in names:
        if name not in table.providers:
            hint = did_you_mean(name, table.providers) or f"it has {', '.join(sorted(table.providers)[:20])}"
            raise UsageError(f"{path} has no provider {name!r}", hint=hint)
    return yaml_text(table, names), len(table.notes)


def yaml_text(table: PriceTable, providers: Sequence[str] = ()) -> str:
    """Return the models of some providers (of all where none is named) as YAML, the notes as comments."""
    kept = {name: tree for name, tree in table.providers.items() if not providers or name in providers}
    return "".join(f"{line}\n" for line in _lines(table, kept))


def _lines(table: PriceTable, providers: Mapping[str, Tree]) -> Iterator[str]:
    yield f"# Converted by `aggcost prices import` from {_comment(table.format.TITLE)}."
    yield f"# SHA-256 of the file: {table.source.digest}"
    if table.notes:
        yield f"# Rounded or left out ({len(table.notes)}):"
    for note in table.notes:
        yield f"#   {_comment(note.where)}: {_comment(note.message)}"
    yield "aggcost_prices: 1"
    yield "currency: USD"
    yield f"source: {_flow({'name': table.source.name})}"
    yield "providers:" if providers else "providers: {}"
    for provider, tree in providers.items():
        yield f"{_INDENT}{_scalar(provider)}:"
        yield f"{_INDENT * 2}models:"
        for model, facts in tree["models"].items():
            yield from _model(model, facts)


def _model(model: str, facts: Tree) -> Iterator[str]:
    """Yield a model, a line for every fact and for every part of a rate."""
    yield f"{_INDENT * 3}{_scalar(model)}:" + ("" if facts else " {}")
    for key, value in facts.items():
        if key != "rates":
            yield f"{_INDENT * 4}{key}: {_flow(value)}"
            continue
        yield f"{_INDENT * 4}rates:" + ("" if value else " []")
        for rate in value:
            for place, (name, part) in enumerate(rate.items()):
                yield f"{_INDENT * 5}{'  ' if place else '- '}{name}: {_flow(part)}"


def _flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(str(key))}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(part) for part in value) + "]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return str(value) if isinstance(value, int) else _scalar(value)


def _scalar(text: str) -> str:
    """Return text as it stands where that reads back as the same text, else in quotes."""
    return text if _PLAIN.fullmatch(text) and text not in _NULLS else json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
