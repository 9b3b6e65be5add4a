"""Models and their prices that no table has touched: what every format of price tables must give back.

A format's twin `write_NAME.py` writes them as its producer would, and says what its format can hold.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal

LARGE_TOKENS = 200_000


@dataclass(frozen=True)
class Priced:
    """One model: USD per million by meter; `large` past 200,000 prompt tokens, `modes` by service tier."""

    name: str
    prices: dict[str, Decimal]
    large: dict[str, Decimal]
    modes: dict[str, dict[str, Decimal]]
    context: int
    max_output: int
    capabilities: tuple[str, ...]


def priced_models(meters: tuple[str, ...], modes: tuple[str, ...], seed: int = 1, count: int = 25) -> list[Priced]:
    """Return models with seeded prices of the meters and service tiers; the first one is free."""
    chance = random.Random(seed)
    free = Priced("free-model", dict.fromkeys(("input", "output"), Decimal(0)), {}, {}, 8000, 1000, ())
    return [free, *(_model(number, meters, modes, chance) for number in range(1, count))]


def _model(number: int, meters: tuple[str, ...], modes: tuple[str, ...], chance: random.Random) -> Priced:
    prices = {meter: _price(chance) for meter in meters if meter in ("input", "output") or chance.random() < 0.6}
    words = ("tools", "json_schema", "vision")
    return Priced(
        f"model-{number}",
        prices,
        {meter: price * 2 for meter, price in prices.items()} if number % 3 == 0 else {},
        {mode: {meter: price / 2 for meter, price in prices.items()} for mode in modes if number % 3 == 1},
        chance.choice((8192, 128_000, 1_048_576)),
        chance.choice((4096, 65_536)),
        tuple(word for word in words if chance.random() < 0.5),
    )


def _price(chance: random.Random) -> Decimal:
    """Return a price with up to six decimals, never 0."""
    return Decimal(chance.randrange(1, 10 ** chance.randrange(2, 9))) / 10**6


def per_token(price: Decimal) -> float:
    """Return a price per million as the binary float per token that a producer prints."""
    return float(price / 10**6)
