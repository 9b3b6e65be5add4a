"""Numbers as people read them: dollars, percentages with their sign, counts, durations; unknown is ``n/a``."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from aggcost.money import EXACT, shown_cents

UNKNOWN = "n/a"
_CENTS = 2
_MICROS = 6
_SIGNIFICANT = 2
_HUNDRED = 100


def dollars(number: Decimal | None) -> str:
    """Return an amount for a sentence: ``$2,100``, ``$47.61``, ``$0.0043``."""
    if number is None:
        return UNKNOWN
    sign, size = ("-" if number < 0 else ""), abs(number)
    if size >= _HUNDRED or size == size.to_integral_value():
        return f"{sign}${size:,.0f}"
    if size >= 1:
        return f"{sign}${size:,.2f}"
    places = _CENTS if size == 0 else max(_CENTS, _SIGNIFICANT - 1 - size.adjusted())
    return f"{sign}${size:,.{places}f}"


def cents(number: Decimal | None) -> str:
    """Return an amount to the cent: ``$2,499.99``."""
    return UNKNOWN if number is None else f"{'-' if number < 0 else ''}${abs(number):,.2f}"


def decimals(*columns: Sequence[Decimal | None]) -> int:
    """Return how many decimals amounts that are compared with each other need: cents, or millionths below $1."""
    known = [abs(each) for column in columns for each in column if each]
    return _MICROS if known and max(known) < 1 else _CENTS


def money_column(amounts: Sequence[Decimal | None], total: Decimal | None, places: int) -> list[str]:
    """Return the amounts, then their total, such that what is shown adds up to the shown total."""
    shift = places - _CENTS
    shown = iter(shown_cents([EXACT.scaleb(each, shift) for each in amounts if each is not None]))
    rows = [UNKNOWN if each is None else _amount(EXACT.scaleb(next(shown), -shift), places) for each in amounts]
    return [*rows, amount(total, places)]


def amount(number: Decimal | None, places: int = _CENTS) -> str:
    """Return an amount for a table: ``2,100.00``."""
    return UNKNOWN if number is None else _amount(number, places)


def percentage(number: Decimal | None) -> str:
    """Return a share: ``79 %``, ``3.4 %``; what is not the whole never reads as 100 %."""
    if number is None:
        return UNKNOWN
    if _HUNDRED - 1 < number < _HUNDRED:
        return f"{number.quantize(Decimal('0.01'), ROUND_DOWN)} %"
    return f"{_rounded(number)} %"


def share(number: Decimal | None) -> str:
    """Return a share for a column of shares, with one decimal; what is not nothing never reads as 0."""
    if number is None:
        return UNKNOWN
    return "<0.1 %" if 0 < number < Decimal("0.05") else f"{number:,.1f} %"


def change(number: Decimal | None, unit: str = "%") -> str:
    """Return a change with its sign: ``-79 %``, ``+3.2 %``, ``0 %``, ``+0.51 points``."""
    if number is None:
        return UNKNOWN
    text = _rounded(number) if unit == "%" else f"{number:.2f}"
    return f"{'+' if number > 0 else ''}{text} {unit}"


def count(number: Decimal | int | None) -> str:
    """Return a count with separators; a fraction keeps one decimal."""
    if number is None:
        return UNKNOWN
    return f"{number:,.1f}" if number != int(number) else f"{int(number):,}"


def price(number: Decimal | None) -> str:
    """Return a price with all its decimals, two at least."""
    return UNKNOWN if number is None else max(f"{number:,.2f}", f"{number.normalize(EXACT):,f}", key=len)


def months(number: Decimal | None) -> str:
    """Return a duration in months with two decimals, or ``never``."""
    return "never" if number is None else f"{number:,.2f}"


def millions(tokens: int) -> str:
    """Return tokens in millions with one decimal, with three below one million."""
    number = Decimal(tokens) / 1_000_000
    return f"{number:,.3f}" if 0 < tokens < 1_000_000 else f"{number:,.1f}"  # noqa: PLR2004


def _rounded(number: Decimal) -> str:
    """Return whole percent, one decimal below ten, two below one."""
    size = abs(number)
    if number == 0 or size >= 10:  # noqa: PLR2004
        return f"{number:,.0f}"
    return f"{number:.1f}" if size >= 1 else f"{number:.2f}"


def _amount(number: Decimal, places: int) -> str:
    text = f"{number:,.{places}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text
