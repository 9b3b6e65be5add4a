"""Rate limits held against a load: whether it breaks them, when first, and how much would spill.

Providers count in one of two ways, and the answers differ, so both are offered and the one that was used is named:
*sliding*, the requests of the last minute before each request, (t - 60 s, t]; and *minute*, minutes that begin with
the first request. Whether a limit breaks is exact, from the times of all requests. What spills is worked out on
one-second cells: within a second, requests are admitted in proportion, so a share of them, not single ones, spills.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

IntArray = np.ndarray[Any, np.dtype[np.int64]]
Window = Literal["sliding", "minute"]
WINDOWS: tuple[Window, ...] = ("sliding", "minute")
SECOND_US, MINUTE_US = 1_000_000, 60_000_000
_MINUTE_S = 60
_LONGEST_WAIT_S = 86_400  # nobody waits longer, and a hopeless queue comes to an end


@dataclass(frozen=True, slots=True)
class Limit:
    """What a route may take in a minute, counted by `window`; None is no limit."""

    requests_a_minute: int | None = None
    tokens_a_minute: int | None = None
    window: Window = "sliding"


@dataclass(frozen=True, slots=True)
class Load:
    """Requests in order of time: when each began (microseconds, UTC), its prompt and output tokens together."""

    ts_us: IntArray
    tokens: IntArray

    def __len__(self) -> int:
        return len(self.ts_us)


@dataclass(frozen=True, slots=True)
class Peak:
    """The most units in any one minute, and the time (microseconds) of the request that completed it."""

    units: int
    at_us: int | None


def peak(load: Load, units: IntArray, window: Window, first_us: int | None = None) -> Peak:
    """Return the most `units` (one number a request) of any minute; the first such minute where there are several.

    Fixed minutes begin at `first_us`, by default with the first request.
    """
    if not len(load):
        return Peak(0, None)
    summed = _in_window(load.ts_us, units, window, first_us)
    place = int(np.argmax(summed))
    return Peak(int(summed[place]), int(load.ts_us[place]))


def first_over(load: Load, units: IntArray, window: Window, allowed: int, first_us: int | None = None) -> int | None:
    """Return the time (microseconds) of the first request that is one too many, None where none is."""
    over = np.flatnonzero(_in_window(load.ts_us, units, window, first_us) > allowed)
    return int(load.ts_us[over[0]]) if len(over) else None


def _in_window(ts_us: IntArray, units: IntArray, window: Window, first_us: int | None) -> IntArray:
    """Return for each request the units of its minute up to and including it."""
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(units)])
    if window == "sliding":
        first = np.searchsorted(ts_us, ts_us - MINUTE_US, side="right")
    else:
        minutes = (ts_us - (ts_us[:1] if first_us is None else first_us)) // MINUTE_US
        first = np.searchsorted(minutes, minutes, side="left")
    summed: IntArray = before[1:] - before[first]
    return summed


@dataclass(frozen=True, slots=True)
class Spill:
    """What a limited route takes of a load, on one-second cells; the arrays have an entry a second with requests.

    `offered` and `admitted` are requests of the second (of a queue, admitted ones may have come earlier). What is not
    admitted is `spilled`; in a queue only requests spill that are larger than the limit or have waited for a day, but
    others wait, `waited_s` seconds in all, the longest `longest_s`.
    """

    second: IntArray
    offered: IntArray
    admitted: IntArray
    waited_s: int = 0
    longest_s: int = 0

    @property
    def spilled(self) -> int:
        """Requests that found no room."""
        return int(self.offered.sum() - self.admitted.sum())


def spill(load: Load, limit: Limit, *, queued: bool = False) -> Spill:
    """Return what of a load a limited route takes, second by second; a queue serves first what came first."""
    seconds, offered, tokens = _by_second(load)
    room = _Room(limit, int(load.ts_us[0]) if len(load) else 0)
    if queued:
        return _served_in_turn(seconds, offered, tokens, room)
    admitted = np.array(
        [room.admit(*cell) for cell in zip(seconds.tolist(), offered.tolist(), tokens.tolist(), strict=True)], np.int64
    )
    return Spill(seconds, offered, admitted)


def _by_second(load: Load) -> tuple[IntArray, IntArray, IntArray]:
    seconds, place = np.unique(load.ts_us // SECOND_US, return_inverse=True)
    tokens = np.zeros(len(seconds), np.int64)
    np.add.at(tokens, place, load.tokens)
    return seconds, np.bincount(place, minlength=len(seconds)).astype(np.int64), tokens


class _Room:
    """What is left of a limit at each second, as requests are admitted."""

    def __init__(self, limit: Limit, first_us: int) -> None:
        self._limit = limit
        self._first_us = first_us
        self._admitted: deque[tuple[int, int, int]] = deque()
        self._requests = self._tokens = 0

    def admit(self, second: int, offered: int, tokens: int) -> int:
        """Return how many of the offered requests find room, and take it."""
        self._forget(second)
        room = offered
        if self._limit.requests_a_minute is not None:
            room = min(room, self._limit.requests_a_minute - self._requests)
        if self._limit.tokens_a_minute is not None and tokens:
            room = min(room, offered * (self._limit.tokens_a_minute - self._tokens) // tokens)
        admitted = max(room, 0)
        taken = -(-tokens * admitted // offered) if offered else 0
        self._admitted.append((second, admitted, taken))
        self._requests += admitted
        self._tokens += taken
        return admitted

    def could_take(self, offered: int, tokens: int) -> bool:
        """Return whether any of the requests fits at all: one larger than a whole minute's tokens never does."""
        allowed = self._limit.tokens_a_minute
        return allowed is None or not tokens or offered * allowed // tokens > 0

    def _forget(self, second: int) -> None:
        """Give back the room of what no longer counts."""
        while self._admitted and self._over(self._admitted[0][0], second):
            _, requests, tokens = self._admitted.popleft()
            self._requests -= requests
            self._tokens -= tokens

    def _over(self, then: int, now: int) -> bool:
        if self._limit.window == "sliding":
            return then <= now - _MINUTE_S
        return self._minute(then) < self._minute(now)

    def _minute(self, second: int) -> int:
        return (second * SECOND_US - self._first_us) // MINUTE_US


