"""The table of service quality: how fast and how reliably, today and under the policy."""

from __future__ import annotations

from decimal import Decimal

from aggcost.output.blocks import Cell, Column, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import UNKNOWN, change
from aggcost.output.money_tables import note
from aggcost.report_compare import Comparison, Service

_HIGHER_IS_BETTER = "percent"  # uptime and successful requests; latency, failures and minutes down are not
_HEADINGS = ("before", "after", "change")
_HUNDRED = Decimal(100)


def service_table(comparison: Comparison) -> Table:
    """Return a row for each measure, with how its figures came about."""
    return Table(
        (name_column("service"), *(Column(heading, "right") for heading in _HEADINGS), Column("", "left")),
        tuple(
            cells(
                clean(row.name),
                _value(row.before, row.unit),
                _value(row.after, row.unit),
                _change(row),
                note(row.label_before, row.label_after),
            )
            for row in comparison.service
        ),
    )


def _value(number: Decimal | None, unit: str) -> str:
    if number is None:
        return UNKNOWN
    if unit == "percent":
        short = number < _HUNDRED <= Decimal(round(number, 2))  # what is not the whole never reads as 100 %
        return "99.99 %" if short else f"{number:.2f} %"
    return f"{number:,.0f} ms" if unit == "ms" else f"{number:,.0f}"


def _change(row: Service) -> Cell:
    text = change(row.change, "pts" if row.change_unit == "points" else "%")
    if not row.change:
        return Cell(text)
    better = (row.change > 0) == (row.unit == _HIGHER_IS_BETTER)
    return Cell(text, "better" if better else "worse")
