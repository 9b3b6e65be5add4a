"""Price sources: each turns one kind of price table into a price book of the rate card.

A user's file is in our own format (`native_yaml`) or in one of `formats`, known by its keys. The catalogue and the
overlay that corrects it are shipped, so they have nothing to open.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from aggcost.price_book import Book
from aggcost.price_sources import catalogue, facts, overlay, tables
from aggcost.price_sources.contract_check import check_contract
from aggcost.ratecard import RateCard


def load_rates(user_files: Sequence[Path] = (), *, over: RateCard | None = None) -> RateCard:
    """Return the rate card of the user's price files, the first one foremost, over a card or the shipped prices."""
    own = [tables.read(Path(path)) for path in user_files]
    below = _shipped() if over is None else over.books
    card = RateCard([*own, *below])
    check_contract(card)
    return card


def read_book(path: Path) -> Book:
    """Return one price file of the user."""
    return tables.read(path)


@cache
def _shipped() -> tuple[Book, ...]:
    return overlay.load(), catalogue.load(), facts.load()
