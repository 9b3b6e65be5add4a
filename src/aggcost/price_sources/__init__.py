"""Price sources: each turns one kind of price table into a price book of the rate card.

A source is a module with a `NAME`, and a `read` that opens a file of the user. The catalogue is
shipped, so it has nothing to open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from aggcost.price_sources import catalogue, native_yaml
from aggcost.price_sources.contract_check import check_contract
from aggcost.ratecard import Book, RateCard

SOURCES: Mapping[str, Callable[[Path], Book]] = {native_yaml.NAME: native_yaml.read}


def load_rates(user_files: Sequence[Path] = (), *, over: RateCard | None = None) -> RateCard:
    """Return the rate card of the user's price files, the first one foremost, over a card or the shipped catalogue."""
    own = [read_book(Path(path)) for path in user_files]
    below = (_catalogue(),) if over is None else over.books
    card = RateCard([*own, *below])
    check_contract(card)
    return card


def read_book(path: Path) -> Book:
    """Return one price file of the user."""
    return SOURCES[native_yaml.NAME](path)


@cache
def _catalogue() -> Book:
    return catalogue.load()
