"""Prompt caches: by hand, and against dictionaries that do what the words say, prompt by prompt."""

from __future__ import annotations

import random
from collections import OrderedDict
from itertools import product, takewhile

import numpy as np
import pytest

from aggcost.prefix_cache import PromptCache, Prompts, blocks_of, curve, split

FOR_EVER = PromptCache(ttl_s=None, minimum_tokens=0)
SECOND = 1_000_000


def prompts(rows, block_tokens=10):
    """Return prompts of rows (second, session, tokens, block ids); of rows without ids, prompts without blocks."""
    seconds, sessions, tokens, ids = zip(*rows, strict=True) if rows else ((), (), (), ())
    blocks = None
    if all(one is not None for one in ids):
        offsets = np.cumsum([0, *map(len, ids)])
        flat = np.array([one for listed in ids for one in listed], np.int64)
        blocks = blocks_of(offsets, flat, np.full(len(rows), block_tokens))
    return Prompts(
        np.array(seconds, np.int64) * SECOND, np.array(sessions, np.int64), np.array(tokens, np.int64), blocks
    )


def read(rows, cache=FOR_EVER):
    return split(prompts(rows), cache).read_tokens.tolist()


def written(rows, cache=FOR_EVER):
    return split(prompts(rows), cache).write_tokens.tolist()


def test_only_the_leading_run_of_blocks_is_read():
    rows = [(0, 0, 30, [1, 2, 3]), (1, 0, 30, [1, 9, 3]), (2, 0, 30, [7, 1, 2]), (3, 0, 30, [1, 2, 3])]
    assert read(rows) == [0, 10, 0, 30]
    assert written(rows) == [30, 20, 30, 0]


def test_a_last_block_that_is_not_full_holds_no_more_than_the_prompt():
    assert read([(0, 0, 25, [1, 2, 3]), (1, 0, 25, [1, 2, 3])]) == [0, 25]


def test_a_block_that_stands_twice_in_a_prompt_is_not_there_before_it():
    assert read([(0, 0, 20, [1, 1]), (1, 0, 30, [1, 1, 1])]) == [0, 30]


def test_what_is_used_least_recently_goes_first():
    # Three blocks fit. After the second prompt the cache holds 2, 3, 4; the third asks for 1.
    rows = [(0, 0, 20, [1, 2]), (1, 0, 30, [2, 3, 4]), (2, 0, 20, [1, 2]), (3, 0, 10, [4])]
    assert read(rows, PromptCache(None, 0, capacity_blocks=3)) == [0, 10, 0, 10]
    assert read(rows, PromptCache(None, 0, capacity_blocks=4)) == [0, 10, 20, 10]


def test_every_use_keeps_a_block_for_another_ttl_its_last_second_included():
    rows = [(0, 0, 10, [1]), (300, 0, 10, [1]), (600, 0, 10, [1]), (901, 0, 10, [1])]
    assert read(rows, PromptCache(ttl_s=300, minimum_tokens=0)) == [0, 10, 10, 0]


def test_a_prompt_below_the_minimum_neither_reads_nor_writes():
    rows = [(0, 0, 19, [1, 2]), (1, 0, 20, [1, 2]), (2, 0, 19, [1, 2]), (3, 0, 25, [1, 2, 3])]
    cache = PromptCache(None, minimum_tokens=20)
    assert read(rows, cache) == [0, 0, 0, 20]
    assert written(rows, cache) == [0, 20, 0, 5]


def test_a_prefix_below_the_minimum_is_not_read():
    assert read([(0, 0, 20, [1, 2]), (1, 0, 20, [1, 3])], PromptCache(None, minimum_tokens=20)) == [0, 0]


def test_sessions_share_nothing_where_their_ids_are_their_own():
    rows = [(0, 0, 10, [1]), (1, 1, 10, [1]), (2, 0, 10, [1]), (3, -1, 10, [1]), (4, -1, 10, [1])]
    assert read(rows) == [0, 10, 10, 10, 10]
    assert read(rows, PromptCache(None, 0, scope="session")) == [0, 0, 10, 0, 0]


def test_each_session_has_the_capacity():
    rows = [(0, 0, 20, [1, 2]), (1, 1, 20, [3, 4]), (2, 0, 20, [1, 2])]
    assert read(rows, PromptCache(None, 0, 2)) == [0, 0, 0]
    assert read(rows, PromptCache(None, 0, 2, "session")) == [0, 0, 20]


def test_without_blocks_a_prompt_begins_with_the_one_before_it_in_its_session():
    rows = [(0, 0, 2000, None), (10, 1, 5000, None), (20, 0, 3000, None), (30, 0, 2500, None), (40, -1, 9, None)]
    assert read(rows, PromptCache(ttl_s=300, minimum_tokens=1024)) == [0, 0, 2000, 2500, 0]
    assert written(rows, PromptCache(ttl_s=300, minimum_tokens=1024)) == [2000, 5000, 1000, 0, 0]


def test_without_blocks_the_ttl_and_the_minimum_hold_too():
    rows = [(0, 0, 1023, None), (1, 0, 1024, None), (301, 0, 1024, None), (602, 0, 1024, None)]
    assert read(rows, PromptCache(ttl_s=300, minimum_tokens=1024)) == [0, 0, 1024, 0]
    assert written(rows, PromptCache(ttl_s=300, minimum_tokens=1024)) == [0, 1024, 0, 1024]


def test_unknown_sessions_are_not_one_session():
    assert read([(0, -1, 2000, None), (1, -1, 2000, None)]) == [0, 0]


