"""The billable dimensions of a request, as data.

Meters are disjoint: a token is counted by exactly one of them, so they add up to the request.
A rate card may leave a meter without a price of its own; then its quantity is charged at the
nearest priced ancestor (`parent`), as a cache write without a price is charged like input.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meter:
    """A billable dimension; `per` is the number of units a price is usually stated for."""

    key: str
    parent: str | None
    per: int


INPUT = Meter("input", None, 1_000_000)
CACHE_READ = Meter("cache_read", "input", 1_000_000)
CACHE_WRITE = Meter("cache_write", "input", 1_000_000)
CACHE_WRITE_5M = Meter("cache_write_5m", "cache_write", 1_000_000)
CACHE_WRITE_1H = Meter("cache_write_1h", "cache_write", 1_000_000)
CACHE_WRITE_OTHER = Meter("cache_write_other", "cache_write", 1_000_000)
OUTPUT = Meter("output", None, 1_000_000)
REQUESTS = Meter("requests", None, 1_000)

# What usage counts, in the order of every vector of quantities in this program.
# `cache_write` itself is only a price, the parent of the three kinds of write.
USAGE_METERS: tuple[Meter, ...] = (
    INPUT, CACHE_READ, CACHE_WRITE_5M, CACHE_WRITE_1H, CACHE_WRITE_OTHER, OUTPUT, REQUESTS,
)  # fmt: skip
USAGE_KEYS: tuple[str, ...] = tuple(meter.key for meter in USAGE_METERS)
PROMPT_KEYS: tuple[str, ...] = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write_other")
TOKEN_KEYS: tuple[str, ...] = (*PROMPT_KEYS, "output")
PRICED: dict[str, Meter] = {meter.key: meter for meter in (*USAGE_METERS, CACHE_WRITE)}
