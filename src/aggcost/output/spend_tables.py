"""Tables of what the log cost: by model, by provider, by task, by whatever was asked for."""

from __future__ import annotations

from aggcost.output.blocks import Column, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import amount, count, decimals, millions, money_column, share
from aggcost.report_arms import Arm, Group, fold

NOT_LOGGED = "(not logged)"


def group_table(arm: Arm, field: str, top: int, *, of_arm: str | None = None) -> Table:
    """Return the dearest `top` values of a field, the others in one line, and the total; `of_arm` says whose."""
    rows = _rows(arm, field, top)
    costs = [row.cost for row in rows]
    cost = money_column(costs, arm.cost, decimals(costs, [arm.cost]))
    unpriced = any(row.unpriced for row in rows)
    heading = f"by {clean(field)}" + (f", {of_arm}" if of_arm else "")
    return Table(
        (name_column(heading), Column("$"), Column("share"), Column("requests"), Column("M tokens in"),
         Column("M out"), *([Column("unpriced")] if unpriced else [])),
        (
            *(
                cells(
                    _key(row), _cost(row, cost[index]), share(row.share), count(row.requests), *_tokens(row),
                    *([count(row.unpriced)] if unpriced else []),
                )
                for index, row in enumerate(rows)
            ),
            cells(
                "total", cost[-1], "", count(arm.requests), *_tokens(arm),
                *([count(sum((row.unpriced for row in rows), 0))] if unpriced else []),
            ),
        ),
        total=True,
    )  # fmt: skip


def short_group_table(arm: Arm, field: str, top: int) -> Table:
    """Return the costs and their shares alone, to stand beside another table."""
    rows = _rows(arm, field, top)
    costs = [row.cost for row in rows]
    cost = money_column(costs, None, decimals(costs))
    return Table(
        (name_column(f"by {clean(field)}"), Column("$"), Column("share")),
        tuple(cells(_key(row), _cost(row, cost[index]), share(row.share)) for index, row in enumerate(rows)),
    )


def day_table(arm: Arm) -> Table:
    """Return every day with its cost and requests."""
    places = decimals([day.cost for day in arm.days])
    rows = tuple(cells(clean(day.day), amount(day.cost, places), count(day.requests)) for day in arm.days)
    return Table((name_column("by day"), Column("$"), Column("requests")), rows)


def _rows(arm: Arm, field: str, top: int) -> tuple[Group, ...]:
    shown, other = fold(arm.by.get(field, ()), top)
    return (*shown, other) if other is not None else shown


def _key(row: Group) -> str:
    return NOT_LOGGED if row.key is None else clean(row.key)


def _cost(row: Group, shown: str) -> str:
    return "unpriced" if row.cost is None and row.unpriced else shown


def _tokens(row: Group | Arm) -> tuple[str, str]:
    found = row.tokens
    return millions(found.input + found.cache_read + found.cache_write), millions(found.output)
