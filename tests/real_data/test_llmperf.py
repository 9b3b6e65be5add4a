"""llmperf's published percentiles from its single requests: error rows are failures, and have no time.

Every file is read by the generic importer. Published figures are seconds, interpolated linearly between requests that
are told to the nanosecond and beyond; ours are the same interpolation over whole nanoseconds, so the two agree to the
nanosecond but for the last digit. Compared are all digits to the microsecond.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from aggcost import backtest, service
from aggcost.baseline import Options
from aggcost.engine import open_engine
from aggcost.importers import ReadOptions, read_usage
from aggcost.ledger import Plan
from aggcost.money import round_half_even

FOLDER = Path(os.environ.get("AGGCOST_REAL_DATA", "")) / "traces" / "llmperf" / "raw_data"
FILES = sorted(path.name for path in (FOLDER / "individual").glob("*.json"))
pytestmark = pytest.mark.skipif(not FILES, reason="AGGCOST_REAL_DATA does not have traces/llmperf")

READ = ReadOptions(
    mapping={
        "latency_ms": "end_to_end_latency_s:s", "ttft_ms": "ttft_s:s", "input_tokens": "number_input_tokens",
        "output_tokens": "number_output_tokens", "status": "error_code",
    },
    assume={"provider": "llmperf", "model": "llama-2"},
)  # fmt: skip
PUBLISHED = {"ttft": "results_ttft_s", "latency": "results_end_to_end_latency_s"}
MICROSECONDS = 6


def summary(name):
    return json.loads((FOLDER / "summary" / name).read_text(encoding="utf-8"))


def analyzed(name):
    return backtest.analyze(Options(logs=(str(FOLDER / "individual" / name),), read=READ)).arms[0]


def seconds(number: object) -> Decimal:
    return round_half_even(Fraction(str(number)), MICROSECONDS)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("measure", PUBLISHED)
def test_every_published_quantile_to_the_microsecond(name, measure):
    with open_engine(threads=1) as engine:
        usage = read_usage(engine, [str(FOLDER / "individual" / name)], READ).table
        times = service.distribution(service.observed(service.scan(engine, usage, Plan(), measure)))
    said = summary(name)
    for percent in (25, 50, 75, 90, 95, 99):
        published = said[f"{PUBLISHED[measure]}_quantiles_p{percent}"]
        assert round_half_even(times.at(Fraction(percent, 100)) / 1000, MICROSECONDS) == seconds(published), percent


@pytest.mark.parametrize("name", FILES)
def test_the_report_says_the_same_and_counts_errors_as_failures(name):
    said, arm = summary(name), analyzed(name)
    assert arm.failed == said["results_number_errors"]
    for row in arm.latencies:
        assert row.n == said["results_num_completed_requests"]
        found = {one.name: one.value for one in row.percentiles}
        assert found["p99"] is None  # fewer than 1,000 requests have none
        for percentile in ("p50", "p95"):
            published = said[f"{PUBLISHED[row.measure]}_quantiles_{percentile}"]
            assert round_half_even(Fraction(found[percentile]) / 1000, MICROSECONDS) == seconds(published)


def test_anyscale_70b_as_published():
    with open_engine(threads=1) as engine:
        usage = read_usage(engine, [str(FOLDER / "individual" / "anyscale_70b.json")], READ).table
        times = service.distribution(service.observed(service.scan(engine, usage, Plan(), "ttft")))
    found = [round_half_even(times.at(Fraction(p, 100)) / 1000, MICROSECONDS) for p in (50, 95, 99)]
    assert found == [Decimal("0.212830"), Decimal("0.362008"), Decimal("0.474531")]


def test_perplexity_70b_was_rate_limited_twice_in_150():
    arm = analyzed("perplexity_70b.json")
    assert (arm.requests, arm.failed) == (150, 2)
    assert [(one.class_, one.requests) for one in arm.failures] == [("429", 2)]
