"""Exact money: read from text, summed as fractions or decimals, rounded only for eyes.

No float enters or leaves this module. Amounts are US dollars unless a name says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

# Wide enough for any sum of charges: 10^12 tokens a row, 10^12 rows, 12 decimals.
EXACT = Context(prec=120, rounding=ROUND_HALF_EVEN)
PICO = Decimal("1e-12")
CENT = Decimal("0.01")
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)


def dec(text: str) -> Decimal:
    """Return the number that `text` states; ValueError for NaN, infinities, separators or symbols."""
    if not _PLAIN_NUMBER.fullmatch(text.strip()):
        raise ValueError(f"not a plain decimal number: {text!r}")
    return EXACT.create_decimal(text.strip())


def settle(amount: Fraction) -> Decimal:
    """Return `amount` quantised once to 1e-12, half-even: the only rounding a charge ever sees."""
    numerator = EXACT.create_decimal(amount.numerator)
    return EXACT.quantize(EXACT.divide(numerator, EXACT.create_decimal(amount.denominator)), PICO)


def plain(amount: Decimal) -> str:
    """Return plain notation for machines: no exponent, no trailing zeros, zero is ``0``."""
    if amount == 0:
        return "0"
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(part: Fraction | Decimal | int, whole: Fraction | Decimal | int) -> Decimal | None:
    """Return 100 x part / whole with at most 6 decimals, half-even, or None where whole is zero."""
    if whole == 0:
        return None
    return round_half_even(Fraction(part) * 100 / Fraction(whole), 6)


def round_half_even(amount: Fraction, places: int) -> Decimal:
    """Return `amount` with `places` decimals, ties to even."""
    scaled = round(amount * 10**places)  # Fraction.__round__ is half-even and exact
    return EXACT.scaleb(EXACT.create_decimal(scaled), -places)


def shown_cents(amounts: Sequence[Decimal]) -> list[Decimal]:
    """Return the amounts in whole cents that add up to the rounded total (largest remainder)."""
    total = EXACT.quantize(sum(amounts, Decimal(0)), CENT)
    floors = [int(amount / CENT) if amount >= 0 else -int(-amount / CENT) for amount in amounts]
    floors = [low - 1 if CENT * low > amount else low for low, amount in zip(floors, amounts, strict=True)]
    missing = int(total / CENT) - sum(floors)
    by_remainder = sorted(range(len(amounts)), key=lambda i: (CENT * floors[i] - amounts[i], i))
    for index in by_remainder[:missing]:
        floors[index] += 1
    return [EXACT.multiply(CENT, Decimal(cents)) for cents in floors]
