"""Admission: which route of its chain admits each request, where routes have limits.

Requests are taken in the order of time, and each asks the routes of its chain in turn. What a route has admitted is
counted on one-second cells. A request that finds no room goes on to the next route, waits in a queue, or is rejected.

Most requests cannot be affected: all that may ever come to a route are an upper bound of its load, and where the bound
keeps a limit there is nothing to decide. Only the stretches in which it does not are gone through one by one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aggcost.integers import IntArray, Mask, each, group_sums
from aggcost.rate_limits import SECOND_US, Load, Window
from aggcost.room import OVER, REJECTED, SPENT

_MINUTE_S = 60
_NOBODY = -1


@dataclass(frozen=True, slots=True)
class RouteLimit:
    """What a route admits; None is no limit. A budget is in 1e-12 US dollars for each of its periods."""

    requests_a_minute: int | None = None
    tokens_a_minute: int | None = None
    requests_a_day: int | None = None
    budget_pico_usd: int | None = None
    window: Window = "sliding"
    when_full: Literal["spill", "queue", "reject"] = "spill"
    max_wait_s: int = 30


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests in the order of time, an entry a request.

    `second` counts from 1970, `tokens` are prompt and output together, `day` numbers local days, `chain` is the place
    of its chain. `period` and `cost_pico_usd` say, by route with a budget, in which period and at what cost it comes.
    """

    second: IntArray
    tokens: IntArray
    day: IntArray
    period: Mapping[int, IntArray]
    cost_pico_usd: Mapping[int, IntArray]
    chain: IntArray


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of requests: `hop` is the place in its chain of the route that admits one, -1 where none does.

    `refused` is the place in `refusals` of the routes that refused it on the way, with the reason; what comes behind a
    route that rejects refuses it, too, without being asked. `waited_s` is the
    time in a queue. `exhausted` says, by route and period, at which second a request first found the budget spent.
    """

    hop: IntArray
    refused: IntArray
    refusals: tuple[tuple[tuple[int, str], ...], ...]
    waited_s: IntArray
    exhausted: Mapping[tuple[int, int], int]


def admit(
    requests: Requests,
    chains: Sequence[Sequence[int]],
    limits: Mapping[int, RouteLimit],
    first_second: int,
    scale: int = 1,
    shared: Mapping[int, int] | None = None,
) -> Admitted:
    """Return what becomes of the requests; each counts `scale` times. Fixed minutes begin at `first_second`.

    `shared` are further numbers of routes, with the route whose limit they share.
    """
    size = len(requests.second)
    hop, refused, waited_s = (np.zeros(size, np.int64) for _ in range(3))
    doubtful = np.flatnonzero(_doubtful(requests, _by_limit(chains, shared or {}), limits, first_second, scale))
    rooms = {route: _Room(limit, requests, route, doubtful, first_second, scale) for route, limit in limits.items()}
    rooms |= {number: rooms[route] for number, route in (shared or {}).items()}
    kinds: dict[tuple[tuple[int, str], ...], int] = {(): 0}
    columns = (doubtful, requests.second[doubtful], requests.tokens[doubtful], requests.chain[doubtful])
    for number, (place, second, tokens, chain) in enumerate(each(*columns)):
        found, wait_s, refusals = _along(chains[chain], rooms, number, second, tokens)
        hop[place], waited_s[place] = found, wait_s
        refused[place] = kinds.setdefault(refusals, len(kinds))
    exhausted = {(route, period): at_s for route in limits for period, at_s in rooms[route].exhausted.items()}
    return Admitted(hop, refused, tuple(kinds), waited_s, exhausted)


def admit_load(load: Load, limit: RouteLimit) -> Admitted:
    """Return what a single route admits of a load; its seconds and fixed minutes begin with the first request."""
    nothing = np.zeros(len(load), np.int64)
    second = (load.ts_us - load.ts_us[:1]) // SECOND_US
    return admit(Requests(second, load.tokens, nothing, {}, {}, nothing), [(0,)], {0: limit}, 0)


def _by_limit(chains: Sequence[Sequence[int]], shared: Mapping[int, int]) -> list[list[int]]:
    """Return the chains with the routes whose limits count."""
    return [[shared.get(route, route) for route in chain] for chain in chains]


def _along(
    chain: Sequence[int], rooms: Mapping[int, _Room], number: int, second: int, tokens: int
) -> tuple[int, int, tuple[tuple[int, str], ...]]:
    """Return which place of the chain admits a request (-1: none), after how long, and what refused it before."""
    refusals: tuple[tuple[int, str], ...] = ()
    for hop, route in enumerate(chain):
        room = rooms.get(route)
        if room is None:
            return hop, 0, refusals
        at_s, why = room.ask(number, second, tokens)
        if at_s is not None:
            return hop, at_s - second, refusals
        if room.rejects:
            return _NOBODY, 0, (*refusals, (route, why), *((later, REJECTED) for later in chain[hop + 1 :]))
        refusals = (*refusals, (route, why))
    return _NOBODY, 0, refusals


class _Room:
    """What a route has admitted so far, and whether there is room for one more."""

    def __init__(
        self, limit: RouteLimit, requests: Requests, route: int, doubtful: IntArray, first_second: int, scale: int
    ) -> None:
        self._limit, self._scale, self._first_s = limit, scale, first_second
        self._day = requests.day[doubtful].tolist() if limit.requests_a_day is not None else []
        budgeted = limit.budget_pico_usd is not None
        self._period = requests.period[route][doubtful].tolist() if budgeted else []
        self._cost = requests.cost_pico_usd[route][doubtful].tolist() if budgeted else []
        self._cells: deque[list[int]] = deque()  # second, requests and tokens admitted in it; what still counts
        self._requests = self._tokens = self._last_s = 0
        self._days: dict[int, int] = {}
        self._spent: dict[int, int] = {}
        self.exhausted: dict[int, int] = {}
        self.rejects = limit.when_full == "reject"

    def ask(self, number: int, second: int, tokens: int) -> tuple[int | None, str]:
        """Return the second at which the route admits a request, or None and why not."""
        limit, scale = self._limit, self._scale
        day = self._day[number] if self._day else 0
        if limit.requests_a_day is not None and self._days.get(day, 0) + scale > limit.requests_a_day:
            return None, OVER
        period, cost = (self._period[number], scale * self._cost[number]) if self._period else (0, 0)
        if limit.budget_pico_usd is not None and self._spent.get(period, 0) + cost > limit.budget_pico_usd:
            self.exhausted.setdefault(period, second)
            return None, SPENT
        at_s = self._when(second, scale * tokens)
        if at_s is None:
            return None, OVER
        self._days[day] = self._days.get(day, 0) + scale
        self._spent[period] = self._spent.get(period, 0) + cost
        return at_s, ""

    def _when(self, second: int, tokens: int) -> int | None:
        """Return the first second with room in the window, as late as a queue allows, and take the room."""
        queues = self._limit.when_full == "queue"
        at_s = max(second, self._last_s) if queues else second
        until_s = second + (self._limit.max_wait_s if queues else 0)
        self._forget(at_s)
        requests, counted = self._requests, self._tokens
        cells = iter(self._cells)
        while at_s <= until_s:
            if self._fits(requests, counted + tokens):
                self._take(at_s, tokens)
                return at_s
            cell = next(cells, None)
            if cell is None:
                return None
            at_s, requests, counted = self._leaves_s(cell[0]), requests - cell[1], counted - cell[2]
        return None

    def _forget(self, at_s: int) -> None:
        """Drop what no longer counts at a second: no request is asked about an earlier one."""
        cells = self._cells
        while cells and self._leaves_s(cells[0][0]) <= at_s:
            _, requests, tokens = cells.popleft()
            self._requests -= requests
            self._tokens -= tokens

    def _take(self, at_s: int, tokens: int) -> None:
        self._forget(at_s)
        if not self._cells or self._cells[-1][0] != at_s:
            self._cells.append([at_s, 0, 0])
        self._cells[-1][1] += self._scale
        self._cells[-1][2] += tokens
        self._requests += self._scale
        self._tokens += tokens
        self._last_s = at_s

    def _leaves_s(self, then_s: int) -> int:
        """Return the second at which what was admitted then no longer counts."""
        if self._limit.window == "sliding":
            return then_s + _MINUTE_S
        return then_s + _MINUTE_S - (then_s - self._first_s) % _MINUTE_S

    def _fits(self, requests: int, tokens: int) -> bool:
        """Return whether one more fits beside so many requests; `tokens` are with its own."""
        limit = self._limit
        if limit.requests_a_minute is not None and requests + self._scale > limit.requests_a_minute:
            return False
        return limit.tokens_a_minute is None or tokens <= limit.tokens_a_minute


def _doubtful(
    requests: Requests,
    chains: Sequence[Sequence[int]],
    limits: Mapping[int, RouteLimit],
    first_second: int,
    scale: int,
) -> Mask:
    """Return the requests that a limit may touch, and those that its state hangs on."""
    found = np.zeros(len(requests.second), dtype=bool)
    for route, limit in limits.items():
        among = np.array([route in chain for chain in chains], dtype=bool)[requests.chain]
        places = np.flatnonzero(among)
        if not len(places):
            continue
        second = requests.second[places]
        ones = np.ones(len(places), np.int64)
        for allowed, units in ((limit.requests_a_minute, ones), (limit.tokens_a_minute, requests.tokens[places])):
            if allowed is not None:
                found[places[_in_window(second, units, allowed // scale, limit, first_second)]] = True
        if limit.requests_a_day is not None:
            found[places[_over(requests.day[places], ones, limit.requests_a_day // scale)]] = True
        if limit.budget_pico_usd is not None:
            cost = requests.cost_pico_usd[route][places]
            found[places[_over(requests.period[route][places], cost, limit.budget_pico_usd // scale)]] = True
    return found


def _over(keys: IntArray, units: IntArray, allowed: int) -> Mask:
    """Return which entries belong to a key of which all units together are more than is allowed."""
    _, place = np.unique(keys, return_inverse=True)
    # Costs of a period may leave 64 bits: they hold 9.2 million US dollars in units of 1e-12.
    summed = group_sums(place, int(place.max(initial=-1)) + 1, units)
    over: Mask = np.array([one > allowed for one in summed], dtype=bool)[place]
    return over


def _in_window(second: IntArray, units: IntArray, allowed: int, limit: RouteLimit, first_second: int) -> Mask:
    """Return which requests lie in a window of too many units, or in the minute before the end of one."""
    if limit.window == "minute":
        over = _over((second - first_second) // _MINUTE_S, units, allowed)
        return _from_first(over) if limit.when_full == "queue" else over
    seconds, place = np.unique(second, return_inverse=True)
    summed = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(place, weights=units).astype(np.int64))])
    starts = np.searchsorted(seconds, seconds - _MINUTE_S, side="right")
    broken = summed[1:] - summed[starts] > allowed
    edges = np.zeros(len(seconds) + 1, np.int64)  # +1 where a stretch begins, -1 behind its end
    np.add.at(edges, starts[broken], 1)
    np.add.at(edges, np.flatnonzero(broken) + 1, -1)
    over = (np.cumsum(edges)[:-1] > 0)[place]
    return _from_first(over) if limit.when_full == "queue" else over


def _from_first(over: Mask) -> Mask:
    """Return everything from the first doubtful request on: a queue shifts load to later."""
    found: Mask = np.maximum.accumulate(over)
    return found
