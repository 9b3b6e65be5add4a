"""Balancing by price: how requests spread over routes whose share is inverse to the square of what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

UNIT = 10**6  # shares are whole millionths


def weights(costs_usd: Sequence[Fraction], unit: int = UNIT) -> list[int]:
    """Return the shares of routes of these costs in 1/`unit`, which they add up to; equal costs have equal shares.

    Free routes take everything. What rounding down leaves goes to the largest remainders, the first of equal ones.
    """
    free = [not cost for cost in costs_usd]
    sizes = [Fraction(int(one)) for one in free] if any(free) else [1 / cost**2 for cost in costs_usd]
    exact = [size * unit / sum(sizes) for size in sizes]
    found = [int(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda place: (found[place] - exact[place], place))
    for place in order[: unit - sum(found)]:
        found[place] += 1
    return found
