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


BATCH = message(
    "claude-opus-5", input_tokens=1000, cache_read_input_tokens=10_000, cache_creation_input_tokens=2000,
    output_tokens=500, service_tier="standard",
)  # fmt: skip


def test_a_result_of_a_batch_costs_what_a_batch_does(tmp_path, card):
    path = lines(tmp_path, {"custom_id": "a", "result": {"type": "succeeded", "message": BATCH}})
    with_time = aggcost.read_usage(path, assume={"timestamp": NOON})
    assert [plain(row["cost_usd"]) for row in aggcost.rate(with_time, card).rows] == ["0.0175"]


def test_what_failed_in_a_batch_is_not_billed(tmp_path):
    error = {"type": "error", "error": {"type": "api_error", "message": "no"}}
    results = ({"type": "errored", "error": error}, {"type": "canceled"}, {"type": "expired"})
    found = read(lines(tmp_path, *({"custom_id": str(n), "result": one} for n, one in enumerate(results))))
    assert [(row["status"], row["http_status"], row["billable"]) for row in kept(found)] == [
        ("error", 500, False), ("cancelled", None, False), ("error", None, False),
    ]  # fmt: skip


def bucket(*results):
    return {"starting_at": "2026-11-23T00:00:00Z", "ending_at": "2026-11-24T00:00:00Z", "results": list(results)}


def test_a_usage_report_of_several_pages(tmp_path, card):
    result = {
        "uncached_input_tokens": 100, "cache_read_input_tokens": 5000, "cache_creation": LIFETIMES, "output_tokens": 400,
        "model": "claude-sonnet-4-5-20250929", "service_tier": "standard", "inference_geo": "not_available",
    }  # fmt: skip
    pages = [{"data": [bucket(), bucket(result, result)]}, {"data": [bucket(result)], "has_more": False}]
    found = read(lines(tmp_path, *pages))
    assert [(counts(row), row["grain"], row["request_count"]) for row in kept(found)] == [
        ((100, 5000, 1000, 2000, 400), "bucket", 0)
    ] * 3
    assert cost(tmp_path / "log.jsonl", card) == ["0.07065"]  # 3 x 0.02355, though no requests are counted
    report = aggcost.analyze(aggcost.read_usage(tmp_path / "log.jsonl"), card)
    assert (plain(report.arms[0].cost), report.arms[0].requests) == ("0.07065", 0)


def test_a_result_without_a_price_is_not_left_out_silently(tmp_path, card):
    result = {"uncached_input_tokens": 100, "output_tokens": 4, "model": None}
    report = aggcost.analyze(aggcost.read_usage(lines(tmp_path, {"data": [bucket(result)]})), card)
    assert (report.arms[0].cost, plain(report.arms[0].unpriced_percent)) == (None, "100")


@pytest.mark.parametrize(
    ("amount", "currency", "dollars"),
    [("123.45", "USD", "1.2345"), ("0.003", "usd", "0.00003"), ("-5", None, "-0.05"), ("123.45", "EUR", None)],
)
def test_a_cost_report_is_in_cents_of_dollars(tmp_path, amount, currency, dollars):
    result = {"amount": amount, "currency": currency, "cost_type": None, "token_type": None, "model": None}
    row = only(read(lines(tmp_path, {"data": [bucket(result)]})))
    assert (row["recorded_cost"] is None) == (dollars is None)
    assert dollars is None or plain(row["recorded_cost"]) == dollars
    assert (row["input"], row["output"]) == (None, None)


def test_an_amount_that_is_none_is_quarantined(tmp_path):
    result = {"amount": "$1.00", "currency": "USD", "cost_type": "tokens"}
    assert read(lines(tmp_path, {"data": [bucket(result)]})).places == [(1, "cost_usd", "not_an_amount")]


OLD = "usage_date_utc,model_version,api_key,workspace,usage_type,usage_input_tokens_no_cache,"
OLD_END = "usage_input_tokens_cache_read,usage_output_tokens,web_search_count\n"


