"""What a provider's prompt cache would serve of a log, and what that is worth at the log's prices.

Prompts are read as columns of integers, in the order in which they were sent; nothing of their text is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import ibis
import numpy as np

from aggcost import grains, ledger, scanning
from aggcost.baseline import Options, write_quarantined
from aggcost.cached_bill import Bill, usd
from aggcost.engine import Engine, open_engine
from aggcost.errors import DataQualityError, UsageError
from aggcost.importers import Usage, read_usage
from aggcost.integers import IntArray, total
from aggcost.meters import PROMPT_KEYS
from aggcost.money import percent, round_half_even, settle
from aggcost.prefix_cache import UNKNOWN_SESSION, Curve, PromptCache, Prompts, Scope, Split, curve, splits
from aggcost.prompt_log import PromptLog, read_prompts
from aggcost.rating import Totals
from aggcost.report_caches import Caches, Capacity, Logged, Served

TTLS_S = (None, 3600, 300)  # for ever, and the two times that providers offer
_STEPS = (1, 2, 5)
MOST_POINTS = 10
_PPM = 10**6


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caches are like: capacities beside the usual ones, what has a cache of its own, the least prompt."""

    capacities: tuple[int, ...] = ()
    per_session: bool = False
    per_model: bool = False
    minimum_tokens: int = 0

    @property
    def own(self) -> tuple[str, ...]:
        """What has a cache of its own."""
        return tuple(name for name, own in (("session", self.per_session), ("model", self.per_model)) if own)


def caches(options: Options, asked: Asked) -> Caches:
    """Return what caches would serve of a log; DataQualityError where it tells neither blocks nor sessions."""
    if min(asked.capacities, default=1) < 1:
        raise UsageError(f"--capacity {min(asked.capacities)}: expected 1 or more")
    if asked.minimum_tokens < 0:
        raise UsageError(f"--minimum {asked.minimum_tokens}: expected 0 or more")
    card = options.card()
    with open_engine(
        options.engine, master=options.master, threads=options.threads, memory_limit=options.memory_limit
    ) as engine:
        usage = read_usage(engine, options.logs, options.read)
        grains.check(usage, routed=True)
        if options.quarantine is not None:
            write_quarantined(usage.locate(None), options.quarantine)
        log, left_out = _log(engine, usage, scanning.for_prices(engine, usage.table, card))
    return _judged(log, Bill(log.priced, card), asked, left_out)


def _log(engine: Engine, usage: Usage, wanted: ledger.Plan) -> tuple[PromptLog, dict[str, int]]:
    """Return the prompts of a log, and how many requests take no part, by the reason."""
    table = usage.table
    usable = table.filter(ledger.accepted(table), table.billable.isnull() | table.billable)
    kept = usable.filter(usable.ts.notnull(), usable.input.notnull(), usable.request_count == 1)
    return read_prompts(engine, kept, wanted), _left_out(engine, table, usable)


def _left_out(engine: Engine, table: ibis.Table, usable: ibis.Table) -> dict[str, int]:
    """Return how many requests take no part, by the reason."""
    one = usable.input.notnull() & (usable.request_count == 1)
    asked = {
        "have no count of prompt tokens": usable.input.isnull(),
        "sum several requests": usable.input.notnull() & (usable.request_count != 1),
        "have no time": one & usable.ts.isnull(),
    }
    (counted,) = engine.to_arrow(usable.aggregate(**{name: test.sum() for name, test in asked.items()})).to_pylist()
    (bad,) = engine.to_arrow(table.aggregate(bad=table.issue.count())).to_pylist()
    found = {**counted, "are quarantined": bad["bad"]}
    return {name: int(number) for name, number in found.items() if number}


def _judged(log: PromptLog, bill: Bill, asked: Asked, left_out: Mapping[str, int]) -> Caches:
    _enough(log, asked)
    prompts = _with_owners(log, asked)
    without = bill.of({"input": prompts.tokens})
    kinds = [_cache(asked, ttl_s) for ttl_s in TTLS_S]
    kept = zip(splits(prompts, kinds), kinds, strict=True)
    points = curve(prompts, kinds[0]) if prompts.blocks is not None else None
    blocks = None if prompts.blocks is None else total(prompts.blocks.counts)
    return Caches(
        method="sessions" if prompts.blocks is None else "blocks",
        own=asked.own if prompts.blocks is not None else tuple(dict.fromkeys(("session", *asked.own))),
        minimum_tokens=asked.minimum_tokens,
        requests=len(prompts),
        left_out=left_out,
        prompt_tokens=total(prompts.tokens),
        blocks=blocks,
        models=log.priced.models[1],
        cost_without_cache_usd=usd(without),
        served=tuple(_served(prompts, found, bill, without, cache) for found, cache in kept),
        curve=() if points is None else tuple(_points(points, prompts, asked)),
        useful_blocks=None if points is None else points.useful_blocks,
        logged=_logged(log, bill, without) if log.tells_reads else None,
        unpriced=int(without.unpriced),
        without_cached_price=bill.without_cached_price,
    )


