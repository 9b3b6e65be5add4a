"""Price sources: each turns one kind of price table into a price book of the rate card.

A source is a module with a `NAME`. The catalogue is shipped; other tables are files of the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from aggcost.price_sources import catalogue, native_yaml
from aggcost.ratecard import Book, RateCard


def load_rates(user_files: Sequence[Path] = ()) -> RateCard:
    """Return the rate card of the user's price files, the first one foremost, over the shipped catalogue."""
    return RateCard([*(native_yaml.read(Path(path)) for path in user_files), _catalogue()])


@cache
def _catalogue() -> Book:
    return catalogue.load()