def test_an_old_token_export_has_one_column_of_cache_writes(tmp_path):
    text = (
        f"{OLD}usage_input_tokens_cache_write,{OLD_END}" + '2025-06-12,m,key,Default,standard,"1,234",50,7,"1,000",0\n'
    )
    row = only(read(log(tmp_path, text)))
    assert (row["input"], row["cache_write_other"], row["cache_read"], row["output"]) == (1234, 50, 7, 1000)


@pytest.mark.parametrize(
    ("cell", "reason"), [("1,23", "not_a_count"), ("1.5", "not_a_count"), ("12,34,567", "not_a_count")]
)
def test_commas_that_group_no_thousands_are_no_count(tmp_path, cell, reason):
    text = f'{OLD}{OLD_END}2025-06-12,m,key,Default,standard,"{cell}",7,10,0\n'
    assert read(log(tmp_path, text)).places == [(2, "input_tokens", reason)]


@pytest.mark.parametrize("day", ["2025-06-12", "2025-06-12 00:00", "2025-06-12T00:00:00Z"])
def test_times_of_token_exports(tmp_path, day):
    row = only(read(log(tmp_path, f"{OLD}{OLD_END}{day},m,key,Default,standard,1,2,3,0\n")))
    assert row["ts"].isoformat() == "2025-06-12T00:00:00"


def test_the_oldest_cost_export(tmp_path):
    text = "usage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd\n"
    row = only(read(log(tmp_path, text + '2025-06-12,Claude Opus 4,Default,key,batch,output,"1,234.50"\n')))
    assert (plain(row["recorded_cost"]), row["service_tier"], row["model"]) == ("1234.5", "batch", "Claude Opus 4")


def gemini(model="gemini-2.5-pro", **counted):
    return {"timestamp": NOON, "modelVersion": model, "responseId": "r1", "usageMetadata": counted}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (gemini(promptTokenCount=262_960, cachedContentTokenCount=257_955, candidatesTokenCount=1744), "0.10316125"),
        (
            gemini("gemini-3-flash-preview", promptTokenCount=20_212, cachedContentTokenCount=16_298,
                   candidatesTokenCount=931),
            "0.0055649",
        ),
        (gemini(promptTokenCount=1000, candidatesTokenCount=1744, thoughtsTokenCount=500), "0.02369"),
    ],
)  # fmt: skip
def test_answers_of_gemini_cost_exactly(tmp_path, card, answer, expected):
    assert cost(lines(tmp_path, answer), card) == [expected]


@pytest.mark.parametrize("style", ["wire", "sdk", "wrapped"])
def test_tool_results_are_input_and_thoughts_output(tmp_path, style):
    answer = gemini(
        promptTokenCount=100, cachedContentTokenCount=60, toolUsePromptTokenCount=7, candidatesTokenCount=20,
        thoughtsTokenCount=5, totalTokenCount=132, trafficType="ON_DEMAND_PRIORITY",
    )  # fmt: skip
    if style == "sdk":
        usage = {
            "prompt_token_count": 100, "cached_content_token_count": 60, "tool_use_prompt_token_count": 7,
            "candidates_token_count": 20, "thoughts_token_count": 5, "total_token_count": 132,
            "traffic_type": "ON_DEMAND_PRIORITY",
        }  # fmt: skip
        answer = {"create_time": NOON, "model_version": "gemini-2.5-pro", "response_id": "r1", "usage_metadata": usage}
    if style == "wrapped":
        answer = {"timestamp": answer.pop("timestamp"), "response": answer}
    row = only(read(lines(tmp_path, answer), request_ids=True))
    assert counts(row) == (47, 60, None, None, 25)
    assert (row["reasoning"], row["service_tier"], row["request_id"]) == (5, "priority", "r1")
    assert (row["model"], row["ts"].isoformat()) == ("gemini-2.5-pro", "2026-11-23T12:00:00")


