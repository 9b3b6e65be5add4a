"""How the names of a log were read, as text: what `aggcost prices resolve` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from aggcost.names import canonical_provider
from aggcost.output.clean import clean, visible
from aggcost.report_names import ReadName

_OWN_PROVIDER = "own"  # where the log names none: any name will do, since no other provider has the model
_BLANK = "FILL IN"  # no number: a file that still says so is refused, with its line
_WIDEST = 40


def names_table(names: Sequence[ReadName]) -> str:
    """Return one line a name and, for those without a price, what may be meant and a price file to fill in."""
    heading = ["provider", "model", "requests", "tokens", "read as", "how", "price source"]
    rows = [heading, *(_cells(name) for name in names)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(heading))]
    numbers = {heading.index("requests"), heading.index("tokens")}
    lines = ["  ".join(_padded(row, widths, numbers)).rstrip() for row in rows]
    notes = list(_notes(names))
    stanza = price_stanza(names)
    after = ["", *notes] if notes else []
    return "\n".join([*lines, *after, *(["", "a price file to fill in:", "", stanza.rstrip()] if stanza else []), ""])


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
        near = ", ".join(visible(one) for one in name.suggestions)
        yield f"      # another name of a known model ({near})? Then `deployments`, docs/prices.md, instead of a price"
    yield f"      {_quoted(name.model or '')}:"
    blanks = ", ".join(f"{meter}: {_BLANK}" for meter in ("input", "cache_read", "output"))
    yield "        rates:"
    yield f"          - prices: {{{blanks}}}  # USD per million tokens"


def _quoted(text: str) -> str:
    return json.dumps(visible(text))


def _cells(name: ReadName) -> list[str]:
    priced_by = ", ".join(name.sources) or "-"
    return [
        clean(name.provider or "-", _WIDEST),
        clean(name.model or "-", _WIDEST),
        f"{name.requests:,}",
        f"{name.tokens:,}",
        clean(name.read_as or "no price", _WIDEST),
        clean(name.how),
        clean(priced_by, _WIDEST),
    ]


def _padded(row: Sequence[str], widths: Sequence[int], numbers: set[int]) -> Iterator[str]:
    for place, (text, width) in enumerate(zip(row, widths, strict=True)):
        yield text.rjust(width) if place in numbers else text.ljust(width)


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
