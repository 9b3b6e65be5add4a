"""A row of figures as one line of bars, zero at the foot."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.:-=+*#"
UNKNOWN_BAR = "?"
_TO_ASCII = str.maketrans({**dict(zip(BARS, ASCII_BARS, strict=True)), "·": "|"})


def sparkline(amounts: Sequence[Decimal | None]) -> str:
    """Return one bar an amount, in proportion to the largest; an unknown amount is ``?``."""
    largest = max((amount for amount in amounts if amount is not None), default=Decimal(0))
    return "".join(_bar(amount, largest) for amount in amounts)


def _bar(amount: Decimal | None, largest: Decimal) -> str:
    if amount is None:
        return UNKNOWN_BAR
    if amount <= 0 or largest <= 0:
        return BARS[0]
    return BARS[min(int(amount * len(BARS) / largest), len(BARS) - 1)]


def to_ascii(text: str) -> str:
    """Return the page for a terminal that cannot show the bars; other characters become escapes."""
    return text.translate(_TO_ASCII).encode("ascii", "backslashreplace").decode("ascii")