def test_chunks_of_a_stream_count_once(tmp_path):
    early = gemini(promptTokenCount=100, totalTokenCount=100)
    late = gemini(promptTokenCount=100, candidatesTokenCount=20, totalTokenCount=120)
    bare = {"candidates": [], "responseId": "r1"}
    path = log(tmp_path, json.dumps([late, bare, early, late]), "stream.json")
    found = read(path)
    assert counts(only(found)) == (100, None, None, None, 20)
    assert [row["filtered"] for row in found.good].count("not_a_request") == 1


def test_blocked_and_failed_answers_stay(tmp_path):
    blocked = gemini(promptTokenCount=100, totalTokenCount=100) | {"promptFeedback": {"blockReason": "SAFETY"}}
    failed = {"error": {"code": 503, "status": "UNAVAILABLE", "message": "no"}}
    rows = kept(read(lines(tmp_path, blocked, failed)))
    assert sorted((row["status"], row["http_status"] or 0) for row in rows) == [("error", 503), ("rejected", 0)]


@pytest.mark.parametrize("beside", [{"key": "a"}, {"processed_time": NOON, "status": ""}])
def test_answers_of_a_batch_of_gemini(tmp_path, beside):
    answer = gemini(promptTokenCount=1, totalTokenCount=1)
    del answer["timestamp"]
    assert only(read(lines(tmp_path, beside | {"response": answer})))["service_tier"] == "batch"


def vertex(response, **more):
    return {
        "logging_time": "2026-11-23T12:00:00Z", "request_id": "12345678901234567890",
        "endpoint": "projects/p/locations/europe-west4/publishers/google/models/gemini-2.5-pro",
        "model": "publishers/google/models/gemini-2.5-pro", "full_response": response,
    } | more  # fmt: skip


THOUGHT = {"usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 1744, "thoughtsTokenCount": 500}}
SNAKE = {"usage_metadata": {"prompt_token_count": 1000, "candidates_token_count": 1744, "thoughts_token_count": 500}}


@pytest.mark.parametrize("response", [THOUGHT, SNAKE, [{"candidates": []}, THOUGHT], json.dumps(THOUGHT),
                                      json.dumps([{}, SNAKE])])  # fmt: skip
def test_rows_of_vertex(tmp_path, card, response):
    path = lines(tmp_path, vertex(response))
    row = only(read(path, request_ids=True))
    assert (row["input"], row["output"], row["reasoning"]) == (1000, 2244, 500)
    assert (row["region"], row["request_id"]) == ("europe-west4", "12345678901234567890")
    assert cost(path, card) == ["0.02369"]


def test_rows_of_vertex_as_csv(tmp_path):
    cell = json.dumps(THOUGHT).replace('"', '""')
    path = log(tmp_path, f'logging_time,model,full_response\n2026-11-23 12:00:00.5 UTC,gemini-2.5-pro,"{cell}"\n')
    row = only(read(path))
    assert (row["input"], row["output"], row["ts"].isoformat()) == (1000, 2244, "2026-11-23T12:00:00.500000")


def test_claude_on_vertex_counts_the_cache_beside_the_input(tmp_path):
    for body in (SPLIT, json.dumps(SPLIT)):
        row = only(read(lines(tmp_path, vertex(body))))
        assert counts(row) == (100, 5000, 1000, 2000, 400)
        assert (row["model"], row["provider"]) == ("claude-sonnet-4-5-20250929", "google")


def invocation(input_=None, output=None, **more):
    return {
        "schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": NOON, "region": "us-east-1",
        "requestId": "r1", "operation": "InvokeModel", "modelId": "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "input": input_ or {}, "output": output or {},
    } | more  # fmt: skip


IN = {"inputTokenCount": 100, "cacheReadInputTokenCount": 5000, "cacheWriteInputTokenCount": 3000}
CONVERSE = {"usage": {"cacheDetails": [{"ttl": "1h", "inputTokens": 2000}, {"ttl": "5m", "inputTokens": 1000}]}}
CLAUDE = {"usage": {"cache_creation": LIFETIMES}}
OUT = {"outputTokenCount": 400}


@pytest.mark.parametrize("body", [CONVERSE, CLAUDE, [{"type": "message_start", "message": CLAUDE}]])
def test_invocations_of_bedrock_cost_exactly(tmp_path, card, body):
    path = lines(tmp_path, invocation(IN, OUT | {"outputBodyJson": body}))
    assert counts(only(read(path))) == (100, 5000, 1000, 2000, 400)
    assert cost(path, card) == ["0.02355"]


def test_an_invocation_without_its_body_has_writes_of_unknown_lifetime(tmp_path):
    beside = invocation({"inputTokenCount": 3}, OUT, cacheReadInputTokenCount=5, cacheWriteInputTokenCount=25_037)
    for one in (beside, invocation({**IN, "inputTokenCount": 3}, OUT)):
        row = only(read(lines(tmp_path, one)))
        assert (row["input"], row["cache_write_5m"], row["cache_write_1h"]) == (3, None, None)
        assert row["cache_write_other"] in (25_037, 3000)


def test_lifetimes_that_do_not_add_up_are_quarantined(tmp_path):
    output = OUT | {"outputBodyJson": CONVERSE}
    found = read(lines(tmp_path, invocation(IN | {"cacheWriteInputTokenCount": 2999}, output)))
    assert found.places == [(1, "cache_write_tokens", "not_a_count")]


@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 429), ("NewException", None)])
def test_failed_invocations_stay(tmp_path, code, status):
    row = only(read(lines(tmp_path, invocation(errorCode=code))))
    assert (row["status"], row["http_status"], row["input"]) == ("error", status, None)