def _enough(log: PromptLog, asked: Asked) -> None:
    """Refuse a log that does not tell what the question needs."""
    prompts = log.prompts
    if not len(prompts):
        raise DataQualityError("no request has a time and a count of prompt tokens: nothing can be cached")
    no_sessions = bool((prompts.session == UNKNOWN_SESSION).all())
    if prompts.blocks is None and no_sessions:
        raise DataQualityError(
            "the log names neither blocks of prompts nor sessions: what a cache would serve cannot be told",
            hint="--map prefix_blocks=COLUMN --assume block_tokens=N, or --map session_id=COLUMN",
        )
    if asked.per_session and no_sessions:
        raise DataQualityError("--per-session: the log names no sessions", hint="--map session_id=COLUMN")
    if asked.capacities and prompts.blocks is None:
        raise UsageError(
            "--capacity: the log names no blocks of prompts, and without them a cache has no size",
            hint="--map prefix_blocks=COLUMN --assume block_tokens=N",
        )


def _with_owners(log: PromptLog, asked: Asked) -> Prompts:
    """Return the prompts with a code of what has a cache of its own, in place of their session."""
    prompts = log.prompts
    by_session = asked.per_session or prompts.blocks is None
    owner = prompts.session if by_session else np.zeros(len(prompts), np.int64)
    if asked.per_model:
        models, count = log.priced.models
        owner = np.where(owner == UNKNOWN_SESSION, UNKNOWN_SESSION, owner * count + models)
    return Prompts(prompts.ts_us, owner, prompts.tokens, prompts.blocks)


def _cache(asked: Asked, ttl_s: int | None) -> PromptCache:
    scope: Scope = "session" if asked.own else "all"
    return PromptCache(ttl_s=ttl_s, minimum_tokens=asked.minimum_tokens, scope=scope)


def _served(prompts: Prompts, found: Split, bill: Bill, without: Totals, cache: PromptCache) -> Served:
    read, written = found.read_tokens, found.write_tokens
    totals = bill.of({"input": prompts.tokens - read - written, "cache_read": read, cache.write_meter: written})
    blocks = None if prompts.blocks is None else total(found.blocks)
    return Served(
        ttl_s=cache.ttl_s,
        blocks=blocks,
        blocks_percent=None
        if blocks is None or prompts.blocks is None
        else percent(blocks, total(prompts.blocks.counts)),
        read_tokens=total(read),
        read_percent=percent(total(read), total(prompts.tokens)),
        mean_percent=_mean_percent(read, prompts.tokens),
        write_tokens=total(written),
        cost_usd=usd(totals),
        **_savings(without, totals),
        label="modelled" if prompts.blocks is None else "recomputed",
    )


def _savings(without: Totals, totals: Totals) -> dict[str, Decimal | None]:
    if not without.has_price:
        return {"savings_usd": None, "savings_percent": None}
    saved: Fraction = without.cost_usd - totals.cost_usd
    return {"savings_usd": settle(saved), "savings_percent": percent(saved, without.cost_usd)}


def _mean_percent(read: IntArray, tokens: IntArray) -> Decimal | None:
    """Return the mean share of a prompt that is read, with 4 decimals: each share is rounded to a millionth first.

    So sums are whole numbers, and depend on no order.
    """
    asked = tokens > 0
    shares = (2 * _PPM * read[asked] + tokens[asked]) // (2 * tokens[asked])
    mean = Fraction(total(shares), _PPM * len(shares)) if len(shares) else None
    return None if mean is None else round_half_even(mean * 100, 4)


def _points(found: Curve, prompts: Prompts, asked: Asked) -> Iterator[Capacity]:
    blocks, tokens = 0 if prompts.blocks is None else total(prompts.blocks.counts), total(prompts.tokens)
    for capacity in sorted({*_usual(found.useful_blocks), *asked.capacities}):
        served_blocks, served_tokens = found.at(capacity)
        yield Capacity(
            capacity, served_blocks, percent(served_blocks, blocks), served_tokens, percent(served_tokens, tokens)
        )


def _usual(useful_blocks: int) -> list[int]:
    """Return the capacities to show: 1, 2, 5, 10 and so on up to the one from which on more is of no use."""
    if not useful_blocks:
        return []
    rising = [step * 10**power for power in range(len(str(useful_blocks))) for step in _STEPS]
    return [*[one for one in rising if one < useful_blocks][1 - MOST_POINTS :], useful_blocks]


def _logged(log: PromptLog, bill: Bill, without: Totals) -> Logged:
    sums = {key: total(log.priced.sums[key]) for key in PROMPT_KEYS}
    return Logged(
        read_tokens=sums["cache_read"],
        read_percent=percent(sums["cache_read"], sum(sums.values())),
        write_tokens=sum(sums[key] for key in PROMPT_KEYS[2:]),
        cost_usd=usd(bill.as_logged),
        **_savings(without, bill.as_logged),
        label="measured",
    )
