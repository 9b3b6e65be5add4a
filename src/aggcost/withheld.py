"""Cells that have a rate line and still no price: the log does not tell what it charges for, or tells what it does not.

A line charges every cell alike, so cells that it cannot charge are told apart from the others here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from aggcost import charging
from aggcost.integers import Mask
from aggcost.ledger import Cells
from aggcost.meters import UNIT_KEYS
from aggcost.model_rates import Line, RateLine, Unpriced
from aggcost.quantities import uses

Index = np.ndarray[Any, np.dtype[np.int32]]
_UNCOUNTED = Unpriced("unpriced_usage", "the log gives no token counts, nor what else is charged")
_UNROUNDED = Unpriced("unpriced_usage", "a minimum is billed of each request, and the rows sum several")


def withhold(cells: Cells, index: Index, table: tuple[Line, ...]) -> tuple[Index, tuple[Line, ...]]:
    """Return the line of each cell, `index` into `table`, where those that cannot be charged are unpriced."""
    index, table = _replaced(_uncounted(cells, index, table), _UNCOUNTED, index, table)
    index, table = _replaced(_unrounded(cells, index, table), _UNROUNDED, index, table)
    return _without_price(cells, index, table)


def _replaced(which: Mask, reason: Unpriced, index: Index, table: tuple[Line, ...]) -> tuple[Index, tuple[Line, ...]]:
    if not which.any():
        return index, table
    return np.where(which, np.int32(len(table)), index), (*table, reason)


def _uncounted(cells: Cells, index: Index, table: Sequence[Line]) -> Mask:
    """Return the cells without token counts, except where their line charges for no token and for what they have."""
    unknown = cells.dims["tokens_known"].mask(lambda known: not known)
    if not unknown.any():
        return unknown
    by_token = _lines(table, charging.charges_tokens)[index]
    by_unit = _lines(table, lambda line: bool(charging.charged_units(line)) and not line.prices[-1])[index]
    found: Mask = unknown & (by_token | (by_unit & ~_use(cells, index, table, charging.charged_units)))
    return found


def _unrounded(cells: Cells, index: Index, table: Sequence[Line]) -> Mask:
    """Return the cells of rows that sum several requests, of each of which their line bills a minimum."""
    summed = cells.dims["summed"].mask(bool)
    return summed & _use(cells, index, table, lambda line: line.roundings) if summed.any() else summed


def _without_price(cells: Cells, index: Index, table: tuple[Line, ...]) -> tuple[Index, tuple[Line, ...]]:
    """Leave cells unpriced that used a unit meter for which their line has no price."""
    missing = np.zeros(len(cells), np.int64)
    for bit, key in enumerate(UNIT_KEYS):
        if uses(key) in cells.dims:
            lacks: Mask = np.array([isinstance(one, RateLine) and one.extra.get(key) is None for one in table], bool)
            missing |= (lacks[index] & cells.dims[uses(key)].mask(bool)).astype(np.int64) << bit
    if not missing.any():
        return index, table
    kinds = 1 << len(UNIT_KEYS)
    codes, which = np.unique(index.astype(np.int64) * kinds + missing, return_inverse=True)
    found = [_lacking(table[code // kinds], code % kinds) for code in codes.tolist()]
    return which.astype(np.int32), tuple(found)


def _lacking(line: Line, missing: int) -> Line:
    if isinstance(line, Unpriced) or not missing:
        return line
    names = ", ".join(key for bit, key in enumerate(UNIT_KEYS) if missing >> bit & 1)
    return Unpriced("unpriced_meter", f"no price for {names}", line)


def _lines(table: Sequence[Line], test: Callable[[RateLine], bool]) -> Mask:
    return np.array([isinstance(line, RateLine) and test(line) for line in table], dtype=bool)


def _use(cells: Cells, index: Index, table: Sequence[Line], meters: Callable[[RateLine], Collection[str]]) -> Mask:
    """Return the cells that used one of the unit meters that `meters` names of their line."""
    found: Mask = np.zeros(len(cells), np.bool_)
    named = [meters(line) if isinstance(line, RateLine) else () for line in table]
    for key in UNIT_KEYS:
        if uses(key) in cells.dims:
            is_named: Mask = np.array([key in one for one in named], dtype=bool)
            found |= is_named[index] & cells.dims[uses(key)].mask(bool)
    return found
