"""How the names of a log were read, as text: what `aggcost prices resolve` prints."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from aggcost.names import canonical_provider
from aggcost.output.blocks import Cell, Column, Table, cells, name_column
from aggcost.output.clean import clean, visible
from aggcost.output.grid import lines_of
from aggcost.report_names import ReadName

_OWN_PROVIDER = "own"  # where the log names none: any name will do, since no other provider has the model
_BLANK = "FILL IN"  # no number: a file that still says so is refused, with its line
_WIDEST = 40
_AS_LOGGED = "as logged"
_INDENT = "    "


def names_table(names: Sequence[ReadName], width: int = 80) -> str:
    """Return the names with how each was read below it and, for those without a price, a price file to fill in."""
    table = Table(
        (name_column("logged"), Column("requests"), Column("tokens"), Column("read as", "left", shrinks=True),
         Column("price source", "left", shrinks=True)),
        tuple(map(_cells, names)),
    )  # fmt: skip
    heading, *rows = [line.plain.rstrip() for line in lines_of(table, width)]
    lines = [heading]
    for name, row in zip(names, rows, strict=True):
        lines += [row, *_how(name, width)]
    stanza = price_stanza(names)
    after = ["", *_notes(names)]
    return "\n".join([*lines, *(after if len(after) > 1 else []), *(["", *_to_fill_in(stanza)] if stanza else []), ""])


def _how(name: ReadName, width: int) -> Iterator[str]:
    """Yield by which rule a name was read, where it was not simply found."""
    if name.how != _AS_LOGGED:
        yield from textwrap.wrap(clean(name.how, 200), width, initial_indent=_INDENT, subsequent_indent=_INDENT)


def _to_fill_in(stanza: str) -> Iterator[str]:
    yield "a price file to fill in:"
    yield ""
    yield stanza.rstrip()


def names_json(names: Sequence[ReadName]) -> str:
    """Return the names as JSON, with the price file to fill in as text (null where every model has a price)."""
    tree = {
        "schema_version": "1",
        "command": "prices resolve",
        "names": [_tree(name) for name in names],
        "stanza": price_stanza(names) or None,
    }
    return json.dumps(tree, indent=2) + "\n"


def price_stanza(names: Sequence[ReadName]) -> str:
    """Return a price file with the models that have no price, to be filled in; "" where every model has one."""
    wanted: dict[str, dict[str, ReadName]] = {}
    for name in names:
        if name.needs_price:
            provider = canonical_provider(name.provider) if name.provider else _OWN_PROVIDER
            wanted.setdefault(provider, {}).setdefault((name.model or "").lower(), name)
    if not wanted:
        return ""
    lines = ["aggcost_prices: 1", "providers:"]
    for provider, models in sorted(wanted.items()):
        lines += [f"  {_quoted(provider)}:", "    models:"]
        for name in models.values():
            lines += _stanza_of(name)
    return "\n".join([*lines, ""])


def _stanza_of(name: ReadName) -> Iterator[str]:
    if name.suggestions:
        yield "      # another name of a known model? Then `deployments` (docs/prices.md)"
    yield f"      {_quoted(name.model or '')}:"
    blanks = ", ".join(f"{meter}: {_BLANK}" for meter in ("input", "cache_read", "output"))
    yield "        rates:  # USD per million tokens"
    yield f"          - prices: {{{blanks}}}"


def _quoted(text: str) -> str:
    return json.dumps(visible(text))


def _cells(name: ReadName) -> tuple[Cell, ...]:
    logged = "/".join(clean(part, _WIDEST) for part in (name.provider, name.model) if part) or "-"
    read_as = clean(name.read_as or "no price", _WIDEST)
    return cells(
        logged, f"{name.requests:,}", f"{name.tokens:,}", "the same" if read_as == logged else read_as,
        clean(", ".join(name.sources) or "-", _WIDEST),
    )  # fmt: skip


def _notes(names: Sequence[ReadName]) -> Iterator[str]:
    """Yield what may be meant by a name without a price, and why requests of known models have none."""
    for name in names:
        shown = f"{visible(name.provider or '?')}/{visible(name.model or '?')}"
        if name.suggestions:
            yield f"{shown}: perhaps {', '.join(visible(one) for one in name.suggestions)}"
        if name.read_as and name.unpriced:
            yield f"{shown}: {name.unpriced_requests:,} requests without a price ({', '.join(name.unpriced)})"


def _tree(name: ReadName) -> dict[str, Any]:
    return {
        "provider": None if name.provider is None else visible(name.provider),
        "model": None if name.model is None else visible(name.model),
        "requests": name.requests,
        "tokens": name.tokens,
        "read_as": name.read_as,
        "how": visible(name.how),
        "sources": list(name.sources),
        "unpriced_requests": name.unpriced_requests,
        "unpriced": list(name.unpriced),
        "suggestions": [visible(one) for one in name.suggestions],
    }
