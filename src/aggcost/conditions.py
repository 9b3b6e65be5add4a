"""Conditions on a ledger: which cells satisfy a condition, and for which it cannot be known.

Every test of a condition looks at one field, and a cell holds one value (or one bin, or one answer)
of that field. So a test is asked once for each distinct value and looked up for every cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from aggcost import rules
from aggcost.integers import Mask
from aggcost.ledger import Cells, Dim
from aggcost.rules import Atom, Condition

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Truths:
    """Answers conditions for every cell of one ledger; `hour` and `weekday` are read in `zone`."""

    def __init__(self, cells: Cells, zone: ZoneInfo) -> None:
        self._cells = cells
        self._zone = zone
        self._known: dict[str, tuple[Mask, Mask]] = {}
        self._local: dict[str, Dim] = {}

    def of(self, condition: Condition, fixed: Mapping[str, str | None] | None = None) -> tuple[Mask, Mask]:
        """Return (true, unknown) for each cell; `fixed` replaces a field by one value for all cells."""
        true, unknown = rules.combine(condition, lambda atom: self._truth(atom, fixed or {}))
        size = len(self._cells)  # a condition without a test, such as `true`, answers once for all
        return np.broadcast_to(true, size), np.broadcast_to(unknown, size)

    def _truth(self, atom: Atom, fixed: Mapping[str, str | None]) -> tuple[Mask, Mask]:
        if atom.field in fixed:
            answer = rules.atom_truth(atom, fixed[atom.field])
            size = len(self._cells)
            return np.full(size, answer is True), np.full(size, answer is None)
        if atom.text not in self._known:
            self._known[atom.text] = self._look_up(atom)
        return self._known[atom.text]

    def _look_up(self, atom: Atom) -> tuple[Mask, Mask]:
        answered = self._cells.dims.get(f"test:{atom.text}")
        if answered is not None:
            return answered.mask(lambda answer: answer is True), answered.mask(lambda answer: answer is None)
        dim = self._dim(atom.field)
        answers = [rules.atom_truth(atom, value) for value in dim.values]
        true = np.array([answer is True for answer in answers], dtype=bool)
        unknown = np.array([answer is None for answer in answers], dtype=bool)
        return true[dim.codes], unknown[dim.codes]

    def _dim(self, field: str) -> Dim:
        if field not in ("hour", "weekday"):
            return self._cells.dims[field]
        if field not in self._local:
            start = self._cells.dims["start_s"]
            times = [local_time(value, self._zone) for value in start.values]
            self._local[field] = Dim(start.codes, tuple(_part(time, field) for time in times))
        return self._local[field]


def local_time(start_s: int | None, zone: ZoneInfo) -> datetime | None:
    """Return the local time of an epoch second, None where it is unknown."""
    return None if start_s is None else datetime.fromtimestamp(start_s, UTC).astimezone(zone)


def _part(time: datetime | None, field: str) -> int | str | None:
    if time is None:
        return None
    return time.hour if field == "hour" else _WEEKDAYS[time.weekday()]
