"""One line a budget, and a verdict that a person can repeat."""

from __future__ import annotations

from decimal import Decimal

from aggcost.budget import BudgetResult
from aggcost.output.budget_lines import budget_line, verdict


def _budget(status, value="2500.01", name="total", on="run_rate"):
    return BudgetResult(
        name=name,
        limit=Decimal(2500),
        per="month",
        on=on,
        value=None if value is None else Decimal(value),
        status=status,
    )


def test_lines():
    assert budget_line(_budget("broken")) == "broken: total $2,500.01 of $2,500.00 a month (run rate)"
    assert budget_line(_budget("unknown", None, on="actual")) == "unknown: total unknown of $2,500.00 a month (actual)"
    assert budget_line(_budget("ok", "0", "evil\x1b[2J")) == "ok: evil\\x1b[2J $0.00 of $2,500.00 a month (run rate)"


def test_a_cent_above_the_limit_is_never_shown_as_the_limit():
    line = budget_line(_budget("broken", "2500.0000001"))
    assert line == "broken: total $2,500.0000001 of $2,500.00 a month (run rate)"


def test_verdicts():
    assert verdict([]).text.startswith("no budget to check")
    assert verdict([_budget("ok")]).text == "1 budget within the limit."
    assert verdict([_budget("ok"), _budget("ok")]).text == "2 budgets within the limit."
    assert verdict([_budget("ok"), _budget("broken")]).text == "1 broken of 2 budgets."
    assert verdict([_budget("unknown"), _budget("broken")]).text == "1 broken and 1 unknown of 2 budgets."
    assert verdict([_budget("unknown")]).text == "1 unknown of 1 budget."
