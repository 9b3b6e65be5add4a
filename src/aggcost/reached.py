"""Tiers that a month reached: what one arm uses of a rate in a month, and the price per unit that follows from it.

A policy moves usage, so every arm reaches tiers of its own. The quantities are summed over all shares of the arm
before anything is priced; then each line has one exact price per unit, and charges add up in any breakdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from aggcost.ledger import SUM_KEYS, Cells, Dim, group, group_sums
from aggcost.meters import TOKEN_KEYS
from aggcost.model_rates import Line, RateLine
from aggcost.rating import Shares
from aggcost.schedule import MonthlyPrices, Schedule

Key = tuple[str, Schedule, int]
Quantities = Mapping[Key, Fraction]


@dataclass(frozen=True, slots=True)
class Reached:
    """What an arm uses of a rate in a month (tokens, requests or US dollars), and the tier that it reaches."""

    owner: str
    schedule: Schedule
    month: int
    quantity: Fraction

    @property
    def tier(self) -> int:
        """Return the place of the tier, from 0."""
        return self.schedule.reached(self.quantity)


def at_reached_tiers(cells: Cells, shares: Shares) -> tuple[Shares, tuple[Reached, ...]]:
    """Return the shares of a whole arm with the prices of the tiers that they reach together, and these tiers."""
    found = _quantities(cells, shares)
    if not found:
        return shares, ()
    ordered = sorted(found.items(), key=lambda item: _order(item[0]))
    tiers = tuple(Reached(*key, quantity) for key, quantity in ordered)
    return replace(shares, lines=tuple(_settled(line, found) for line in shares.lines)), tiers


def _order(key: Key) -> tuple[str, int, str]:
    owner, schedule, month = key
    return owner, month, repr(schedule)


def _settled(line: Line, found: Quantities) -> Line:
    if not isinstance(line, RateLine) or not line.monthly:
        return line
    prices = line.prices
    for one in line.monthly:
        prices = one.at(found.get(one.key, Fraction(0)), prices)
    return RateLine(prices, line.source)


def _quantities(cells: Cells, shares: Shares) -> dict[Key, Fraction]:
    """Return what each rate with a schedule is used for in each month."""
    monthly = np.array([isinstance(line, RateLine) and bool(line.monthly) for line in shares.lines], dtype=bool)
    if not monthly.any():
        return {}
    ruled = shares.keep(monthly[shares.line])
    weights, which = np.unique(ruled.parts, return_inverse=True)
    parts = Dim(which.astype(np.int32), tuple(weights.tolist()))
    groups, members = group((Dim(ruled.line, ruled.lines), parts), len(ruled.cell))
    columns = [group_sums(groups, len(members), cells.sums[key][ruled.cell]) for key in SUM_KEYS]
    found: dict[Key, Fraction] = {}
    for member, *sums in zip(members.tolist(), *columns, strict=True):
        line = ruled.lines[ruled.line[member]]
        weight = Fraction(int(ruled.parts[member]), ruled.whole)
        for one in line.monthly if isinstance(line, RateLine) else ():
            found[one.key] = found.get(one.key, Fraction(0)) + _counted(one, sums) * weight
    return found


def _counted(one: MonthlyPrices, sums: list[int]) -> Fraction:
    """Return the tokens, requests or dollars of these sums that count towards the tiers."""
    if one.schedule.over == "requests":
        return Fraction(sums[SUM_KEYS.index("requests")])
    used = [
        (number, price)
        for key, number, price in zip(SUM_KEYS, sums, one.before, strict=True)
        if key in one.schedule.meters
    ]
    if one.schedule.over == "usd":
        return sum((number * price for number, price in used if price is not None), Fraction(0))
    tokens = len([key for key in TOKEN_KEYS if key in one.schedule.meters])
    return Fraction(sum(number for number, _ in used[:tokens]))
