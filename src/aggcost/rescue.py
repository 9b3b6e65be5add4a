"""Rescue: failed requests that another route serves, what they cost there, and what still fails.

A failed request tells little of what it would have used. A rescued one is taken to be like the mean of the served
requests of its provider, model and task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

import numpy as np

from aggcost import health
from aggcost.conditions import Truths
from aggcost.extra_calls import ESCALATED, ExtraCalls
from aggcost.failover import Failover
from aggcost.health import Health
from aggcost.integers import IntArray, Mask
from aggcost.ledger import NOT_BILLED, USAGE, Cells, Dim, group
from aggcost.meters import TOKEN_KEYS
from aggcost.policy import Policy, Route
from aggcost.rating import Rates
from aggcost.replay import Gate, Routed, decide

RESCUED, IN_VAIN = "rescued requests", "failed attempts that are billed"
_ALIKE = (("provider", "model", "task"), ("provider", "model"))


@dataclass(frozen=True, slots=True)
class Answering:
    """The gate of routes that do not answer: incidents, and failures that a route shares with the logged one.

    A request that failed fails again at the provider that failed it; one that met a rate limit, at the same model of
    it. As logged, requests have the fate of the log, whatever incidents are stated.
    """

    cells: Cells
    health: Health
    failover: Failover
    gateway: str | None
    lasting: ClassVar[bool] = False

    @property
    def wait_ms(self) -> int:
        """Return what an attempt at a route that does not answer takes, in milliseconds."""
        return self.failover.wait_ms

    def refused(self, route: Route | None, rows: IntArray) -> Sequence[tuple[str, Mask]]:
        """Return which cells at `rows` the route does not answer, by reason."""
        failure = self.cells.dims["failure"].take(rows)
        if route is None:
            return (("failed as logged", failure.mask(lambda kind: kind in self.failover.on)),)
        down = frozenset(n for n, one in enumerate(self.health.incidents) if one.hits(route, self.gateway))
        same = self.cells.dims["provider"].take(rows).where(route.provider)
        same_model = same & self.cells.dims["model"].take(rows).where(route.model)
        again = (same & failure.mask(lambda kind: kind in health.OUTAGES)) | (same_model & failure.where("429"))
        return (("down", self.health.where(self.cells, down)[rows]), ("fails as the logged route did", again))


@dataclass(frozen=True, slots=True)
class Rescue:
    """What became of failed requests: `tried` says which cells a policy tries again, `routed` where they end.

    `rates` are the prices of the ledger in which they use what served requests like them do.
    """

    tried: Mask
    routed: Routed
    rates: Rates

    @property
    def served(self) -> Routed:
        """Return the requests that some route serves."""
        return self.routed.keep(self._served)

    @property
    def lost(self) -> Routed:
        """Return the requests that fail again everywhere."""
        return self.routed.keep(~self._served)

    @property
    def _served(self) -> Mask:
        moved: Mask = self.routed.route != 0
        return self.routed.paid & moved


def rescue(
    policy: Policy, failover: Failover, truths: Truths, gates: Sequence[Gate], own: Rates, routed: Routed
) -> Rescue:
    """Return where the failed requests end that a policy tries again; `routed` is where it sends the billed ones."""
    cells = own.cells
    failed = cells.dims["failure"].mask(lambda kind: kind in failover.on)
    moved = np.zeros(len(cells), dtype=bool)
    moved[routed.cell[routed.route != 0]] = True
    outcome = cells.dims["outcome"]
    tried = failed & (outcome.where(NOT_BILLED) | (outcome.where(USAGE) & ~moved))
    rates = Rates(_as_served(cells, tried), own.card, scaling=own.scaling)
    return Rescue(tried, decide(policy, cells, tried, truths, gates, rates), rates)


def calls(failover: Failover, found: Rescue, routed: Routed) -> tuple[ExtraCalls, ...]:
    """Return what a policy pays for rescued requests, and for attempts in vain where such are billed."""
    alike, rates = found.rates.cells, found.rates
    extras = [
        ExtraCalls(RESCUED, alike, found.served, rates),
        ExtraCalls(ESCALATED, alike, found.routed.first_answers(), rates),
    ]
    if failover.billed_percent:
        extras += [
            ExtraCalls(IN_VAIN, alike, _billed(one.in_vain(), failover), rates) for one in (routed, found.routed)
        ]
    return tuple(one for one in extras if len(one.routed.cell))


def _billed(vain: Routed, failover: Failover) -> Routed:
    share = Fraction(failover.billed_percent) / 100 * (1 + failover.retries)
    logged = vain.keep(vain.route != 0)  # a failure at the logged route is billed in the log, or is not
    return replace(logged, parts=logged.parts * share.numerator, whole=logged.whole * share.denominator)


def _as_served(cells: Cells, which: Mask) -> Cells:
    """Return the ledger in which failed cells use what the served requests like them used on average.

    A mean is rounded to whole tokens, so that it does not matter what else the ledger keeps apart. What has no served
    request like it stays without token counts.
    """
    served = cells.dims["outcome"].where(USAGE) & cells.dims["failure"].where(None) & _counted(cells)
    sums: Mapping[str, IntArray] = {name: values.copy() for name, values in cells.sums.items()}
    open_cells = which & ~(_counted(cells) & (_tokens(cells) > 0))
    for names in _ALIKE:
        codes, _ = group([cells.dims[name] for name in names], len(cells))
        for code in np.unique(codes[open_cells]).tolist():
            alike, wanting = served & (codes == code), open_cells & (codes == code)
            requests = sum(cells.sums["requests"][alike].tolist())
            if not requests:
                continue
            for key in TOKEN_KEYS:
                mean_tokens = round(Fraction(sum(cells.sums[key][alike].tolist()), requests))
                sums[key][wanting] = mean_tokens * cells.sums["requests"][wanting]
            open_cells &= ~wanting
    known = np.where(which, ~open_cells, cells.dims["tokens_known"].mask(bool)).astype(np.int32)
    return Cells({**cells.dims, "tokens_known": Dim(known, (False, True))}, sums)


def _counted(cells: Cells) -> Mask:
    return cells.dims["tokens_known"].mask(bool)


def _tokens(cells: Cells) -> IntArray:
    total: IntArray = np.sum([cells.sums[key] for key in TOKEN_KEYS], axis=0)
    return total
