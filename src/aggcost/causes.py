"""Why a recorded cost may differ from ours: other prices that the biller may have used.

Each cause is a price vector of its own, so that a row can be priced by all of them at once: if one gives what
was recorded, it is the explanation; if none does, the row stays unexplained. The causes are the mistakes that
cost tools and gateways are known to make (docs/accuracy.md lists them).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from aggcost.charging import surcharges
from aggcost.meters import PROMPT_KEYS, USAGE_KEYS
from aggcost.model_rates import STANDARD, ModelRates, Period, RateLine, canonical_tier, utc_text

UnitPrices = Mapping[str, Fraction]
_CACHED = PROMPT_KEYS[1:]
_ZERO = Fraction(0)
# Cents for dollars, prices per 1,000 for prices per 1,000,000, and a row that was counted twice.
_FACTORS = (
    ("counted_twice", "every quantity counted twice", Fraction(2)),
    ("unit", "recorded in cents", Fraction(100)),
    ("unit", "a price per 1,000 taken for one per 1,000,000", Fraction(1, 1000)),
    ("unit", "a price per 1,000,000 taken for one per 1,000", Fraction(1000)),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What decides the price of a request: when (epoch seconds; None unknown), how large, which tier and region."""

    start_s: int | None
    prompt_tokens: int
    service_tier: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """A way to arrive at another cost: USD per unit by usage key (a key left out has no price), and a fixed part.

    `name` is the kind (JSON), `detail` what exactly, for people. `reasoning` is charged beside its output.
    """

    name: str
    detail: str
    prices: UnitPrices
    fixed_usd: Fraction = _ZERO
    reasoning_usd: Fraction = field(default=_ZERO)


def unit_prices(line: RateLine) -> UnitPrices:
    """Return USD per unit by usage key; a meter without a price is left out.

    What few logs count (audio, searches) is there with what it costs on top of the meter it is part of.
    """
    base = {key: price for key, price in zip(USAGE_KEYS, line.prices, strict=True) if price is not None}
    return base | surcharges(line)


def causes(rates: ModelRates, asked: Asked) -> tuple[Cause, ...]:
    """Return what else a request may have been billed at, likeliest first; no two causes have equal prices."""
    line = line_at(rates, asked)
    if line is None:
        return ()
    own = unit_prices(line)
    found: dict[tuple[object, ...], Cause] = {_key(Cause("", "", own)): Cause("", "", own)}
    for cause in _all(rates, asked, own):
        found.setdefault(_key(cause), cause)
    return tuple(found.values())[1:]


def _key(cause: Cause) -> tuple[object, ...]:
    return (tuple(sorted(cause.prices.items())), cause.fixed_usd, cause.reasoning_usd)


def _all(rates: ModelRates, asked: Asked, own: UnitPrices) -> Iterator[Cause]:
    yield from _cache_splits(own)
    yield from _other_times(rates, asked)
    yield from _other_tiers(rates, asked)
    yield from _other_sizes(rates, asked, own)
    yield from _other_regions(rates, asked, own)
    if "output" in own:
        yield Cause("reasoning", "reasoning tokens charged beside the output", own, reasoning_usd=own["output"])
    for name, detail, factor in _FACTORS:
        yield Cause(name, detail, _times(own, factor))


def line_at(rates: ModelRates, asked: Asked) -> RateLine | None:
    """Return the rate line of one request, None where it has no price."""
    start = -1 if asked.start_s is None else asked.start_s
    lines, index = rates.lines(
        asked.service_tier, asked.region, np.array([start], np.int64), np.array([asked.prompt_tokens], np.int64)
    )
    line = lines[int(index[0])]
    return line if isinstance(line, RateLine) else None


