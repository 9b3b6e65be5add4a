"""Tiers that a month reached: what one arm uses of a rate in a month, and the price per unit that follows from it.

A policy moves usage, so every arm reaches tiers of its own. The quantities are summed over all shares of the arm
before anything is priced; then each line has one exact price per unit, and charges add up in any breakdown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from aggcost.charging import usd_by_meter
from aggcost.integers import group_sums
from aggcost.ledger import Cells, Dim, group
from aggcost.meters import TOKEN_KEYS
from aggcost.model_rates import Line, RateLine
from aggcost.scales import fractions
from aggcost.schedule import MonthlyPrices, Schedule, TierPrices
from aggcost.shares import Shares

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
    prices = TierPrices(line.prices, line.extra)
    for one in line.monthly:
        prices = one.at(found.get(one.key, Fraction(0)), prices)
    return replace(line, prices=prices.base, extra=prices.extra, monthly=())


def _quantities(cells: Cells, shares: Shares) -> dict[Key, Fraction]:
    """Return what each rate with a schedule is used for in each month."""
    monthly = np.array([isinstance(line, RateLine) and bool(line.monthly) for line in shares.lines], dtype=bool)
    if not monthly.any():
        return {}
    ruled = shares.keep(monthly[shares.line])
    weights, which = np.unique(ruled.parts, return_inverse=True)
    parts = Dim(which.astype(np.int32), tuple(weights.tolist()))
    groups, members = group((*ruled.scale_dims(), Dim(ruled.line, ruled.lines), parts), len(ruled.cell))
    names = [name for name in cells.sums if name not in _NOT_USED]
    columns = [group_sums(groups, len(members), cells.sums[name][ruled.cell]) for name in names]
    found: dict[Key, Fraction] = {}
    for member, *values in zip(members.tolist(), *columns, strict=True):
        line = ruled.lines[ruled.line[member]]
        sums = fractions(dict(zip(names, values, strict=True)), ruled.scale_of(member))
        weight = Fraction(int(ruled.parts[member]), ruled.whole)
        for one in line.monthly if isinstance(line, RateLine) else ():
            before = replace(line, prices=one.before.base, extra=one.before.extra)
            found[one.key] = found.get(one.key, Fraction(0)) + _counted(one, before, sums) * weight
    return found


# Sums of a ledger that are no quantities.
_NOT_USED = ("records", "recorded_pico", "first_s", "last_s")


def _counted(one: MonthlyPrices, before: RateLine, sums: Mapping[str, int]) -> Fraction:
    """Return the tokens, requests or dollars of these sums that count towards the tiers."""
    if one.schedule.over == "requests":
        return Fraction(sums["requests"])
    if one.schedule.over == "tokens":
        return Fraction(sum(sums[key] for key in TOKEN_KEYS if key in one.schedule.meters))
    spent_usd = usd_by_meter(before, sums)
    return sum((amount for meter, amount in spent_usd.items() if one.schedule.rules(meter)), Fraction(0))
