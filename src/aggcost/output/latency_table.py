"""The table of times by route: percentiles with their intervals, today and under a policy."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from aggcost.output.blocks import Block, Cell, Column, Facts, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import UNKNOWN, change, count
from aggcost.output.headline import SEPARATOR
from aggcost.output.money_tables import note
from aggcost.report import Report
from aggcost.report_arms import Arm
from aggcost.report_compare import Comparison
from aggcost.report_latency import BackTest, Percentile, RouteLatency

_TITLES = {"latency": "latency, ms", "ttft": "time to first token, ms"}
_WORDS = {"latency": "latency of", "ttft": "first token of"}
_SHORT = {"latency": "", "ttft": "first token, "}
_ALL = "all routes"
_TESTS_SHOWN = 2


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


def back_test_facts(report: Report, comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """Return how far the modelled latencies of a policy are off on the last days of the log, in one line."""
    after = report.arms[1 + report.comparisons.index(comparison)]
    routes = {one.route: one for one in after.latencies if one.fitted is not None and one.measure == "latency"}
    used = [one for one in report.backtest if one.measure == "latency" and not one.withheld and _model(one) in routes]
    if not used:
        return ()
    listed = SEPARATOR.join(
        f"{clean(one.route)} {_errors(one)} {_support(routes[_model(one)])}" for one in used[:_TESTS_SHOWN]
    )
    more = f" and {len(used) - _TESTS_SHOWN} more (--detail)" if len(used) > _TESTS_SHOWN else ""
    return (("back-test", f"latency of {_last(used[0])}, predicted from before: {listed}{more}"),)


def _model(one: BackTest) -> str:
    """Return the row of the table of times that a route belongs to: its region and tier have none of their own."""
    return one.route.partition(" (")[0]


def _support(one: RouteLatency) -> str:
    return f"(n={count(one.fitted)}, {one.support_percent} % of sizes seen)"


def back_test_table(report: Report) -> Table | None:
    """Return the predicted and the actual percentiles of the last days, or None where nothing was predicted."""
    if not report.backtest:
        return None
    return Table(
        (name_column(f"back-test on {_last(report.backtest[0])}, ms"), Column(""), Column("n"), Column("predicted"),
         Column("actual"), Column("error"), Column("", "left")),
        tuple(row for one in report.backtest for row in _tested(one)),
    )  # fmt: skip


def _tested(one: BackTest) -> list[tuple[Cell, ...]]:
    rows = []
    for index, figure in enumerate(one.percentiles):
        name = f"{_SHORT[one.measure]}{clean(one.route)}" if not index else ""
        said = "withheld" if one.withheld and figure.name == "p95" else ""
        predicted, actual = (UNKNOWN if ms is None else _ms(ms) for ms in (figure.predicted, figure.actual))
        n = count(one.n) if not index else ""
        rows.append(cells(name, figure.name, n, predicted, actual, change(figure.error_percent), said))
    return rows


def _last(one: BackTest) -> str:
    if one.days is None or one.days_predicted is None:
        return "the last fifth of the time"
    return f"the last {one.days_predicted} of {one.days + one.days_predicted} days"


def _errors(one: BackTest) -> str:
    known = [figure for figure in one.percentiles if figure.error_percent is not None]
    told = ", ".join(f"{figure.name} {change(figure.error_percent)}" for figure in known[-2:])
    return told or f"{UNKNOWN} (n={count(one.n)})"
