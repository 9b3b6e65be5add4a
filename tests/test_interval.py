"""The interval of a comparison: from the counted days of a log, end to end."""

from __future__ import annotations

from decimal import Decimal

import pytest

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.policy import load_policy

POLICY = """\
policy: 1
name: cheap
rules: [{name: all, when: "provider == 'openai'", route: openai/gpt-4o-mini}]
"""


@pytest.fixture
def simulated(tmp_path):
    """Simulate a log of some whole days, each with as many requests as a pattern of the week says."""

    def run(days):
        rows = [
            f"2026-03-{day:02}T{hour:02}:00:00Z,openai,gpt-4o,{50_000 * (1 + day % 7 // 5)},0"
            for day in range(1, days + 1)
            for hour in (0, 23)
        ]
        log = tmp_path / "log.csv"
        log.write_text("\n".join(["timestamp,provider,model,input_tokens,output_tokens", *rows, ""]))
        (tmp_path / "cheap.yaml").write_text(POLICY)
        return backtest.simulate(Options(logs=(str(log),)), [load_policy(tmp_path / "cheap.yaml")]).comparisons[0]

    return run


def test_a_pattern_of_the_week_alone_leaves_no_doubt(simulated):
    """A day saves 2 x 0.05 x (2.50 - 0.15) dollars, twice as much on two days of seven: 9 x 0.235 a week."""
    found = simulated(28)
    assert found.savings == Decimal("0.235") * 36
    assert found.interval is not None
    exact = round(Decimal("0.235") * 9 * Decimal("30.4375") / 7, 2)
    assert (found.interval.low, found.interval.mean, found.interval.high) == (exact, exact, exact)
    assert (found.interval.days, found.interval_note) == (28, None)


def test_thirteen_days_say_why_there_is_none(simulated):
    found = simulated(13)
    assert found.interval is None
    assert found.interval_note == "no interval: it needs 14 complete days, the log has 13"
