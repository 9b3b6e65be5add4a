"""What a prompt cache would serve of a log, as plain values for the renderers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from aggcost.units import Label

Method = Literal["blocks", "sessions"]


@dataclass(frozen=True, slots=True)
class Served:
    """What a cache serves that keeps a prompt for `ttl_s` seconds since its last use (None: for ever).

    It is recomputed from blocks, or modelled where sessions stand in for them. `read_percent` is the share of all
    prompt tokens, `mean_percent` the mean of the requests' own shares, `blocks_percent` the share of blocks. Savings
    are held against a bill without any cache; what has no price is in neither.
    """

    ttl_s: int | None
    blocks: int | None
    blocks_percent: Decimal | None
    read_tokens: int
    read_percent: Decimal | None
    mean_percent: Decimal | None
    write_tokens: int
    cost_usd: Decimal | None
    savings_usd: Decimal | None
    savings_percent: Decimal | None
    label: Label


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a cache of so many blocks serves that evicts the least recently used ones and keeps the others for ever."""

    capacity_blocks: int
    blocks: int
    blocks_percent: Decimal | None
    read_tokens: int
    read_percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Logged:
    """What the log itself says was read from a cache and written to one, and what its tokens cost by the prices."""

    read_tokens: int
    read_percent: Decimal | None
    write_tokens: int
    cost_usd: Decimal | None
    savings_usd: Decimal | None
    savings_percent: Decimal | None
    label: Label


@dataclass(frozen=True, slots=True)
class Caches:
    """Prompts, and caches of several kinds that they are sent to.

    `method` says how a prefix is known, `own` what has a cache of its own (``session``, ``model``; nothing: one is
    shared by all). `useful_blocks` is the capacity from which on more room serves no more. `left_out` counts requests
    that take no part, by the reason, `unpriced` those that do and have no price. `without_cached_price` are the models
    for which cached tokens cost what others cost.
    """

    method: Method
    own: tuple[str, ...]
    minimum_tokens: int
    requests: int
    left_out: Mapping[str, int]
    prompt_tokens: int
    blocks: int | None
    models: int
    cost_without_cache_usd: Decimal | None
    served: tuple[Served, ...]
    curve: tuple[Capacity, ...]
    useful_blocks: int | None
    logged: Logged | None
    unpriced: int
    without_cached_price: tuple[str, ...]
