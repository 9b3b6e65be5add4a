"""Price sources: each turns one kind of price table into a price book of the rate card.

A source is a module with a `NAME`, and a `read` that opens a file of the user. The catalogue and the
overlay that corrects it are shipped, so they have nothing to open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from aggcost.price_book import Book
from aggcost.price_sources import catalogue, native_yaml, overlay
from aggcost.ratecard import RateCard

SOURCES: Mapping[str, Callable[[Path], Book]] = {native_yaml.NAME: native_yaml.read}


def load_rates(user_files: Sequence[Path] = (), *, over: RateCard | None = None) -> RateCard:
    """Return the rate card of the user's price files, the first one foremost, over a card or the shipped prices."""
    own = [SOURCES[native_yaml.NAME](Path(path)) for path in user_files]
    below = _shipped() if over is None else over.books
    return RateCard([*own, *below])


@cache
def _shipped() -> tuple[Book, ...]:
    return overlay.load(), catalogue.load()
