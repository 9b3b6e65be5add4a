"""The cases of tests/test_price_cases.py that concern a whole log: from a file to the report."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from test_spans import CHAT, IN, OUT, span, traces

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.report import Report

HEAD = "timestamp,provider,model,requests,grain,status,service_tier,input_tokens,cache_read_tokens,output_tokens\n"
NOVEMBER = "2026-11-02T09:00:00Z"


def analyzed(folder, *rows, prices=None) -> Report:
    path = folder / "log.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return backtest.analyze(Options(logs=(str(path),), prices=() if prices is None else (prices,)))


def row(model, prompt, output, *, provider="openai", when=NOVEMBER, tier="", status="ok", cached="", requests="1"):
    grain = "request" if requests == "1" else "bucket"
    return f"{when},{provider},{model},{requests},{grain},{status},{tier},{prompt},{cached},{output}"


def codes(found):
    return {issue.code: issue.count for issue in found.issues}


def test_19_a_row_that_sums_requests_is_charged_in_the_lower_tier_and_flagged(tmp_path):
    found = analyzed(tmp_path, row("gemini-2.5-pro", 2_000_000, 10_000, provider="google", requests="10"))
    assert found.arms[0].cost == Decimal("2.6")
    (issue,) = [one for one in found.issues if one.code == "bucket_tier_unknown"]
    assert "a lower bound (5.15 USD" in issue.message


def test_33_the_tier_that_served_counts_not_the_one_that_was_asked_for(tmp_path):
    usage = {IN: 1_000_000, OUT: 1_000_000}
    for served, usd in (("default", "12.5"), ("priority", "21.25")):
        tiers = {"openai.request.service_tier": "priority", "openai.response.service_tier": served}
        one = span("a", None, CHAT | usage | tiers, startTimeUnixNano="1793610000000000000")
        found = backtest.analyze(Options(logs=(str(traces(tmp_path, one, name=f"{served}.jsonl")),)))
        assert found.arms[0].cost == Decimal(usd)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (row("gpt-4o", 1000, 100, tier="bogus"), "unpriced_mode"),  # 34
        (row("gpt-99", 1000, 100), "unpriced_model"),  # 37
        (row("gpt-99", 1000, 100, tier="batch"), "unpriced_model"),  # 37, in a batch
        (row("gpt-4o-mini-new-thing", 1000, 100), "unpriced_model"),
    ],
)
def test_34_37_what_has_no_price_is_counted_and_is_never_free(tmp_path, case, reason):
    found = analyzed(tmp_path, case)
    assert (found.coverage.unpriced, found.coverage.priced, found.coverage.free) == (1, 0, 0)
    assert found.arms[0].cost is None
    assert codes(found) == {reason: 1}


def test_38_a_free_model_costs_nothing_and_says_so(tmp_path):
    found = analyzed(tmp_path, row("deepseek/deepseek-r1:free", 1000, 100, provider="openrouter"))
    assert (found.coverage.free, found.coverage.unpriced, found.arms[0].cost) == (1, 0, Decimal(0))


def test_51_a_deployment_has_no_price_until_it_is_mapped(tmp_path):
    deployed = row("my-deploy", 1000, 100, provider="azure")
    found = analyzed(tmp_path, deployed)
    assert (found.coverage.unpriced, found.arms[0].cost) == (1, None)
    prices = tmp_path / "own.yaml"
    mapping = {"gpt-4o": {"deployments": {"azure": ["my-deploy"]}}}
    prices.write_text("aggcost_prices: 1\nproviders: " + json.dumps({"openai": {"models": mapping}}), encoding="utf-8")
    assert analyzed(tmp_path, deployed, prices=prices).arms[0].cost == Decimal("0.0035")


def test_56_a_cache_larger_than_its_prompt_is_set_aside_not_clamped(tmp_path):
    found = analyzed(tmp_path, row("claude-sonnet-4-5", 5, 0, provider="anthropic", cached="4735"),
                     row("claude-sonnet-4-5", 1000, 0, provider="anthropic"))  # fmt: skip
    assert (found.coverage.quarantined, found.coverage.priced, found.arms[0].cost) == (1, 1, Decimal("0.003"))


def test_57_a_refused_request_without_usage_is_not_billed(tmp_path):
    found = analyzed(tmp_path, row("o3", "", "", tier="flex", status="429"), row("o3", 1000, 0))
    assert (found.coverage.not_billed, found.coverage.priced, found.coverage.unpriced) == (1, 1, 0)
    assert found.arms[0].cost == Decimal("0.002")


def test_59_five_tokens_written_with_a_point_are_five_and_half_a_token_is_set_aside(tmp_path):
    found = analyzed(tmp_path, row("gpt-4o", "5.0", 0))
    assert (found.coverage.priced, found.arms[0].cost) == (1, Decimal("0.0000125"))
    found = analyzed(tmp_path, row("gpt-4o", "5.5", 0), row("gpt-4o", 5, 0))
    assert (found.coverage.quarantined, found.coverage.priced, found.arms[0].cost) == (1, 1, Decimal("0.0000125"))
