"""Charges of several parts of an arm as one: the requests of the log, and calls that a policy makes beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from aggcost.rating import Charge, Charges


def together(parts: Sequence[Charges]) -> Charges:
    """Return all charges in common units; the result costs exactly what the parts cost together."""
    if len(parts) == 1:
        return parts[0]
    whole = math.lcm(*(part.whole for part in parts))
    denominator = math.lcm(*(part.denominator for part in parts))
    columns = tuple(dict.fromkeys(name for part in parts for name in part.extra_columns))
    rows = [_in_units(row, part, whole, denominator, columns) for part in parts for row in part.rows]
    return Charges(tuple(rows), whole, denominator, columns)


def uncounted(charges: Charges) -> Charges:
    """Return the charges of calls that are no requests of the log: they cost and use tokens, but count none."""
    return replace(charges, rows=tuple(replace(row, requests=0, records=0, recorded=0) for row in charges.rows))


def _in_units(row: Charge, part: Charges, whole: int, denominator: int, columns: Sequence[str]) -> Charge:
    times = whole // part.whole
    extra = dict(zip(part.extra_columns, row.extra, strict=True))
    return replace(
        row,
        tokens=tuple(quantity * times for quantity in row.tokens),
        requests=row.requests * times,
        cost=None if row.cost is None else row.cost * times * (denominator // part.denominator),
        recorded=row.recorded * times,
        extra=tuple(extra.get(name, 0) * times for name in columns),
    )
