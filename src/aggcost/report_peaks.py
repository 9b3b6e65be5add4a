"""The busiest minute of each route, as plain values for the renderers."""

from __future__ import annotations

from dataclasses import dataclass

from aggcost.rate_limits import Window


@dataclass(frozen=True, slots=True)
class Busiest:
    """The most requests and tokens (prompt and answer) that one minute of a window held, and when that was (UTC)."""

    window: Window
    requests: int
    requests_at: str
    tokens: int
    tokens_at: str


@dataclass(frozen=True, slots=True)
class Held:
    """A limit held against the load in one window.

    `first_over` is the time (UTC) of the first request that is one too many, None where the limit holds. `spilled` are
    the requests that would find no room; in a queue instead, the longest would wait `longest_wait_s` seconds.
    """

    window: Window
    first_over: str | None
    spilled: int
    longest_wait_s: int


@dataclass(frozen=True, slots=True)
class RoutePeaks:
    """A logged provider and model: its requests with a time, its busiest minutes, and the limit held against them."""

    provider: str | None
    model: str | None
    requests: int
    busiest: tuple[Busiest, ...]
    held: tuple[Held, ...] = ()

    @property
    def name(self) -> str:
        """Return ``provider/model`` as logged."""
        return "/".join(part for part in (self.provider, self.model) if part) or "not named"


@dataclass(frozen=True, slots=True)
class Peaks:
    """Every route, the one with most requests first; `scale` is the times of traffic, the limits those of a minute.

    `left_out` counts requests without a time, and routes with few requests are summed in `others`.
    """

    routes: tuple[RoutePeaks, ...]
    scale: int
    requests_a_minute: int | None
    tokens_a_minute: int | None
    others: int
    left_out: int

    @property
    def broken(self) -> bool:
        """Whether some route is over the limit in some window."""
        return any(held.first_over is not None for route in self.routes for held in route.held)
