"""Answer lengths by hand: what a log with both models says, and what is done with it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from lever_oracle import Row, request, simulated

from aggcost.answer_lengths import Learned, ratio
from aggcost.errors import ConfigError

A, B = ("acme", "large"), ("acme", "small")
RULE = "rules: [{name: one, when: model == 'large', route: acme/small}]\n"
LEARN = f"{RULE}assume: [{{from: acme/large, to: acme/small, answer_ratio: learned}}]"


def rows(large: int, small: int) -> list[Row]:
    """Answers of 100 tokens by the large model and of 130 by the small one."""
    return [request()] * large + [request(model="small", output_tokens=130)] * small


def test_tasks_count_by_the_requests_that_would_move() -> None:
    lengths = {
        ("chat", A): (300, 30_000), ("chat", B): (100, 13_000),  # 100 tokens an answer against 130
        (None, A): (100, 40_000), (None, B): (200, 40_000),  # 400 against 200
        ("rare", A): (99, 99), ("rare", B): (5000, 10**9),
    }  # fmt: skip
    # (300 x 130 + 100 x 200) / (300 x 100 + 100 x 400) = 59,000 / 70,000
    assert ratio(lengths, A, B) == Learned(Fraction("0.843"), (400, 300))
    assert ratio(lengths, A, ("acme", "other")) is None


def test_a_learned_ratio_is_used_and_told(tmp_path: Path) -> None:
    report = simulated(tmp_path, rows(100, 100), LEARN)
    # 100 requests of the large model, at the small one with 130 tokens an answer, and those of the small one as they are.
    assert report.arms[1].cost == 200 * (Decimal("0.0003") + Decimal("0.000078"))
    (line,) = [one for one in report.assumptions if one.name.startswith("answers of")]
    assert (line.value, line.requests) == ("1.3", 100)
    assert line.source.endswith(":3, learned from 100 and 100 answers")


def test_a_ratio_of_tokens_is_in_the_learned_one_already(tmp_path: Path) -> None:
    text = LEARN.replace("answer_ratio", "token_ratio: 1.25, answer_ratio")
    report = simulated(tmp_path, rows(100, 100), text)
    moved = 100 * (Decimal("0.000375") + Decimal("0.000078"))
    assert report.arms[1].cost == moved + 100 * (Decimal("0.0003") + Decimal("0.000078"))


def test_what_the_policy_does_not_assume_is_suggested(tmp_path: Path) -> None:
    (line,) = [
        one for one in simulated(tmp_path, rows(100, 100), RULE).assumptions if one.name.startswith("answers of")
    ]
    assert line.name == "answers of acme/small for one of acme/large"
    assert (line.value, line.source) == ("1", "the log has 1.3 from 100 and 100 answers")


def test_a_log_that_cannot_tell_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no task of which acme/large and acme/small both answered 100"):
        simulated(tmp_path, rows(100, 99), LEARN)


def test_the_ends_of_a_range_stand_among_what_the_payback_hangs_on(tmp_path: Path) -> None:
    days = [request(timestamp=f"2026-02-{day:02}T00:00:00Z") for day in range(1, 29)]
    text = (
        f"{RULE}assume: [{{to: acme/small, answer_ratio: {{value: 1.3, low: 1, high: 2}}}}]\nmigration: {{one_off: 1}}"
    )
    report = simulated(tmp_path, days, text)
    roi = report.comparisons[0].roi
    assert roi is not None
    (row,) = [one for one in roi.sensitivity if one.name.startswith("answer_ratio")]
    assert (row.kind, row.hard) == ("1", "2")
    # A day is 1,000 tokens in and 100 out: $0.0065 today, at the small model $0.00036 or $0.00042; a month has 30.4375.
    assert (row.savings_kind, row.savings_hard) == (Decimal("0.186886"), Decimal("0.185060"))
    assert row.payback_kind is not None
    assert row.payback_hard is not None
    assert row.payback_kind < row.payback_hard


def test_without_an_investment_only_the_ranges_are_told(tmp_path: Path) -> None:
    days = [request(timestamp=f"2026-02-{day:02}T00:00:00Z") for day in range(1, 29)]
    text = f"{RULE}assume: [{{to: acme/small, token_ratio: {{value: 1, low: 0.9, high: 1.1}}}}]"
    roi = simulated(tmp_path, days, text).comparisons[0].roi
    assert roi is not None
    assert [one.name for one in roi.sensitivity] == ["token_ratio: any other model to acme/small"]
