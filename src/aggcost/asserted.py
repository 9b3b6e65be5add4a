"""Asserted prices: what the user states, beside what the catalogue says of the same model."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

import numpy as np

from aggcost.meters import PRICED, USAGE_KEYS
from aggcost.money import percent, settle
from aggcost.ratecard import RateCard, RateLine
from aggcost.report_compare import AssertedPrice

_SHOWN = ("input", "output")
_TOLERANCE_PERCENT = 1


def asserted_prices(
    names: Iterable[tuple[str | None, str]], card: RateCard, catalogue: RateCard, at_s: int
) -> tuple[AssertedPrice, ...]:
    """Return the prices of `card` that are not the catalogue's and differ from it by more than 1 % at `at_s`.

    A price of a model that the catalogue does not know is returned too, without a difference.
    """
    found = []
    for provider, model in sorted({(provider or "", model) for provider, model in names}):
        rates = card.resolve(provider or None, model).rates
        if rates is None or rates.source.name in {source.name for source in catalogue.sources}:
            continue
        stated, listed = _line(card, provider, model, at_s), _line(catalogue, provider, model, at_s)
        found += [
            _asserted(rates.provider, rates.model, meter, stated, listed, str(rates.source))
            for meter in _SHOWN
            if _differs(_price(stated, meter), _price(listed, meter))
        ]
    return tuple(dict.fromkeys(found))


def _line(card: RateCard, provider: str, model: str, at_s: int) -> RateLine | None:
    rates = card.resolve(provider or None, model).rates
    if rates is None:
        return None
    lines, index = rates.lines(None, None, np.array([at_s], np.int64), np.array([0], np.int64))
    line = lines[int(index[0])]
    return line if isinstance(line, RateLine) else None


def _price(line: RateLine | None, meter: str) -> Fraction | None:
    """Return the price for as many units as prices of this meter are usually stated for."""
    price = None if line is None else line.prices[USAGE_KEYS.index(meter)]
    return None if price is None else price * PRICED[meter].per


def _differs(stated: Fraction | None, listed: Fraction | None) -> bool:
    if stated is None:
        return False
    if not listed:
        return stated != listed
    return abs(stated - listed) * 100 > listed * _TOLERANCE_PERCENT


def _asserted(
    provider: str, model: str, meter: str, stated: RateLine | None, listed: RateLine | None, where: str
) -> AssertedPrice:
    mine, theirs = _price(stated, meter), _price(listed, meter)
    return AssertedPrice(
        provider=provider,
        model=model,
        meter=meter,
        asserted=settle(mine) if mine is not None else Decimal(0),
        catalogue=None if theirs is None else settle(theirs),
        difference_percent=percent(mine - theirs, theirs) if mine is not None and theirs else None,
        where=where,
    )
