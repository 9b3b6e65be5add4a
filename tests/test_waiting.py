"""Requests that may wait, by hand: who goes to the batch tier, who is refused, and whose latency no longer counts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from lever_oracle import request, simulated

from aggcost.errors import ConfigError
from aggcost.policy import load_policy
from aggcost.report_compare import Comparison

NIGHT = "processing: [{where: task == 'nightly', tier: batch, delay: 24h}]"


def rows_of(compared: Comparison) -> list[tuple[str, str | None, int]]:
    return [(one.rule, one.to, int(one.requests)) for one in compared.decisions]


def test_what_stays_as_logged_becomes_a_call_of_the_batch_tier(tmp_path: Path) -> None:
    report = simulated(tmp_path, [request(task="nightly"), request()], NIGHT)
    # 1,000 tokens at $5 and 100 at $15 a million; in the batch tier half of that.
    assert (report.arms[0].cost, report.arms[1].cost) == (Decimal("0.013"), Decimal("0.00975"))
    (compared,) = report.comparisons
    assert rows_of(compared) == [("processing", "acme/large (batch)", 1), ("otherwise", None, 1)]
    assert (compared.moved_requests, compared.without_evidence_percent) == (1, 0)


def test_what_a_rule_moves_waits_at_its_route_and_keeps_its_rule(tmp_path: Path) -> None:
    text = f"rules: [{{name: one, when: true, route: other/small}}]\n{NIGHT}"
    (compared,) = simulated(tmp_path, [request(task="nightly"), request()], text).comparisons
    assert rows_of(compared) == [("one", "other/small", 1), ("one", "other/small (batch)", 1)]


def test_a_model_without_the_tier_serves_as_before_and_is_counted(tmp_path: Path) -> None:
    text = f"rules: [{{name: one, when: true, route: other/small}}]\n{NIGHT.replace('tier: batch', 'tier: flex')}"
    (compared,) = simulated(tmp_path, [request(task="nightly"), request()], text).comparisons
    assert rows_of(compared) == [("one", "other/small", 2)]
    said = "rule 'processing': other/small (flex) refused 1 requests: the model has no flex tier"
    assert said in compared.warnings


def test_a_request_that_waits_already_stays_where_it_is(tmp_path: Path) -> None:
    rows = [request(task="nightly", service_tier="batch"), request(task="nightly", service_tier="priority")]
    report = simulated(tmp_path, rows, NIGHT.replace("tier: batch", "tier: flex"))
    assert [one[:2] for one in rows_of(report.comparisons[0])] == [
        ("processing", "acme/large (flex)"),
        ("otherwise", None),
    ]


def test_a_provider_that_the_log_does_not_name_offers_no_tier(tmp_path: Path) -> None:
    report = simulated(tmp_path, [request(task="nightly", provider=""), request()], NIGHT)
    said = "rule 'processing': as logged refused 1 requests: the log does not name provider and model"
    assert said in report.comparisons[0].warnings


def test_nobody_waits_for_what_may_wait(tmp_path: Path) -> None:
    rows = [request(latency_ms=100 * number) for number in range(1, 4)]
    rows += [request(task="nightly", latency_ms=90_000)] * 3
    report = simulated(tmp_path, rows, NIGHT)
    before, after = (arm.latency_ms for arm in report.arms)
    assert before is not None
    assert after is not None
    assert (before.p50, before.n) == (45_150, 6)
    assert (after.p50, after.n) == (200, 3)
    note = "3 requests may wait: they are not in the latencies of the policy"
    assert note in report.comparisons[0].service_notes
    (line,) = [one for one in report.assumptions if one.name == "requests that may wait 24h"]
    assert line.value == "task == 'nightly': batch tier, without effect on who waits"


def test_what_is_known_of_a_route_is_known_of_it_where_it_waits(tmp_path: Path) -> None:
    rows = [request(task="nightly"), request(task="nightly", provider="other", model="small")]
    text = f"rules: [{{name: one, when: model == 'large', route: acme/small}}]\n{NIGHT}"
    report = simulated(tmp_path, rows, text)
    assert {one.to for one in report.comparisons[0].decisions} == {"acme/small (batch)", "other/small (batch)"}
    assert not [one.name for one in report.assumptions if "context window" in one.name or "maximum output" in one.name]


def test_a_route_that_waits_is_as_available_as_asserted_without_the_tier(tmp_path: Path) -> None:
    text = f"rules: [{{name: one, when: true, route: other/small}}]\n{NIGHT}\nroutes: {{other/small: {{availability: 75}}}}"
    report = simulated(tmp_path, [request(task="nightly")] * 4, text)
    assert report.arms[1].failed == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("processing: [{where: true, tier: priority, delay: 1h}]", "expected batch or flex"),
        ("processing: [{where: true, tier: batch}]", "the key 'delay' is missing"),
        ("processing: [{where: true, tier: batch, delay: soon}]", "expected a duration, found 'soon'"),
        ("rules: [{name: processing, when: true, route: as_logged}]", "call this rule something else"),
    ],
)
def test_a_slip_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(f"policy: 1\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_policy(path)
