"""Latencies of moved requests from the files to the report: fitted where the log allows it, and labelled."""

from __future__ import annotations

import pytest
from contracts import options, policy, request

from aggcost import backtest
from aggcost.output import View, render

PRICES = """\
providers:
  acme:
    models:
      slow: {rates: [{prices: {input: "2", output: "8"}}]}
      quick: {rates: [{prices: {input: "1", output: "4"}}]}
"""
MOVE = "name: move\nrules: [{name: out, when: task == 'long', route: acme/quick}]\n"


def log(quick=60, *, output=None):
    """The quick model has answered short requests at 100 ms + 2 ms a token; the slow one long ones, in 10 s each."""
    rows = [
        request(f"2026-02-01T00:{n % 60:02d}:00Z", "acme/quick", tokens=10, output=10 * (1 + n % 2),
                latency_ms=100 + 20 * (1 + n % 2), task="short")
        for n in range(quick)
    ]  # fmt: skip
    rows += [
        request(f"2026-02-01T01:{n % 60:02d}:00Z", "acme/slow", tokens=10, output=1000, latency_ms=10_000, task="long")
        for n in range(60)
    ]
    return rows if output is None else [row | {"output_tokens": output} for row in rows]


def latency(folder, rows, text=MOVE):
    report = backtest.simulate(options(folder, rows, PRICES), [policy(folder, text)])
    return report, report.arms[1].latency_ms


def test_moved_requests_take_the_time_of_their_own_length(tmp_path):
    """60 short ones as observed (120 and 140 ms), 60 of 1,000 tokens at 100 + 2,000 ms; a step of the grid apart."""
    report, after = latency(tmp_path, log())
    assert report.arms[0].latency_ms.p50 == 5070  # between 140 and 10,000
    assert after.p95 == pytest.approx(2100, rel=0.003)
    assert (after.label, after.n, after.fitted, after.support_percent) == ("modelled", 120, 60, 0)
    assert report.comparisons[0].service_notes == ("p95 needs 100 requests with a latency, p99 1,000",)


@pytest.mark.parametrize(("rows", "why"), [(log(29), "too few rows"), (log(output=""), "no tokens")])
def test_without_a_line_they_take_the_time_of_the_route_and_it_is_said(tmp_path, rows, why):
    report, after = latency(tmp_path, rows)
    assert (after.label, after.fitted) == ("modelled", None), why
    assert after.p50 <= 140
    assert report.comparisons[0].service_notes[-1] == (
        "latency of acme/quick: the log's own, whatever the size of a request; a line needs 30 requests with tokens"
    )


def test_what_the_policy_asserts_wins(tmp_path):
    asserted = "routes: {acme/quick: {latency_ms: {p50: 7}, availability: 99}}\n"
    _, after = latency(tmp_path, log(), MOVE + asserted)
    assert (after.label, after.fitted, after.p95) == ("assumed", None, 140)


def test_longer_answers_take_longer(tmp_path):
    """The other model answers half as long again: 1,500 tokens at 100 + 3,000 ms, of prompts that stay 10."""
    _, after = latency(tmp_path, log(), MOVE + "assume: [{to: acme/quick, answer_ratio: 1.5}]\n")
    assert after.p95 == pytest.approx(3100, rel=0.003)


def test_a_rule_about_the_hour_moves_requests_of_that_hour(tmp_path):
    """The long requests of the morning, which are longer still, stay; those of the night move."""
    rows = log()
    for number, row in enumerate(rows[60:]):
        row["timestamp"] = f"2026-02-01T{'01' if number % 2 else '09'}:{number % 60:02d}:00Z"
        row["output_tokens"] = 1000 if number % 2 else 5000
    text = MOVE.replace("task == 'long'", "task == 'long' and hour < 4")
    _, after = latency(tmp_path, rows, text)
    assert after.p95 == 10_000
    assert after.p50 == pytest.approx((140 + 2100) / 2, rel=0.003)  # 60 short ones, 30 of 2,100 ms, 30 of 10 s


def test_threads_change_no_byte(tmp_path):
    rows = log()
    texts = {
        render(backtest.simulate(options(tmp_path, rows, PRICES, threads=threads), [policy(tmp_path, MOVE)]), "json", View())
        for threads in (1, 2, 8)
    }  # fmt: skip
    assert len(texts) == 1
