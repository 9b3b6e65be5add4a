"""LiteLLM spend logs by hand: nested metadata, cache hits, failures."""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import pytest
from reading_logs import log, read

DETAILS = {
    "usage_object": {
        "prompt_tokens_details": {"cached_tokens": 60, "cache_creation_tokens": 10},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
}
CALL = {
    "request_id": "chatcmpl-1", "call_type": "acompletion", "spend": 1.3e-05, "prompt_tokens": 100, "completion_tokens": 20,
    "startTime": "2026-02-01T12:00:00.000", "endTime": "2026-02-01T12:00:01.250", "model": "gpt-4o",
    "custom_llm_provider": "openai", "cache_hit": "False", "status": "success", "metadata": DETAILS,
}  # fmt: skip


def write(folder, rows, form):
    if form == "csv":
        path = folder / "spend.csv"
        cells = [
            {key.lower(): json.dumps(value) if isinstance(value, dict) else value for key, value in row.items()}
            for row in rows
        ]
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(cells[0]))
            writer.writeheader()
            writer.writerows(cells)
        return path
    if form == "text":
        rows = [row | {"metadata": json.dumps(row["metadata"])} for row in rows]
    text = json.dumps(rows, indent=1) if form == "array" else "".join(json.dumps(row) + "\n" for row in rows)
    return log(folder, text, "spend.json")


@pytest.mark.parametrize("form", ["lines", "text", "array", "csv"])
def test_a_call(tmp_path, form):
    found = read(write(tmp_path, [CALL], form))
    (row,) = found.good
    assert found.inputs[0].format == "litellm"
    assert (row["input"], row["cache_read"], row["cache_write_other"]) == (30, 60, 10)
    assert (row["output"], row["reasoning"]) == (20, 5)
    assert row["recorded_cost"] == Decimal("0.000013")
    assert (row["latency_ms"], row["ts"].isoformat()) == (1250, "2026-02-01T12:00:00")
    assert (row["provider"], row["status"], row["billable"]) == ("openai", "ok", None)


def test_what_the_proxy_answered_from_its_cache_is_not_billed(tmp_path):
    found = read(write(tmp_path, [CALL, CALL | {"cache_hit": "True"}], "lines"))
    assert found.values("billable") == [False, None]


@pytest.mark.parametrize("form", ["lines", "text", "csv"])
def test_a_failure_carries_its_code(tmp_path, form):
    failed = CALL | {"status": "failure", "metadata": {"error_information": {"error_code": "429"}}, "spend": 0}
    (row,) = read(write(tmp_path, [failed], form)).good
    assert (row["status"], row["http_status"], row["cache_read"]) == ("error", 429, None)


def test_an_error_code_that_is_none_is_no_bad_row(tmp_path):
    failed = CALL | {"status": "failure", "metadata": {"error_information": {"error_code": "APIConnectionError"}}}
    found = read(write(tmp_path, [failed], "lines"))
    assert [(row["status"], row["http_status"]) for row in found.good] == [("error", None)]


def test_more_cached_than_sent_is_quarantined(tmp_path):
    found = read(write(tmp_path, [CALL, CALL | {"prompt_tokens": 50}], "lines"))
    assert found.places == [(2, "input_tokens", "less_than_the_cached_tokens")]


@pytest.mark.parametrize("metadata", ["", "{broken", "[]", None])
def test_metadata_that_says_nothing(tmp_path, metadata):
    found = read(write(tmp_path, [CALL | {"metadata": metadata}], "csv"))
    assert found.values("input") == [100]


def test_the_map_of_the_user_wins(tmp_path):
    found = read(write(tmp_path, [CALL | {"end_user": "e"}], "lines"), mapping={"user": "end_user"})
    assert found.values("user") == ["e"]


TWICE = json.dumps(json.dumps(DETAILS))
MEMBER = {"usage_object": json.dumps(DETAILS["usage_object"])}


@pytest.mark.parametrize("metadata", [TWICE, MEMBER, json.dumps(MEMBER), json.dumps(json.dumps(MEMBER))])
@pytest.mark.parametrize("form", ["lines", "array", "csv"])
def test_metadata_in_a_string_in_a_string(tmp_path, metadata, form):
    (row,) = read(write(tmp_path, [CALL | {"metadata": metadata}], form)).good
    assert (row["input"], row["cache_read"], row["cache_write_other"]) == (30, 60, 10)
    assert (row["output"], row["reasoning"]) == (20, 5)


def test_usage_values_in_a_string(tmp_path):
    more = json.dumps({"cache_read_input_tokens": 60, "cache_creation_input_tokens": 10})
    (row,) = read(write(tmp_path, [CALL | {"metadata": {"additional_usage_values": more}}], "text")).good
    assert (row["input"], row["cache_read"], row["cache_write_other"]) == (30, 60, 10)


@pytest.mark.parametrize("metadata", ['"text"', '"{broken"', '""', "null", '{"usage_object": "text"}', '"\\"\\""'])
def test_strings_that_hold_nothing(tmp_path, metadata):
    found = read(write(tmp_path, [CALL | {"metadata": metadata}], "csv"))
    assert found.values("input") == [100]


def written(total, **parts):
    details = {"cached_tokens": 60, "cache_creation_token_details": parts}
    if total is not None:
        details["cache_creation_tokens"] = total
    return CALL | {"metadata": {"usage_object": {"prompt_tokens_details": details}}}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (written(10, ephemeral_5m_input_tokens=7, ephemeral_1h_input_tokens=3), (30, 7, 3, 0)),
        (written(10, ephemeral_5m_input_tokens=7), (30, 7, None, 3)),
        (written(None, ephemeral_5m_input_tokens=7, ephemeral_1h_input_tokens=3), (30, 7, 3, None)),
        (written(10), (30, None, None, 10)),
    ],
)
def test_writes_by_their_lifetime_and_their_total_count_once(tmp_path, row, expected):
    (found,) = read(write(tmp_path, [row], "lines")).good
    names = ("input", "cache_write_5m", "cache_write_1h", "cache_write_other")
    assert tuple(found[name] for name in names) == expected


@pytest.mark.parametrize("total", [9, "ten", "12.7"])
def test_a_total_that_its_parts_contradict_is_quarantined(tmp_path, total):
    found = read(write(tmp_path, [written(total, ephemeral_5m_input_tokens=7, ephemeral_1h_input_tokens=3)], "lines"))
    assert found.places == [(1, "cache_write_tokens", "not_a_count")]


def test_a_job_and_its_settlement_count_once(tmp_path):
    sent = CALL | {"request_id": "batch_1", "call_type": "acreate_batch", "prompt_tokens": 0, "completion_tokens": 0,
                   "spend": 0.0, "metadata": {}}  # fmt: skip
    settled = CALL | {"request_id": "batch_1_batch_cost", "call_type": "aretrieve_batch"}
    other = CALL | {"request_id": "batch_2", "call_type": "acreate_batch"}
    found = read(write(tmp_path, [sent, settled, other, CALL], "lines"), request_ids=True)
    kept = {row["request_id"] for row in found.good if not row["duplicate"]}
    assert kept == {"batch_1_batch_cost", "batch_2", "chatcmpl-1"}
