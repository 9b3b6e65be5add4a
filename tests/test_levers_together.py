"""Levers beside caches, limits and failover: one policy with all of them runs, and nothing is lost on the way."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from lever_oracle import log, simulated

EVERYTHING = """\
rules:
  - name: chat
    when: task == 'chat'
    split: {acme/small: 40, as_logged: 60}
    sticky: session
    fallback: [other/small]
  - {name: nightly, when: task == 'nightly', route: {balance: [acme/large, acme/small, other/small]}}
  - {name: extract, when: task == 'extract', route: {cascade: [other/small, acme/small, as_logged], escalate: [30, 10 %]}}
otherwise: {cheapest: [acme/large, other/small]}
max_tokens: [{where: output_tokens > 300, tokens: 250}]
processing: [{where: task == 'nightly', tier: batch, delay: 24h}]
assume:
  - {from: acme/large, to: other/small, token_ratio: 1.12, answer_ratio: {value: 1.3, low: 1, high: 1.6}}
  - {to: acme/small, token_ratio: 1.05}
response_cache: {ttl: 1h}
failover: {timeout_ms: 500}
migration: {one_off: 5}
"""


def test_all_levers_at_once(tmp_path: Path) -> None:
    rows = log(11, 400)
    for number, row in enumerate(rows):
        row["prompt"] = f"question {number % 150}"
        if number % 17 == 0:
            row |= {"status": "error", "output_tokens": 0, "input_tokens": 0, "cache_read_tokens": 0}
        row.setdefault("status", "ok")
    report = simulated(tmp_path, rows, EVERYTHING)
    (compared,) = report.comparisons
    logged, after = report.arms
    assert after.requests == logged.requests
    assert sum(Fraction(one.requests) for one in compared.decisions) == logged.requests
    assert "escalated first answers" in {row.name for row in compared.components}
    assert compared.roi is not None
    assert any(row.name.startswith("answer_ratio") for row in compared.roi.sensitivity)
