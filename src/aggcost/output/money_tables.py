"""Tables of a month's money under a policy: the components of the bill, overheads, decisions, policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aggcost.output.blocks import Cell, Column, Table, Tone, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import amount, change, count, decimals, money_column, months, share
from aggcost.output.headline import payback_text, ranked
from aggcost.report import Report
from aggcost.report_compare import Comparison, Component, Decision, fold_components, fold_decisions
from aggcost.units import Label

OVERHEADS = "overheads"  # the component's name in every comparison
COMPONENTS_SHOWN = 9
DECISIONS_SHOWN = 7
_SILENT: tuple[Label, ...] = ("measured", "recomputed")


def component_table(comparison: Comparison, *, named: bool = False) -> Table:
    """Return the month's bill by where requests came from, with overheads and the total; `named` says whose."""
    heading = f"{clean(comparison.candidate)}, $ a month" if named else "$ a month"
    return _bill(heading, fold_components(comparison.components, COMPONENTS_SHOWN), comparison.total)


def outside_table(comparison: Comparison) -> Table:
    """Return the overheads one by one, with the row of the bill that they make up."""
    total = next((row for row in comparison.components if row.name == OVERHEADS), None)
    return _bill("overheads, $ a month", comparison.outside, total)


def _bill(heading: str, rows: Sequence[Component], total: Component | None) -> Table:
    shown = [*rows, total] if total else rows
    places = decimals([row.before for row in shown], [row.after for row in shown])
    before = money_column([row.before for row in rows], total.before if total else None, places)
    after = money_column([row.after for row in rows], total.after if total else None, places)
    return Table(
        (name_column(heading), Column("before"), Column("after"), Column("change"), Column("", "left")),
        tuple(
            cells(clean(row.name), before[index], after[index], _change(row), note(row.label))
            for index, row in enumerate(shown)
        ),
        total=total is not None,
    )


def _change(row: Component) -> Cell:
    return Cell(change(None if row.savings_percent is None else -row.savings_percent), _tone(row))


def _tone(row: Component) -> Tone | None:
    if not row.savings:
        return None
    return "better" if row.savings > 0 else "worse"


def note(*labels: Label | None) -> str:
    """Return how the figures of a row came about, where that is not simply the log times the prices."""
    return ", ".join(dict.fromkeys(label for label in labels if label and label not in _SILENT))


def price_table(comparison: Comparison, *, full: bool = False) -> Table:
    """Return what each model costs in the period at today's prices and at those in question."""
    rows = comparison.decisions if full else fold_decisions(comparison.decisions, DECISIONS_SHOWN)
    befores, afters = [row.before for row in rows], [row.after for row in rows]
    places = decimals(befores, afters)
    before, after = money_column(befores, None, places), money_column(afters, None, places)
    return Table(
        (name_column("model, this period"), Column("requests"), Column("share"), Column("$ before"), Column("$ after")),
        tuple(
            cells(clean(row.from_ or row.rule), count(row.requests), share(row.share), before[index], after[index])
            for index, row in enumerate(rows)
        ),
    )


def decision_table(comparison: Comparison, *, full: bool = False) -> Table:
    """Return which rule sent which requests where, at what cost in the period; `full` leaves nothing out."""
    rows = comparison.decisions if full else fold_decisions(comparison.decisions, DECISIONS_SHOWN)
    route = _route if full else _short_route
    befores, afters = [row.before for row in rows], [row.after for row in rows]
    places = decimals(befores, afters)
    before, after = money_column(befores, None, places), money_column(afters, None, places)
    refused = any(row.refused for row in rows)
    columns = (name_column("rule, this period"), Column("requests"), Column("share"), _route_column(),
               Column("$ before"), Column("$ after"), *([Column("refused")] if refused else []))  # fmt: skip
    return Table(
        columns,
        tuple(
            cells(
                clean(row.rule), count(row.requests), share(row.share), route(row), before[index], after[index],
                *([count(row.refused)] if refused else []),
            )
            for index, row in enumerate(rows)
        ),
    )  # fmt: skip


def _route_column() -> Column:
    return Column("from -> to", "left", shrinks=True)


def _route(row: Decision) -> str:
    if row.from_ is None and row.to is None:
        return ""
    if row.from_ == row.to:
        return f"{clean(row.from_ or 'unknown')}, unmoved"
    return f"{clean(row.from_ or 'unknown')} -> {clean(row.to or 'as logged')}"


def _short_route(row: Decision) -> str:
    """Return the models alone, unless it is the provider that changes."""
    models = [route and route.partition("/")[2] for route in (row.from_, row.to)]
    if not all(models) or (models[0] == models[1] and row.from_ != row.to):
        return _route(row)
    return _route(replace(row, from_=models[0], to=models[1]))


def evidence_table(comparison: Comparison) -> Table | None:
    """Return the evaluations that the policy names, or None where it names none."""
    stated = dict.fromkeys((row.rule, row.evidence) for row in comparison.decisions if row.evidence)
    if not stated:
        return None
    rows = tuple(cells(clean(rule), clean(evidence or "")) for rule, evidence in stated)
    return Table((name_column("rule"), Column("evidence", "left")), rows)


def ranking_table(report: Report) -> Table:
    """Return several policies side by side, cheapest first, after the month as it is today."""
    rows = ranked(report)
    today = report.arms[0].cost_monthly
    costs = [today, *(one.total.after for one in rows)]
    places = decimals(costs)
    shown = [amount(cost, places) for cost in costs]
    saved = [amount(one.total.savings, places) for one in rows]
    return Table(
        (name_column(f"{rows[0].kind}, $ a month"), Column("cost"), Column("change"), Column("saved"),
         Column("months to pay back"), Column("API only")),
        (
            cells("today", shown[0], "", "", "", ""),
            *(
                cells(clean(one.candidate), shown[index], _change(one.total), saved[index - 1], *_paybacks(one))
                for index, one in enumerate(rows, start=1)
            ),
        ),
    )  # fmt: skip


def _paybacks(comparison: Comparison) -> tuple[str, str]:
    roi = comparison.roi
    if roi is None or roi.payback_reason == "immediate":
        return payback_text(roi), ""
    return payback_text(roi), months(roi.readings[0].payback_months)
