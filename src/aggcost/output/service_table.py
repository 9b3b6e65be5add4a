"""The table of service quality: how fast and how reliably, today and under the policy."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from aggcost.output.blocks import Cell, Column, Table, Tone, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import UNKNOWN, change
from aggcost.output.money_tables import note
from aggcost.report_compare import Comparison, Service

_HIGHER_IS_BETTER = "percent"  # uptime and successful requests; latency, failures and minutes down are not
_HEADINGS = ("before", "after", "change")
_HUNDRED = Decimal(100)
POLICIES_SHOWN = 3
_NAME_SHOWN = 11  # cells of a heading: three policies and a note fit 80 columns


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


def services_table(comparisons: Sequence[Comparison]) -> Table | None:
    """Return each measure today and under several policies, or None where no service is known."""
    shown = comparisons[:POLICIES_SHOWN]
    names = list(dict.fromkeys(row.name for one in shown for row in one.service))
    if not names:
        return None
    return Table(
        (
            name_column("service"),
            Column("today"),
            *(Column(_short(one.candidate)) for one in shown),
            Column("", "left"),
        ),
        tuple(cells(clean(name), *_side_by_side(name, shown), _notes(name, shown)) for name in names),
    )


def _short(name: str) -> str:
    shown = clean(name)
    return shown if len(shown) <= _NAME_SHOWN else f"{shown[: _NAME_SHOWN - 3]}..."


def _side_by_side(name: str, shown: Sequence[Comparison]) -> list[Cell]:
    rows = [next((row for row in one.service if row.name == name), None) for one in shown]
    today = next(row for row in rows if row is not None)
    return [
        Cell(_value(today.before, today.unit)),
        *(Cell("") if row is None else Cell(_value(row.after, row.unit), _tone(row)) for row in rows),
    ]


def _notes(name: str, shown: Sequence[Comparison]) -> str:
    return note(*(row.label_after for one in shown for row in one.service if row.name == name))


def _value(number: Decimal | None, unit: str) -> str:
    if number is None:
        return UNKNOWN
    if unit == "percent":
        short = number < _HUNDRED <= Decimal(round(number, 2))  # what is not the whole never reads as 100 %
        return "99.99 %" if short else f"{number:.2f} %"
    return f"{number:,.0f} ms" if unit == "ms" else f"{number:,.0f}"


def _change(row: Service) -> Cell:
    return Cell(change(row.change, "pts" if row.change_unit == "points" else "%"), _tone(row))


def _tone(row: Service) -> Tone | None:
    if not row.change:
        return None
    return "better" if (row.change > 0) == (row.unit == _HIGHER_IS_BETTER) else "worse"
