"""The bill of a log whose prompts are split in another way between cached and other tokens: exact, at its prices.

Who serves a request, when, and the size of its prompt decide its prices, and none of that changes: requests that are
priced alike are summed once, whatever the split.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from aggcost.integers import IntArray, group_sums
from aggcost.ledger import USAGE, Cells, Dim, group
from aggcost.meters import TOKEN_KEYS, USAGE_KEYS
from aggcost.money import settle
from aggcost.ratecard import RateCard, RateLine
from aggcost.rating import Rates, Totals, all_of, rate
from aggcost.reached import at_reached_tiers

# The keys of requests that decide their prices: names, the time and the size of the prompt, as the ledger has them.
PRICE_KEYS = ("provider", "model", "service_tier", "region", "start_s", "input_tokens")
_INPUT, _CACHE_READ = USAGE_KEYS.index("input"), USAGE_KEYS.index("cache_read")


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests as arrays: their `PRICE_KEYS`, and the sums that no split of the prompt changes (output, reasoning)."""

    keys: Mapping[str, Dim]
    sums: Mapping[str, IntArray]

    def __len__(self) -> int:
        return len(self.keys["model"].codes)


class Bill:
    """Prices any split of the prompts of some requests."""

    def __init__(self, requests: Requests, card: RateCard) -> None:
        self._card = card
        self._codes, members = group(requests.keys.values(), len(requests))
        self._groups = len(members)
        self._dims = {name: dim.take(members) for name, dim in requests.keys.items()} | self._constants()
        counted = {**requests.sums, "requests": np.ones(len(requests), np.int64)}
        self._sums = {name: self._summed(values) for name, values in counted.items()}

    def of(self, prompts: Mapping[str, IntArray]) -> Totals:
        """Return what the requests cost if their prompts are these tokens by meter; one left out counts none."""
        cells = self._cells({key: self._summed(values) for key, values in prompts.items()})
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

    def _constants(self) -> dict[str, Dim]:
        same = {"outcome": USAGE, "recorded": False, "tokens_known": True, "summed": False}
        return {name: Dim(np.zeros(self._groups, np.int32), (value,)) for name, value in same.items()}

    def _cells(self, prompts: Mapping[str, IntArray]) -> Cells:
        zeros = np.zeros(self._groups, np.int64)
        sums = {**dict.fromkeys((*TOKEN_KEYS, "recorded_pico"), zeros), **self._sums, **prompts}
        return Cells(self._dims, {**sums, "records": sums["requests"]})

    def _summed(self, values: IntArray) -> IntArray:
        return np.array(group_sums(self._codes, self._groups, values), np.int64)


def _is_cheaper(line: RateLine) -> bool:
    """Return whether a line has a price for cached tokens below that of others, or charges nothing for these."""
    cached, other = line.prices[_CACHE_READ], line.prices[_INPUT]
    return not other or (cached is not None and cached < other)


def usd(totals: Totals) -> Decimal | None:
    """Return the cost of what has a price, None where nothing has."""
    return settle(totals.cost_usd) if totals.has_price else None
