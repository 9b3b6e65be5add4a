"""The bill of a log whose prompts are split in another way between cached and other tokens: exact, at its prices.

Who serves a request, when, and the size of its prompt decide its prices, and none of that changes: requests that are
priced alike are summed once, whatever the split.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property

import numpy as np

from aggcost.integers import IntArray
from aggcost.ledger import USAGE, Cells, Dim
from aggcost.meters import PROMPT_KEYS, TOKEN_KEYS, USAGE_KEYS
from aggcost.money import settle
from aggcost.prompt_log import PricedAlike
from aggcost.ratecard import RateCard, RateLine
from aggcost.rating import Rates, Totals, all_of, rate
from aggcost.reached import at_reached_tiers

_INPUT, _CACHE_READ = USAGE_KEYS.index("input"), USAGE_KEYS.index("cache_read")
_UNCHANGED = ("output", "reasoning", "requests")


class Bill:
    """Prices any split of the prompts of some requests."""

    def __init__(self, requests: PricedAlike, card: RateCard) -> None:
        self._card = card
        self._requests = requests
        same = {"outcome": USAGE, "recorded": False, "tokens_known": True, "summed": False}
        codes = np.zeros(len(requests), np.int32)
        self._dims = {**requests.keys, **{name: Dim(codes, (value,)) for name, value in same.items()}}

    @cached_property
    def as_logged(self) -> Totals:
        """What the requests cost as the log splits them."""
        return self._rated({key: self._requests.sums[key] for key in PROMPT_KEYS})

    def of(self, prompts: Mapping[str, IntArray]) -> Totals:
        """Return what the requests cost if their prompts are these tokens by meter; one left out counts none."""
        return self._rated({key: self._requests.sum(values) for key, values in prompts.items()})

    def _rated(self, sums: Mapping[str, IntArray]) -> Totals:
        cells = self._cells(sums)
        shares, _ = at_reached_tiers(cells, all_of(Rates(cells, self._card).as_logged(), cells))
        return rate(cells, shares, {}).total()

    @cached_property
    def without_cached_price(self) -> tuple[str, ...]:
        """The models for which a token from a cache costs no less than another one."""
        cells = self._cells({})
        lines = Rates(cells, self._card).as_logged()
        found = set()
        for place, line in enumerate(lines.index.tolist()):
            if isinstance(lines.table[line], RateLine) and not _is_cheaper(lines.table[line]):
                names = (self._dims[name].values[self._dims[name].codes[place]] for name in ("provider", "model"))
                found.add("/".join(filter(None, names)))
        return tuple(sorted(found))

    def _cells(self, prompts: Mapping[str, IntArray]) -> Cells:
        zeros = np.zeros(len(self._requests), np.int64)
        unchanged = {name: self._requests.sums[name] for name in _UNCHANGED}
        sums = {**dict.fromkeys((*TOKEN_KEYS, "recorded_pico"), zeros), **unchanged, **prompts}
        return Cells(self._dims, {**sums, "records": sums["requests"]})


def _is_cheaper(line: RateLine) -> bool:
    """Return whether a line has a price for cached tokens below that of others, or charges nothing for these."""
    cached, other = line.prices[_CACHE_READ], line.prices[_INPUT]
    return not other or (cached is not None and cached < other)


def usd(totals: Totals) -> Decimal | None:
    """Return the cost of what has a price, None where nothing has."""
    return settle(totals.cost_usd) if totals.has_price else None
