"""Fates: what became of single rows, so that a ledger tells them apart.

A kernel that goes through rows in order gives each a fate, a number; most have fate 0. The cells of the others are
split off with exact sums, and everything that works on a ledger goes on as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aggcost.integers import IntArray, group_sums, narrow
from aggcost.ledger import Cells, Dim
from aggcost.ordered_rows import SECOND_US, Ordered


def split(
    cells: Cells, rows: Ordered, fate: IntArray, told: Mapping[str, Sequence[Any]], source: IntArray
) -> tuple[Cells, IntArray]:
    """Return the ledger with a further cell for each cell and fate that its rows have, and the new cell of each row.

    `told` says what each fate means, by the names of the keys that tell fates apart. `source` is the cell that holds
    the requests of each one: itself, or for a part of a cell, to which rows were dealt, the whole.
    """
    kinds = max(len(values) for values in told.values())
    moved = np.flatnonzero((fate != 0) | (source[rows.cell] != rows.cell))
    pairs, member = np.unique(rows.cell[moved].astype(np.int64) * kinds + fate[moved], return_inverse=True)
    parent, kind = pairs // kinds, pairs % kinds
    sums = _sums(cells, rows.take(moved), member.astype(np.int64), source[parent])
    dims = {name: Dim(np.concatenate([dim.codes, dim.codes[parent]]), dim.values) for name, dim in cells.dims.items()}
    codes = np.concatenate([np.zeros(len(cells), np.int32), kind.astype(np.int32)])
    dims |= {name: Dim(codes, tuple(values)) for name, values in told.items()}
    filled = sums["records"] > 0
    place = narrow(np.cumsum(filled) - 1)
    home = rows.cell.astype(place.dtype)
    home[moved] = len(cells) + member
    return Cells(dims, sums).select(filled), place[home]


def _sums(cells: Cells, rows: Ordered, member: IntArray, parent: IntArray) -> dict[str, IntArray]:
    """Return the sums of the cells without the rows, followed by those of the rows by member."""
    counted = {**rows.sums, "records": np.ones(len(rows), np.int64)}
    seconds = rows.ts_us // SECOND_US
    found = {}
    for name, values in cells.sums.items():
        if name in ("first_s", "last_s"):
            ends = np.full(len(parent), np.iinfo(np.int64).max if name == "first_s" else -1)
            (np.minimum if name == "first_s" else np.maximum).at(ends, member, seconds)
            found[name] = np.concatenate([values, ends])
            continue
        split_off = np.zeros(len(parent), np.int64)
        if name in counted and len(rows):
            split_off = np.array(group_sums(member, len(parent), counted[name].astype(np.int64)), np.int64)
        rest = values.copy()
        np.subtract.at(rest, parent, split_off)
        found[name] = np.concatenate([rest, split_off])
    return found
