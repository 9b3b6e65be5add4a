"""The replay in the order of time: which requests a cache answers, and which routes of their chains admit the others.

A policy without limits and caches needs no order, and none of this. Where it does, the rows come out of the engine
once, in order; kernels give each its fate; the ledger is split by fates, and the policy decides on that as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import numpy as np

from aggcost import admission, answers, dealing, fates, ledger, response_cache
from aggcost.admission import Requests, RouteLimit
from aggcost.answers import ANSWERED
from aggcost.arm_rates import arm_rates
from aggcost.baseline import Baseline, Options
from aggcost.candidates import keys
from aggcost.chains import Chains, chains, sharing
from aggcost.conditions import Truths
from aggcost.engine import Engine
from aggcost.errors import UsageError
from aggcost.gates import gates
from aggcost.in_order import InOrder, StatedLimit
from aggcost.integers import IntArray, Mask, narrow
from aggcost.ledger import USAGE, Cells, Dim
from aggcost.limit_costs import PICO, cost_pico_usd, days_and_months
from aggcost.meters import TOKEN_KEYS
from aggcost.ordered_rows import SECOND_US, UNKNOWN, Ordered, numbered
from aggcost.policy import Policy, Route
from aggcost.prompt_caches import Simulated, simulated
from aggcost.rating import Rates
from aggcost.response_cache import ResponseCache
from aggcost.room import FULL, QUEUED
from aggcost.scanning import Ledgers

_ANSWERS = (None, answers.SAME, answers.ANOTHER, answers.UNKNOWN)
_KEY, _PROMPT, _SESSION = "key", "prompt", "session"
_ROUNDS = 2_000


@dataclass(frozen=True, slots=True)
class Found:
    """The rows in order with what the kernels said of them, an entry a row.

    `chain` is the number of its chain (-1: none that a limit is in), `hop` how far along it the request came (-1: no
    route admitted it), `refused` the place in `refusals`, `waited_s` the time in a queue. `hits` were answered by the
    cache, with the answer to the row `used`, of those `able` to. `weighted` go to several routes by weight; those of
    splits were dealt to one, `by_id` or `by_place`. `first_us`
    is when the first request of the log came; seconds and fixed minutes begin with it.
    """

    rows: Ordered
    chains: Chains
    chain: IntArray
    hop: IntArray
    refused: IntArray
    refusals: tuple[frozenset[tuple[Route | None, str]], ...]
    waited_s: IntArray
    exhausted: Mapping[tuple[Route | None, int], int]
    first_us: int
    hits: Mask
    used: IntArray
    able: Mask
    weighted: Mask
    by_id: int = 0
    by_place: int = 0

    @property
    def served_by(self) -> IntArray:
        """The number of the route that serves each row, -1 of one that no route of a chain does."""
        longest = max((len(chain) for chain in self.chains.chains), default=0) + 1
        table = np.full((len(self.chains.chains) + 1, longest), -1, np.int64)
        for number, chain in enumerate(self.chains.chains):
            table[number, : len(chain)] = chain
        route = table[self.chains.chain[self.rows.cell], self.hop]
        return np.where(self.hits | (self.hop < 0), -1, route)


@dataclass(frozen=True, slots=True)
class Replayed:
    """The ledgers split by fates, with what belongs to them.

    `policy` is the one to decide on them: its splits send each request one way, as far as they were dealt.
    """

    policy: Policy
    ledgers: Ledgers
    truths: Truths
    own: Rates
    dims: Mapping[str, Dim]
    found: Found


def in_order(engine: Engine, options: Options, base: Baseline, policy: Policy, own: Rates) -> Replayed:
    """Return the ledgers of a policy whose limits and caches depend on the order of requests.

    Requests without a time come in no order: they are let through, and no cache answers them.
    """
    zone, stated = base.ledgers.zone, policy.in_order
    known = numbered(engine, base.usage.table, base.ledgers.plan, zone)
    dealt = dealing.dealt(policy, known.cells, Truths(known.cells, zone))
    policy, cells = dealt.policy, dealt.cells
    truths, rates = Truths(cells, zone), arm_rates(policy, cells, own.afresh(cells))
    usage = cells.dims["outcome"].where(USAGE)
    asked = gates(policy, replace(base.ledgers, cells=cells), truths, rates)
    possible = sharing(chains(policy, cells, usage, truths, asked.all, rates), cells, stated.limits)
    cached = usage & _cached(stated, cells, truths)
    limited = usage & _is_limited(stated, possible)[possible.chain]
    replays = stated.prompt_cache.mode == "simulated"
    among = cached | limited | (usage & _moves(possible)[possible.chain] & replays)
    asked_for = np.flatnonzero(dealt.any_part(among))
    extra = {**_extra(engine, base.usage.table, stated), **dealt.columns(base.usage.table)}
    rows, by_id, by_place = dealt.deal(known.rows(asked_for, extra, blocks=replays))
    able = cached[rows.cell] & (rows.ts_us != UNKNOWN)
    admitting = _Admission(stated, possible, rates, str(zone), options.scale, _first_us(engine, base.usage.table))
    found = _settled(admitting, rows, able, limited[rows.cell] & (rows.ts_us != UNKNOWN))
    found = replace(found, by_id=by_id, by_place=by_place)
    split, home = fates.split(dealt.emptied, rows, *_fates(found), dealt.source)
    own, truths = own.afresh(split), Truths(split, zone)
    ledgers = replace(base.ledgers, cells=split, simulated=_simulated(stated, found, home, own))
    return Replayed(policy, ledgers, truths, own, keys(ledgers, truths, options.project, options.by), found)


def _settled(admitting: _Admission, rows: Ordered, able: Mask, limited: Mask) -> Found:
    """Return what caches and limits make of the rows: what is answered asks no route, what is lost stores no answer.

    Each hangs on what came before alone, so every round is right for longer than the one before it.
    """
    lost = np.zeros(len(rows), dtype=bool)
    for _ in range(_ROUNDS):
        hits, used = _hits(admitting.stated, rows, able, able & ~lost)
        found = admitting.found(rows, np.flatnonzero(limited & ~hits), hits, used, able)
        if not (able & (lost != (found.hop < 0))).any():
            return found
        lost = found.hop < 0
    raise UsageError(
        f"which requests limits lose and which the response cache answers was not settled in {_ROUNDS:,} rounds",
        hint="let the limits spill instead of reject, or replay a shorter period: --since, --until",
    )


def _first_us(engine: Engine, usage: ibis.Table) -> int:
    """Return when the first request of a log came (microseconds), 0 where none has a time."""
    kept = usage.filter(ledger.accepted(usage))
    (row,) = engine.to_arrow(kept.aggregate(first=engine.micros(kept.ts).min())).to_pylist()
    return int(row["first"] or 0)


def tokens_of(rows: Ordered) -> IntArray:
    """Return the prompt and output tokens of each row."""
    nothing = np.zeros(len(rows), np.int64)
    return sum((rows.sums[key] for key in TOKEN_KEYS if key in rows.sums), nothing)


def _cached(stated: InOrder, cells: Cells, truths: Truths) -> Mask:
    """Return the cells whose answers the response cache may give and keep: of requests that were served."""
    cache = stated.response_cache
    if cache is None:
        return np.zeros(len(cells), dtype=bool)
    served = cells.dims["failure"].where(None)
    if cache.where is None:
        return served
    true, _ = truths.of(cache.where)
    return served & true


def _is_limited(stated: InOrder, possible: Chains) -> Mask:
    """Return for each chain whether some route of it has a limit; the last entry is that of no chain."""
    numbers = {number for route in stated.limits for number in possible.numbers(route)}
    return np.array([*(not numbers.isdisjoint(chain) for chain in possible.chains), False], dtype=bool)


def _moves(possible: Chains) -> Mask:
    """Return for each chain whether some route of it is another than the logged one; the last entry is no chain's."""
    away = {number for number, route in enumerate(possible.routes) if route is not None}
    return np.array([*(not away.isdisjoint(chain) for chain in possible.chains), False], dtype=bool)


