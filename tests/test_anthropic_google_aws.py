"""Logs of Anthropic, Google and Bedrock by hand: what their token counts contain, repeats, failures, exact costs."""

from __future__ import annotations

import json

import pytest
from reading_logs import log, read

import aggcost
from aggcost.money import plain
from aggcost.price_sources import load_rates

NOON = "2026-11-23T12:00:00Z"
COUNTS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")


@pytest.fixture(scope="module")
def card():
    return load_rates()


def lines(folder, *records, name="log.jsonl"):
    return log(folder, "".join(json.dumps(record) + "\n" for record in records), name)


def counts(row):
    return tuple(row[name] for name in COUNTS)


def kept(found):
    return [row for row in found.good if row["filtered"] is None and not row["duplicate"]]


def only(found):
    (row,) = kept(found)
    assert found.bad == []
    return row


def cost(path, card):
    """Return what a log cost by the shipped catalogue, as text."""
    return [plain(row["cost_usd"]) for row in aggcost.rate(aggcost.read_usage(path), card).rows]


def message(model="claude-sonnet-4-5-20250929", **usage):
    return {"type": "message", "id": "msg_1", "role": "assistant", "model": model, "content": [], "usage": usage}


def at_noon(record):
    return {"timestamp": NOON} | record


LIFETIMES = {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000}
INVOICE = message("claude-3-7-sonnet-20250219", input_tokens=3, cache_creation_input_tokens=12304, output_tokens=550)
FLAT = message(input_tokens=5, cache_creation_input_tokens=4735, output_tokens=255)
SPLIT = message(
    input_tokens=100, cache_read_input_tokens=5000, cache_creation_input_tokens=3000, cache_creation=LIFETIMES,
    output_tokens=400,
)  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), [(INVOICE, "0.054399"), (SPLIT, "0.02355"), (FLAT, "0.02159625")])
@pytest.mark.parametrize("wrapper", [None, "response", "body"])
def test_messages_cost_exactly(tmp_path, card, body, expected, wrapper):
    assert cost(lines(tmp_path, at_noon(body if wrapper is None else {wrapper: body})), card) == [expected]


def test_the_shape_read_as_if_input_contained_the_cache_is_quarantined(tmp_path):
    usage = FLAT["usage"]
    found = read(lines(tmp_path, at_noon(usage | {"model": FLAT["model"]})))
    assert found.inputs[0].format == "generic"
    assert found.places == [(1, "input_tokens", "less_than_the_cached_tokens")]
    assert kept(found) == []


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"cache_creation_input_tokens": 9, "cache_creation": LIFETIMES}, (1000, 2000)),
        ({"cache_creation_input_tokens": 9, "cache_creation": None}, (9, None)),
        ({"cache_creation_input_tokens": 9, "cache_creation": dict.fromkeys(LIFETIMES, 0)}, (9, 0)),
        ({"cache_creation_input_tokens": 0, "cache_creation": dict.fromkeys(LIFETIMES, 0)}, (0, 0)),
        ({}, (None, None)),
    ],
)
def test_cache_writes_by_lifetime_before_the_flat_count(tmp_path, usage, expected):
    row = only(read(lines(tmp_path, message(input_tokens=1, output_tokens=2, **usage))))
    assert (row["cache_write_5m"], row["cache_write_1h"]) == expected
    assert row["cache_write_other"] is None


def test_tokens_of_a_compaction_are_added(tmp_path):
    iterations = [
        {"type": "compaction", "input_tokens": 70, "output_tokens": 8, "cache_read_input_tokens": 5,
         "cache_creation_input_tokens": 30, "cache_creation": {"ephemeral_5m_input_tokens": 10,
                                                               "ephemeral_1h_input_tokens": 20}},
        {"type": "message", "input_tokens": 1, "output_tokens": 2},
    ]  # fmt: skip
    usage = {"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 3, "iterations": iterations}
    row = only(read(lines(tmp_path, message(**usage))))
    assert counts(row) == (71, 8, 10, 20, 10)


@pytest.mark.parametrize("iterations", [[], [{"type": "message", "input_tokens": 1, "output_tokens": 2}]])
def test_other_iterations_are_in_the_totals(tmp_path, iterations):
    row = only(read(lines(tmp_path, message(input_tokens=1, output_tokens=2, iterations=iterations))))
    assert counts(row) == (1, None, None, None, 2)


def test_a_compaction_without_a_count_is_quarantined(tmp_path):
    iterations = [{"type": "compaction", "input_tokens": 7.5, "output_tokens": 1}]
    found = read(lines(tmp_path, message(input_tokens=1, output_tokens=2, iterations=iterations)))
    assert found.places == [(1, "input_tokens", "not_a_count")]


@pytest.mark.parametrize(
    ("usage", "tier"),
    [
        ({"service_tier": "standard"}, "standard"),
        ({"service_tier": "batch"}, "batch"),
        ({"service_tier": "standard", "speed": "fast"}, "fast"),
        ({"service_tier": "priority", "speed": "standard"}, "priority"),
        ({}, None),
    ],
)
def test_service_tiers_of_messages(tmp_path, usage, tier):
    assert only(read(lines(tmp_path, message(input_tokens=1, **usage))))["service_tier"] == tier


def test_a_message_logged_while_it_streams_counts_once(tmp_path):
    started, ended = (message(input_tokens=10, output_tokens=output) for output in (1, 90))
    event = {"type": "message_delta", "id": "msg_1", "model": "m", "usage": {"input_tokens": 10, "output_tokens": 40}}
    bare = {"type": "message_delta", "usage": {"output_tokens": 40}}
    found = read(lines(tmp_path, started, event, bare, ended, ended))
    assert counts(only(found)) == (10, None, None, None, 90)
    assert [row["duplicate"] for row in found.good].count(True) == 3
    assert found.values("filtered").count("not_a_request") == 1


def test_errors_of_the_api_are_failed_requests(tmp_path):
    error = {"type": "error", "error": {"type": "rate_limit_error", "message": "no"}, "request_id": "req_1"}
    found = read(lines(tmp_path, message(input_tokens=1), error))
    failed = next(row for row in kept(found) if row["status"] == "error")
    assert (failed["http_status"], failed["input"], failed["request_id"]) == (429, None, None)


@pytest.mark.parametrize(("name", "provider"), [("msg_bdrk_01", "aws"), ("msg_vrtx_01", "google")])
def test_the_id_says_who_served_a_message(tmp_path, name, provider):
    assert only(read(lines(tmp_path, message(input_tokens=1) | {"id": name})))["provider"] == provider
