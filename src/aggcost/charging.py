"""What a rate line charges of the sums of a ledger: each quantity once, by the price of its nearest priced meter.

The ledger counts a part (audio, reasoning) inside a base meter and once more by itself. A line that prices the part
charges the base meter for what is left.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from aggcost.meters import EXTRA_KEYS, PART_KEYS, PRICED, TOKEN_KEYS, UNIT_KEYS, USAGE_KEYS
from aggcost.model_rates import Line, RateLine


@dataclass(frozen=True, slots=True)
class Term:
    """A price (USD for one quantity; None: there is none) times a column of sums, less what stands in others."""

    meter: str
    column: str
    price: Fraction | None
    less: tuple[str, ...] = ()

    def quantity(self, sums: Mapping[str, int]) -> int:
        """Return what is charged of these sums."""
        return sums[self.column] - sum(sums[column] for column in self.less)


def terms(line: RateLine, extra_keys: Collection[str]) -> list[Term]:
    """Return what a line charges of a ledger that counts these of `meters.EXTRA_KEYS` beside the base meters."""
    apart = [key for key in line.extra if key in extra_keys and key not in UNIT_KEYS]
    found = [
        Term(key, key, price, tuple(part for part in apart if PRICED[part].within == key))
        for key, price in zip(USAGE_KEYS, line.prices, strict=True)
    ]
    found += [Term(key, key, line.extra[key]) for key in apart]
    found += [Term(key, column(line, key), line.extra.get(key)) for key in UNIT_KEYS if key in extra_keys]
    return found


# A price, the place of what it charges among the sums, and the places of what is charged apart from that.
_Placed = tuple[int | None, int, tuple[int, ...]]


class Pricer:
    """Multiplies sums by the prices of their line, once; prices times factors are whole numbers in 1/`denominator` USD.

    `pairs` are the lines and factors that are needed, by their places. `columns` are the sums that are looked at:
    those of `first` in their order, then others.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        factors: Sequence[Fraction],
        pairs: Collection[tuple[int, int]],
        first: Sequence[str],
        extra_keys: Collection[str],
    ) -> None:
        charged = {line: _terms_of(lines[line], extra_keys) for line, _ in pairs}
        others = (term.column for found in charged.values() for term in found)
        self.columns: tuple[str, ...] = tuple(dict.fromkeys((*first, *others)))
        exact = {
            (line, factor): [(term, None if term.price is None else term.price * factors[factor])
                             for term in charged[line]]
            for line, factor in pairs
        }  # fmt: skip
        self.denominator: int = math.lcm(*(price.denominator for row in exact.values() for _, price in row if price))
        self._placed = {pair: [self._place(*one) for one in row] for pair, row in exact.items()}

    def _place(self, term: Term, price: Fraction | None) -> _Placed:
        whole = None if price is None else int(price * self.denominator)
        return whole, self.columns.index(term.column), tuple(self.columns.index(name) for name in term.less)

    def cost(self, line: int, factor: int, sums: Sequence[int]) -> int | None:
        """Return the cost of sums in the order of `columns`, or None where a meter that was used has no price."""
        cost = 0
        for price, place, less in self._placed[line, factor]:
            quantity = sums[place]
            for part in less:
                quantity -= sums[part]
            if price is not None:
                cost += price * quantity
            elif quantity:
                return None
        return cost


def _terms_of(line: Line, extra_keys: Collection[str]) -> list[Term]:
    return terms(line, extra_keys) if isinstance(line, RateLine) else []


def column(line: RateLine, meter: str) -> str:
    """Return the column of sums that holds what a line bills of a unit meter."""
    return line.roundings[meter].column(meter) if meter in line.roundings else meter


def without_price(line: RateLine, sums: Mapping[str, int]) -> list[str]:
    """Return the meters that were used and have no price on this line; `sums` by meter."""
    return [term.meter for term in _terms_in(line, sums) if term.price is None and term.quantity(sums)]


def usd_by_meter(line: RateLine, sums: Mapping[str, int]) -> dict[str, Fraction]:
    """Return what the meters that have a price cost, in US dollars; a part costs on behalf of the meter it is in.

    A sum of what a minimum bills may be missing: then the units cost what was used.
    """
    found: dict[str, Fraction] = {}
    for term in _terms_in(line, sums):
        if term.price is not None:
            meter = PRICED[term.meter].within or term.meter
            found[meter] = found.get(meter, Fraction(0)) + term.price * term.quantity(sums)
    return found


def _terms_in(line: RateLine, sums: Mapping[str, int]) -> list[Term]:
    found = terms(line, [key for key in EXTRA_KEYS if key in sums])
    return [term if term.column in sums else replace(term, column=term.meter) for term in found]


def surcharges(line: RateLine) -> dict[str, Fraction]:
    """Return what a unit of each extra meter costs on top of the base meter that counts it, too.

    0 for a part that is charged like the rest. One whose price is not known, or depends on the request, is left out.
    """
    prices = dict(zip(USAGE_KEYS, line.prices, strict=True))
    found = {key: Fraction(0) for key in PART_KEYS if key not in line.extra}
    for key, price in line.extra.items():
        base = prices[within] if (within := PRICED[key].within) else Fraction(0)
        if price is not None and base is not None and key not in line.roundings:
            found[key] = price - base
    return found


def charges_tokens(line: RateLine) -> bool:
    """Return whether some kind of token costs something."""
    parts = (price for key, price in line.extra.items() if key not in UNIT_KEYS)
    return any(line.prices[: len(TOKEN_KEYS)]) or any(parts)


def charged_units(line: RateLine) -> list[str]:
    """Return the unit meters that cost something."""
    return [key for key in UNIT_KEYS if line.extra.get(key)]


def parts_apart(line: RateLine) -> list[str]:
    """Return the parts that cost something else than the rest of the meter they are in."""
    prices = dict(zip(USAGE_KEYS, line.prices, strict=True))
    apart = {key: PRICED[key].within for key in line.extra}
    return [key for key, within in apart.items() if within is not None and line.extra[key] != prices[within]]
