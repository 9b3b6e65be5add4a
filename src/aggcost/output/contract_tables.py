"""Tables of contracts: from which volume they are cheaper than list prices, and the monthly tiers that were reached."""

from __future__ import annotations

from aggcost.output.blocks import Column, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import UNKNOWN, amount, count, decimals
from aggcost.report import Report
from aggcost.report_contract import ReachedTier

_LONG = 200


def contract_table(report: Report) -> Table | None:
    """Return each arm's month at a provider under contract with its break-even, None where there is no contract."""
    rows = report.contracts
    if not rows:
        return None
    places = decimals([row.list_monthly for row in rows], [row.contract_monthly for row in rows])
    return Table(
        (name_column("contract, $ a month"), Column("at", "left"), Column("list"), Column("contract"),
         Column("cheaper from"), Column("requests"), Column("tokens")),
        tuple(
            cells(
                clean(row.arm), clean(row.provider), amount(row.list_monthly, places),
                amount(row.contract_monthly, places), amount(row.break_even_monthly, places),
                _count(row.break_even_requests), _count(row.break_even_tokens),
            )
            for row in rows
        ),
    )  # fmt: skip


def _count(number: int | None) -> str:
    return UNKNOWN if number is None else count(number)


def tier_table(report: Report) -> Table | None:
    """Return the tier of every month of a schedule, None where there is no schedule."""
    if not report.tiers:
        return None
    return Table(
        (name_column("monthly tiers"), Column("month", "left"), Column("rate", "left"), Column("", "left"),
         Column("used"), Column("", "left"), Column("tier")),
        tuple(
            cells(
                clean(row.arm), row.month, clean(row.rate, _LONG), row.kind, _used(row), row.over,
                f"{row.tier} of {row.tiers}",
            )
            for row in report.tiers
        ),
    )  # fmt: skip


def _used(row: ReachedTier) -> str:
    return amount(row.quantity) if row.over == "usd" else count(row.quantity)
