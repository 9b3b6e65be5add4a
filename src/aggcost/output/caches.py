"""What a prompt cache would serve of a log, as text: what `aggcost caches` prints."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from aggcost.output.blocks import Cell, Column, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import UNKNOWN, amount, count, decimals, share
from aggcost.output.listing import listing, listing_json
from aggcost.report_caches import Caches, Logged, Served

_SHOWN = 5
_HOUR_S, _MINUTE_S = 3600, 60
_USUAL_MINIMUM = 1024


def caches_table(found: Caches, width: int = 80) -> str:
    """Return what each cache serves and costs, then what capacities serve, and how all that was found."""
    tables = [_served(found), *([_capacities(found)] if found.curve else [])]
    return listing(tables, _words(found), width)


def _served(found: Caches) -> Table:
    costs = [found.cost_without_cache_usd, *(one.cost_usd for one in found.served)]
    places = decimals(costs)
    columns = (name_column("prompt cache"), Column("blocks"), Column("tokens"), Column("a request"), Column("cost, $"),
               Column("saved"))  # fmt: skip
    nothing = _fine(Decimal(0))
    blocks = UNKNOWN if found.blocks is None else nothing
    none = cells("none", blocks, nothing, nothing, amount(found.cost_without_cache_usd, places), "")
    logged = () if found.logged is None else (_logged_row(found.logged, places),)
    return Table(columns, (none, *logged, *(_row(one, places) for one in found.served)))


def _logged_row(one: Logged, places: int) -> tuple[Cell, ...]:
    return cells(
        "as logged (measured)", UNKNOWN, _fine(one.read_percent), UNKNOWN, amount(one.cost_usd, places),
        share(one.savings_percent),
    )  # fmt: skip


def _row(one: Served, places: int) -> tuple[Cell, ...]:
    return cells(
        _kept(one.ttl_s), _fine(one.blocks_percent), _fine(one.read_percent), _fine(one.mean_percent),
        amount(one.cost_usd, places), share(one.savings_percent),
    )  # fmt: skip


def _kept(ttl_s: int | None) -> str:
    if ttl_s is None:
        return "kept for ever"
    if ttl_s % _HOUR_S:
        return f"kept {ttl_s // _MINUTE_S} minutes since its use"
    return f"kept {ttl_s // _HOUR_S} hour since its use"


def _capacities(found: Caches) -> Table:
    columns = (name_column("room for blocks"), Column("blocks"), Column("tokens"))
    rows = (
        cells(count(one.capacity_blocks), _fine(one.blocks_percent), _fine(one.read_percent)) for one in found.curve
    )
    return Table(columns, tuple(rows))


def _fine(percent: Decimal | None) -> str:
    return UNKNOWN if percent is None else f"{percent:.2f} %"


def _words(found: Caches) -> Iterator[str]:
    yield f"{count(found.requests)} requests with {count(found.prompt_tokens)} prompt tokens: {_method(found)}"
    if found.curve:
        yield "capacities: what is used least recently goes first, nothing by its age"
    if not found.minimum_tokens:
        yield f"prompts of any size are cached; most providers begin at {_USUAL_MINIMUM:,} tokens (--minimum)"
    else:
        yield f"prompts and prefixes count from {count(found.minimum_tokens)} tokens on"
    yield from _shared(found)
    yield from _prices(found)
    yield from (f"{count(number)} requests {why} and take no part" for why, number in found.left_out.items())


def _method(found: Caches) -> str:
    if found.method == "blocks":
        return "prefixes by the ids of their blocks (recomputed)"
    return "assumed: a prompt begins with the whole prompt before it in its session"


def _shared(found: Caches) -> Iterator[str]:
    if found.own:
        yield f"each {' and '.join(found.own)} has a cache of its own"
    if found.models > 1 and "model" not in found.own:
        yield f"{count(found.models)} models share a cache here; at providers each has its own (--per-model)"


def _prices(found: Caches) -> Iterator[str]:
    if found.unpriced:
        yield f"{count(found.unpriced)} requests have no price and are in no cost"
    names = [clean(name) for name in found.without_cached_price]
    if names:
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        yield f"no lower price for cached tokens, so that a cache saves nothing: {', '.join(names[:_SHOWN])}{more}"


def caches_json(found: Caches) -> str:
    """Return every figure as JSON."""
    return listing_json("caches", found)
