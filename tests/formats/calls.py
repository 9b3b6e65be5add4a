"""Calls of a language model that no format has touched: what every log format must give back.

A format's twin `write_NAME.py` writes them as its producer would, and says what a reader can know of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

PROMPT = "my card is 4242 4242 4242 4242"  # stands in every prompt and answer that a writer writes
FIRST = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
_MAKERS = {"claude": "anthropic", "gemini": "google", "glm": "fireworks"}


@dataclass(frozen=True)
class Call:
    """One request: disjoint token counts, milliseconds, dollars."""

    number: int
    at: datetime
    model: str
    user: str
    session: str
    input: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int
    reasoning: int
    latency_ms: int
    ttft_ms: int
    cost_usd: Decimal
    ok: bool

    @property
    def prompt(self) -> int:
        """All prompt tokens, cached ones included."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h

    @property
    def cache_write(self) -> int:
        """Prompt tokens written to a cache."""
        return self.cache_write_5m + self.cache_write_1h

    @property
    def maker(self) -> str:
        """Who answered: the provider that a gateway logs beside the model."""
        return next((maker for family, maker in _MAKERS.items() if family in self.model), "openai")

    @property
    def end(self) -> datetime:
        """When the answer was complete."""
        return self.at + timedelta(milliseconds=self.latency_ms)


def iso(time: datetime) -> str:
    """Return 2026-02-02T09:00:00.123Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


def naive(time: datetime) -> datetime:
    """Return a time as the canonical table has it."""
    return time.replace(tzinfo=None)


def calls(
    models: Sequence[str], seed: int = 1, count: int = 30, *, writes: bool = True, failures: bool = True
) -> list[Call]:
    """Return calls of these models; without `writes` nothing is written to a cache."""
    draw = random.Random(seed)
    return [_call(draw, number, models, writes=writes, failures=failures) for number in range(count)]


def _call(draw: random.Random, number: int, models: Sequence[str], *, writes: bool, failures: bool) -> Call:
    ok = not failures or number % 9 != 4
    output = draw.randrange(1, 900) if ok else 0
    cached = ok and draw.random() < 0.5
    return Call(
        number=number,
        at=FIRST + timedelta(seconds=97 * number, milliseconds=draw.randrange(1000)),
        model=models[number % len(models)],
        user=f"u{number % 3}",
        session=f"s{number // 5}",
        input=draw.randrange(1, 5000) if ok else 0,
        cache_read=draw.randrange(1, 9000) if cached else 0,
        cache_write_5m=draw.randrange(1, 2000) if writes and cached and number % 2 else 0,
        cache_write_1h=draw.randrange(1, 700) if writes and cached and number % 3 == 0 else 0,
        output=output,
        reasoning=draw.randrange(output) if ok and number % 2 else 0,
        latency_ms=draw.randrange(200, 9000),
        ttft_ms=draw.randrange(50, 200),
        cost_usd=Decimal(draw.randrange(1, 90_000)) / 1_000_000 if ok else Decimal(0),
        ok=ok,
    )
