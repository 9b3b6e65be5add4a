"""A cache of responses, replayed: which requests get the answer that an equal one got before.

An answer is kept from the request that caused it, for a stated time that no hit prolongs. A full cache drops the answer
that was least recently given or stored, whether it is too old or not.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from aggcost.integers import IntArray, Mask, each, narrow

_SECOND_US = 1_000_000
_NONE = -1


@dataclass(frozen=True, slots=True)
class ResponseCache:
    """Answers are kept for `ttl_s` seconds, at most `capacity` of them (None: any number)."""

    ttl_s: int
    capacity: int | None = None


def hits(ts_us: IntArray, key: IntArray, stores: Mask, cache: ResponseCache) -> tuple[Mask, IntArray]:
    """Return which requests are answered, and the place of the request whose answer each gets (-1: none).

    Requests are in the order of time (microseconds). A key of -1 is not known: it is never answered nor stored. A
    request that is not answered stores its own answer where `stores` says so.
    """
    source = np.full(len(key), _NONE, np.int64)
    if cache.capacity is None:
        places = _repeated(key)
        found = _by_key(ts_us[places], key[places], stores[places], cache)
        source[places] = np.where(found < 0, _NONE, places[found])
    else:
        places = np.flatnonzero(key != _NONE)
        found = _recent(ts_us[places], key[places], stores[places], cache, cache.capacity)
        source[places] = np.where(found < 0, _NONE, places[found])
    return source >= 0, narrow(source)


def _repeated(key: IntArray) -> IntArray:
    """Return the places of the requests whose key comes more than once, key by key, in the order of time."""
    known = np.flatnonzero(key != _NONE)
    order = known[np.argsort(key[known], kind="stable")]
    same = key[order][1:] == key[order][:-1]
    no = np.zeros(1, dtype=bool)
    found: IntArray = order[np.concatenate([no, same]) | np.concatenate([same, no])] if len(order) else order
    return found


def _by_key(ts_us: IntArray, key: IntArray, stores: Mask, cache: ResponseCache) -> IntArray:
    """Return whose answer each request gets, where requests of one key stand together."""
    ttl_us = cache.ttl_s * _SECOND_US
    found = np.full(len(key), _NONE, np.int64)
    last_key, stored, stored_us = _NONE, _NONE, 0
    for place, (at_us, one, keeps) in enumerate(each(ts_us, key, stores)):
        if one != last_key:
            last_key, stored = one, _NONE
        if stored >= 0 and at_us - stored_us <= ttl_us:
            found[place] = stored
        elif keeps:
            stored, stored_us = place, at_us
    return found


def _recent(ts_us: IntArray, key: IntArray, stores: Mask, cache: ResponseCache, capacity: int) -> IntArray:
    """Return whose answer each request gets from a cache that holds so many, in the order of time."""
    ttl_us = cache.ttl_s * _SECOND_US
    kept: OrderedDict[int, tuple[int, int]] = OrderedDict()  # key -> place, time; least recently used first
    found = np.full(len(key), _NONE, np.int64)
    for place, (at_us, one, keeps) in enumerate(each(ts_us, key, stores)):
        entry = kept.get(one)
        if entry is not None and at_us - entry[1] <= ttl_us:
            kept.move_to_end(one)
            found[place] = entry[0]
        elif keeps:
            kept.pop(one, None)
            if len(kept) >= capacity:
                kept.popitem(last=False)
            kept[one] = (place, at_us)
    return found
