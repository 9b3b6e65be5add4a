"""A provider's prompt cache replayed on the prompts of a log: how many tokens it would read and write.

What a log says of its prompts decides the method. Where it has the ids of their blocks, a prompt is served as far as
its leading blocks are in the cache, and not further: a block behind a missing one saves nothing. Where it has only
sessions, it is assumed that a prompt begins with the whole prompt before it in its session. Where it has neither,
nothing can be told, and nothing is read.

A cache of blocks evicts the least recently used ones, after all blocks of a prompt are in it; each prompt uses its
blocks from first to last. How deep in that order a block lies when it is asked for (its stack distance) is the
smallest capacity that still holds it, so that one pass answers for every capacity. Times are microseconds; prompts
stand in the order in which they were sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aggcost.errors import DataQualityError
from aggcost.integers import IntArray, Mask

Scope = Literal["all", "session"]
SECOND_US = 1_000_000
FIVE_MINUTES_S = 300
UNKNOWN_SESSION = -1
_NEVER = -1
_WIDEST = 1 << 62
_TOGETHER = 1 << 20  # blocks


@dataclass(frozen=True, slots=True)
class PromptCache:
    """How a cache keeps prompts.

    What was not used for more than `ttl_s` seconds is gone, and every use counts; None keeps it for ever. A prompt, and
    a prefix of it, counts from `minimum_tokens` on. `capacity_blocks` and `scope` are for logs with block ids: the
    blocks it holds (None: any number), and whether all requests share them or those of a session.
    """

    ttl_s: int | None = 300
    minimum_tokens: int = 1024
    capacity_blocks: int | None = None
    scope: Scope = "all"

    @property
    def write_meter(self) -> str:
        """The meter of what is written: providers price writes for five minutes or for an hour."""
        return "cache_write_5m" if self.ttl_s is None or self.ttl_s <= FIVE_MINUTES_S else "cache_write_1h"


@dataclass(frozen=True, slots=True)
class Blocks:
    """The block ids of prompts: those of prompt i are the `counts[i]` from `ids[starts[i]]` on.

    `tokens` is how many tokens a block has, a number a prompt. The last block may not be full.
    """

    starts: IntArray
    counts: IntArray
    ids: IntArray
    tokens: IntArray

    def take(self, prompts: IntArray) -> Blocks:
        """Return the blocks of some prompts, in their order; the ids stay where they are."""
        return Blocks(self.starts[prompts], self.counts[prompts], self.ids, self.tokens[prompts])

    def joined(self) -> tuple[IntArray, IntArray]:
        """Return where the ids of each prompt begin (one more than prompts), and these ids, one after another."""
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.counts)])
        shift = np.repeat(self.starts - offsets[:-1], self.counts)
        return offsets, self.ids[np.arange(offsets[-1]) + shift]


def blocks_of(offsets: IntArray, ids: IntArray, tokens: IntArray) -> Blocks:
    """Return blocks whose ids stand one after another: those of prompt i are `ids[offsets[i]:offsets[i + 1]]`."""
    return Blocks(offsets[:-1], np.diff(offsets), ids, tokens)


def check_sizes(counts: IntArray, sizes: IntArray) -> None:
    """Refuse prompts with blocks of which the log does not say how many tokens one has."""
    if (sizes[counts > 0] < 1).any():
        raise DataQualityError(
            "the log names blocks of prompts, and not how many tokens a block has",
            hint="state it: --assume block_tokens=512, or --map block_tokens=COLUMN",
        )


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts in the order in which they were sent: time, session (a code, -1 where unknown), tokens, and blocks."""

    ts_us: IntArray
    session: IntArray
    tokens: IntArray
    blocks: Blocks | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, which: IntArray) -> Prompts:
        """Return some of the prompts, in their order."""
        blocks = None if self.blocks is None else self.blocks.take(which)
        return Prompts(self.ts_us[which], self.session[which], self.tokens[which], blocks)


@dataclass(frozen=True, slots=True)
class Split:
    """Of each prompt, the tokens that are read from the cache and those that are written to it; the rest is neither.

    `blocks` counts the leading blocks that are read; it is 0 everywhere where the log has none.
    """

    read_tokens: IntArray
    write_tokens: IntArray
    blocks: IntArray


def split(prompts: Prompts, cache: PromptCache) -> Split:
    """Return what a cache reads and writes of each prompt: by blocks where the log has them, else by sessions."""
    return next(splits(prompts, (cache,)))


def splits(prompts: Prompts, caches: Sequence[PromptCache]) -> Iterator[Split]:
    """Yield the same for caches that differ in `ttl_s` alone: blocks are gone through once for all of them."""
    if prompts.blocks is None:
        none = np.zeros(len(prompts), np.int64)
        yield from (_split(prompts, cache, _read_of_sessions(prompts, cache), none) for cache in caches)
        return
    runs, room = np.zeros((len(caches), len(prompts)), np.int64), caches[0].capacity_blocks
    for trace in _traces(prompts, prompts.blocks, caches[0]):
        held = None if room is None else _depths(trace) <= room
        for run, cache in zip(runs, caches, strict=True):
            hits = _alive(trace, cache.ttl_s)
            run[trace.prompt] = _leading(hits if held is None else hits & held, trace.offsets)
    for run, cache in zip(runs, caches, strict=True):
        yield _split(prompts, cache, _tokens_of(run, prompts, cache), run)


