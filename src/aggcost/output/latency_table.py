"""The table of times by route: percentiles with their intervals, today and under a policy."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from aggcost.output.blocks import Block, Cell, Column, Facts, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import UNKNOWN, count
from aggcost.output.money_tables import note
from aggcost.report_arms import Arm
from aggcost.report_latency import Percentile, RouteLatency

_TITLES = {"latency": "latency, ms", "ttft": "time to first token, ms"}
_WORDS = {"latency": "latency of", "ttft": "first token of"}
_ALL = "all routes"


def latency_blocks(before: Arm, after: Arm | None) -> tuple[Block, ...]:
    """Return a table for each time that the log has, with those of the policy beside it (None: there is none)."""
    arms = [before] if after is None else [before, after]
    tables = [
        _table(title, [_of(arm, measure) for arm in arms])
        for measure, title in _TITLES.items()
        if any(_of(arm, measure) for arm in arms)
    ]
    words = _fitted(arms[-1])
    return (*tables, Facts(words)) if words else tuple(tables)


def _fitted(arm: Arm) -> tuple[tuple[str, str], ...]:
    """Return what the modelled times of each route rest on."""
    rows = [one for one in arm.latencies if one.fitted is not None and one.route is not None]
    texts = [
        f"{_WORDS[one.measure]} {clean(one.route or '')}: by tokens, as {count(one.fitted)} requests took; "
        f"{one.support_percent} % of what moves is of a size seen there"
        for one in rows
    ]
    return tuple(("" if index else "modelled", text) for index, text in enumerate(texts))


def _of(arm: Arm, measure: str) -> dict[str | None, RouteLatency]:
    return {one.route: one for one in arm.latencies if one.measure == measure}


def _table(title: str, sides: Sequence[dict[str | None, RouteLatency]]) -> Table:
    headings = ("today", "after") if len(sides) > 1 else ("today",)
    columns = [column for one in headings for column in (Column(one, "right"), Column("95 %", "left"))]
    routes = dict.fromkeys(route for side in sides for route in side)
    rows = [row for route in routes for row in _rows(route, [side.get(route) for side in sides])]
    return Table((name_column(title), *columns), tuple(rows))


def _rows(route: str | None, sides: Sequence[RouteLatency | None]) -> list[tuple[Cell, ...]]:
    """Return how many requests a route serves, then a row for each percentile that some side has."""
    counts = [cell for side in sides for cell in _counted(side)]
    rows = [cells(clean(_ALL if route is None else route), *counts)]
    found = [{one.name: one for one in side.percentiles} if side else {} for side in sides]
    names = dict.fromkeys(name for side in found for name, one in side.items() if one.value is not None)
    for name in names:
        figures = [cell for side in found for cell in _figures(side.get(name))]
        rows.append(cells(f"  {name}", *figures))
    return rows


def _figures(one: Percentile | None) -> tuple[str, str]:
    if one is None or one.value is None:
        return UNKNOWN, ""
    if one.low is None and one.high is None:
        return _ms(one.value), ""
    return _ms(one.value), f"{_bound(one.low)} to {_bound(one.high)}"


def _bound(number: Decimal | None) -> str:
    return "?" if number is None else _ms(number)


def _ms(number: Decimal) -> str:
    return f"{number:,.0f}"


def _counted(side: RouteLatency | None) -> tuple[str, str]:
    """Return how many requests there are, and how their times are known where they are not observed."""
    if side is None:
        return "0", "requests"
    return count(side.n), f"requests {note(side.label)}".strip()