@pytest.mark.parametrize("as_text", [True, False])
def test_invocations_out_of_logs_insights(tmp_path, as_text):
    one = invocation(IN, OUT)
    events = [{"@timestamp": "2026-11-23 12:00:01.000", "@message": json.dumps(one) if as_text else one},
              {"@timestamp": "2026-11-23 12:00:02.000", "@message": "started"}]  # fmt: skip
    found = read(log(tmp_path, json.dumps(events), "insights.json"))
    assert found.inputs[0].format == "bedrock-cloudwatch"
    row = only(found)
    assert (row["input"], row["cache_read"], row["ts"].isoformat()) == (100, 5000, "2026-11-23T12:00:00")


def test_an_array_of_invocations(tmp_path):
    found = read(log(tmp_path, json.dumps([invocation(IN, OUT), invocation(IN, OUT)], indent=1), "records.json"))
    assert [row["output"] for row in kept(found)] == [400, 400]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (1795435200, "2026-11-23T12:00:00"),
        (1795435200.25, "2026-11-23T12:00:00.250000"),
        ("2026-11-23T13:00:00+01:00", "2026-11-23T12:00:00"),
    ],
)
def test_times_beside_a_message(tmp_path, stated, expected):
    row = only(read(lines(tmp_path, {"request_time": stated} | FLAT)))
    assert row["ts"].isoformat() == expected


@pytest.mark.parametrize("stated", [1795435200123, 1795435200123456, 1795435200123456789, 10**18 - 1])
def test_a_time_in_another_unit_is_quarantined(tmp_path, stated):
    assert read(lines(tmp_path, {"timestamp": stated} | FLAT)).places == [(1, "timestamp", "not_a_time")]


def test_the_names_in_a_wrapped_body_are_those_of_the_answer(tmp_path):
    wrapper = {"id": "line-1", "model": "fast", "type": "log", "request": {"model": "fast"}, "response": FLAT}
    row = only(read(lines(tmp_path, wrapper), request_ids=True))
    assert (row["request_id"], row["model"]) == ("msg_1", FLAT["model"])
