"""Rows that sum several requests: priced, never routed, never added to the requests that they sum."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.engine import open_engine
from aggcost.errors import UsageError
from aggcost.importers import ReadOptions, read_usage, write_canonical
from aggcost.policy import find_policy, load_policy
from aggcost.report import Report
from aggcost.shipped import policies

HEAD = "timestamp,provider,model,requests,grain,input_tokens,output_tokens,cost_usd\n"
DAY = "2026-02-02T00:00:00Z,google,gemini-2.5-pro"
REQUEST = "2026-02-02T09:00:00Z,google,gemini-2.5-pro,1,request,1000,10,"


def write(folder: Path, name: str, *rows: str) -> str:
    path = folder / name
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows))
    return str(path)


def analyze(*logs: str) -> Report:
    return backtest.analyze(Options(logs=logs))


def codes(report: Report) -> dict[str, int]:
    return {issue.code: issue.count for issue in report.issues}


def test_a_sum_is_charged_in_the_lower_tier_and_says_so(tmp_path):
    found = analyze(write(tmp_path, "usage.csv", f"{DAY},10,bucket,2000000,10000,"))
    assert found.arms[0].cost == Decimal("2.60")
    (issue,) = [issue for issue in found.issues if issue.code == "bucket_tier_unknown"]
    assert "2.6 USD, a lower bound (5.15 USD" in issue.message


@pytest.mark.parametrize(
    ("row", "cost"),
    [
        (f"{DAY},1,bucket,2000000,10000,", "5.15"),  # one request: its prompt is known
        (f"{DAY},10,bucket,200000,1000,", "0.26"),  # no prompt in it can be above 200,000 tokens
        (f"{DAY},,bucket,100000,1000,", "0.135"),
    ],
)
def test_a_tier_that_is_known_is_no_issue(tmp_path, row, cost):
    found = analyze(write(tmp_path, "usage.csv", row))
    assert (found.arms[0].cost, codes(found)) == (Decimal(cost), {})


def test_a_bucket_may_leave_its_requests_unknown_and_a_request_may_not(tmp_path):
    found = analyze(write(tmp_path, "usage.csv", f"{DAY},,bucket,1000,10,", f"{DAY},,request,1000,10,"))
    assert (found.coverage.priced, found.coverage.quarantined, found.arms[0].requests) == (1, 1, 0)


def test_a_cost_without_tokens_is_in_no_total(tmp_path):
    found = analyze(write(tmp_path, "costs.csv", f"{DAY},,bucket,,,5.20"))
    assert (found.arms[0].cost, found.arms[0].recorded_cost, found.coverage.unpriced) == (None, None, 1)
    assert codes(found)["cost_without_tokens"] == 1


def test_a_policy_cannot_route_sums(tmp_path):
    usage = write(tmp_path, "usage.csv", f"{DAY},10,bucket,2000,10,")
    chosen = load_policy(find_policy("cheap", policies()))
    with pytest.raises(UsageError, match=r"usage\.csv \(generic\) has rows that sum") as caught:
        backtest.simulate(Options(logs=(usage,)), [chosen])
    assert caught.value.hint is not None
    assert "aggcost reconcile LOG --against" in caught.value.hint


def test_sums_and_requests_of_the_same_days_are_never_added(tmp_path):
    usage = write(tmp_path, "usage.csv", f"{DAY},10,bucket,2000,10,")
    log = write(tmp_path, "log.csv", REQUEST)
    with pytest.raises(UsageError, match=r"log\.csv logs requests and .*usage\.csv") as caught:
        analyze(usage, log)
    assert caught.value.hint == f"compare them: aggcost reconcile {log} --against {usage}"


@pytest.mark.parametrize(("was", "then"), [("02-02", "02-03"), ("google,gemini-2.5-pro", "openai,gpt-4o")])
def test_sums_of_other_days_or_providers_may_stand_beside_requests(tmp_path, was, then):
    usage = write(tmp_path, "usage.csv", f"{DAY},10,bucket,2000,10,".replace(was, then))
    assert analyze(usage, write(tmp_path, "log.csv", REQUEST)).coverage.priced == 2


def test_a_converted_file_keeps_what_its_rows_are(tmp_path):
    usage = write(tmp_path, "usage.csv", f"{DAY},10,bucket,2000,10,")
    kept = tmp_path / "usage.parquet"
    with open_engine() as engine:
        write_canonical(engine, read_usage(engine, [usage], ReadOptions(writes=(kept,))), kept)
    with pytest.raises(UsageError, match=r"sums requests of the same days"):
        analyze(str(kept), write(tmp_path, "log.csv", REQUEST))
    assert analyze(str(kept)).arms[0].requests == 10


def test_what_a_row_is_may_be_assumed(tmp_path):
    path = tmp_path / "usage.csv"
    path.write_text(f"{HEAD.replace('grain,', '')}{DAY},10,2000000,10000,\n")
    found = backtest.analyze(Options(logs=(str(path),), read=ReadOptions(assume={"grain": "bucket"})))
    assert found.arms[0].cost == Decimal("2.60")
