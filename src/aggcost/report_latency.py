"""How long requests take, route by route: percentiles with their intervals, as logged or under a policy."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from aggcost.units import Count, Label, Percent

FineMilliseconds = Annotated[Decimal, "milliseconds, at most 6 decimals"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """A percentile, None where there are too few requests, and its 95 % interval, None where it has no such bound.

    `name` is ``p50``, ``p95``, ``p99`` or ``p99.9``.
    """

    name: str
    value: FineMilliseconds | None
    low: FineMilliseconds | None
    high: FineMilliseconds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLatency:
    """The times of the `n` requests that a route serves (``provider/model``; None: all routes together).

    `name` tells it from the others of an arm. `measure` is ``latency``, the whole time, or ``ttft``, that to the first
    token, of those that state it. Without percentiles the times are not known. `fitted` and `support_percent` are as
    in `Latency`.
    """

    name: str
    route: str | None
    measure: Literal["latency", "ttft"]
    n: Count
    label: Label
    percentiles: tuple[Percentile, ...]
    fitted: Count | None = None
    support_percent: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTested:
    """A percentile of the last days as it was predicted and as it was; `error_percent` is predicted against actual."""

    name: str
    predicted: FineMilliseconds | None
    actual: FineMilliseconds | None
    error_percent: Percent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """A modelled time tested on the log: fitted to the `fitted` requests before `from_`, it predicts the `n` after it.

    `days` and `days_predicted` are those before and after; None where the log is too short to be cut between days.
    `withheld` says that the p95 was more than 20 % off, and that no time is told of requests that move to the route.
    """

    name: str
    route: str
    measure: Literal["latency", "ttft"]
    from_: str
    days: Count | None
    days_predicted: Count | None
    fitted: Count
    n: Count
    percentiles: tuple[BackTested, ...]
    withheld: bool
