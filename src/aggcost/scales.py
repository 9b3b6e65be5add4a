"""Scales: what the tokens of the log become on a route, exactly. The same text is other tokens to another model.

Prompts are scaled by one ratio, answers by another. Sums of a ledger stay whole numbers: they are counted in a unit in
which every ratio is a whole number. Single requests are held against thresholds in whole tokens, rounded down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from aggcost.integers import IntArray
from aggcost.ledger import Cells
from aggcost.meters import PRICED, PROMPT_KEYS
from aggcost.routes import Route

Index = np.ndarray[Any, np.dtype[np.int32]]
Key = tuple[str | None, str | None]
Names = Callable[[str | None, str | None], Key]


class Scale(NamedTuple):
    """How many tokens of a route a token of the log is: in prompts, and in answers."""

    prompt: Fraction
    answer: Fraction

    def of(self, column: str) -> Fraction:
        """Return the ratio of a column of sums; what is no token has 1."""
        meter = PRICED.get(column)
        within = column if meter is None else meter.within or column
        if within in PROMPT_KEYS:
            return self.prompt
        return self.answer if within == "output" else Fraction(1)


ONE = Scale(Fraction(1), Fraction(1))
# Pairs of models (the logged one, None: any; the route's) with their scale, of which the first that fits counts.
Pairs = Sequence[tuple[Key | None, Key, Scale]]


def unit(scales: Iterable[Scale]) -> int:
    """Return the least number that makes every ratio of these scales a whole number."""
    return math.lcm(*(ratio.denominator for scale in scales for ratio in scale))


def scaled(columns: Sequence[str], sums: Sequence[int], scale: Scale, whole: int) -> list[int]:
    """Return the sums of `columns` at a scale, in 1/`whole`; records stay what they are."""
    if whole == 1 and scale == ONE:
        return list(sums)
    return [
        number if column == "records" else int(number * whole * scale.of(column))
        for column, number in zip(columns, sums, strict=True)
    ]


def fractions(sums: Mapping[str, int], scale: Scale) -> Mapping[str, Any]:
    """Return sums at a scale as they are, in fractions."""
    return sums if scale == ONE else {name: number * scale.of(name) for name, number in sums.items()}


def cuts(bounds: Iterable[int], ratios: Iterable[Fraction]) -> set[int]:
    """Return where the log must be cut so that every bound is a cut of the scaled tokens, whatever the ratio."""
    kept = tuple(bounds)
    return {math.ceil(bound / ratio) for ratio in (*ratios, Fraction(1)) for bound in kept}


class Scaling:
    """Which scale holds for each cell of a ledger on each route; without pairs one token is one token everywhere.

    `names` says what a provider and model are called by the price sources, so that all spellings of a model are one. A
    request that stays with its model is never scaled.
    """

    def __init__(self, pairs: Pairs = (), names: Names = lambda provider, model: (provider, model)) -> None:
        self.pairs, self.names = tuple(pairs), names
        self.table: tuple[Scale, ...] = (ONE, *(scale for _, _, scale in self.pairs))

    def of(self, cells: Cells, route: Route | None) -> Index:
        """Return for each cell the place of its scale in `table`."""
        codes = np.zeros(len(cells), np.int32)
        if route is None or not self.pairs:
            return codes
        provider, model = cells.dims["provider"], cells.dims["model"]
        lookup = [self._place((p, m), route) for p in provider.values for m in model.values]
        found: Index = np.array(lookup, np.int32)[provider.codes * np.int32(len(model.values)) + model.codes]
        return found

    def _place(self, logged: Key, route: Route) -> int:
        source, target = self.names(*logged), self.names(route.provider, route.model)
        if source == target:
            return 0
        for place, (one, other, _) in enumerate(self.pairs, 1):
            if other == target and one in (None, source):
                return place
        return 0

    def prompts(self, cells: Cells, route: Route | None) -> IntArray:
        """Return the smallest prompt of each cell's bin in the tokens of the route, -1 where it is unknown."""
        return self._lowest(cells, "input_tokens", route, [scale.prompt for scale in self.table])

    def answers(self, cells: Cells, route: Route | None) -> IntArray:
        """Return the shortest answer of each cell's bin in the tokens of the route, -1 where it is unknown."""
        return self._lowest(cells, "output_tokens", route, [scale.answer for scale in self.table])

    def _lowest(self, cells: Cells, name: str, route: Route | None, ratios: Sequence[Fraction]) -> IntArray:
        codes, dim = self.of(cells, route), cells.dims[name]
        found = dim.at(_unscaled)
        for place in np.unique(codes[codes > 0]).tolist():
            rows = np.flatnonzero(codes == place)
            found[rows] = dim.take(rows).at(_times(ratios[place]))
        return found


def _unscaled(tokens: int | None) -> int:
    return -1 if tokens is None else tokens


def _times(ratio: Fraction) -> Callable[[int | None], int]:
    return lambda tokens: -1 if tokens is None else math.floor(tokens * ratio)
