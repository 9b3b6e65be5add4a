"""Limits and caches on the page: what broke, what was answered again, what a switch does to cached prompts."""

from __future__ import annotations

from decimal import Decimal

from aggcost.output.blocks import Column, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import UNKNOWN, count, dollars, percentage, share
from aggcost.report_compare import Comparison
from aggcost.report_in_order import InOrder, Limit, PromptCache, ResponseCache

_AS_LOGGED = "as logged"
_PROMPTS_SHOWN = Decimal("0.005")  # a difference of less than half a cent needs no line


def in_order_facts(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """Return in a line each what limits, the response cache and prompt caches do; none where there are none."""
    found = comparison.in_order
    if found is None:
        return ()
    limits = [("limit", _limit(one, found)) for one in found.limits]
    cache = [] if found.response_cache is None else [("cache", _cache(found.response_cache))]
    prompts = [] if found.prompt_cache is None else _prompts(found.prompt_cache)
    return (*limits, *cache, *prompts)


def _limit(one: Limit, found: InOrder) -> str:
    name = clean(one.route or _AS_LOGGED)
    scaled = f" at {found.scale} x the traffic" if found.scale > 1 else ""
    stated = next(peak for peak in one.peaks if peak.window == one.window)
    busiest = f"{count(stated.requests)} requests, {count(stated.tokens)} tokens"
    load = f"{name}{scaled}: busiest minute ({one.window}) {busiest}"
    if not one.spilled and not one.waited:
        held = "holds" if stated.first_broken is None else f"first broken {clean(stated.first_broken)}"
        return f"{load}: {held}"
    broken = f"first broken {clean(stated.first_broken)}, " if stated.first_broken else ""
    waits = f", {count(one.waited)} waited up to {count(one.longest_wait_s)} s" if one.waited else ""
    spent = f", budget spent {clean(one.exhausted[0])}" if one.exhausted else ""
    return f"{load}: {broken}{count(one.spilled)} spilled ({share(one.spilled_percent)}){waits}{spent}"


def _cache(one: ResponseCache) -> str:
    hits = f"{count(one.hits)} of {count(one.requests)} requests answered again ({share(one.hit_percent)})"
    saved = f"{hits}, {dollars(one.saved)} saved in this period"
    if not one.false_hits:
        return saved
    wrong = UNKNOWN if one.false_saving is None else dollars(one.false_saving)
    return f"{saved}; {count(one.false_hits)} of them with the answer to another prompt: {wrong} is no saving"


def _prompts(one: PromptCache) -> list[tuple[str, str]]:
    """Return the cost by mode, unless they are the same to the cent."""
    costs = {"as logged": one.as_logged, "cold": one.cold, "simulated": one.simulated}
    known = {name: cost for name, cost in costs.items() if cost is not None}
    if max(known.values()) - min(known.values()) < _PROMPTS_SHOWN:
        return []
    text = ", ".join(f"{name} {dollars(cost)}" for name, cost in known.items())
    return [("prompts", f"requests by what their prompt cache does after the move: {text}; {one.mode} is used")]


def limit_table(comparison: Comparison) -> Table | None:
    """Return the limits one by one, by both ways to count, or None where there are none."""
    found = comparison.in_order
    if found is None or not found.limits:
        return None
    rows = [(one, peak) for one in found.limits for peak in one.peaks]
    return Table(
        (name_column("limit"), Column("counted", "left"), Column("offered"), Column("requests/min"),
         Column("tokens/min"), Column("first broken", "left"), Column("spilled"), Column("of all"),
         Column("went to", "left")),
        tuple(
            cells(
                clean(one.route or _AS_LOGGED), f"{peak.window}{' *' if peak.window == one.window else ''}",
                count(one.offered), count(peak.requests), count(peak.tokens), clean(peak.first_broken or "holds"),
                count(one.spilled), percentage(one.spilled_percent),
                clean(", ".join(f"{end.to or _AS_LOGGED} {end.requests:,}" for end in one.went_to)),
            )
            for one, peak in rows
        ),
    )  # fmt: skip