def _split(prompts: Prompts, cache: PromptCache, read: IntArray, blocks: IntArray) -> Split:
    cached = prompts.tokens >= cache.minimum_tokens
    return Split(read, np.where(cached, prompts.tokens - read, 0), np.where(read > 0, blocks, 0))


def _read_of_sessions(prompts: Prompts, cache: PromptCache) -> IntArray:
    order = np.argsort(prompts.session, kind="stable")
    session, ts_us, tokens = prompts.session[order], prompts.ts_us[order], prompts.tokens[order]
    shared = np.minimum(tokens[1:], tokens[:-1])
    follows = (session[1:] == session[:-1]) & (session[1:] != UNKNOWN_SESSION) & (shared >= cache.minimum_tokens)
    if cache.ttl_s is not None:
        follows &= ts_us[1:] - ts_us[:-1] <= cache.ttl_s * SECOND_US
    read = np.zeros(len(prompts), np.int64)
    read[order[1:]] = np.where(follows, shared, 0)
    return read


@dataclass(frozen=True, slots=True)
class Curve:
    """What a cache of any capacity reads: `depths` ascending, and up to each the blocks and tokens that it reads.

    A capacity below the first depth reads nothing; from the last one on, more room is of no use.
    """

    depths: IntArray
    blocks: IntArray
    tokens: IntArray

    @property
    def useful_blocks(self) -> int:
        """The smallest capacity that reads as much as a cache without end."""
        return int(self.depths[-1]) if len(self.depths) else 0

    def at(self, capacity_blocks: int) -> tuple[int, int]:
        """Return the blocks and the tokens that a cache of this capacity reads."""
        place = int(np.searchsorted(self.depths, capacity_blocks, side="right"))
        return (int(self.blocks[place - 1]), int(self.tokens[place - 1])) if place else (0, 0)


