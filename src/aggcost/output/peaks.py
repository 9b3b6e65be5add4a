"""The busiest minutes of a log as text: what `aggcost peaks` prints."""

from __future__ import annotations

from collections.abc import Iterator

from aggcost.output.blocks import Cell, Column, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.listing import listing, listing_json
from aggcost.report_peaks import Held, Peaks, RoutePeaks

_ROOM_FOR_TIMES = 100
_WINDOWS = {"sliding": "in any 60 seconds", "minute": "by minutes from the first request"}


def peaks_table(found: Peaks, width: int = 80) -> str:
    """Return the busiest minutes of each route and, where a limit is asked about, whether it holds."""
    return listing([_table(found, timed=width >= _ROOM_FOR_TIMES)], _words(found), width)


def _table(found: Peaks, *, timed: bool) -> Table:
    columns = (name_column("busiest minute"), Column("requests"), Column("any 60 s"), Column("tokens"),
               Column("any 60 s"))  # fmt: skip
    at = (Column("most requests at", "left"),) if timed else ()
    return Table((*columns, *at), tuple(_row(route, timed=timed) for route in found.routes))


def _row(route: RoutePeaks, *, timed: bool) -> tuple[Cell, ...]:
    by = {one.window: one for one in route.busiest}
    minute, sliding = by["minute"], by["sliding"]
    numbers = (minute.requests, sliding.requests, minute.tokens, sliding.tokens)
    return cells(clean(route.name), *(f"{number:,}" for number in numbers), *((sliding.requests_at,) if timed else ()))


def _words(found: Peaks) -> Iterator[str]:
    if found.scale != 1:
        yield f"every request counted {found.scale} times"
    limits = ((found.requests_a_minute, "requests"), (found.tokens_a_minute, "tokens"))
    limit = " and ".join(f"{number:,} {what}" for number, what in limits if number is not None)
    for route in found.routes:
        for held in route.held:
            yield f"{clean(route.name)}: {limit} a minute {_WINDOWS[held.window]}: {_verdict(held)}"
    if found.others:
        yield f"{found.others:,} requests of further routes are not shown"
    if found.left_out:
        yield f"{found.left_out:,} requests have no time and take no part"


def _verdict(held: Held) -> str:
    if held.first_over is None:
        return "holds"
    return (
        f"broken first at {held.first_over}; {held.spilled:,} request{'s' * (held.spilled != 1)} would find no room, "
        f"or in a queue the longest would wait {held.longest_wait_s:,} s"
    )


def peaks_json(found: Peaks) -> str:
    """Return every figure as JSON."""
    return listing_json("peaks", found, broken=found.broken)
