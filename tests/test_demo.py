"""The month of the demo is the one its documentation promises, to the request and to the token."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from aggcost import demo
from aggcost.usage import COLUMN_NAMES

# provider, task, team -> served requests, their tokens, failed requests
EXPECTED = {
    ("openai", "intent", "platform"): (720_000, 252_000_000, 9_414),
    ("openai", "entity", "platform"): (32_000, 29_440_000, 419),
    ("openai", "reasoning", "platform"): (48_000, 118_560_000, 628),
    ("anthropic", "sentiment", "platform"): (325_000, 162_500_000, 559),
    ("anthropic", "reasoning", "platform"): (75_000, 37_500_000, 129),
    ("google", "responses", "platform"): (593_750, 380_000_000, 843),
    ("google", "responses", "direct-tenant"): (6_250, 4_000_000, 8),
}


@pytest.fixture(scope="module")
def month() -> pa.Table:
    return demo.month()


@pytest.fixture(scope="module")
def served(month: pa.Table) -> pa.Table:
    return month.filter(pc.equal(month["status"], "ok"))


def test_every_line_has_its_requests_and_tokens_exactly(month: pa.Table) -> None:
    month = month.append_column("ok", pc.equal(month["status"], "ok"))
    groups = month.group_by(["provider", "task", "team", "ok"]).aggregate(
        [("input", "sum"), ("output", "sum"), ("input", "count")]
    )
    found: dict[tuple[str, str, str], list[int]] = {key: [0, 0, 0] for key in EXPECTED}
    for row in groups.to_pylist():
        line = found[row["provider"], row["task"], row["team"]]
        if row["ok"]:
            line[:2] = row["input_count"], row["input_sum"] + row["output_sum"]
        else:
            line[2] = row["input_count"]
            assert row["input_sum"] == row["output_sum"] == 0
    assert {key: tuple(counts) for key, counts in found.items()} == EXPECTED
    assert sum(failed for _, _, failed in EXPECTED.values()) == 12_000


def test_output_is_its_share_of_the_tokens(served: pa.Table) -> None:
    tokens = sum(tokens for _, tokens, _ in EXPECTED.values())
    assert pc.sum(served["output"]).as_py() * 100 == tokens * 15


def test_failures_are_not_billed_and_have_no_tokens(month: pa.Table) -> None:
    failed = month.filter(pc.equal(month["status"], "error"))
    counts = {
        row["http_status"]: row["count_all"]
        for row in failed.group_by("http_status").aggregate([([], "count_all")]).to_pylist()
    }
    assert counts == {503: 6_404, 429: 5_196, 400: 400}
    assert not pc.any(failed["billable"]).as_py()
    assert failed["latency_ms"].null_count == 12_000


@pytest.mark.parametrize(("percent", "latency_ms"), [(50, 890), (95, 2_800), (99, 4_200)])
def test_latency_percentiles_of_served_requests(served: pa.Table, percent: int, latency_ms: int) -> None:
    assert np.percentile(served["latency_ms"].to_numpy(), percent) == pytest.approx(latency_ms, rel=0.001)


def test_no_request_is_served_during_an_outage_of_its_provider(served: pa.Table) -> None:
    minute = (served["ts"].cast("int64").to_numpy() // 1_000_000 - int(demo.START.timestamp())) // 60
    provider = served["provider"].to_numpy()
    for outage in demo.OUTAGES:
        inside = (minute >= outage.first_minute) & (minute < outage.first_minute + outage.minutes)
        assert not (inside & (provider == outage.provider)).any()
        assert inside.any()  # the other providers go on


def test_outages_take_as_many_minutes_as_the_uptime_says() -> None:
    ends = [
        (outage.first_minute, outage.first_minute + outage.minutes)
        for outage in sorted(demo.OUTAGES, key=lambda one: one.first_minute)
    ]
    assert all(end <= begin for (_, end), (begin, _) in pairwise(ends))
    assert sum(end - begin for begin, end in ends) == 242  # of 40,320: 99.40 % up


def test_requests_fill_the_month_in_order_of_time_with_a_weekly_rhythm(month: pa.Table) -> None:
    us = month["ts"].cast("int64").to_numpy()
    assert (np.diff(us) >= 0).all()
    day = (us // 1_000_000 - int(demo.START.timestamp())) // 86_400
    assert (day.min(), day.max()) == (0, 27)
    sunday, monday = np.count_nonzero(day == 0), np.count_nonzero(day == 1)
    assert 0.5 < sunday / monday < 0.7


def test_ids_are_unique_and_conversations_have_several_requests(month: pa.Table) -> None:
    assert pc.count_distinct(month["request_id"]).as_py() == len(month) == 1_812_000
    assert 4 < len(month) / pc.count_distinct(month["session_id"]).as_py() < 5
    assert len(month["user"].unique()) == 5_000


def test_same_seed_same_month_other_seed_same_sums(month: pa.Table) -> None:
    assert demo.month(demo.SEED).equals(month)
    other = demo.month(seed=1)
    assert not other["input"].equals(month["input"])
    assert pc.sum(other["input"]) == pc.sum(month["input"])


def test_written_as_canonical_parquet(tmp_path: Path) -> None:
    path = demo.write_month(tmp_path / "month.parquet")
    schema = pq.read_schema(path)
    assert tuple(schema.names) == COLUMN_NAMES
    assert schema.field("model").type == pa.string()
    assert schema.field("ts").type == pa.timestamp("us")


@pytest.mark.parametrize(
    ("weights", "total", "parts"),
    [([1, 1, 1], 3, [1, 1, 1]), ([1, 2, 4], 10, [1, 3, 6]), ([0.5, 0.25, 0.25], 5, [3, 1, 1]), ([1, 9], 0, [0, 0])],
)
def test_exact_parts_by_largest_remainder(weights: list[float], total: int, parts: list[int]) -> None:
    assert demo.exact_parts(np.array(weights), total).tolist() == parts
