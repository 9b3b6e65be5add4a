"""Which part of a ledger's rows moves where, when decisions were made on cells that another ledger does not have.

A ledger without time, and cells by the hour, share the keys that a policy may look at. What is decided of the cells of
a key holds for the rows of that key pro rata.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aggcost import ledger
from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells, Dim
from aggcost.percentiles import UNIT
from aggcost.replay import Routed
from aggcost.routes import UNPAID, Route

_STEPS = 1000  # a share is a whole number of thousandths


@dataclass(frozen=True, slots=True)
class Keys:
    """A code for the key of each row of a ledger and of each cell: equal codes, equal keys."""

    of_rows: IntArray
    of_cells: IntArray
    size: int


def joined(dims: Mapping[str, Dim], rows: int, cells: Cells) -> Keys:
    """Return the common keys of a ledger and the cells; a cell's bin belongs to the wider bin that holds it."""
    both = [_joined(dim, cells.dims[name]) for name, dim in dims.items()]
    codes, _ = ledger.group(both, rows + len(cells))
    return Keys(codes[:rows], codes[rows:], int(codes.max(initial=0)) + 1)


def weights(cells: Cells, routed: Routed, served: Mask) -> IntArray:
    """Return for each share of a cell the requests in it, in 1/`routed.whole`, 0 where they are not served."""
    return np.where(served, cells.sums["requests"][routed.cell] * routed.parts, 0)


def share(keys: Keys, routed: Routed, requests: IntArray, chosen: Mask, *, otherwise: int) -> IntArray:
    """Return for each row the part of its key's requests that is `chosen`, in 1/UNIT; `otherwise` without any."""
    everything, some = np.zeros(keys.size, np.int64), np.zeros(keys.size, np.int64)
    np.add.at(everything, keys.of_cells[routed.cell], requests)
    np.add.at(some, keys.of_cells[routed.cell], np.where(chosen, requests, 0))
    known = np.maximum(everything, 1)
    found: IntArray = np.where(everything > 0, (some * _STEPS // known) * (UNIT // _STEPS), otherwise)
    return found[keys.of_rows]


def at_once(routed: Routed) -> Mask:
    """Return which shares are served by the first route that they call."""
    return np.ones(len(routed.cell), dtype=bool) if routed.answered is None else routed.answered == 0


def escalated(routed: Routed, among: Mask) -> Iterator[tuple[tuple[Route | None, ...], Mask]]:
    """Yield the routes that some shares call in turn, the last of which serves, with these shares."""
    if routed.answered is None:
        return
    for place, before in enumerate(routed.answers):
        for index, route in enumerate(routed.routes):
            mask = among & (routed.answered == place) & (routed.route == index)
            if place and route not in UNPAID and mask.any():
                yield (*before, route), mask


def _joined(wide: Dim, fine: Dim) -> Dim:
    """Return one dimension over the rows of both, in the values of the wider one (None: in none of them)."""
    numbers = {value: code for code, value in enumerate(wide.values)}
    lookup = np.array([_wider(value, numbers) for value in fine.values], np.int32)
    return Dim(np.concatenate([wide.codes, lookup[fine.codes]]), (*wide.values, None))


def _wider(value: Any, numbers: Mapping[Any, int]) -> int:
    """Return the code of a value, or of the largest bin that starts at or below it."""
    if value in numbers:
        return numbers[value]
    if isinstance(value, int) and not isinstance(value, bool):
        below = [bound for bound in numbers if bound is not None and bound <= value]
        return numbers[max(below)] if below else len(numbers)
    return len(numbers)
