"""One side of a report: what the month costs, and how it is served, as logged or under a policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from aggcost.money import percent
from aggcost.report_latency import RouteLatency
from aggcost.units import Count, Label, Milliseconds, Percent, Quantity, Requests, TokenCount, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Tokens by kind, disjoint: `input` is the prompt without what the cache read or wrote."""

    input: TokenCount = 0
    cache_read: TokenCount = 0
    cache_write: TokenCount = 0
    output: TokenCount = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The requests that share one value of a field; `key` is None where the log does not say.

    `cost` is None where nothing of the group could be priced; `unpriced` counts its requests without a
    price; `share` is the group's percent of the arm's cost.
    """

    key: str | None
    cost: Usd | None
    requests: Requests
    tokens: Tokens
    unpriced: Requests = 0
    share: Percent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Percentiles of the whole time of a request over `n` requests; None where there are too few.

    Where requests that move are timed by a line in their tokens, `fitted` is the number of requests that the thinnest
    line rests on, and `support_percent` the share of the moved requests of a size that their route has served.
    """

    p50: Milliseconds | None
    p95: Milliseconds | None
    p99: Milliseconds | None
    n: Count
    label: Label
    fitted: Count | None = None
    support_percent: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Failed requests of one class: ``429`` is a rate limit, ``5xx`` the provider's own error."""

    class_: Literal["429", "5xx", "timeout", "other"]
    requests: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """A minute (ISO 8601, local to the report's zone) with its requests and how many failed."""

    minute: str
    requests: Count
    failed: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A local calendar day, ``2026-02-01``."""

    day: str
    cost: Usd | None
    requests: Requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A month of traffic under one policy; the first arm is the log itself, ``as_logged``.

    `policy_digest` is that of the policy's files, or of the price file where only prices are in question.
    `cost` and everything derived from it are the requests' cost in the period; `cost_monthly` is a
    month's, with overheads and fixed fees. `variance` is `cost` minus `recorded_cost` over the
    requests that have both. `availability` is the percent of minutes served ("uptime"),
    `successful_percent` the percent of requests: two different measures.
    `unpriced_percent` is the share of the arm's tokens that have no price. `by` maps a field to its
    groups, dearest first; `latencies` are the times of all requests, then by route; `days` are in the order of time.
    `units` is what the log counts beside tokens by kind: audio, images, video and reasoning inside of them, searches,
    seconds and so on, by meter.
    """

    name: str
    policy_digest: str | None
    cost: Usd | None
    cost_monthly: Usd | None
    recorded_cost: Usd | None = None
    variance: Usd | None = None
    variance_percent: Percent | None = None
    requests: Requests
    tokens: Tokens
    per_request: Usd | None
    per_1000_requests: Usd | None
    per_successful_request: Usd | None = None
    per_conversation: Usd | None = None
    sessions: Count | None = None
    blended_per_mtok: Usd | None
    unpriced_percent: Percent | None = None
    by: Mapping[str, tuple[Group, ...]]
    latency_ms: Latency | None = None
    latencies: tuple[RouteLatency, ...] = ()
    failed: Requests | None = None
    failures: tuple[Failures, ...] = ()
    worst_minutes: tuple[Minute, ...] = ()
    availability: Percent | None = None
    successful_percent: Percent | None = None
    days: tuple[Day, ...] = ()
    units: Mapping[str, Quantity] = field(default_factory=dict)


def fold(groups: tuple[Group, ...], top: int) -> tuple[tuple[Group, ...], Group | None]:
    """Return the first `top` groups, and the others summed as ``other (n)`` (None where there are none).

    A single group left over is shown itself: a line is no shorter for being called *other*.
    """
    if len(groups) <= top + 1:
        return groups, None
    rest = groups[top:]
    costs = [group.cost for group in rest if group.cost is not None]
    shares = [group.share for group in rest if group.share is not None]
    other = Group(
        key=f"other ({len(rest)})",
        cost=sum(costs, Decimal(0)) if costs else None,
        requests=sum((group.requests for group in rest), 0),
        tokens=_sum_tokens(tuple(group.tokens for group in rest)),
        unpriced=sum((group.unpriced for group in rest), 0),
        share=sum(shares, Decimal(0)) if shares else None,
    )
    return groups[:top], other


def ranked(groups: tuple[Group, ...], total: Decimal | None) -> tuple[Group, ...]:
    """Return the groups dearest first, then by key, each with its share of `total` in percent."""
    shared = (
        replace(group, share=None if total is None or group.cost is None else percent(group.cost, total))
        for group in groups
    )
    return tuple(sorted(shared, key=lambda group: (-(group.cost or Decimal(0)), group.key or "")))


def _sum_tokens(parts: tuple[Tokens, ...]) -> Tokens:
    return Tokens(
        input=sum(part.input for part in parts),
        cache_read=sum(part.cache_read for part in parts),
        cache_write=sum(part.cache_write for part in parts),
        output=sum(part.output for part in parts),
    )