def test_the_curve_by_hand():
    rows = [(0, 0, 20, [1, 2]), (1, 0, 30, [2, 3, 4]), (2, 0, 15, [1, 2])]
    found = curve(prompts(rows), FOR_EVER)
    assert found.depths.tolist() == [1, 4]
    # Two blocks of the last prompt: block 1 needs room for four, and 2 behind it is of no use without it.
    assert [found.at(capacity) for capacity in (0, 1, 3, 4, 99)] == [(0, 0), (1, 10), (1, 10), (3, 25), (3, 25)]
    assert found.useful_blocks == 4


def test_nothing_of_nothing():
    assert read([]) == []
    assert curve(Prompts(*[np.zeros(0, np.int64)] * 3, blocks_of(np.zeros(1, np.int64), *[np.zeros(0, np.int64)] * 2)),
                 FOR_EVER).at(9) == (0, 0)  # fmt: skip
    assert read([(0, 0, 5, []), (1, 0, 5, [])]) == [0, 0]


def oracle(rows, cache, block_tokens=10):
    """Return read and written tokens and blocks of each prompt, by dictionaries of when each block was last used."""
    caches, answers = {}, []
    for number, (second, session, tokens, ids) in enumerate(rows):
        own = ("alone", number) if session < 0 else session
        held = caches.setdefault(own if cache.scope == "session" else "all", OrderedDict())
        if tokens < cache.minimum_tokens:
            answers.append((0, 0, 0))
            continue
        kept = [one in held and (cache.ttl_s is None or second - held[one] <= cache.ttl_s) for one in ids]
        run = len(list(takewhile(bool, kept)))
        for one in ids:
            held[one] = second
            held.move_to_end(one)
        while cache.capacity_blocks is not None and len(held) > cache.capacity_blocks:
            held.popitem(last=False)
        served = min(run * block_tokens, tokens)
        served = served if served >= cache.minimum_tokens else 0
        answers.append((served, tokens - served, run if served else 0))
    return answers


def random_rows(draw):
    """Return prompts that begin alike, as conversations do, of few ids, at times that repeat."""
    second, rows = 0, []
    for _ in range(draw.randrange(1, 25)):
        second += draw.choice((0, 0, 1, 5, 50))
        ids = [draw.randrange(draw.choice((2, 4, 12))) for _ in range(draw.randrange(7))]
        if rows and draw.random() < 0.5:
            ids = draw.choice(rows)[3][: draw.randrange(8)] + ids
        tokens = max(10 * len(ids) - draw.randrange(10), 0)
        rows.append((second, draw.randrange(-1, 3), tokens, ids))
    return rows


@pytest.mark.parametrize("seed", range(200))
def test_it_agrees_with_a_dictionary(seed):
    rows = random_rows(random.Random(seed))
    options = product((None, 0, 3, 50), (0, 25), (None, 1, 2, 3, 5, 8, 40), ("all", "session"))
    for ttl_s, minimum, capacity, scope in options:
        cache = PromptCache(ttl_s, minimum, capacity, scope)
        found = split(prompts(rows), cache)
        figures = zip(*(one.tolist() for one in (found.read_tokens, found.write_tokens, found.blocks)), strict=True)
        assert list(figures) == oracle(rows, cache), cache


@pytest.mark.parametrize("seed", range(200))
def test_the_curve_agrees_at_every_capacity(seed):
    rows = random_rows(random.Random(seed))
    for ttl_s, minimum, scope in product((None, 3), (0, 25), ("all", "session")):
        found = curve(prompts(rows), PromptCache(ttl_s, minimum, None, scope))
        for capacity in range(1, 45):
            expected = oracle(rows, PromptCache(ttl_s, minimum, capacity, scope))
            sums = sum(blocks for *_, blocks in expected), sum(tokens for tokens, *_ in expected)
            assert found.at(capacity) == sums, (capacity, ttl_s, minimum, scope)


def session_oracle(rows, cache):
    last, answers = {}, []
    for second, session, tokens, _ in rows:
        served = 0
        if session >= 0 and session in last:
            then, before = last[session]
            if cache.ttl_s is None or second - then <= cache.ttl_s:
                served = min(before, tokens)
        served = served if served >= cache.minimum_tokens else 0
        answers.append((served, tokens - served if tokens >= cache.minimum_tokens else 0))
        last[session] = second, tokens
    return answers


@pytest.mark.parametrize("seed", range(200))
def test_sessions_agree_with_a_dictionary(seed):
    rows = [(second, session, tokens, None) for second, session, tokens, _ in random_rows(random.Random(seed))]
    for ttl_s, minimum in product((None, 0, 3, 50), (0, 25)):
        found = split(prompts(rows), PromptCache(ttl_s, minimum))
        figures = zip(found.read_tokens.tolist(), found.write_tokens.tolist(), strict=True)
        assert list(figures) == session_oracle(rows, PromptCache(ttl_s, minimum))


def test_splitting_by_sessions_changes_nothing():
    rows = random_rows(random.Random(7)) + random_rows(random.Random(8))
    whole = split(prompts(rows), PromptCache(None, 0, 5, "session"))
    taken = prompts(rows).take(np.flatnonzero(np.array([row[1] == 1 for row in rows])))
    alone = split(taken, PromptCache(None, 0, 5))
    assert whole.read_tokens[[row[1] == 1 for row in rows]].tolist() == alone.read_tokens.tolist()