def _served_in_turn(seconds: IntArray, offered: IntArray, tokens: IntArray, room: _Room) -> Spill:
    """Admit what waits before what comes, second by second, until nothing waits."""
    waiting: deque[list[int]] = deque()  # second of arrival, requests, tokens
    served: dict[int, int] = {}
    waited_s = longest_s = 0
    for second in _busy_seconds(seconds, waiting):
        place = int(np.searchsorted(seconds, second))
        if place < len(seconds) and seconds[place] == second:
            waiting.append([second, int(offered[place]), int(tokens[place])])
        while waiting:
            arrived, requests, load = waiting[0]
            if second - arrived > _LONGEST_WAIT_S or not room.could_take(requests, load):
                waiting.popleft()
                continue
            admitted = room.admit(second, requests, load)
            if admitted:
                served[second] = served.get(second, 0) + admitted
                waited_s += (second - arrived) * admitted
                longest_s = max(longest_s, second - arrived)
            if admitted < requests:
                waiting[0][1:] = [requests - admitted, load - load * admitted // requests]
                break
            waiting.popleft()
    everything = np.union1d(seconds, np.array(sorted(served), np.int64)).astype(np.int64)
    came = dict(zip(seconds.tolist(), offered.tolist(), strict=True))
    return Spill(
        everything,
        np.array([came.get(second, 0) for second in everything.tolist()], np.int64),
        np.array([served.get(second, 0) for second in everything.tolist()], np.int64),
        waited_s,
        longest_s,
    )


def _busy_seconds(seconds: IntArray, waiting: deque[list[int]]) -> Iterator[int]:
    """Yield every second in which something arrives or waits."""
    arrivals = seconds.tolist()
    for place, second in enumerate(arrivals):
        yield second
        following = arrivals[place + 1] if place + 1 < len(arrivals) else None
        current = second + 1
        while waiting and (following is None or current < following):
            yield current
            current += 1