def _extra(engine: Engine, usage: ibis.Table, stated: InOrder) -> dict[str, ibis.Value]:
    """Return the columns beside sums: hashes of the cache's key, of the prompt and of the session."""
    found: dict[str, ibis.Value] = {}
    cache = stated.response_cache
    if cache is not None:
        names = dict.fromkeys(("model", *("prompt_hash" if name == "prompt" else name for name in cache.key)))
        texts = [usage[name] if name == "prompt_hash" else usage[name].fill_null("") for name in names]
        joined = texts[0]
        for text in texts[1:]:
            joined = joined + "\x1f" + text
        found[_KEY] = _hashed(engine, joined)
        if cache.key != ("prompt",):
            found[_PROMPT] = _hashed(engine, usage.prompt_hash)
    if stated.prompt_cache.mode == "simulated":
        found[_SESSION] = _hashed(engine, usage.session_id)
    return found


def _hashed(engine: Engine, text: ibis.Value) -> ibis.Value:
    """Return the hash of a text, null of none: an engine may have a hash for it."""
    return ibis.ifelse(text.isnull(), ibis.null("int64"), engine.hashed(text))


def _hits(stated: InOrder, rows: Ordered, able: Mask, stores: Mask) -> tuple[Mask, IntArray]:
    cache = stated.response_cache
    if cache is None:
        return np.zeros(len(rows), dtype=bool), np.full(len(rows), -1, np.int64)
    key = np.where(able, rows.extra[_KEY], UNKNOWN)
    return response_cache.hits(rows.ts_us, key, stores, ResponseCache(cache.ttl_s, cache.capacity))


