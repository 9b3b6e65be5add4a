"""Budgets: whether a cost stays within its limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias

from aggcost.units import Usd

Per: TypeAlias = Literal["day", "week", "month"]
On: TypeAlias = Literal["actual", "run_rate"]
Status: TypeAlias = Literal["ok", "broken", "unknown"]


class Limit(Protocol):
    """What `judge` needs of a budget in the project file."""

    @property
    def name(self) -> str:
        """What the budget is called."""

    @property
    def limit_usd(self) -> Decimal:
        """The most that may be spent in the time that `per` names."""

    @property
    def per(self) -> Per:
        """The length of time."""

    @property
    def on(self) -> On:
        """Whether what was spent is judged, or the run rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetResult:
    """A budget with the value held against it; `unknown` where there is no value to judge."""

    name: str
    limit: Usd
    per: Per
    on: On
    value: Usd | None
    status: Status


def judge(budgets: Sequence[Limit], values: Mapping[str, Decimal | None]) -> tuple[BudgetResult, ...]:
    """Return the budgets with their status, in their order; `values` are dollars by the budget's name.

    A value exactly at the limit passes. A value that is missing, None or not finite never does.
    """
    return tuple(
        BudgetResult(
            name=budget.name,
            limit=budget.limit_usd,
            per=budget.per,
            on=budget.on,
            value=_known(values.get(budget.name)),
            status=_status(budget.limit_usd, _known(values.get(budget.name))),
        )
        for budget in budgets
    )


def _status(limit_usd: Decimal, value_usd: Decimal | None) -> Status:
    if value_usd is None:
        return "unknown"
    return "ok" if value_usd <= limit_usd else "broken"


def _known(value_usd: Decimal | None) -> Decimal | None:
    return value_usd if value_usd is not None and value_usd.is_finite() else None
