"""What tests of prices share: the cost of one request, exactly."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np

from aggcost.meters import PRICED, PROMPT_KEYS, USAGE_KEYS
from aggcost.money import plain, settle
from aggcost.ratecard import Line, ModelRates, RateCard, RateLine

NOW = "2026-11-23T12:00:00Z"


def epoch_s(when: str) -> int:
    """Return epoch seconds of a time written in UTC."""
    moment = datetime.fromisoformat(when)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def line(
    rates: ModelRates, when: str = NOW, prompt: int = 0, tier: str | None = None, region: str | None = None
) -> Line:
    """Return the line of one request."""
    lines, index = rates.lines(tier, region, np.array([epoch_s(when)]), np.array([prompt]))
    return lines[index[0]]


def charge(
    rates: ModelRates, when: str = NOW, tier: str | None = None, region: str | None = None, **quantities: int
) -> str | None:
    """Return what the quantities of one request cost, in USD as text, or None where it is unpriced."""
    prompt = sum(quantities.get(key, 0) for key in PROMPT_KEYS)
    found = line(rates, when, prompt, tier, region)
    if not isinstance(found, RateLine):
        return None
    counted = {key: quantity * PRICED[key].scale for key, quantity in quantities.items()}
    for key, rounding in found.roundings.items():
        if counted.get(key):
            counted[key] = -(-max(counted[key], rounding.minimum) // rounding.step) * rounding.step
    for key in found.extra.keys() & quantities.keys():
        within = PRICED[key].within
        if within is not None:
            counted[within] -= counted[key]
    amounts = [(price_of(found, key), quantity) for key, quantity in counted.items()]
    if any(price is None and quantity for price, quantity in amounts):
        return None
    return plain(settle(sum((price * quantity for price, quantity in amounts if price is not None), Fraction(0))))


def price_of(found: RateLine, meter: str) -> Fraction | None:
    """Return the price of one quantity that is in no meter priced apart; 0 for a part that stays in its whole."""
    if meter in USAGE_KEYS:
        return found.prices[USAGE_KEYS.index(meter)]
    return found.extra.get(meter, None if PRICED[meter].within is None else Fraction(0))


def rates_of(card: RateCard, provider: str | None, model: str) -> ModelRates:
    """Return the rates of a model that the card must know."""
    rates = card.resolve(provider, model).rates
    assert rates is not None, (provider, model)
    return rates


def per_million(found: Line, meter: str) -> Decimal | None:
    """Return the price of a million units of a meter, in USD."""
    assert isinstance(found, RateLine)
    price = found.prices[USAGE_KEYS.index(meter)]
    return None if price is None else settle(price * 1_000_000).normalize()
