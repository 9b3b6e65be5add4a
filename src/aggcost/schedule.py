"""A schedule of a contract: prices of a calendar month that fall (or rise) with what is used in it.

*Volume*: every unit of the month is charged at the tier that the month reached. *Graduated*: each unit is charged
at the tier that it falls into itself, so that the tiers below keep their prices. Neither is the threshold of a
request (`tariff`), which re-rates one request by the size of its prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from aggcost.meters import USAGE_KEYS
from aggcost.tariff import LinePrices, Prices, line_prices

Kind = Literal["graduated", "volume"]
Over = Literal["tokens", "requests", "usd"]


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices up to and including `up_to` units of the month (None: without end).

    `prices` (by meter) stand in for the rate's own, everything is multiplied by `multiply`.
    """

    up_to: Fraction | None
    prices: tuple[tuple[str, Fraction | None], ...] = ()
    multiply: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Tiers in ascending order over what a model is used for in a month of `zone`.

    `over` says what is counted: tokens, requests, or US dollars at the rate's own prices. `meters` are what is
    counted (of tokens and dollars) and priced by the tiers.
    """

    kind: Kind
    over: Over
    zone: str
    meters: tuple[str, ...]
    tiers: tuple[Tier, ...]

    def reached(self, quantity: Fraction) -> int:
        """Return the place of the tier that a month with this quantity reaches."""
        return next(place for place, tier in enumerate(self.tiers) if tier.up_to is None or quantity <= tier.up_to)

    def weights(self, quantity: Fraction) -> tuple[Fraction, ...]:
        """Return which part of the quantity each tier charges; they sum to 1."""
        last = self.reached(quantity)
        if self.kind == "volume" or not quantity:
            return tuple(Fraction(place == last) for place in range(len(self.tiers)))
        ends = [Fraction(0), *(quantity if tier.up_to is None else min(tier.up_to, quantity) for tier in self.tiers)]
        return tuple((end - begin) / quantity for begin, end in pairwise(ends))

    def prices(self, stated: Prices, multiplier: Fraction) -> tuple[LinePrices, ...]:
        """Return USD per one unit of each of `USAGE_KEYS` in each tier, from a rate's stated prices."""
        return tuple(line_prices({**stated, **dict(tier.prices)}, multiplier * tier.multiply) for tier in self.tiers)


@dataclass(frozen=True, slots=True)
class MonthlyPrices:
    """What a rate costs in one month, tier by tier; which of them count is known when the month has been summed.

    `owner` names the rate: what it sells in one month is counted together, whatever the service tier or region.
    `before` are its prices without the schedule, which count the dollars of a schedule over `usd`.
    """

    owner: str
    schedule: Schedule
    month: int
    before: LinePrices
    tiers: tuple[LinePrices, ...]

    @property
    def key(self) -> tuple[str, Schedule, int]:
        """What is counted together."""
        return self.owner, self.schedule, self.month

    def first(self, prices: LinePrices) -> LinePrices:
        """Return `prices` with those of the first tier where the schedule rules."""
        return self._put(prices, self.tiers[0])

    def at(self, quantity: Fraction, prices: LinePrices) -> LinePrices:
        """Return `prices` with the exact price per unit of a month with this quantity where the schedule rules."""
        weights = self.schedule.weights(quantity)
        mean = tuple(_weighted(weights, column) for column in zip(*self.tiers, strict=True))
        return self._put(prices, mean)

    def _put(self, prices: LinePrices, own: LinePrices) -> LinePrices:
        ruled = self.schedule.meters
        return tuple(mine if key in ruled else price for key, price, mine in zip(USAGE_KEYS, prices, own, strict=True))


def _weighted(weights: tuple[Fraction, ...], prices: LinePrices) -> Fraction | None:
    """Return the mean price, or None where a tier that charges something has none."""
    used = [(weight, price) for weight, price in zip(weights, prices, strict=True) if weight]
    if any(price is None for _, price in used):
        return None
    return sum((weight * price for weight, price in used if price is not None), Fraction(0))
