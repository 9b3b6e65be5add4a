"""What of a policy depends on the order in which requests came: limits of routes, and caches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, cast

from aggcost.change_costs import read_condition
from aggcost.errors import did_you_mean
from aggcost.routes import AS_LOGGED, Route

if TYPE_CHECKING:
    from aggcost.rules import Condition
    from aggcost.strict_yaml import Node

KEYS = ("limits", "response_cache", "prompt_cache")
MODES = ("as_logged", "cold", "simulated")
KEY_FIELDS = ("prompt", "model", "task", "user", "session_id")
DAY = "day"
_DURATION = re.compile(r"([1-9][0-9]{0,6}) ?(s|min|m|h|d)")
_SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400}
_LIMITS = ("requests_per_minute", "tokens_per_minute", "requests_per_day", "budget")


@dataclass(frozen=True, slots=True)
class StatedLimit:
    """What a route takes; None is no limit. What it does not take spills, waits in a queue, or is rejected."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    requests_per_day: int | None
    budget_usd: Decimal | None
    per: Literal["day", "month"]
    window: Literal["sliding", "minute"]
    when_full: Literal["spill", "queue", "reject"]
    max_wait_s: int


@dataclass(frozen=True, slots=True)
class StatedResponseCache:
    """Answers that are given again: kept for `ttl_s`, at most `capacity` of them, for what matches `where`.

    `key` are the fields that two requests must share; the whole `prompt` alone makes it safe. `monthly_usd` is what the
    cache itself costs.
    """

    ttl_s: int
    capacity: int | None
    where: Condition | None
    key: tuple[str, ...]
    latency_ms: int
    monthly_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class StatedPromptCache:
    """How a provider's prompt cache serves requests that move: as it did, not at all, or as replayed.

    `scope` is for logs that name the blocks of prompts: whether all requests share them, or those of a session.
    """

    mode: Literal["as_logged", "cold", "simulated"] = "as_logged"
    ttl_s: int = 300
    minimum_tokens: int = 1024
    scope: Literal["all", "session"] = "all"


@dataclass(frozen=True, slots=True)
class InOrder:
    """The parts of a policy that a replay in the order of time decides."""

    limits: Mapping[Route | None, StatedLimit] = field(default_factory=dict)
    response_cache: StatedResponseCache | None = None
    prompt_cache: StatedPromptCache = field(default_factory=StatedPromptCache)

    @property
    def asked(self) -> bool:
        """Whether any of them needs the order."""
        return bool(self.limits) or self.response_cache is not None or self.prompt_cache.mode == "simulated"

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Return every condition that they look at."""
        where = None if self.response_cache is None else self.response_cache.where
        return () if where is None else (where,)


def read_in_order(root: Node, routes: Sequence[Route | None]) -> InOrder:
    """Return what a policy file states; `routes` are those of its rules. ConfigError with file and line."""
    return InOrder(
        _limits(root.given("limits"), routes),
        _response_cache(root.given("response_cache")),
        _prompt_cache(root.given("prompt_cache")),
    )


def _limits(node: Node | None, routes: Sequence[Route | None]) -> Mapping[Route | None, StatedLimit]:
    found: dict[Route | None, StatedLimit] = {}
    for name, stated in ({} if node is None else node.mapping()).items():
        route = None if name == AS_LOGGED else _route(name, stated)
        if route not in routes:
            names = sorted(AS_LOGGED if one is None else str(one) for one in routes)
            hint = did_you_mean(name, names) or f"routes: {', '.join(names)}"
            raise stated.error(f"no rule sends anything to {name}", hint=hint)
        found[route] = _limit(stated)
    return found


def _route(name: str, node: Node) -> Route:
    try:
        return Route.parse(name)
    except ValueError:
        raise node.error(f"expected provider/model or {AS_LOGGED}, found {name!r}") from None


def _limit(node: Node) -> StatedLimit:
    given = node.fields(optional=(*_LIMITS, "window", "when_full", "max_wait_s"))
    if not any(key in given for key in _LIMITS):
        raise node.error(f"a limit states one of {', '.join(_LIMITS)}")
    counts = [given[key].integer(minimum=1) if key in given else None for key in _LIMITS[:3]]
    budget_usd, per = _budget(given.get("budget"))
    window = given["window"].choice(("sliding", "minute")) if "window" in given else "sliding"
    when_full = given["when_full"].choice(("spill", "queue", "reject")) if "when_full" in given else "spill"
    return StatedLimit(
        counts[0],
        counts[1],
        counts[2],
        budget_usd,
        cast("Literal['day', 'month']", per),
        cast("Literal['sliding', 'minute']", window),
        cast("Literal['spill', 'queue', 'reject']", when_full),
        given["max_wait_s"].integer(minimum=1) if "max_wait_s" in given else 30,
    )


def _budget(node: Node | None) -> tuple[Decimal | None, str]:
    if node is None:
        return None, "month"
    given = node.fields(required=("usd",), optional=("per",))
    return given["usd"].decimal(minimum=0), given["per"].choice((DAY, "month")) if "per" in given else "month"


def _response_cache(node: Node | None) -> StatedResponseCache | None:
    if node is None:
        return None
    given = node.fields(required=("ttl",), optional=("capacity", "where", "key", "latency_ms", "monthly"))
    key = ("prompt",) if "key" not in given else tuple(item.choice(KEY_FIELDS) for item in given["key"].list())
    if not key:
        raise node.error("a key of no field gives every request the same answer", hint="key: [prompt]")
    return StatedResponseCache(
        ttl_s=_duration_s(given["ttl"]),
        capacity=given["capacity"].integer(minimum=1) if "capacity" in given else None,
        where=read_condition(given["where"]) if "where" in given else None,
        key=key,
        latency_ms=given["latency_ms"].integer(minimum=0) if "latency_ms" in given else 0,
        monthly_usd=given["monthly"].decimal(minimum=0) if "monthly" in given else Decimal(0),
    )


def _prompt_cache(node: Node | None) -> StatedPromptCache:
    if node is None:
        return StatedPromptCache()
    given = node.fields(required=("mode",), optional=("ttl", "minimum_tokens", "scope"))
    scope = given["scope"].choice(("all", "session")) if "scope" in given else "all"
    return StatedPromptCache(
        mode=cast("Literal['as_logged', 'cold', 'simulated']", given["mode"].choice(MODES)),
        ttl_s=_duration_s(given["ttl"]) if "ttl" in given else 300,
        minimum_tokens=given["minimum_tokens"].integer(minimum=0) if "minimum_tokens" in given else 1024,
        scope=cast("Literal['all', 'session']", scope),
    )


def _duration_s(node: Node) -> int:
    """Return seconds of ``300s``, ``5m``, ``1h`` or ``7d``."""
    found = _DURATION.fullmatch(node.text())
    if found is None:
        raise node.error(f"expected a duration such as 5m, 1h or 7d, found {node.text()!r}")
    return int(found[1]) * _SECONDS[found[2]]
