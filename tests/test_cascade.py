"""Cascades by hand: who serves, what the first answers cost, and how long two calls in turn take."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from lever_oracle import request, simulated

from aggcost.errors import ConfigError
from aggcost.latency_curves import added, points
from aggcost.policy import load_policy
from aggcost.report import Report

TWO = "rules: [{name: try, when: true, route: {cascade: [other/small, acme/large], escalate: 12 %}}]"
SMALL_USD, LARGE_USD = Decimal("0.00027"), Decimal("0.0065")  # 1,000 tokens in and 100 out


def went(report: Report) -> dict[str | None, Decimal]:
    return {one.to: Decimal(one.requests) for one in report.comparisons[0].decisions}


def test_every_request_calls_the_first_and_a_share_the_next(tmp_path: Path) -> None:
    report = simulated(tmp_path, [request(model="small")] * 100, TWO)
    assert went(report) == {"other/small": 88, "acme/large": 12}
    assert report.arms[1].cost == 100 * SMALL_USD + 12 * LARGE_USD
    assert report.arms[1].requests == 100
    assert "escalated first answers" in [row.name for row in report.comparisons[0].components]


def test_shares_of_several_steps_are_of_what_calls_each(tmp_path: Path) -> None:
    text = TWO.replace("acme/large], escalate: 12 %", "acme/small, acme/large], escalate: [20, 50]")
    report = simulated(tmp_path, [request()] * 100, text)
    assert went(report) == {"other/small": 80, "acme/small": 10, "acme/large": 10}
    assert report.arms[1].cost == 100 * SMALL_USD + 20 * Decimal("0.00036") + 10 * LARGE_USD


def test_a_route_that_cannot_take_a_request_is_no_step_of_it(tmp_path: Path) -> None:
    text = TWO.replace("other/small", "acme/small")
    report = simulated(tmp_path, [request(input_tokens=3001)] * 50 + [request()] * 50, text)
    assert went(report) == {"acme/small": 44, "acme/large": 56}
    # Nobody pays for first answers of the small model to prompts that do not fit it.
    assert report.arms[1].cost == 50 * Decimal("0.00036") + 6 * LARGE_USD + 50 * Decimal("0.016505")


def test_the_log_itself_may_be_the_last_step(tmp_path: Path) -> None:
    report = simulated(tmp_path, [request()] * 25, TWO.replace("acme/large", "as_logged"))
    assert went(report) == {"other/small": 22, None: 3}
    assert report.arms[1].cost == 25 * SMALL_USD + 3 * LARGE_USD


def test_who_escalates_waits_for_both_answers(tmp_path: Path) -> None:
    rows = [request(latency_ms=700)] * 100
    text = f"{TWO}\nroutes: {{other/small: {{latency_ms: {{p50: 200}}}}, acme/large: {{latency_ms: {{p50: 1000}}}}}}"
    latency = simulated(tmp_path, rows, text).arms[1].latency_ms
    assert latency is not None
    assert (latency.p50, latency.p95, latency.n, latency.label) == (200, 1200, 100, "assumed")
    logged = simulated(
        tmp_path, rows, text.replace("acme/large]", "as_logged]").replace(", acme/large: {latency_ms: {p50: 1000}}", "")
    )
    assert logged.arms[1].latency_ms is not None
    assert logged.arms[1].latency_ms.p95 == 900


def test_a_step_whose_times_nobody_knows_leaves_the_latency_unknown(tmp_path: Path) -> None:
    text = f"{TWO}\nroutes: {{acme/large: {{latency_ms: {{p50: 1000}}}}}}"
    assert simulated(tmp_path, [request(model="small")] * 10, text).arms[1].latency_ms is None


def test_the_share_is_an_assumption(tmp_path: Path) -> None:
    (line,) = [one for one in simulated(tmp_path, [request()] * 9, TWO).assumptions if "escalate" in one.name]
    assert (line.name, line.value, line.requests) == ("answers that escalate in try", "12 %", 9)


def test_points_are_the_middles_of_equal_shares() -> None:
    curve = (np.array([30, 10, 20]), np.array([2, 1, 1]))
    assert points(curve, 4).tolist() == [10, 20, 30, 30]
    assert points(curve, 2).tolist() == [20, 30]


def test_sums_of_independent_times() -> None:
    values, counts = added((np.array([1, 3]), np.array([1, 1])), (np.array([10, 20]), np.array([3, 1])))
    shares = {int(value): Fraction(int(n), int(counts.sum())) for value, n in zip(values, counts, strict=True)}
    assert shares == {11: Fraction(3, 8), 13: Fraction(3, 8), 21: Fraction(1, 8), 23: Fraction(1, 8)}


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("{cascade: [acme/large, acme/small]}", "expected provider/model"),
        ("{cascade: [acme/large, acme/small], escalate: [5, 5]}", "escalate 1 times, and 2 shares are stated"),
        ("{cascade: [acme/large], escalate: 5}", "escalate 0 times"),
        ("{cascade: [acme/large, acme/large], escalate: 5}", "stands twice"),
        ("{cascade: [acme/large, acme/small], escalate: 101 %}", "a number up to 100"),
        ("{cascade: [acme/large, acme/small], escalate: 0}", "a part of 0 %"),
    ],
)
def test_a_slip_is_refused(tmp_path: Path, target: str, said: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(f"policy: 1\nrules: [{{when: true, route: {target}}}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_policy(path)
