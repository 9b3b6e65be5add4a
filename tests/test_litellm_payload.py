"""LiteLLM's payloads by hand: times, copies, attempts, where usage stands."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from reading_logs import log, read

CALL = {
    "id": "chatcmpl-1", "call_type": "acompletion", "response_cost": 1.3e-05, "prompt_tokens": 100, "completion_tokens": 20,
    "startTime": 1770022800.123, "endTime": 1770022801.373, "completionStartTime": 1770022800.223, "stream": True,
    "model": "gpt-4o", "custom_llm_provider": "openai", "cache_hit": None, "status": "success", "hidden_params": {},
    "model_map_information": None, "metadata": {}, "response": {}, "error_information": {"error_code": ""},
}  # fmt: skip
USAGE = {
    "prompt_tokens_details": {"cached_tokens": 60, "cache_creation_tokens": 10},
    "completion_tokens_details": {"reasoning_tokens": 5},
}


def write(folder, *rows, name="batch.jsonl"):
    return log(folder, "".join(json.dumps(row) + "\n" for row in rows), name)


def times(start, end, first=None):
    return {"startTime": start, "endTime": end, "completionStartTime": first}


@pytest.mark.parametrize(
    "said",
    [
        {},
        times("1770022800.123", "1770022801.373", "1770022800.223"),
        times("2026-02-02 09:00:00.123000", "2026-02-02 09:00:01.373000", "2026-02-02 09:00:00.223000"),
        times("2026-02-02T09:00:00.123Z", "2026-02-02T09:00:01.373Z", "2026-02-02T09:00:00.223Z"),
        times("2026-02-02T09:00:00.123+00:00", "2026-02-02T09:00:01.373+00:00", "2026-02-02T09:00:00.223+00:00"),
    ],
)
def test_times_are_seconds_or_text(tmp_path, said):
    (row,) = read(write(tmp_path, CALL | said)).good
    assert row["ts"].isoformat() == "2026-02-02T09:00:00.123000"
    assert (row["latency_ms"], row["ttft_ms"]) == (1250, 100)
    assert row["recorded_cost"] == Decimal("0.000013")


@pytest.mark.parametrize(
    "said",
    [
        {"metadata": {"usage_object": USAGE}},
        {"metadata": json.dumps({"usage_object": USAGE})},
        {"metadata": {"usage_object": None}, "response": {"usage": USAGE}},
    ],
)
def test_usage_of_the_metadata_else_of_the_response(tmp_path, said):
    (row,) = read(write(tmp_path, CALL | said)).good
    names = ("input", "cache_read", "cache_write_other", "output", "reasoning")
    assert tuple(row[name] for name in names) == (30, 60, 10, 20, 5)


@pytest.mark.parametrize("response", ["redacted-by-litellm", None, [], {"usage": "none"}])
def test_a_response_that_says_nothing(tmp_path, response):
    (row,) = read(write(tmp_path, CALL | {"response": response})).good
    assert (row["input"], row["cache_read"]) == (100, None)


def test_what_the_gateway_answered_is_not_billed(tmp_path):
    found = read(write(tmp_path, CALL, CALL | {"id": "chatcmpl-2", "cache_hit": True}))
    assert found.values("billable") == [False, None]


def test_copies_count_once_and_attempts_each(tmp_path):
    failed = CALL | {
        "status": "failure",
        "response_cost": 0,
        "error_information": {"error_code": "429"},
        "prompt_tokens": 0,
    }
    batch = write(tmp_path, failed, failed | {"startTime": 1770022799.5}, CALL)
    alone = log(tmp_path, json.dumps(CALL, indent=1), "chatcmpl-1.json")
    rows = [row for row in read(batch, alone).good if not row["duplicate"]]
    assert sorted((row["status"], row["http_status"] or 0) for row in rows) == [
        ("error", 429),
        ("error", 429),
        ("ok", 0),
    ]
