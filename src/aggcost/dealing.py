"""Splits where single requests matter: each goes one way, whole, by a hash of its id, or by its place in the log.

A split is a weight on a cell. Limits and caches of routes take requests one by one, so a cell that a split divides gets
a part for each way, and its rows are dealt to the parts. A row without an id goes by its place among those of its
rule, spread evenly (golden ratio), so that every stretch of the log has about the stated shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from aggcost import ledger, sticky
from aggcost.conditions import Truths
from aggcost.eligibility import deciding_rule
from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells, Dim
from aggcost.ordered_rows import UNKNOWN, Ordered
from aggcost.policy import OTHERWISE, Policy
from aggcost.routes import Split, Target

if TYPE_CHECKING:
    import ibis

_HASHES = 1 << 32
_GOLDEN = 2_654_435_769  # 2^32 / golden ratio


@dataclass(frozen=True, slots=True)
class Dealt:
    """A policy whose splits are decided for each request, and the ledger with a part of a cell for each way.

    The first `whole` cells are those of the log. `source` is the cell that each one is of, `first` where the parts of a
    cell begin (-1: it has none), and `split` the place in `splits` of what divides it.
    """

    policy: Policy
    cells: Cells
    whole: int
    source: IntArray
    first: IntArray
    split: IntArray
    splits: tuple[tuple[int, str, Split], ...]

    def any_part(self, mask: Mask) -> Mask:
        """Return which cells of the log are in the mask, or have a part that is."""
        found: Mask = mask[: self.whole].copy()
        found[self.source[np.flatnonzero(mask)]] = True
        return found

    def columns(self, usage: ibis.Table) -> Mapping[str, ibis.Value]:
        """Return for each split the number of the part that the id of a row goes to, null without an id."""
        return {
            sticky.key(name): ledger.binned(sticky.id_column(usage, name), sticky.texts(sticky.bounds(one.percents)))
            for _, name, one in self.splits
        }

    def deal(self, rows: Ordered) -> tuple[Ordered, int, int]:
        """Return the rows with the parts that they count in, and how many were dealt by id and by place."""
        cell, by_id, by_place = rows.cell.copy(), 0, 0
        for number, (_, name, one) in enumerate(self.splits):
            mine = np.flatnonzero(
                (self.first[rows.cell] >= 0) & (self.split[rows.cell] == number) & (rows.ts_us != UNKNOWN)
            )
            part = rows.extra[sticky.key(name)][mine]
            nameless = np.flatnonzero(part == UNKNOWN)
            spread = np.arange(1, len(nameless) + 1, dtype=np.int64) % _HASHES * _GOLDEN % _HASHES
            part = part.copy()
            part[nameless] = np.searchsorted(np.array(sticky.bounds(one.percents), np.int64), spread, side="right")
            cell[mine] = self.first[rows.cell[mine]] + part
            by_id, by_place = by_id + len(mine) - len(nameless), by_place + len(nameless)
        return replace(rows, cell=cell), by_id, by_place

    @property
    def emptied(self) -> Cells:
        """The same ledger, in which only the cells of the log hold requests."""
        parts = np.arange(len(self.cells)) >= self.whole
        return Cells(self.cells.dims, {name: np.where(parts, 0, values) for name, values in self.cells.sums.items()})


def deals(policy: Policy) -> bool:
    """Return whether a policy needs its splits dealt to single requests."""
    asked = bool(policy.in_order.limits) or policy.in_order.prompt_cache.mode == "simulated"
    return asked and any(True for _ in _splits(policy))


def dealt(policy: Policy, cells: Cells, truths: Truths) -> Dealt:
    """Return the policy and the ledger that take each request whole."""
    splits = tuple(_splits(policy)) if deals(policy) else ()
    first, split = np.full(len(cells), -1, np.int64), np.zeros(len(cells), np.int64)
    source, dims = [np.arange(len(cells))], dict(cells.dims)
    lowest: dict[str, tuple[int, IntArray]] = {}
    deciding = deciding_rule(policy, cells, truths) if splits else split
    size = len(cells)
    for number, (index, name, one) in enumerate(splits):
        divided = np.flatnonzero((deciding == index) & _undecided(cells, sticky.key(name), one))
        ways = len(one.parts)
        first[divided], split[divided] = size + ways * np.arange(len(divided)), number
        source.append(np.repeat(divided, ways))
        lowest[sticky.key(name)] = size, np.tile(np.array([0, *sticky.bounds(one.percents)], np.int64), len(divided))
        size += ways * len(divided)
        if not one.sticky:  # the key may be that of a sticky rule of the same name in another policy
            dims[sticky.key(name)] = Dim(np.zeros(len(cells), np.int32), (None,))
    found = np.concatenate(source)
    grown = Cells(dims, cells.sums).select(found) if splits else cells
    changed = {key: _with(grown.dims[key], *values) for key, values in lowest.items()}
    grown = Cells({**grown.dims, **changed}, grown.sums)
    return Dealt(_deciding_each(policy, splits), grown, len(cells), found, first, split, splits)


def _splits(policy: Policy) -> Iterator[tuple[int, str, Split]]:
    for index, rule in enumerate(policy.rules):
        if isinstance(rule.target, Split):
            yield index, rule.name, rule.target
    if isinstance(policy.otherwise, Split):
        yield -1, OTHERWISE, policy.otherwise


def _undecided(cells: Cells, key: str, split: Split) -> Mask:
    """Return the cells that the split divides by weight."""
    return cells.dims[key].where(None) if split.sticky else np.ones(len(cells), dtype=bool)


def _with(dim: Dim, start: int, values: IntArray) -> Dim:
    """Return the key with these values from one cell on."""
    known = tuple(dict.fromkeys((*dim.values, *np.unique(values).tolist())))
    place = {value: code for code, value in enumerate(known)}
    codes = dim.at(place).astype(np.int32)
    codes[start : start + len(values)] = [place[value] for value in values.tolist()]
    return Dim(codes, known)


def _deciding_each(policy: Policy, splits: tuple[tuple[int, str, Split], ...]) -> Policy:
    if not splits:
        return policy
    rules = tuple(replace(rule, target=_each(rule.target)) for rule in policy.rules)
    return replace(policy, rules=rules, otherwise=_each(policy.otherwise))


def _each(target: Target) -> Target:
    return replace(target, sticky=True) if isinstance(target, Split) else target
