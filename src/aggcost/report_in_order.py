"""Limits and caches in a report: what broke and where it went, what was answered again, what moving costs in cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from aggcost.units import Count, Label, Percent, Requests, Usd

Instant = Annotated[str, "ISO 8601, local to the report's zone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The most requests and tokens of any minute of the offered load, counted one way, and whether it breaks a limit.

    `sliding` counts the last 60 seconds up to each request, `minute` minutes that begin with the log's first request.
    `first_broken` is the first request that was one too many, None where none was.
    """

    window: Literal["sliding", "minute"]
    requests: Count
    tokens: Count
    first_broken: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spilled:
    """Requests that a route did not admit, by where they ended; None: as logged."""

    to: str | None
    requests: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit of a route, and what it did to the load that was `offered` to the route.

    `spilled` found no room there, for a while or because the budget was spent; `waited` stood in its queue.
    """

    route: str | None
    requests_per_minute: Count | None
    tokens_per_minute: Count | None
    requests_per_day: Count | None
    budget: Usd | None
    per: Literal["day", "month"]
    window: Literal["sliding", "minute"]
    when_full: Literal["spill", "queue", "reject"]
    offered: Count
    peaks: tuple[Peak, ...]
    spilled: Count
    spilled_percent: Percent | None
    went_to: tuple[Spilled, ...]
    waited: Count
    longest_wait_s: Annotated[int, "seconds"]
    exhausted: tuple[Instant, ...]
    label: Label = "modelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseCache:
    """Requests that a response cache answers, of those that it is asked for; `saved` is what they would have cost.

    `false_hits` got the answer to another prompt, because the key does not hold the whole prompt; `false_saving` is
    their part of `saved`. Prompts that are not known (`without_prompt`) are never answered where the key asks for them.
    """

    requests: Count
    hits: Count
    hit_percent: Percent | None
    saved: Usd | None
    without_prompt: Count
    false_hits: Count
    false_saving: Usd | None
    label: Label = "modelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCache:
    """What the served requests cost by how the provider's prompt cache takes those that move.

    `as_logged` splits their prompts as the log does, `cold` reads and writes nothing, `simulated` replays a cache.
    `mode` is the one that the report's costs use.
    """

    mode: Literal["as_logged", "cold", "simulated"]
    as_logged: Usd
    cold: Usd
    simulated: Usd | None
    label: Label = "modelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class InOrder:
    """What the order of requests decides under a policy; each request counts `scale` times against limits."""

    scale: Count
    limits: tuple[Limit, ...]
    response_cache: ResponseCache | None
    prompt_cache: PromptCache | None
    rejected: Requests
