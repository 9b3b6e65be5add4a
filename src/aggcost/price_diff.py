"""Two price tables held against each other, by model and meter, at one instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from aggcost.meters import PRICED, USAGE_KEYS
from aggcost.model_rates import ModelRates, Period, utc_text
from aggcost.money import percent, settle
from aggcost.price_book import Book
from aggcost.report_prices import Difference, Price, PriceDiff
from aggcost.tariff import Prices, Tariff, line_prices

_WRITES = "cache_write"
_Pair = tuple[ModelRates, ModelRates]


@dataclass(frozen=True, slots=True)
class Compared:
    """A table under the name that the user gave it."""

    name: str
    book: Book


def price_diff(
    a: Compared, b: Compared, *, at_s: int, threshold_percent: Decimal, provider: str | None = None
) -> PriceDiff:
    """Return what differs at an instant by more than the threshold, widest first."""
    pairs = list(_pairs(a.book, b.book, provider))
    found = [one for pair in pairs for one in _differences(*pair, at_s, Fraction(threshold_percent) / 100)]
    different = {(one.provider, one.model) for one in found}
    return PriceDiff(
        a=a.name,
        b=b.name,
        at=utc_text(at_s),
        threshold_percent=threshold_percent,
        shared=len(pairs),
        only_a=_models(a.book, provider) - len({(mine.provider, mine.model) for mine, _ in pairs}),
        only_b=_models(b.book, provider) - len({(theirs.provider, theirs.model) for _, theirs in pairs}),
        agree=len(pairs) - len(different),
        differences=tuple(sorted(found, key=widest_first)),
    )


def _pairs(a: Book, b: Book, provider: str | None) -> Iterator[_Pair]:
    """Yield the models that both tables know, by the names of A; either may list the other's name as its own."""
    for name in sorted(set(a.provider_names) & set(b.provider_names)):
        mine, theirs = a.provider(name), b.provider(name)
        if mine is None or theirs is None or provider not in (None, name):
            continue
        pairs = [(listing, theirs.find(listing.model.lower())) for listing in mine.listings]
        paired = {listing.model for listing, other in pairs if other}
        pairs += [
            (own, listing)
            for listing in theirs.listings
            if (own := mine.find(listing.model.lower())) and own.model not in paired
        ]
        for listing, other in {one.model: (one, other) for one, other in reversed(pairs) if other}.values():
            yield listing.load(), other.load()


def _models(book: Book, provider: str | None) -> int:
    opened = [book.provider(name) for name in book.provider_names if provider in (None, name)]
    return sum(len(one.listings) for one in opened if one)


def _differences(mine: ModelRates, theirs: ModelRates, at_s: int, threshold: Fraction) -> Iterator[Difference]:
    a, b = _tariffs(mine, at_s), _tariffs(theirs, at_s)
    found: dict[str, list[tuple[Fraction | None, Price]]] = {}
    for tier in [name for name in a if name in b]:
        for size in _sizes(a[tier], b[tier]):
            for meter, one, other in _priced_by_both(a[tier].at(size), b[tier].at(size)):
                change = None if one == 0 else (other - one) / one
                if one != other and (change is None or abs(change) > threshold):
                    quantities = PRICED[meter].per * PRICED[meter].scale
                    price = Price(tier, size, settle(one * quantities), settle(other * quantities))
                    found.setdefault(meter, []).append((change, price))
    for meter, prices in found.items():
        prices.sort(key=lambda item: item[0] is not None and -abs(item[0]))
        change = prices[0][0]
        share = None if change is None else percent(change.numerator, change.denominator)
        listed = tuple(price for _, price in prices)
        yield Difference(mine.provider, mine.model, meter, PRICED[meter].per, listed, share)


def _tariffs(rates: ModelRates, at_s: int) -> Mapping[str, Tariff]:
    """Return the tariffs by service tier that hold at an instant, inside a window where one does."""
    for period in rates.periods:
        if (period.from_s is None or period.from_s <= at_s) and (period.to_s is None or at_s < period.to_s):
            return _inside(period, at_s)
    return {}


def _inside(period: Period, at_s: int) -> Mapping[str, Tariff]:
    held = [one.tariffs for one in period.windows if one.window.holds(np.array([at_s]))[0]]
    return held[-1] if held else period.tariffs


def _sizes(a: Tariff, b: Tariff) -> Iterator[int]:
    """Yield the prompt sizes where either changes, but not a single token between `gt` and `ge` of one number."""
    sizes = sorted({0, *a.sizes, *b.sizes})
    yield from (size for size in sizes if size + 1 not in sizes)


def _priced_by_both(a: Prices | None, b: Prices | None) -> Iterator[tuple[str, Fraction, Fraction]]:
    """Yield meter and prices where both charge it and at least one states a price of its own."""
    if a is None or b is None or a == b:
        return
    for meter, one, other in zip(USAGE_KEYS, line_prices(a), line_prices(b), strict=True):
        if one is not None and other is not None and meter == shown_meter(meter) and _stated(meter, {**a, **b}):
            yield meter, one, other
    for meter in sorted((a.keys() & b.keys()) - set(USAGE_KEYS) - {_WRITES}):
        if (one := a[meter]) is not None and (other := b[meter]) is not None:
            yield meter, one, other


def _stated(meter: str, prices: Prices) -> bool:
    return meter in prices or (meter.startswith(_WRITES) and _WRITES in prices)


def shown_meter(meter: str) -> str:
    """Return the meter that stands for it: writes of unknown lifetime cost what those for five minutes cost."""
    return "cache_write_5m" if meter == "cache_write_other" else meter


def widest_first(one: Difference) -> tuple[bool, Decimal, str, str, str]:
    """Return by what differences are sorted: the widest relative change first, then names."""
    return one.percent is not None, -abs(one.percent or Decimal(0)), one.provider, one.model, one.meter
