"""Caps on answers: what the requests of a ledger use where their answers end at a number of tokens.

The ledger is cut right above each cap, so that all answers of a cell are longer than it, or none. A cut answer has
exactly as many tokens as the cap, which makes the sums exact. Reasoning comes first in an answer, so a cut takes what
follows it; where a cell's answers reason for longer than the cap on average, all that is left of them is reasoning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aggcost.conditions import Truths
from aggcost.integers import IntArray, Mask, total
from aggcost.ledger import USAGE, Cells, Dim
from aggcost.levers import Cap
from aggcost.meters import PART_METERS

_PARTS = ("reasoning", *(meter.key for meter in PART_METERS if meter.within == "output" and meter.key != "reasoning"))


@dataclass(frozen=True, slots=True)
class Cut:
    """What a cap does to a log: how many answers it cuts, and the output tokens they lose by it."""

    cap: Cap
    answers: int
    saved_tokens: int


def cut_at(cap: Cap) -> int:
    """Return the length of the shortest answer that a cap cuts, in tokens."""
    return cap.tokens + 1


def capped(cells: Cells, caps: Sequence[Cap], truths: Truths) -> tuple[Cells, tuple[Cut, ...]]:
    """Return the ledger under these caps, of which the first that matches counts, and what each of them cuts."""
    longest, taken = _longest(cells), np.zeros(len(cells), dtype=bool)
    cuts = []
    changed = cells
    for cap in caps:
        matches = truths.of(cap.where)[0] & ~taken
        cut = matches & (longest >= cut_at(cap))
        changed = _cut(changed, cut, cap.tokens)
        billed = cut & cells.dims["outcome"].where(USAGE)
        saved = total(cells.sums["output"][billed]) - total(changed.sums["output"][billed])
        cuts.append(Cut(cap, total(cells.sums["requests"][billed]), saved))
        taken |= matches
    return changed, tuple(cuts)


def _longest(cells: Cells) -> IntArray:
    return cells.dims["output_tokens"].at(lambda tokens: -1 if tokens is None else tokens)


def _cut(cells: Cells, cut: Mask, tokens: int) -> Cells:
    """Return the ledger with the answers of some cells cut to `tokens` each."""
    left = np.where(cut, cells.sums["requests"] * tokens, cells.sums["output"])
    sums = dict(cells.sums, output=left)
    for part in _PARTS:
        if part in sums:
            sums[part] = np.where(cut, np.minimum(sums[part], left), sums[part])
            left = left - sums[part]
    dim = cells.dims["output_tokens"]
    codes = np.where(cut, len(dim.values), dim.codes).astype(np.int32)
    return Cells({**cells.dims, "output_tokens": Dim(codes, (*dim.values, tokens))}, sums)
