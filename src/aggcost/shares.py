"""Shares: which part of which cell of a ledger is charged by which rate line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from aggcost.integers import IntArray, Mask
from aggcost.ledger import USAGE, Cells, Dim
from aggcost.model_rates import RateLine, Unpriced
from aggcost.scales import ONE, Scale, unit

Index = np.ndarray[Any, np.dtype[np.int32]]
Line = RateLine | Unpriced


@dataclass(frozen=True, slots=True)
class Lines:
    """The rate line of each cell: `index` into `table`."""

    index: Index
    table: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """Which share of which cell is charged by which line, after which factor.

    Arrays of one length: `cell` (position in the ledger), `parts` of `whole` (its weight),
    `line` (index into `lines`) and `factor` (index into `factors`: discounts and fees); `scale` (index into `scales`)
    says what a token of the log is where the share goes, None: one token.
    """

    cell: IntArray
    parts: IntArray
    whole: int
    line: Index
    lines: tuple[Line, ...]
    factor: Index
    factors: tuple[Fraction, ...]
    scale: Index | None = None
    scales: tuple[Scale, ...] = (ONE,)

    @property
    def unit(self) -> int:
        """Return into how many parts a token is divided, so that scaled sums are whole numbers."""
        return 1 if self.scale is None else unit(self.scales)

    def scale_of(self, share: int) -> Scale:
        """Return the scale of one share."""
        return ONE if self.scale is None else self.scales[self.scale[share]]

    def scale_dims(self) -> tuple[Dim, ...]:
        """Return the scale of each share as a dimension to group by, none where nothing is scaled."""
        return () if self.scale is None else (Dim(self.scale, self.scales),)

    def keep(self, mask: Mask) -> Shares:
        """Return the shares where `mask` is true."""
        scale = None if self.scale is None else self.scale[mask]
        kept = {name: getattr(self, name)[mask] for name in ("cell", "parts", "line", "factor")}
        return replace(self, scale=scale, **kept)


def all_of(lines: Lines, cells: Cells) -> Shares:
    """Return every usage cell, whole, charged by its own line."""
    rows = np.flatnonzero(cells.dims["outcome"].mask(lambda outcome: outcome == USAGE))
    ones, zeros = np.ones(len(rows), np.int64), np.zeros(len(rows), np.int32)
    return Shares(rows, ones, 1, lines.index[rows], lines.table, zeros, (Fraction(1),))
