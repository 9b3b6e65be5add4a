"""Three budgets of the article's month under its policy: one holds, one breaks by a cent, one is unknown."""

from __future__ import annotations

import runpy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from aggcost.budget import BudgetResult

ARTICLE = runpy.run_path(str(Path(__file__).parents[1] / "article" / "article_report.py"))


def budget(name, limit, value, per, on, status):
    return BudgetResult(
        name=name,
        limit=Decimal(limit),
        per=per,
        on=on,
        value=None if value is None else Decimal(value),
        status=status,
    )


REPORT = replace(
    ARTICLE["REPORT"],
    command="check",
    budgets=(
        budget("total", "2500", "2100", "month", "run_rate", "ok"),
        budget("openai", "643.19", "643.2", "month", "actual", "broken"),
        budget("acme", "10", None, "day", "run_rate", "unknown"),
    ),
)
