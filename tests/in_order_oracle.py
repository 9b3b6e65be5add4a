"""An oracle of limits and caches: one request after the other, in lists, from the words of docs/replay.md.

Nothing is kept but what happened; every question looks through all of it again. It is written to be read.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from hashlib import md5
from typing import Any

SECOND, MINUTE_S, PICO = 1_000_000, 60, 10**12
GOLDEN = 2_654_435_769  # 2^32 / golden ratio
AS_LOGGED, NOBODY, CACHE = "as_logged", "nobody/no live route", "nobody/response cache"
FULL, SPENT = "over the rate limit", "budget spent"


@dataclass
class Request:
    """A row of a log; `input` are prompt tokens that no cache served. A failed request here is a billed one."""

    us: int
    name: str  # provider/model
    task: str
    user: str | None
    session: str | None
    prompt: str | None
    input: int
    read: int
    output: int
    failed: bool = False
    id: str | None = None

    @property
    def tokens(self) -> int:
        return self.input + self.read + self.output


@dataclass
class Split:
    """Parts of 100 by route; what such a route refuses goes down `fallback`."""

    parts: list[tuple[str, int]]
    fallback: list[str]


@dataclass
class Limit:
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    requests_per_day: int | None = None
    budget_pico: int | None = None
    per: str = "day"
    window: str = "sliding"
    when_full: str = "spill"
    max_wait_s: int = 0


@dataclass
class Cache:
    """A response cache: of requests whose task is `task` (None: of all), by `key`."""

    ttl_s: int
    capacity: int | None
    task: str | None
    key: tuple[str, ...]


@dataclass
class PromptCache:
    mode: str = "as_logged"
    ttl_s: int = 300
    minimum: int = 0


@dataclass
class Price:
    """USD per 1M tokens; a write without a price costs what other prompt tokens do."""

    input: Fraction
    read: Fraction
    output: Fraction
    write: Fraction | None = None


@dataclass
class Told:
    """What became of a request: where it ended, who refused it, its wait, and what is paid for it."""

    to: str
    refused: list[tuple[str, str]] = field(default_factory=list)
    waited_s: int = 0
    usd: Fraction = Fraction(0)
    answer: str | None = None
    saved: Fraction = Fraction(0)


@dataclass
class Taken:
    second: int  # since the first request of the log
    request: Request
    pico: int


class Oracle:
    """A policy: by task the chain of routes, limits by route, caches, prices by route."""

    def __init__(
        self, chains: dict[str, list[str] | Split], limits: dict[str, Limit], cache: Cache | None, prompts: PromptCache,
        prices: dict[str, Price], scale: int = 1,
    ) -> None:  # fmt: skip
        self.chains, self.limits, self.cache, self.prompts = chains, limits, cache, prompts
        self.prices, self.scale = prices, scale
        self.taken: dict[str, list[Taken]] = {name: [] for name in limits}
        self.answers: list[tuple[Any, int, str | None]] = []  # key, when stored, its prompt; the least recent first
        self.served: list[tuple[str, Request]] = []
        self.first_us = 0
        self.nameless = Counter[str]()

    def run(self, log: list[Request]) -> list[Told]:
        self.first_us = min((one.us for one in log), default=0)
        return [self.one(request) for request in log]

    def one(self, request: Request) -> Told:
        chain = self.chain(request)
        key = self.key(request)
        found = None if key is None else self.answer(key, request.us)
        if found is not None:
            kind = "same" if request.prompt is not None and found == request.prompt else "another"
            kind = "unknown" if request.prompt is None or found is None or found == "" else kind
            saved = self.usd(request, chain[0], "as_logged")
            return Told(CACHE, answer=kind, saved=saved)
        told = self.send(request, chain)
        if told.to == NOBODY:
            return told
        if key is not None:
            self.store(key, request)
        told.usd = self.usd(request, told.to, self.prompts.mode)
        self.served.append((told.to, request))
        return told

    def chain(self, request: Request) -> list[str]:
        """Return the routes to ask; a split sends a request one way, by its id or else by its place."""
        target = self.chains[request.task]
        if not isinstance(target, Split):
            return target
        if request.id is not None:
            number = int(md5(f"{request.task}\0{request.id}".encode(), usedforsecurity=False).hexdigest()[:8], 16)
        else:
            self.nameless[request.task] += 1
            number = self.nameless[request.task] * GOLDEN % 2**32
        upto = 0
        for route, percent in target.parts:
            upto += percent
            if number * 100 < upto * 2**32:
                return [route, *target.fallback]
        raise AssertionError(number)

    # The response cache

    def key(self, request: Request) -> Any:
        cache = self.cache
        if cache is None or request.failed or (cache.task is not None and request.task != cache.task):
            return None
        if "prompt" in cache.key and request.prompt is None:
            return None
        values = {"prompt": request.prompt, "model": request.name.split("/")[1], "task": request.task,
                  "user": request.user or "", "session_id": request.session or ""}  # fmt: skip
        return (values["model"], *(values[name] for name in cache.key))

    def answer(self, key: Any, us: int) -> str | None:
        for place, (other, stored_us, prompt) in enumerate(self.answers):
            if other == key and us - stored_us <= self.cache.ttl_s * SECOND:
                self.answers.append(self.answers.pop(place))
                return prompt or ""
        return None

    def store(self, key: Any, request: Request) -> None:
        self.answers = [one for one in self.answers if one[0] != key]
        if self.cache.capacity is not None and len(self.answers) >= self.cache.capacity:
            self.answers.pop(0)
        self.answers.append((key, request.us, request.prompt))

    # Limits

    def send(self, request: Request, chain: list[str]) -> Told:
        refused: list[tuple[str, str]] = []
        for name in chain:
            # what stays where it was logged comes to the limit of its own route, unless as_logged has one
            room = request.name if name == AS_LOGGED and AS_LOGGED not in self.limits else name
            if room not in self.limits:
                return Told(name, refused)
            why, waited_s = self.ask(room, request)
            if why is None:
                return Told(name, refused, waited_s)
            refused.append((room, why))
            if self.limits[room].when_full == "reject":
                return Told(NOBODY, refused)
        return Told(NOBODY, refused)

    def ask(self, name: str, request: Request) -> tuple[str | None, int]:
        limit, taken, when = self.limits[name], self.taken[name], moment(request.us)
        today = [one for one in taken if moment(one.request.us).date() == when.date()]
        if limit.requests_per_day is not None and (len(today) + 1) * self.scale > limit.requests_per_day:
            return FULL, 0
        pico = int(self.usd(request, name, "as_logged") * PICO)
        if limit.budget_pico is not None:
            month = [one for one in taken if moment(one.request.us).month == when.month]
            spent = sum(one.pico for one in (today if limit.per == "day" else month))
            if (spent + pico) * self.scale > limit.budget_pico:
                return SPENT, 0
        came = (request.us - self.first_us) // SECOND
        second = max([came, *(one.second for one in taken)])
        patience_s = limit.max_wait_s if limit.when_full == "queue" else 0
        while second - came <= patience_s:
            if self.fits(limit, [one for one in taken if counts(limit, one.second, second)], request):
                taken.append(Taken(second, request, pico))
                return None, second - came
            second += 1
        return FULL, 0

    def fits(self, limit: Limit, taken: list[Taken], request: Request) -> bool:
        requests = (len(taken) + 1) * self.scale
        tokens = (sum(one.request.tokens for one in taken) + request.tokens) * self.scale
        return (limit.requests_per_minute is None or requests <= limit.requests_per_minute) and (
            limit.tokens_per_minute is None or tokens <= limit.tokens_per_minute
        )

    # Money

    def usd(self, request: Request, to: str, mode: str) -> Fraction:
        price = self.prices[request.name if to == AS_LOGGED else to]
        read, written = request.read, 0
        if to != AS_LOGGED and mode == "cold":
            read = 0
        if to != AS_LOGGED and mode == "simulated":
            read, written = self.cached(request, to)
        other = request.input + request.read - read - written
        write = price.input if price.write is None else price.write
        total = other * price.input + read * price.read + written * write + request.output * price.output
        return Fraction(total) / 10**6

    def cached(self, request: Request, to: str) -> tuple[int, int]:
        """Return what the cache of a route reads and writes of a prompt: it knows the one before in its session."""
        tokens = request.input + request.read
        before = [one for name, one in self.served if name == to and one.session == request.session is not None]
        read = 0
        if before and request.us - before[-1].us <= self.prompts.ttl_s * SECOND:
            shared = min(tokens, before[-1].input + before[-1].read)
            read = shared if shared >= self.prompts.minimum else 0
        return read, tokens - read if tokens >= self.prompts.minimum else 0


def moment(us: int) -> datetime:
    return datetime.fromtimestamp(us // SECOND, UTC)


def counts(limit: Limit, then: int, now: int) -> bool:
    if limit.window == "sliding":
        return now - MINUTE_S < then <= now
    return then // MINUTE_S == now // MINUTE_S
