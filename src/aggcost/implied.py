"""The price that a recorded cost implies: the one rate that, if it were wrong, would give the figure.

A price that people type has few digits. If exactly one meter's implied price has so few that chance cannot
explain it, that price is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from aggcost.meters import TOKEN_KEYS
from aggcost.money import plain, settle

_MOST_DIGITS = 6
_BY_CHANCE = Fraction(1, 1000)
_PLACES = 12
_MILLION = 1_000_000


def implied_price(
    recorded_usd: Fraction, units: Mapping[str, int], prices: Mapping[str, Fraction]
) -> tuple[str, Fraction] | None:
    """Return (meter, USD per unit) where one other price of a meter that was used gives the recorded cost.

    `recorded_usd` is taken to be rounded where its decimals end. None where no price, or more than one, fits.
    """
    half_usd = Fraction(1, 2 * 10 ** _decimals(recorded_usd))
    found = []
    for meter, count in units.items():
        if not count or meter not in TOKEN_KEYS or meter not in prices:
            continue
        others = ((prices.get(name), number) for name, number in units.items() if name != meter)
        others_usd = sum((price * number for price, number in others if price is not None), Fraction(0))
        price = _shortest((recorded_usd - others_usd) / count, half_usd / count)
        if price is not None and price != prices[meter]:
            found.append((meter, price))
    return found[0] if len(found) == 1 else None


def in_words(meter: str, price_usd: Fraction) -> str:
    """Return the price as a sentence would have it, per token and per million."""
    per_token, per_million = (plain(settle(price_usd * units)) for units in (1, _MILLION))
    return f"a price of ${per_token} per {meter} token (${per_million} per 1M) gives this figure"


def _decimals(amount_usd: Fraction) -> int:
    exact = settle(amount_usd)
    return max(0, -int(exact.normalize().as_tuple().exponent)) if exact else _PLACES


def _shortest(value: Fraction, margin: Fraction) -> Fraction | None:
    """Return the number of fewest digits within the margin of a value, if so few are no accident."""
    if value <= 0:
        return None
    magnitude = Decimal(value.numerator) / Decimal(value.denominator)
    for digits in range(1, _MOST_DIGITS + 1):
        unit = Fraction(10) ** (magnitude.adjusted() - digits + 1)
        rounded = round(value / unit) * unit
        if abs(rounded - value) <= margin:
            return rounded if 2 * margin / unit < _BY_CHANCE else None
    return None