def _cache_splits(own: UnitPrices) -> Iterator[Cause]:
    full = own.get("input")
    if full is None:
        return
    cached = {key: own[key] for key in _CACHED if key in own}
    yield Cause("cache_at_full_price", "cached tokens at the full input price", {**own, **dict.fromkeys(cached, full)})
    reads = {"cache_read": full} if "cache_read" in own else {}
    yield Cause("cache_at_full_price", "tokens read from the cache at the full input price", {**own, **reads})
    doubled = {key: price + full for key, price in cached.items()}
    yield Cause("cache_counted_twice", "cached tokens charged as input and once more as cached", {**own, **doubled})
    yield Cause("cache_left_out", "cached tokens not charged", {**own, **dict.fromkeys(cached, _ZERO)})


def _other_times(rates: ModelRates, asked: Asked) -> Iterator[Cause]:
    for period in rates.periods:
        if _holds(period, asked.start_s):
            continue
        start_s = period.from_s if period.from_s is not None else (period.to_s or 1) - 1
        line = line_at(rates, Asked(start_s, asked.prompt_tokens, asked.service_tier, asked.region))
        if line is not None:
            yield Cause(_age(period, asked.start_s), f"the price {_span(period)}", unit_prices(line))


def _holds(period: Period, start_s: int | None) -> bool:
    if start_s is None:
        return False
    return (period.from_s is None or period.from_s <= start_s) and (period.to_s is None or start_s < period.to_s)


def _age(period: Period, start_s: int | None) -> str:
    return "older_price" if start_s is None or (period.to_s is not None and period.to_s <= start_s) else "later_price"


def _span(period: Period) -> str:
    begin = "" if period.from_s is None else f"from {utc_text(period.from_s)[:10]}"
    end = "" if period.to_s is None else f"until {utc_text(period.to_s)[:10]}"
    return " ".join(part for part in (begin, end) if part) or "at another time"


def _other_tiers(rates: ModelRates, asked: Asked) -> Iterator[Cause]:
    logged = canonical_tier(asked.service_tier)
    for tier in rates.service_tiers:
        line = None if tier == logged else line_at(
            rates, Asked(asked.start_s, asked.prompt_tokens, tier, asked.region)
        )  # fmt: skip
        if line is None:
            continue
        name = f"{logged}_at_list" if tier == STANDARD else "other_tier"
        detail = f"{logged} at the standard price" if tier == STANDARD else f"the price of service tier {tier}"
        yield Cause(name, detail, unit_prices(line))


def _other_sizes(rates: ModelRates, asked: Asked, own: UnitPrices) -> Iterator[Cause]:
    """Yield the prices of other prompt sizes, and a threshold charged as if only the tokens above it were dearer."""
    for size in (0, *rates.cuts):
        line = line_at(rates, Asked(asked.start_s, size, asked.service_tier, asked.region))
        if line is None or unit_prices(line) == own:
            continue
        other = unit_prices(line)
        which = "larger" if size > asked.prompt_tokens else "smaller"
        yield Cause("other_size", f"the price of {which} prompts (from {size:,} tokens)", other)
    reached = [cut for cut in rates.cuts if cut <= asked.prompt_tokens]
    below = line_at(rates, Asked(asked.start_s, 0, asked.service_tier, asked.region)) if reached else None
    if below is not None and "input" in own:
        base = unit_prices(below)
        threshold = reached[-1] - 1
        cheaper_usd = (own["input"] - base.get("input", _ZERO)) * threshold
        yield Cause(
            "threshold_as_marginal", f"only the tokens above {threshold:,} at the higher price",
            {**base, "input": own["input"]}, fixed_usd=-cheaper_usd,
        )  # fmt: skip


def _other_regions(rates: ModelRates, asked: Asked, own: UnitPrices) -> Iterator[Cause]:
    regions = dict.fromkeys(region for period in rates.periods for region in period.regions)
    for region in (None, *regions):
        line = line_at(rates, Asked(asked.start_s, asked.prompt_tokens, asked.service_tier, region))
        if line is not None and unit_prices(line) != own:
            yield Cause(
                "other_region", f"the price of region {region}" if region else "without a region", unit_prices(line)
            )


def _times(prices: UnitPrices, factor: Fraction) -> UnitPrices:
    return {key: price * factor for key, price in prices.items()}
