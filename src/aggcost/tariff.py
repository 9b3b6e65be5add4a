"""A tariff: what one unit of each meter costs, and how that changes with the size of the prompt.

Sizes are whole-request thresholds: past one, *every* meter of the request, output included, is
charged at the prices stated there, not only the tokens above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from aggcost.meters import EXTRA_KEYS, PRICED, REQUESTS, UNIT_KEYS, USAGE_KEYS

# USD per one quantity by meter key. None: the meter is stated to be unavailable, which is not free.
Prices = Mapping[str, Fraction | None]
LinePrices = tuple[Fraction | None, ...]

FREE = Fraction(0)
_EXTRA = frozenset(EXTRA_KEYS)
_OF_TOKENS = frozenset(PRICED) - {REQUESTS.key, *UNIT_KEYS}


@dataclass(frozen=True, slots=True)
class Rounding:
    """What a request is billed of a unit meter: at least `minimum`, in whole multiples of `step` (quantities)."""

    minimum: int = 0
    step: int = 1

    def column(self, meter: str) -> str:
        """Return the name of the sum of what requests are billed of this meter."""
        return f"{meter}, at least {self.minimum}, by {self.step}"


@dataclass(frozen=True, slots=True)
class Step:
    """Prices of requests with a prompt of `from_tokens` or more; None: not offered at that size."""

    from_tokens: int
    prices: Prices | None


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices below the first step, and the steps in ascending order.

    A step states only what changes; any other meter keeps its price of `prices`. `roundings` say how the units of a
    single request are counted, whatever its size; a meter that is not there is billed as it was used.
    """

    prices: Prices
    steps: tuple[Step, ...] = ()
    roundings: Mapping[str, Rounding] = field(default_factory=dict)

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
    kept = {meter: rounding for meter, rounding in base.roundings.items() if meter not in own.prices}
    return Tariff({**base.prices, **own.prices}, steps, {**kept, **own.roundings})


def _merge(base: Prices | None, own: Prices | None) -> Prices | None:
    return None if base is None or own is None else {**base, **own}


def line_prices(prices: Prices, multiplier: Fraction = Fraction(1)) -> LinePrices:
    """Return the price of one unit of each of `USAGE_KEYS`, in USD; None where there is none.

    A meter without a price of its own takes that of its nearest priced ancestor; a stated price,
    0 too, ends the climb. Requests are free where no price is stated for them. Where the request has a price
    and no kind of token has one, it is a flat price and its tokens are included.
    """
    if REQUESTS.key in prices and not _OF_TOKENS & prices.keys():
        prices = {**prices, "input": FREE, "output": FREE}
    climbed = [_climb(prices, key) for key in USAGE_KEYS]
    return tuple(None if price is None else price * multiplier for price in climbed)


def extra_prices(prices: Prices, multiplier: Fraction = Fraction(1)) -> Prices:
    """Return the price of one quantity of each of `EXTRA_KEYS` that is priced apart, in USD.

    A part of a base meter that is charged like the rest of it is not priced apart. A unit meter that is not here has
    no price.
    """
    found: dict[str, Fraction | None] = {}
    if not _EXTRA & prices.keys():
        return found
    for key in EXTRA_KEYS:
        meter = PRICED[key]
        stated = _stated_by(prices, key)
        if stated is not None and (meter.within is None or stated != _stated_by(prices, meter.within)):
            price = prices[stated]
            found[key] = None if price is None else price * multiplier
    return found


def _climb(prices: Prices, key: str) -> Fraction | None:
    stated = _stated_by(prices, key)
    if stated is not None:
        return prices[stated]
    return FREE if key == REQUESTS.key else None


def _stated_by(prices: Prices, key: str) -> str | None:
    """Return the meter whose price a meter has: itself, or its nearest priced ancestor; None where there is none."""
    return next((one for one in (key, *PRICED[key].ancestors) if one in prices), None)
