"""Eligibility: what the model of a route can take, asked before any price.

A limit that is not known refuses nothing: such a route counts as eligible, and the report says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells
from aggcost.policy import Route


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a route's model; None is unknown, and an unknown limit refuses nothing."""

    context_window: int | None = None
    max_output: int | None = None
    retired_s: int | None = None


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The gate of what models can take; with `context` prompts and answers must fit."""

    cells: Cells
    facts: Mapping[Route, Facts]
    context: bool
    lasting: ClassVar[bool] = True
    wait_ms: ClassVar[int] = 0

    def refused(self, route: Route | None, rows: IntArray) -> Iterable[tuple[str, Mask]]:
        """Return which cells at `rows` the model of `route` cannot take, by reason; as logged takes all."""
        return () if route is None else self._limits(self.facts.get(route, Facts()), rows)

    def _limits(self, known: Facts, rows: IntArray) -> Iterator[tuple[str, Mask]]:
        if known.retired_s is not None:
            yield "retired", lower(self.cells, "start_s", rows) >= known.retired_s
        if known.context_window is not None and self.context:
            yield "prompt over the context window", lower(self.cells, "input_tokens", rows) > known.context_window
        if known.max_output is not None and self.context:
            yield "answer over the maximum output", lower(self.cells, "output_tokens", rows) > known.max_output


def lower(cells: Cells, name: str, rows: IntArray) -> IntArray:
    """Return the smallest value of each cell's bin; an unknown value is under every limit."""
    return cells.dims[name].take(rows).at(lambda value: -1 if value is None else value)
