"""What limits and caches did to a log, as a section of a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np

from aggcost.answers import ANOTHER, ANSWERED, answered
from aggcost.candidates import Candidate, saved_usd
from aggcost.in_order import StatedLimit
from aggcost.integers import IntArray, Mask, total
from aggcost.money import percent, settle
from aggcost.ordered import Found, Replayed, tokens_of
from aggcost.ordered_rows import SECOND_US, UNKNOWN
from aggcost.policy import Route
from aggcost.rate_limits import WINDOWS, Load, first_over, peak
from aggcost.report import Assumption
from aggcost.report_in_order import InOrder, Limit, Peak, PromptCache, ResponseCache, Spilled
from aggcost.room import REJECTED
from aggcost.routes import UNSERVED


def section(found: Candidate, replayed: Replayed | None, scale: int) -> InOrder | None:
    """Return the section of a policy that has limits or caches, None of any other."""
    stated = found.policy.in_order
    costs = found.prompt_costs
    prompts = None
    if costs:
        prompts = PromptCache(
            mode=stated.prompt_cache.mode,
            as_logged=settle(costs["as_logged"]),
            cold=settle(costs["cold"]),
            simulated=settle(costs["simulated"]) if "simulated" in costs else None,
        )
    if replayed is None:
        return None if prompts is None else InOrder(
            scale=1, limits=(), response_cache=None, prompt_cache=prompts, rejected=0
        )  # fmt: skip
    return InOrder(
        scale=scale,
        limits=tuple(_limit(replayed, route, limit, scale) for route, limit in stated.limits.items()),
        response_cache=None if stated.response_cache is None else _cache(found, replayed),
        prompt_cache=prompts,
        rejected=_rejected(found),
    )


def assumptions(found: Candidate, replayed: Replayed | None) -> tuple[Assumption, ...]:
    """Return what the order takes on trust."""
    if replayed is None:
        return ()
    rows, source = replayed.found.rows, str(found.policy.path)
    weighted = total(rows.sums["requests"][replayed.found.weighted].astype(np.int64))
    known = (
        ("requests without a time", int((rows.ts_us == UNKNOWN).sum()), "let through by limits, answered by no cache"),
        ("requests that go to several routes by weight", weighted, "let through by limits"),
        ("requests of splits by their own id", replayed.found.by_id, "each sent one way by a hash"),
        ("requests of splits by their place in the log", replayed.found.by_place, "each sent one way, having no id"),
    )  # fmt: skip
    return tuple(
        Assumption(name=name, value=f"{count:,}: {what}", source=source) for name, count, what in known if count
    )


def _limit(replayed: Replayed, route: Route | None, stated: StatedLimit, scale: int) -> Limit:
    rows, kernel = replayed.found.rows, replayed.found
    first = np.flatnonzero(_offered(kernel, route))
    load = Load(np.repeat(rows.ts_us[first], scale), np.repeat(tokens_of(rows)[first], scale))
    refused = _refused(kernel, route)
    asked = int(_asked(kernel, route).sum())
    queued = (kernel.waited_s > 0) & np.isin(_route_of(kernel), list(kernel.chains.numbers(route)))
    return Limit(
        route=None if route is None else str(route),
        requests_per_minute=stated.requests_per_minute,
        tokens_per_minute=stated.tokens_per_minute,
        requests_per_day=stated.requests_per_day,
        budget=stated.budget_usd,
        per=stated.per,
        window=stated.window,
        when_full=stated.when_full,
        offered=len(first),
        peaks=tuple(_peak(replayed, load, stated, window) for window in WINDOWS),
        spilled=int(refused.sum()),
        spilled_percent=percent(Fraction(int(refused.sum())), Fraction(asked)),
        went_to=_went_to(kernel, refused),
        waited=int(queued.sum()),
        longest_wait_s=int(kernel.waited_s[queued].max(initial=0)),
        exhausted=tuple(
            _text(replayed, at_us)
            for (spent, _), at_us in sorted(kernel.exhausted.items(), key=lambda item: item[1])
            if spent == route
        ),
    )


def _peak(replayed: Replayed, load: Load, stated: StatedLimit, window: str) -> Peak:
    ones = np.ones(len(load), np.int64)
    kind, first_us = WINDOWS[0] if window == WINDOWS[0] else WINDOWS[1], replayed.found.first_us
    over = [
        first_over(load, units, kind, allowed, first_us)
        for units, allowed in ((ones, stated.requests_per_minute), (load.tokens, stated.tokens_per_minute))
        if allowed is not None and len(load)
    ]
    broken_us = min((at_us for at_us in over if at_us is not None), default=None)
    return Peak(
        window=kind,
        requests=peak(load, ones, kind, first_us).units,
        tokens=peak(load, load.tokens, kind, first_us).units,
        first_broken=None if broken_us is None else _text(replayed, broken_us),
    )


def _text(replayed: Replayed, at_us: int) -> str:
    at = datetime.fromtimestamp(at_us // SECOND_US, UTC).astimezone(replayed.ledgers.zone)
    return at.isoformat(timespec="seconds")


def _offered(found: Found, route: Route | None) -> Mask:
    """Return the rows that ask a route first."""
    numbers = found.chains.numbers(route)
    firsts = np.array([*(bool(chain) and chain[0] in numbers for chain in found.chains.chains), False], dtype=bool)
    mask: Mask = firsts[found.chain]
    return mask


def _asked(found: Found, route: Route | None) -> Mask:
    """Return the rows that come to a route: admitted, or refused by it."""
    mask: Mask = _refused(found, route) | np.isin(_route_of(found), list(found.chains.numbers(route)))
    return mask


def _refused(found: Found, route: Route | None) -> Mask:
    kinds = np.array(
        [any(one == route and why != REJECTED for one, why in refusals) for refusals in found.refusals], dtype=bool
    )
    mask: Mask = kinds[found.refused] & (found.chain >= 0)
    return mask


def _route_of(found: Found) -> IntArray:
    """Return the number of the route that admits each row, -1 where none does or it asks none."""
    return np.where(found.chain >= 0, found.served_by, -1)


def _went_to(found: Found, refused: Mask) -> tuple[Spilled, ...]:
    ends, counts = np.unique(_route_of(found)[refused], return_counts=True)
    summed: dict[str | None, int] = {}
    for number, count in zip(ends.tolist(), counts.tolist(), strict=True):
        name = str(UNSERVED) if number < 0 else _named(found.chains.routes[number])
        summed[name] = summed.get(name, 0) + count
    ordered = sorted(summed.items(), key=lambda one: (-one[1], one[0] or ""))
    return tuple(Spilled(to=name, requests=count) for name, count in ordered)


def _named(route: Route | None) -> str | None:
    return None if route is None else str(route)


def _cache(found: Candidate, replayed: Replayed) -> ResponseCache:
    rows, kernel = replayed.found.rows, replayed.found
    able = kernel.able
    requests, hits = int(able.sum()), int(kernel.hits.sum())
    cells = replayed.ledgers.cells
    found = replace(found, policy=replayed.policy)
    whole = saved_usd(found, replayed.ledgers, replayed.truths, replayed.own, answered(cells))
    false = cells.dims[ANSWERED].where(ANOTHER)
    wrong = saved_usd(found, replayed.ledgers, replayed.truths, replayed.own, false)
    return ResponseCache(
        requests=requests,
        hits=hits,
        hit_percent=percent(Fraction(hits), Fraction(requests)),
        saved=_usd(whole),
        without_prompt=int((able & (rows.extra["prompt" if "prompt" in rows.extra else "key"] == UNKNOWN)).sum()),
        false_hits=total(cells.sums["records"][false]),
        false_saving=_usd(wrong),
    )


def _usd(amount: Fraction | None) -> Decimal | None:
    return None if amount is None else settle(amount)


def _rejected(found: Candidate) -> int:
    """Return the requests that no route admitted."""
    places = [place for place, route in enumerate(found.routed.routes) if route == UNSERVED]
    mask = np.isin(found.routed.route, places)
    return total(found.cells.sums["requests"][found.routed.cell[mask]])