def curve(prompts: Prompts, cache: PromptCache) -> Curve:
    """Return what a cache reads at every capacity, `cache.capacity_blocks` aside; the prompts have blocks."""
    if prompts.blocks is None:
        raise AssertionError("these prompts have no blocks")
    nothing = (np.zeros(0, np.int64),) * 3
    parts = [nothing, *(_needs(prompts, trace, cache) for trace in _traces(prompts, prompts.blocks, cache))]
    depths, blocks, tokens = _summed(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    return Curve(depths, np.cumsum(blocks), np.cumsum(tokens))


def _needs(prompts: Prompts, trace: _Trace, cache: PromptCache) -> tuple[IntArray, IntArray, IntArray]:
    """Return the capacities from which on something more is read, and the blocks and tokens that each adds.

    The leading run of a prompt needs room for the deepest of its blocks.
    """
    needed = _depths(trace)
    needed[~_alive(trace, cache.ttl_s)] = len(needed) + 1
    deepest = len(needed) + 2
    needed = np.maximum.accumulate(needed + trace.of * deepest) - trace.of * deepest
    place = np.arange(len(needed)) - trace.offsets[trace.of]
    asked = prompts.take(trace.prompt[trace.of])  # a prompt a block
    upto, before = _tokens_of(place + 1, asked, cache), _tokens_of(place, asked, cache)
    # Of a prefix below the minimum nothing is read: the block that completes it brings those before it.
    counted = np.where(upto == 0, 0, np.where(before == 0, place + 1, 1))
    found = needed <= len(needed)
    return _summed(needed[found], counted[found], (upto - before)[found])


def _summed(depths: IntArray, blocks: IntArray, tokens: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the distinct depths ascending, and the blocks and tokens of each."""
    found, place = np.unique(depths, return_inverse=True)
    sums = np.zeros((2, len(found)), np.int64)
    np.add.at(sums[0], place, blocks)
    np.add.at(sums[1], place, tokens)
    return found, sums[0], sums[1]


def _tokens_of(blocks: IntArray, prompts: Prompts, cache: PromptCache) -> IntArray:
    """Return the tokens that so many leading blocks of each prompt hold, 0 where they are too few to be cached."""
    if prompts.blocks is None:
        raise AssertionError("these prompts have no blocks")
    tokens = np.minimum(blocks * prompts.blocks.tokens, prompts.tokens)
    return np.where(tokens >= cache.minimum_tokens, tokens, 0)


@dataclass(frozen=True, slots=True)
class _Trace:
    """The blocks in the order in which they are asked for, the prompts of each cache one after another.

    `prompt` are the prompts in that order. A number a block: `of`, which of these it belongs to; `previous`, where the
    same block was asked for before, and `before`, where before its prompt began; both -1 for never.
    """

    prompt: IntArray
    offsets: IntArray
    of: IntArray
    ts_us: IntArray
    previous: IntArray
    before: IntArray


def _traces(prompts: Prompts, blocks: Blocks, cache: PromptCache) -> Iterator[_Trace]:
    """Yield the blocks of caches, several at once that are not too many for the memory."""
    shared = _caches(prompts.session, cache.scope)
    order = np.argsort(shared, kind="stable")
    order = order[prompts.tokens[order] >= cache.minimum_tokens]
    ends = np.append(np.flatnonzero(np.diff(shared[order])) + 1, len(order))  # of the prompts of each cache
    upto = np.concatenate([np.zeros(1, np.int64), np.cumsum(blocks.counts[order])])
    start = 0
    while start < len(order):
        within = np.searchsorted(upto[ends], upto[start] + _TOGETHER, side="right") - 1
        end = int(ends[max(within, np.searchsorted(ends, start, side="right"))])
        chosen = order[start:end]
        yield _trace(chosen, shared[chosen], prompts.ts_us[chosen], blocks.take(chosen))
        start = end


def _trace(prompt: IntArray, shared: IntArray, ts_us: IntArray, blocks: Blocks) -> _Trace:
    offsets, ids = blocks.joined()
    of = np.repeat(np.arange(len(prompt)), np.diff(offsets))
    previous = _previous(ids, shared[of])
    before, start = previous, offsets[of]
    while (again := before >= start).any():
        before = np.where(again, previous[before], before)
    return _Trace(prompt, offsets, of, ts_us, previous, before)


def _caches(session: IntArray, scope: Scope) -> IntArray:
    """Return which cache each prompt uses; one without a session has one of its own."""
    if scope == "all":
        return np.zeros(len(session), np.int64)
    own = np.arange(len(session)) + session.max(initial=0) + 1
    return np.where(session == UNKNOWN_SESSION, own, session)


def _by_id(ids: IntArray, cache: IntArray) -> IntArray:
    """Return the order by cache and id in which equal ones stay as they are."""
    if not len(ids):
        return np.zeros(0, np.int64)
    lowest, width = int(ids.min()), int(ids.max()) - int(ids.min()) + 1
    if width * (int(cache.max()) + 1) < _WIDEST:  # one sort instead of two
        return np.argsort(cache * width + (ids - lowest), kind="stable")
    return np.lexsort((ids, cache))


def _previous(ids: IntArray, cache: IntArray) -> IntArray:
    """Return where the same id of the same cache stood before, -1 for nowhere."""
    order = _by_id(ids, cache)
    same = (ids[order][1:] == ids[order][:-1]) & (cache[order][1:] == cache[order][:-1])
    previous = np.full(len(ids), _NEVER, np.int64)
    previous[order[1:]] = np.where(same, order[:-1], _NEVER)
    return previous


def _alive(trace: _Trace, ttl_s: int | None) -> Mask:
    """Return which blocks were asked for before, and not too long ago."""
    hits: Mask = trace.before != _NEVER
    if ttl_s is not None:
        hits &= trace.ts_us[trace.of] - trace.ts_us[trace.of[trace.before]] <= ttl_s * SECOND_US
    return hits


def _leading(hits: Mask, offsets: IntArray) -> IntArray:
    """Return for each prompt how many of its blocks come before the first that is missing."""
    missing = np.append(np.flatnonzero(~hits), len(hits))
    first = missing[np.searchsorted(missing, offsets[:-1])]
    leading: IntArray = np.minimum(first, offsets[1:]) - offsets[:-1]
    return leading


def _depths(trace: _Trace) -> IntArray:
    """Return how many blocks were used since each block was, itself included; one more than all that are new.

    Those are the places since then, less the places whose block was used again before this prompt began.
    """
    found = np.full(len(trace.of), len(trace.of) + 1, np.int64)
    asked = np.flatnonzero(trace.before != _NEVER)
    since, start = trace.before[asked], trace.offsets[trace.of[asked]]
    found[asked] = start - since - _at_least(trace.previous + 1, start, since + 1)
    return found


def _at_least(values: IntArray, ends: IntArray, bounds: IntArray) -> IntArray:
    """Return for each (end, bound) how many of `values[:end]` are `bound` or more, all pairs at once.

    Bit by bit from the highest, the values are put in order, zeros first; a pair follows those that agree with its
    bound so far (a wavelet matrix, of which only one level is kept).
    """
    counts, first = np.zeros(len(ends), np.int64), np.zeros(len(ends), np.int64)
    for bit in reversed(range(int(values.max(initial=0)).bit_length())):
        ones = (values >> bit & 1).astype(np.bool_)
        zeros = np.concatenate([np.zeros(1, np.int64), np.cumsum(~ones)])
        first_zero, end_zero = zeros[first], zeros[ends]
        first_one, end_one = zeros[-1] + first - first_zero, zeros[-1] + ends - end_zero
        up = (bounds >> bit & 1).astype(np.bool_)
        counts += np.where(up, 0, end_one - first_one)
        first, ends = np.where(up, first_one, first_zero), np.where(up, end_one, end_zero)
        values = np.concatenate([values[~ones], values[ones]])
    counts += ends - first
    return counts
