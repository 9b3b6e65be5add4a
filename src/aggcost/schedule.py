"""A schedule of a contract: prices of a calendar month that fall (or rise) with what is used in it.

*Volume*: every unit of the month is charged at the tier that the month reached. *Graduated*: each unit is charged
at the tier that it falls into itself, so that the tiers below keep their prices. Neither is the threshold of a
request (`tariff`), which re-rates one request by the size of its prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from aggcost.meters import PRICED, USAGE_KEYS
from aggcost.tariff import LinePrices, Prices, extra_prices, line_prices

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

    def prices(self, stated: Prices, multiplier: Fraction) -> tuple[TierPrices, ...]:
        """Return what each tier makes of a rate's stated prices."""
        return tuple(tier_prices({**stated, **dict(tier.prices)}, multiplier * tier.multiply) for tier in self.tiers)

    def rules(self, meter: str) -> bool:
        """Return whether the tiers price a meter: all of them, or those named with the parts inside of them."""
        return self.meters == USAGE_KEYS or (PRICED[meter].within or meter) in self.meters


@dataclass(frozen=True, slots=True)
class TierPrices:
    """USD per one unit: of `USAGE_KEYS`, and of those of `EXTRA_KEYS` that are charged apart."""

    base: LinePrices
    extra: Prices

    def of(self, meter: str) -> Fraction | None:
        """Return the price of an extra meter; a part that is not charged apart costs what its base meter costs."""
        within = PRICED[meter].within
        if meter in self.extra or within is None:
            return self.extra.get(meter)
        return self.base[USAGE_KEYS.index(within)]


def tier_prices(stated: Prices, multiplier: Fraction) -> TierPrices:
    """Return the prices of every meter, from those that are stated."""
    return TierPrices(line_prices(stated, multiplier), extra_prices(stated, multiplier))


@dataclass(frozen=True, slots=True)
class MonthlyPrices:
    """What a rate costs in one month, tier by tier; which of them count is known when the month has been summed.

    `owner` names the rate: what it sells in one month is counted together, whatever the service tier or region.
    `before` are its prices without the schedule, which count the dollars of a schedule over `usd`.
    """

    owner: str
    schedule: Schedule
    month: int
    before: TierPrices
    tiers: tuple[TierPrices, ...]

    @property
    def key(self) -> tuple[str, Schedule, int]:
        """What is counted together."""
        return self.owner, self.schedule, self.month

    def first(self, found: TierPrices) -> TierPrices:
        """Return `found` with the prices of the first tier where the schedule rules."""
        return self._put(found, self.tiers[0])

    def at(self, quantity: Fraction, found: TierPrices) -> TierPrices:
        """Return `found` with the exact prices per unit of a month with this quantity where the schedule rules."""
        weights = self.schedule.weights(quantity)
        base = tuple(_weighted(weights, column) for column in zip(*(tier.base for tier in self.tiers), strict=True))
        extra = {key: _weighted(weights, [tier.of(key) for tier in self.tiers]) for key in self._extra_keys()}
        return self._put(found, TierPrices(base, extra))

    def _extra_keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key for tier in self.tiers for key in tier.extra))

    def _put(self, found: TierPrices, own: TierPrices) -> TierPrices:
        rules = self.schedule.rules
        base = tuple(
            mine if rules(key) else price for key, price, mine in zip(USAGE_KEYS, found.base, own.base, strict=True)
        )
        kept = {key: price for key, price in found.extra.items() if not rules(key)}
        return TierPrices(base, {**kept, **{key: price for key, price in own.extra.items() if rules(key)}})


def _weighted(weights: Sequence[Fraction], prices: Sequence[Fraction | None]) -> Fraction | None:
    """Return the mean price, or None where a tier that charges something has none."""
    used = [(weight, price) for weight, price in zip(weights, prices, strict=True) if weight]
    if any(price is None for _, price in used):
        return None
    return sum((weight * price for weight, price in used if price is not None), Fraction(0))
