"""Budgets, one line each, for a table and for the standard error of a check."""

from __future__ import annotations

from collections.abc import Sequence

from aggcost.budget import BudgetResult, Status
from aggcost.output.blocks import Cell, Column, Sentence, Table, Tone, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import UNKNOWN, cents, price

_TONES: dict[Status, Tone] = {"ok": "better", "broken": "worse", "unknown": "worse"}
_ON = {"actual": "actual", "run_rate": "run rate"}


def budget_line(budget: BudgetResult) -> str:
    """Return ``broken: total $2,500.01 of $2,500.00 a month (run rate)``."""
    what = f"{_spent(budget)} of {cents(budget.limit)} a {budget.per} ({_ON[budget.on]})"
    return f"{budget.status}: {clean(budget.name)} {what}"


def _spent(budget: BudgetResult) -> str:
    """Return what was spent; a value that only rounds to the limit is shown in full."""
    if budget.value is None:
        return "unknown"
    same = cents(budget.value) == cents(budget.limit) and budget.value != budget.limit
    return f"${price(budget.value)}" if same else cents(budget.value)


def verdict(budgets: Sequence[BudgetResult]) -> Sentence:
    """Return how many budgets hold."""
    if not budgets:
        return Sentence("no budget to check: name one under `budgets:` in aggcost.yaml.", "strong")
    failed = [budget for budget in budgets if budget.status != "ok"]
    if not failed:
        return Sentence(f"{_number(len(budgets))} within the limit.", "strong")
    broken = sum(budget.status == "broken" for budget in failed)
    parts = [f"{broken} broken"] if broken else []
    if len(failed) > broken:
        parts.append(f"{len(failed) - broken} unknown")
    return Sentence(f"{' and '.join(parts)} of {_number(len(budgets))}.", "strong")


def _number(budgets: int) -> str:
    return "1 budget" if budgets == 1 else f"{budgets} budgets"


def budget_table(budgets: Sequence[BudgetResult]) -> Table:
    """Return a row for each budget."""
    return Table(
        (name_column("budget, $"), Column("spent"), Column("limit"), Column("", "left"), Column("status", "left")),
        tuple(
            cells(
                clean(budget.name),
                UNKNOWN if budget.value is None else _spent(budget).removeprefix("$"),
                cents(budget.limit).removeprefix("$"),
                f"a {budget.per}, {_ON[budget.on]}",
                Cell(budget.status, _TONES[budget.status]),
            )
            for budget in budgets
        ),
    )
