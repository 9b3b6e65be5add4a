"""Requests that a response cache answers: they go to no provider, and nothing is paid for them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from aggcost.integers import IntArray, Mask
from aggcost.ledger import Cells
from aggcost.policy import Policy
from aggcost.replay import Routed
from aggcost.routes import RESPONSE_CACHE, ServiceLevel

ANSWERED = "answered"  # key of the ledger: whose answer the response cache gave, None where it gave none
SAME, ANOTHER, UNKNOWN = "to the same prompt", "to another prompt", "to a prompt that is not known"
BY_CACHE = -3  # in place of a rule's index
NAME = "response cache"


def answered(cells: Cells) -> Mask:
    """Return the cells whose requests the response cache answers."""
    found = cells.dims.get(ANSWERED)
    return np.zeros(len(cells), dtype=bool) if found is None else found.mask(lambda answer: answer is not None)


def with_answers(routed: Routed, cells: Cells) -> Routed:
    """Return where requests go, with those that the response cache answers."""
    rows = np.flatnonzero(answered(cells))
    if not len(rows):
        return routed
    routes = routed.routes if RESPONSE_CACHE in routed.routes else (*routed.routes, RESPONSE_CACHE)
    nothing = np.zeros(len(rows), np.int64)
    no = np.zeros(len(rows), dtype=bool)

    def joined(values: IntArray, more: int) -> IntArray:
        return np.concatenate([values, np.full(len(rows), more, np.int64)])

    return replace(
        routed,
        cell=np.concatenate([routed.cell, rows]),
        parts=joined(routed.parts, routed.whole),
        rule=joined(routed.rule, BY_CACHE),
        route=joined(routed.route, routes.index(RESPONSE_CACHE)),
        refused=np.concatenate([routed.refused, no]),
        waited_ms=np.concatenate([routed.waited_ms, nothing]),
        waits=None if routed.waits is None else np.concatenate([routed.waits, no]),
        answered=None if routed.answered is None else np.concatenate([routed.answered, nothing]),
        routes=routes,
    )


def with_cache_times(policy: Policy) -> Policy:
    """Return the policy that asserts of the response cache the time that it states."""
    cache = policy.in_order.response_cache
    if cache is None:
        return policy
    level = ServiceLevel(p50_ms=max(cache.latency_ms, 1), availability_percent=Decimal(100))
    return replace(policy, service_levels={RESPONSE_CACHE: level, **policy.service_levels})
