"""The tables of times: by route and in all, today and under a policy, with what they rest on."""

from __future__ import annotations

from decimal import Decimal

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


def log(*, ttft=True):
    """Quick: 100 ms to the first token and 2 ms a token; slow: a second, and 10 ms a token."""
    rows = []
    for n in range(240):
        model, start, each, output = ("quick", 100, 2, 10 * (1 + n // 2 % 2)) if n % 2 else ("slow", 1000, 10, 1000)
        told = {"ttft_ms": start + n // 2 % 2} if ttft else {}
        rows.append(request(f"2026-02-01T{n // 60:02d}:{n % 60:02d}:00Z", f"acme/{model}", tokens=10, output=output,
                            latency_ms=start + each * output, task="long" if model == "slow" else "short", **told))  # fmt: skip
    return rows


@pytest.fixture
def report(tmp_path):
    return backtest.simulate(options(tmp_path, log(), PRICES), [policy(tmp_path, MOVE)])


def row(arm, name):
    return next(one for one in arm.latencies if one.name == name)


def figures(one):
    return {percentile.name: percentile.value for percentile in one.percentiles}


def test_today_is_measured_route_by_route(report):
    today = report.arms[0]
    assert [one.name for one in today.latencies] == [
        "latency of all routes", "latency of acme/quick", "latency of acme/slow",
        "ttft of all routes", "ttft of acme/quick", "ttft of acme/slow",
    ]  # fmt: skip
    slow = row(today, "latency of acme/slow")
    assert (slow.n, slow.label, slow.fitted) == (120, "measured", None)
    assert figures(slow) == {"p50": 11_000, "p95": 11_000, "p99": None, "p99.9": None}
    assert figures(row(today, "ttft of acme/quick"))["p50"] == Decimal("100.5")  # half of them 100, half 101


def test_a_route_that_takes_requests_over_mixes_its_own_with_theirs(report):
    after = report.arms[1]
    quick = row(after, "latency of acme/quick")
    assert (quick.n, quick.label, quick.fitted, quick.support_percent) == (240, "modelled", 120, 0)
    assert figures(quick)["p95"] == pytest.approx(Decimal(2100), rel=Decimal("0.003"))
    assert not [one for one in after.latencies if one.route == "acme/slow"]
    assert figures(row(after, "ttft of all routes"))["p95"] == pytest.approx(101, rel=0.01)
    names = [line.name for line in report.comparisons[0].service]
    assert names[:5] == ["p50 latency", "p95 latency", "p99 latency", "p50 TTFT", "p95 TTFT"]


def test_unmoved_requests_keep_their_intervals(report, tmp_path):
    same = "name: same\nrules: [{name: none, when: task == 'none', route: acme/quick}]\n"
    unmoved = backtest.simulate(options(tmp_path, log(), PRICES), [policy(tmp_path, same)])
    assert unmoved.arms[1].latencies == unmoved.arms[0].latencies == report.arms[0].latencies


def test_what_is_asserted_has_no_interval(tmp_path):
    asserted = MOVE + "routes: {acme/quick: {latency_ms: {p50: 7}, availability: 99}}\n"
    after = backtest.simulate(options(tmp_path, log(), PRICES), [policy(tmp_path, asserted)]).arms[1]
    quick = row(after, "latency of acme/quick")
    assert quick.label == "assumed"
    assert {(one.low, one.high) for one in quick.percentiles} == {(None, None)}
    assert row(after, "ttft of acme/quick").label == "modelled"  # nothing is asserted of it


def test_the_page_shows_them_under_detail(report):
    text = render(report, "table", View(width=80, detail=True))
    assert max(map(len, text.splitlines())) <= 80
    for line in (
        " latency, ms   today  95 %              after  95 %",
        " all routes      240  requests            240  requests modelled",
        "   p50         5,570  140 to 11,000     1,120  140 to 2,099",
        " acme/slow       120  requests              0  requests",
        " modelled  latency of acme/quick: by tokens, as 120 requests took; 0 % of what",
        "           first token of acme/quick: by tokens, as 120 requests took; 100 % of",
    ):
        assert line in text.splitlines()


def test_a_log_without_first_tokens_has_no_rows_of_them(tmp_path):
    found = backtest.simulate(options(tmp_path, log(ttft=False), PRICES), [policy(tmp_path, MOVE)])
    assert {one.measure for arm in found.arms for one in arm.latencies} == {"latency"}
    assert "TTFT" not in render(found, "table", View(width=80, detail=True))