@dataclass(frozen=True, slots=True)
class _Admission:
    """What the admission of requests rests on."""

    stated: InOrder
    possible: Chains
    rates: Rates
    zone: str
    scale: int
    first_us: int

    def found(self, rows: Ordered, places: IntArray, hits: Mask, used: IntArray, able: Mask) -> Found:
        """Return the rows with the routes that admit those at `places`; the others ask for none."""
        routes = self.possible.routes
        requests = self._requests(rows.take(places))
        admitted = admission.admit(requests, self.possible.chains, self._limits(), 0, self.scale, self.possible.shared)
        return Found(
            rows=rows,
            chains=self.possible,
            chain=_spread(places, requests.chain, len(rows), -1),
            hop=_spread(places, admitted.hop, len(rows), 0),
            refused=_spread(places, admitted.refused, len(rows), 0),
            refusals=tuple(self._named(one) for one in admitted.refusals),
            waited_s=_spread(places, admitted.waited_s, len(rows), 0),
            exhausted={
                (routes[number], period): self.first_us + at_s * SECOND_US
                for (number, period), at_s in admitted.exhausted.items()
            },
            first_us=self.first_us,
            hits=hits,
            used=used,
            able=able,
            weighted=self.possible.weighted[rows.cell],
        )

    def _named(self, refusals: Iterable[tuple[int, str]]) -> frozenset[tuple[Route | None, str]]:
        """Return who refused and why; the limit of a route refuses what stays there as logged in both names."""
        routes, shared = self.possible.routes, self.possible.shared
        return frozenset(
            (routes[same], why) for number, why in refusals for same in (number, shared.get(number, number))
        )

    def _limits(self) -> dict[int, RouteLimit]:
        stated, routes = self.stated.limits, self.possible.routes
        return {routes.index(one): _limit(stated[one]) for one in stated if one in routes}

    def _requests(self, rows: Ordered) -> Requests:
        day, month = days_and_months(rows.ts_us, self.zone)
        budgets = {
            self.possible.routes.index(route): limit for route, limit in self.stated.limits.items()
            if limit.budget_usd is not None and route in self.possible.routes
        }  # fmt: skip
        return Requests(
            second=(rows.ts_us - self.first_us) // SECOND_US,
            tokens=tokens_of(rows),
            day=day,
            period={number: day if limit.per == "day" else month for number, limit in budgets.items()},
            cost_pico_usd={
                number: cost_pico_usd(rows, self.rates.of(self.possible.routes[number])) for number in budgets
            },
            chain=self.possible.chain[rows.cell],
        )


def _limit(stated: StatedLimit) -> RouteLimit:
    return RouteLimit(
        requests_a_minute=stated.requests_per_minute,
        tokens_a_minute=stated.tokens_per_minute,
        requests_a_day=stated.requests_per_day,
        budget_pico_usd=None if stated.budget_usd is None else int(stated.budget_usd * PICO),
        window=stated.window,
        when_full=stated.when_full,
        max_wait_s=stated.max_wait_s,
    )


def _spread(places: IntArray, values: IntArray, size: int, otherwise: int) -> IntArray:
    small = narrow(values)
    found: IntArray = np.full(size, otherwise, small.dtype)
    found[places] = small
    return found


def _fates(found: Found) -> tuple[IntArray, dict[str, Sequence[Any]]]:
    """Return the fate of each row, and what each fate tells."""
    code = (found.waited_s.astype(np.int64) * len(found.refusals) + found.refused) * len(_ANSWERS) + _answers(found)
    touched = np.flatnonzero(code)
    kinds, fate = np.unique(code[touched], return_inverse=True)
    told = [divmod(kind, len(_ANSWERS)) for kind in (0, *kinds.tolist())]
    refused = [divmod(rest, len(found.refusals)) for rest, _ in told]
    return _spread(touched, fate + 1, len(code), 0), {
        ANSWERED: [_ANSWERS[answer] for _, answer in told],
        FULL: [found.refusals[place] for _, place in refused],
        QUEUED: [waited_s for waited_s, _ in refused],
    }


def _answers(found: Found) -> IntArray:
    """Return for each row whose answer the cache gave it, by its place in `_ANSWERS`."""
    prompt = found.rows.extra.get(_PROMPT)
    if prompt is None:  # no hits, or the key is the prompt
        return np.where(found.hits, _ANSWERS.index(answers.SAME), 0)
    theirs = prompt[found.used]
    unknown = (prompt == UNKNOWN) | (theirs == UNKNOWN)
    none, same, another, untold = range(len(_ANSWERS))
    return np.where(found.hits, np.where(unknown, untold, np.where(prompt == theirs, same, another)), none)


def _simulated(stated: InOrder, found: Found, home: IntArray, own: Rates) -> Simulated | None:
    if stated.prompt_cache.mode != "simulated":
        return None
    return simulated(stated.prompt_cache, found.rows, home, found.served_by, found.chains.routes, own)
