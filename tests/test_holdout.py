"""Back-tests of modelled times: where a log is cut, what the last days say, and what is withheld."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from contracts import options, policy, request

from aggcost import backtest, holdout, period
from aggcost.output import View, render

PRICES = """\
providers:
  acme:
    models:
      slow: {rates: [{prices: {input: "2", output: "8"}}]}
      quick: {rates: [{prices: {input: "1", output: "4"}}]}
"""
MOVE = "name: move\nrules: [{name: out, when: task == 'long', route: acme/quick}]\n"


def log(*, days=10, last_days_times=1, a_day=60):
    """The quick model: 100 ms and 2 ms a token, on the last fifth of the days so many times that."""
    rows = []
    for n in range(days * a_day):
        day, place = divmod(n, a_day)
        times = last_days_times if day >= days * 4 // 5 else 1
        output = 10 * (1 + place % 5)
        when = f"2026-02-{1 + day:02d}T{place % 24:02d}:{place // 24:02d}:{place // 24:02d}Z"
        rows.append(request(when, "acme/quick", tokens=10, output=output, latency_ms=times * (100 + 2 * output)))
        if not place % 3:
            rows.append(request(when, "acme/slow", tokens=10, output=30, latency_ms=9000, task="long"))
    return rows


def simulated(folder, rows, text=MOVE):
    return backtest.simulate(options(folder, rows, PRICES), [policy(folder, text)])


@pytest.mark.parametrize(
    ("last", "zone", "at", "days"),
    [
        ("2026-02-10T23:00:00", "UTC", "2026-02-09T00:00:00+00:00", (8, 2)),
        ("2026-02-28T23:00:00", "UTC", "2026-02-23T00:00:00+00:00", (22, 6)),
        ("2026-02-05T12:00:00", "America/New_York", "2026-02-05T00:00:00-05:00", (4, 1)),
        ("2026-02-04T06:00:00", "UTC", "2026-02-03T14:24:00+00:00", None),  # 78 h; four fifths are 62.4 h
    ],
)
def test_a_log_is_cut_between_days_and_a_short_one_in_time(last, zone, at, days):
    local = ZoneInfo(zone)
    first_s, last_s = (
        int(datetime.fromisoformat(text).replace(tzinfo=local).timestamp()) for text in ("2026-02-01T00:00:00", last)
    )
    cut = holdout.cut_of(period.cover(first_s, last_s, local))
    assert datetime.fromtimestamp(cut.at_s, UTC) == datetime.fromisoformat(at)
    assert cut.days == days


def test_a_log_without_times_is_not_cut():
    assert holdout.cut_of(period.cover(None, None, ZoneInfo("UTC"))) is None


def test_a_route_that_stays_as_it_was_is_predicted(tmp_path):
    report = simulated(tmp_path, log())
    (test,) = report.backtest
    assert (test.name, test.fitted, test.n, test.days, test.days_predicted) == ("latency of acme/quick", 480, 120, 8, 2)
    assert test.from_ == "2026-02-09T00:00+00:00"
    found = {one.name: one for one in test.percentiles}
    assert (found["p50"].actual, found["p95"].actual, found["p99"].actual) == (160, 200, None)  # 120 rows have no p99
    assert abs(found["p95"].error_percent) < Decimal("0.5")
    assert not test.withheld
    lines = render(report, "table", View(width=80)).splitlines()
    said = " ".join(line.strip() for line in lines[next(i for i, one in enumerate(lines) if "back-test" in one) :][:2])
    assert said.startswith("back-test latency of the last 2 of 10 days, predicted from before: acme/quick p50 ")
    assert len(lines) <= 40


def test_a_route_that_changed_is_withheld(tmp_path):
    """Twice as slow in the last days: predicted at half, which is 50 % off."""
    report = simulated(tmp_path, log(last_days_times=2))
    (test,) = report.backtest
    assert test.withheld
    assert test.percentiles[1].error_percent == pytest.approx(Decimal(-50), abs=Decimal("0.5"))
    after = report.arms[1]
    assert after.latency_ms is None
    moved = next(one for one in after.latencies if one.route == "acme/quick")
    assert (moved.n, moved.percentiles) == (800, ())
    assert report.comparisons[0].service_notes[-1] == (
        "latency of acme/quick is withheld: fitted to the first days, its p95 of the last ones is -50 % off, more than "
        "20 %; assert its service levels under `routes:` in the policy"
    )
    text = render(report, "table", View(width=80, detail=True))
    assert any("withheld" in line and line.split()[:1] == ["p95"] for line in text.splitlines())
    assert "predicted from before" not in text


def test_an_assertion_needs_no_test(tmp_path):
    asserted = MOVE + "routes: {acme/quick: {latency_ms: {p50: 7}, availability: 99}}\n"
    report = simulated(tmp_path, log(last_days_times=2), asserted)
    assert report.backtest == ()
    assert report.arms[1].latency_ms.label == "assumed"


def test_few_late_requests_prove_nothing(tmp_path):
    """40 requests have no p95: what is twice as slow there is told all the same, with the count beside it."""
    report = simulated(tmp_path, log(last_days_times=2, a_day=20))
    (test,) = report.backtest
    assert (test.n, test.withheld, test.percentiles[1].error_percent) == (40, False, None)
    assert report.arms[1].latency_ms.label == "modelled"
