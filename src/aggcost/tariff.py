"""A tariff: what one unit of each meter costs, and how that changes with the size of the prompt.

Sizes are whole-request thresholds: past one, *every* meter of the request, output included, is
charged at the prices stated there, not only the tokens above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from aggcost.meters import PRICED, REQUESTS, USAGE_KEYS

# USD per one unit by meter key. None: the meter is stated to be unavailable, which is not free.
Prices = Mapping[str, Fraction | None]
LinePrices = tuple[Fraction | None, ...]

FREE = Fraction(0)


@dataclass(frozen=True, slots=True)
class Step:
    """Prices of requests with a prompt of `from_tokens` or more; None: not offered at that size."""

    from_tokens: int
    prices: Prices | None


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices below the first step, and the steps in ascending order.

    A step states only what changes; any other meter keeps its price of `prices`.
    """

    prices: Prices
    steps: tuple[Step, ...] = ()

    def at(self, prompt_tokens: int) -> Prices | None:
        """Return every stated price for a prompt of that size, or None where it is not offered."""
        reached = [step for step in self.steps if step.from_tokens <= prompt_tokens]
        if not reached:
            return self.prices
        last = reached[-1].prices
        return None if last is None else {**self.prices, **last}

    @property
    def sizes(self) -> tuple[int, ...]:
        """The prompt sizes (tokens) where a step begins, ascending."""
        return tuple(step.from_tokens for step in self.steps)


def overlay(base: Tariff, own: Tariff) -> Tariff:
    """Return the tariff that charges by `own` what it prices, and by `base` everything else.

    A meter that `own` prices is charged by `own` at every size, whatever the steps of `base` say.
    """
    sizes = sorted({*base.sizes, *own.sizes})
    steps = tuple(Step(size, _merge(base.at(size), own.at(size))) for size in sizes)
    return Tariff({**base.prices, **own.prices}, steps)


def _merge(base: Prices | None, own: Prices | None) -> Prices | None:
    return None if base is None or own is None else {**base, **own}


def line_prices(prices: Prices, multiplier: Fraction = Fraction(1)) -> LinePrices:
    """Return the price of one unit of each of `USAGE_KEYS`, in USD; None where there is none.

    A meter without a price of its own takes that of its nearest priced ancestor; a stated price,
    0 too, ends the climb. Requests are free where no price is stated for them. Where *only* the
    request has a price, it is a flat price and its tokens are included.
    """
    if set(prices) == {REQUESTS.key}:
        prices = {**prices, "input": FREE, "output": FREE}
    climbed = [_climb(prices, key) for key in USAGE_KEYS]
    return tuple(None if price is None else price * multiplier for price in climbed)


def _climb(prices: Prices, key: str) -> Fraction | None:
    place: str | None = key
    while place is not None:
        if place in prices:
            return prices[place]
        place = PRICED[place].parent
    return FREE if key == REQUESTS.key else None
