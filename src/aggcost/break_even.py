"""From which volume a contract with a provider is cheaper than its list prices: exact, from straight lines.

A month's cost under a contract is made of straight pieces over the usage at list prices: what discounts leave of it,
what a commitment adds below it and takes off (or adds) above it, what a credit takes off. Where the whole comes to lie
below the list price is the break-even.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class MonthTerms:
    """What one provider's contract says of a month.

    `factor` is what discounts and uplifts leave of the list price at the mix of some usage.
    """

    factor: Fraction
    committed_usd: Fraction = ZERO
    overage: Fraction = Fraction(1)
    credit_usd: Fraction = ZERO

    def cost_usd(self, list_usd: Fraction) -> Fraction:
        """Return what a month costs whose usage costs `list_usd` at list prices."""
        used = self.factor * list_usd
        beyond = used - self.committed_usd
        return used + shortfall(beyond) + (self.overage - 1) * max(beyond, ZERO) - min(self.credit_usd, used)


def shortfall(beyond_usd: Fraction) -> Fraction:
    """Return what is owed for usage that stays below a commitment (`beyond_usd` is usage minus commitment)."""
    return max(-beyond_usd, ZERO)


def break_even_usd(terms: MonthTerms) -> Fraction | None:
    """Return the usage at list prices, USD a month, from which the contract is cheaper; None: it never is."""

    def dearer(list_usd: Fraction) -> Fraction:
        return terms.cost_usd(list_usd) - list_usd

    bends = {amount / terms.factor for amount in (terms.committed_usd, terms.credit_usd) if terms.factor}
    ends = sorted({ZERO, *bends})
    pieces = [*pairwise(ends), (ends[-1], None)]
    return next((found for begin, end in pieces if (found := _falls_below(dearer, begin, end)) is not None), None)


def _falls_below(line: Callable[[Fraction], Fraction], begin: Fraction, end: Fraction | None) -> Fraction | None:
    """Return where a line that is straight in `[begin, end)` begins to be negative, None where it does not there."""
    height = line(begin)
    slope = (line(begin + 1) - height) if end is None else (line(end) - height) / (end - begin)
    if slope >= 0:
        return None
    root = begin - height / slope
    return root if end is None or root < end else None
