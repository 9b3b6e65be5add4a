"""A provider's prompt cache at the routes that requests move to: what it would read and write of them.

Every route has a cache of its own, which is empty when the first request comes. What is written costs the premium of
the route's model where it has one, and else the price of any prompt token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aggcost.in_order import StatedPromptCache
from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells
from aggcost.meters import PROMPT_KEYS, USAGE_KEYS
from aggcost.ordered_rows import UNKNOWN, Ordered
from aggcost.policy import Route
from aggcost.prefix_cache import PromptCache, Prompts, split
from aggcost.ratecard import RateLine
from aggcost.rating import Rates

_FIVE_MINUTES_S = 300


@dataclass(frozen=True, slots=True)
class Simulated:
    """The prompt tokens of each cell as caches would split them; `known` are the cells of which all rows are known."""

    sums: Mapping[str, IntArray]
    known: Mask

    def on(self, cells: Cells, moved: Mask) -> Cells:
        """Return the ledger in which the cells of `moved` have their prompt tokens split so."""
        which = moved & self.known
        sums = {key: np.where(which, self.sums[key], cells.sums[key]) for key in PROMPT_KEYS}
        return Cells(cells.dims, {**cells.sums, **sums})


def views(cells: Cells, moved: Mask, replayed: Simulated | None) -> dict[str, Cells]:
    """Return the ledger as prompt caches may take the cells of `moved`, by the name of the mode.

    Nothing but `as_logged` where no prompt that moves was cached, and none is replayed.
    """
    cached = [key for key in PROMPT_KEYS if key != "input"]
    found = {"as_logged": cells}
    if replayed is None and not any(cells.sums[key][moved].any() for key in cached):
        return {**found, "cold": cells}
    whole: IntArray = np.sum([cells.sums[key] for key in PROMPT_KEYS], axis=0)
    nothing = np.zeros(len(cells), np.int64)
    cold = Simulated({"input": whole, **dict.fromkeys(cached, nothing)}, np.ones(len(cells), dtype=bool))
    found["cold"] = cold.on(cells, moved)
    return found if replayed is None else {**found, "simulated": replayed.on(cells, moved)}


def simulated(
    stated: StatedPromptCache,
    rows: Ordered,
    home: IntArray,
    route: IntArray,
    routes: Sequence[Route | None],
    own: Rates,
) -> Simulated:
    """Return the split of the prompts of rows that go to `routes[route]`; `home` is the cell of each row."""
    size = len(own.cells)
    cache = PromptCache(ttl_s=stated.ttl_s, minimum_tokens=stated.minimum_tokens, scope=stated.scope)
    written = "cache_write_5m" if stated.ttl_s <= _FIVE_MINUTES_S else "cache_write_1h"
    total = sum((rows.sums[key] for key in PROMPT_KEYS if key in rows.sums), np.zeros(len(rows), np.int64))
    sums = {key: np.zeros(size, np.int64) for key in PROMPT_KEYS}
    known = np.zeros(size, dtype=bool)
    for number in (one for one in np.unique(route[route > 0]).tolist() if routes[one] is not None):
        places = np.flatnonzero((route == number) & (rows.ts_us != UNKNOWN))
        blocks = None if rows.blocks is None else rows.blocks.take(places)
        found = split(Prompts(rows.ts_us[places], rows.extra["session"][places], total[places], blocks), cache)
        dear = _has_price(own, routes[number], written)[home[places]]
        write = np.where(dear, found.write_tokens, 0)
        for key, tokens in (
            ("cache_read", found.read_tokens), (written, write),
            ("input", total[places] - found.read_tokens - write),
        ):  # fmt: skip
            np.add.at(sums[key], home[places], tokens)
        known[home[places]] = True
    untimed = home[(rows.ts_us == UNKNOWN)]
    known[untimed] = False
    return Simulated(sums, known)


def _has_price(own: Rates, route: Route | None, meter: str) -> Mask:
    """Return for each cell whether its line on the route has a price for the meter."""
    lines, place = own.of(route), USAGE_KEYS.index(meter)
    priced = [isinstance(line, RateLine) and line.prices[place] is not None for line in lines.table]
    found: Mask = np.array(priced, dtype=bool)[lines.index]
    return found
