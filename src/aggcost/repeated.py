"""What was dropped as a duplicate, and what is billed though it repeats or retries another request: counts and money.

Each is a ledger of its own, scanned only where there are such rows, and rated like the log itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import ibis

from aggcost import scanning
from aggcost.arms import tokens
from aggcost.engine import Engine
from aggcost.errors import Issue
from aggcost.importers import Usage
from aggcost.importers.repeats import REPEATED
from aggcost.integers import total
from aggcost.ledger import NOT_BILLED, Cells, dropped, group
from aggcost.meters import TOKEN_KEYS
from aggcost.money import plain, settle
from aggcost.ratecard import RateCard
from aggcost.rating import Rates, all_of, rate
from aggcost.report import Coverage, DroppedBy, Duplicates, Repeats

_PICO = 10**12
_WHY = ("format", "dropped_by")


def told(engine: Engine, usage: Usage, found: Coverage, card: RateCard) -> Coverage:
    """Return the coverage of a log with what was dropped, what repeats and what was tried again."""
    again = usage.again
    return replace(
        found,
        duplicates=_dropped(engine, usage, card) if found.duplicate else Duplicates(),
        repeats=_kept(engine, again.repeats, card) if again.told else None,
        retries=_kept(engine, again.retries, card) if again.told else None,
    )


def _dropped(engine: Engine, usage: Usage, card: RateCard) -> Duplicates:
    rows = usage.table.filter(dropped(usage.table)).mutate(duplicate=False)
    cells = scanning.cells(engine, rows, card, _WHY)
    codes, members = group([cells.dims[name] for name in _WHY], len(cells))
    parts = []
    for number, row in enumerate(members.tolist()):
        name, reason = (str(dim.values[dim.codes[row]]) for dim in (cells.dims[key] for key in _WHY))
        sums = _sums(cells.select(codes == number), card)
        parts.append(DroppedBy(key=f"{name}: {reason}", format=name, reason=reason, **sums))
    ordered = sorted(parts, key=lambda part: (-part.records, part.key))
    return Duplicates(**_sums(cells, card), by=tuple(ordered))


def _kept(engine: Engine, rows: ibis.Table | None, card: RateCard) -> Repeats:
    return Repeats() if rows is None else Repeats(**_sums(scanning.cells(engine, rows, card), card))


def _sums(cells: Cells, card: RateCard) -> dict[str, Any]:
    """Return the fields of `Repeats` for these cells, whose rows are rated as if they were all the log."""
    if not len(cells):
        return {}
    charges = rate(cells, all_of(Rates(cells, card).as_logged(), cells), {})
    recorded = cells.sums["recorded_pico"][cells.dims["recorded"].where(value=True)]
    sums = charges.total()
    return {
        "records": total(cells.sums["records"]),
        "requests": total(cells.sums["requests"]),
        "tokens": tokens({key: Fraction(total(cells.sums[key])) for key in TOKEN_KEYS}),
        "cost": settle(sums.cost_usd) if sums.has_price else None,
        "recorded_cost": settle(Fraction(total(recorded), _PICO)) if len(recorded) else None,
        "unpriced": sum(charge.records for charge in charges.rows if charge.cost is None),
        "not_billed": total(cells.sums["records"][cells.dims["outcome"].where(NOT_BILLED)]),
    }


def rated(issues: Iterable[Issue], found: Repeats | None) -> tuple[Issue, ...]:
    """Return the issues, that of repeated request ids with what they cost at our prices."""
    if found is None:
        return tuple(issues)
    return tuple(
        replace(one, message=f"{one.message}; {_at_our_prices(found)}") if one.code == REPEATED else one
        for one in issues
    )


def _at_our_prices(found: Repeats) -> str:
    if found.cost is None:
        return "none of them has a price"
    missing = f", {found.unpriced:,} of them without a price" if found.unpriced else ""
    return f"at our prices {plain(found.cost)} USD{missing}"
