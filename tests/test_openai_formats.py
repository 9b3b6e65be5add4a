"""Logs of OpenAI's API by hand: answers, streams, batches, usage and cost reports; what they cost end to end."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from reading_logs import log, read

from aggcost import analyze, read_usage

AT = 1_795_435_200  # 2026-11-23T12:00:00Z
M = 1_000_000


def lines(folder, *rows, name="log.jsonl"):
    return log(folder, "".join(json.dumps(row) + "\n" for row in rows), name)


def chat(model="gpt-4o", sent=100, cached=0, answered=20, reasoning=0, **more):
    used = {
        "prompt_tokens": sent,
        "completion_tokens": answered,
        "total_tokens": sent + answered,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
    told = {"id": "chatcmpl-1", "object": "chat.completion", "created": AT, "model": model, "choices": []}
    return told | {"usage": used} | more


def response(model="gpt-4o", sent=100, cached=0, answered=20, reasoning=0, **more):
    used = {
        "input_tokens": sent,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": answered,
        "output_tokens_details": {"reasoning_tokens": reasoning},
    }
    told = {"id": "resp_1", "object": "response", "created_at": AT, "status": "completed", "model": model, "output": []}
    return told | {"usage": used} | more


def in_batch(body):
    answer = {"status_code": 200, "request_id": "r", "body": body}
    return {"id": "batch_req_1", "custom_id": "c", "response": answer, "error": None}


def cost(path) -> Decimal | None:
    return analyze(read_usage(path)).arms[0].cost


@pytest.mark.parametrize("answer", [chat, response])
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"model": "gpt-4o", "sent": 2006, "cached": 1920, "answered": 300}, "0.005615"),
        ({"model": "gpt-5", "sent": 9126, "cached": 4864, "answered": 3197}, "0.0379055"),
        ({"model": "o4-mini", "sent": 1000, "answered": 5000, "reasoning": 4000}, "0.0231"),
        ({"sent": M, "answered": M, "service_tier": "priority"}, "21.25"),
        ({"sent": M, "answered": M, "service_tier": "default"}, "12.5"),
        ({"model": "gpt-5-mini", "sent": 2000, "cached": 1000, "answered": 500, "service_tier": "flex"}, "0.0006375"),
        ({"service_tier": "bogus"}, None),
        ({"model": "unheard-of"}, None),
    ],
)
def test_answers_cost_what_invoices_say(tmp_path, answer, told, expected):
    assert cost(lines(tmp_path, answer(**told))) == (expected and Decimal(expected))


@pytest.mark.parametrize("answer", [chat, response])
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"sent": M, "answered": M, "service_tier": "default"}, "6.25"),
        ({"model": "gpt-5.4", "sent": 100_000, "cached": 100_000, "answered": 0}, "0.013"),
    ],
)
def test_batches_cost_their_own_price(tmp_path, answer, told, expected):
    path = lines(tmp_path, in_batch(answer(**told)))
    assert read(path).values("service_tier") == ["batch"]
    assert cost(path) == Decimal(expected)


def test_a_stream_counts_once(tmp_path):
    chunk = chat(object="chat.completion.chunk", usage=None)
    early = {"prompt_tokens": 100, "completion_tokens": 1}
    found = read(lines(tmp_path, chunk, chunk | {"usage": early}, chat(object="chat.completion.chunk"), chunk))
    (row,) = [row for row in found.good if not row["duplicate"]]
    assert (row["input"], row["output"]) == (100, 20)
    assert len(found.good) == 4


def test_whole_answers_repeat_where_id_and_time_do(tmp_path):
    found = read(lines(tmp_path, chat(), chat(), chat(created=AT + 1)))
    assert found.values("duplicate") == [False, False, True]


def test_a_stream_without_usage_is_unknown_not_free(tmp_path):
    chunk = chat(object="chat.completion.chunk", usage=None)
    (row,) = [row for row in read(lines(tmp_path, chunk, chunk)).good if not row["duplicate"]]
    assert (row["input"], row["output"], row["status"]) == (None, None, "ok")


def test_deepseek_divides_the_prompt_into_hits_and_misses(tmp_path):
    used = {"prompt_tokens": 100, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36, "completion_tokens": 5}
    (row,) = read(lines(tmp_path, chat("deepseek-chat", usage=used))).good
    assert (row["provider"], row["input"], row["cache_read"]) == ("deepseek", 36, 64)


@pytest.mark.parametrize(("total", "expected"), [(200_999, "0.405998"), (200_399, "0.402398"), (None, "0.402398")])
def test_xai_counts_reasoning_beside_the_completion(tmp_path, total, expected):
    used = {
        "prompt_tokens": 199_999,
        "completion_tokens": 400,
        "completion_tokens_details": {"reasoning_tokens": 600 if total == 200_999 else 100},
        "total_tokens": total,
        "cost_in_usd_ticks": 1,
    }
    path = lines(tmp_path, chat("grok-4.5", usage=used))
    assert read(path).values("provider") == ["x-ai"]
    assert cost(path) == Decimal(expected)


def test_a_provider_that_the_log_names_wins(tmp_path):
    found = read(lines(tmp_path, chat(provider="xai"), chat(id="2")))
    assert found.values("provider") == ["openai", "x-ai"]
    assert read(lines(tmp_path, chat()), assume={"provider": "azure"}).values("provider") == ["azure"]


def test_an_error_is_a_request_that_failed_and_cost_nothing(tmp_path):
    errors = [{"error": {"type": "tokens", "code": "rate_limit_exceeded"}}, {"error": {"code": 429}}]
    found = read(lines(tmp_path, chat(), *errors))
    assert found.values("status") == ["error", "error", "ok"]
    assert found.values("http_status") == [429, None, None]
    assert [row["output"] for row in found.good if row["status"] == "error"] == [None, None]


def test_what_is_no_answer_is_filtered(tmp_path):
    found = read(lines(tmp_path, chat(), {"object": "embedding"}, {"event": "start"}))
    assert found.values("filtered") == [None, "not_a_request", "not_a_request"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (chat(x_nanogpt_pricing={"cost": 1}), ""),
        (chat(id="gen-1791466775-x"), "openrouter-chat"),
        (chat(provider="Groq", usage=chat()["usage"] | {"cost": 0.1}), "openrouter-chat"),
        (chat(usage=chat()["usage"] | {"cost": 0.1}), "openai-chat"),
        ({"object": "chat.completion", "token_usage": {}, "fallback_index": 0, "model": "m", "latency": 1}, ""),
        ({"custom_id": "c", "result": {"type": "succeeded"}, "model": "m"}, ""),
        ({"custom_id": "c", "method": "POST", "url": "/v1/chat/completions", "body": {}, "model": "m"}, ""),
    ],
)
def test_lines_that_look_alike(tmp_path, row, expected):
    found = read(lines(tmp_path, row)).inputs[0].format
    assert found == expected or (not expected and not found.startswith("open"))


def router(**usage):
    return chat("z-ai/glm-5.3-flash", id="gen-1791466775-x", provider="P", usage=chat()["usage"] | usage)


def test_money_of_openrouter_holds_the_part_of_ones_own_key(tmp_path):
    parts = {"upstream_inference_cost": 0.25}
    rows = [
        router(cost=1.25e-05, is_byok=False, cost_details=parts),
        router(cost=0.01, is_byok=True, cost_details=parts),
        router(cost=0.02, is_byok=True, cost_details={}),
    ]
    found = read(lines(tmp_path, *(row | {"id": f"gen-1791466775-{at}"} for at, row in enumerate(rows))))
    assert found.values("recorded_cost") == [Decimal("0.0000125"), Decimal("0.02"), Decimal("0.26")]
    assert set(found.values("provider")) == {"openrouter"}


@pytest.mark.parametrize("told", [{"cost": "much"}, {"cost": "much", "is_byok": True}])
def test_money_of_openrouter_that_is_none_is_quarantined(tmp_path, told):
    row = router(**told, cost_details={"upstream_inference_cost": 0.25})
    assert read(lines(tmp_path, row)).places == [(1, "cost_usd", "not_an_amount")]


def test_the_id_of_openrouter_holds_its_second(tmp_path):
    row = router()
    del row["created"]
    (found,) = read(lines(tmp_path, row)).good
    assert found["ts"].isoformat() == "2026-10-08T13:39:35"


@pytest.mark.parametrize(
    ("status", "expected"),
    [("completed", "ok"), ("incomplete", "ok"), ("failed", "error"), ("cancelled", "cancelled"), ("queued", None)],
)
def test_states_of_responses(tmp_path, status, expected):
    assert read(lines(tmp_path, response(status=status))).values("status") == [expected]


def test_a_response_logged_while_it_is_made_counts_once(tmp_path):
    early, queued = response(status="in_progress", usage=None), response(status="queued", usage=None)
    cancelled = response(status="cancelled", usage=None, id="resp_2")
    found = read(lines(tmp_path, early, response(), queued, cancelled | {"status": "in_progress"}, cancelled))
    rows = [(row["status"], row["output"]) for row in found.good if not row["duplicate"]]
    assert sorted(rows) == [("cancelled", None), ("ok", 20)]


def test_who_and_where_of_a_response(tmp_path):
    told = {
        "conversation": {"id": "conv"},
        "previous_response_id": "resp_0",
        "safety_identifier": "u",
        "metadata": {"a": "b"},
    }
    (row,) = read(lines(tmp_path, response(**told)), request_ids=True).good
    assert (row["session_id"], row["parent_id"], row["user"]) == ("conv", "resp_0", "u")
    assert json.loads(row["tags"]) == {"a": "b"}


def test_writes_to_the_cache_are_neither_fresh_nor_of_a_known_lifetime(tmp_path):
    used = response()["usage"] | {"input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20}}
    (row,) = read(lines(tmp_path, response(usage=used))).good
    assert (row["input"], row["cache_read"], row["cache_write_other"]) == (50, 30, 20)
    assert (row["cache_write_5m"], row["cache_write_1h"]) == (None, None)


def test_requests_of_a_batch_that_failed(tmp_path):
    refused = {"status_code": 400, "request_id": "r", "body": {"error": {"code": "invalid_request", "type": "e"}}}
    rows = [
        {"id": "1", "custom_id": "a", "response": refused, "error": None},
        {"id": "2", "custom_id": "b", "response": None, "error": {"code": "batch_expired", "message": "m"}},
        {"id": "3", "custom_id": "c", "response": None, "error": {"code": "batch_cancelled", "message": "m"}},
    ]
    found = read(lines(tmp_path, *rows, in_batch(chat()) | {"id": "4"}))
    by_id = sorted(
        (row["request_id"], row["status"], row["http_status"], row["output"])
        for row in read(lines(tmp_path, *rows), request_ids=True).good
    )
    assert by_id == [("1", "error", 400, None), ("2", "error", None, None), ("3", "cancelled", None, None)]
    assert found.values("status") == ["cancelled", "error", "error", "ok"]
    assert cost(lines(tmp_path, *rows, in_batch(chat(sent=M, answered=M)))) == Decimal("6.25")


def test_embeddings_in_a_batch(tmp_path):
    body = {"object": "list", "data": [], "model": "text-embedding-3-small", "usage": {"prompt_tokens": M}}
    path = lines(tmp_path, in_batch(body))
    assert read(path).values("operation") == ["embeddings"]
    assert read(path).values("input") == [M]


def bucket(*results, start=AT):
    return {"object": "bucket", "start_time": start, "end_time": start + 60, "results": list(results)}


def page(folder, *buckets, name="page.json"):
    text = json.dumps({"object": "page", "data": list(buckets), "has_more": False, "next_page": None}, indent=2)
    return log(folder, text, name)


def result(kind="completions", **more):
    return {"object": f"organization.usage.{kind}.result", "num_model_requests": 3, "model": "gpt-4o"} | more


def test_usage_of_an_organization_costs_what_its_requests_cost(tmp_path):
    counted = {"input_tokens": 2006, "input_cached_tokens": 1920, "output_tokens": 300}
    overlapping = {"input_uncached_tokens": 86, "input_text_tokens": 86, "output_text_tokens": 300}
    path = page(tmp_path, bucket(), bucket(result(**counted, **overlapping), result("images", images=2)))
    rows = sorted(read(path).good, key=lambda row: str(row["filtered"]), reverse=True)
    assert [row["filtered"] for row in rows] == ["not_a_request", "not_a_request", None]
    assert (rows[2]["request_count"], rows[2]["grain"], rows[2]["input"]) == (3, "bucket", 86)
    assert cost(path) == Decimal("0.005615")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"batch": True, "service_tier": None}, "batch"),
        ({"batch": True, "service_tier": "default"}, "batch"),
        ({"batch": False, "service_tier": "default"}, "standard"),
        ({"batch": False, "service_tier": "flex"}, "flex"),
        ({"batch": None, "service_tier": None}, None),
    ],
)
def test_tiers_of_usage(tmp_path, told, expected):
    row = result(input_tokens=M, output_tokens=M, **told)
    path = page(tmp_path, bucket(row))
    assert read(path).values("service_tier") == [expected]


def test_batch_usage_has_batch_prices_and_no_model_has_none(tmp_path):
    assert cost(page(tmp_path, bucket(result(input_tokens=M, output_tokens=M, batch=True)))) == Decimal("6.25")
    assert cost(page(tmp_path, bucket(result(input_tokens=M, output_tokens=M, model=None)))) is None


@pytest.mark.parametrize("kind", ["moderations", "audio_speeches", "audio_transcriptions", "vector_stores"])
def test_results_without_billed_tokens_are_filtered(tmp_path, kind):
    found = read(page(tmp_path, bucket(result(kind, input_tokens=16)), bucket(result("embeddings", input_tokens=5))))
    assert found.values("filtered") == [None, "not_a_request"]
    assert sorted(row["input"] for row in found.good if row["filtered"] is None) == [5]


def amount(value, currency="usd", item=None):
    money = {"value": value, "currency": currency}
    return {"object": "organization.costs.result", "amount": money, "line_item": item, "project_id": "p"}


def test_costs_of_an_organization(tmp_path):
    rows = [amount(0.06, item="gpt-5-mini, input"), amount("0.5", item="web search tool calls"), amount(9, "eur")]
    found = read(page(tmp_path, bucket(), bucket(*rows)))
    good = [row for row in found.good if row["filtered"] is None]
    assert found.inputs[0].format == "openai-costs"
    assert sorted((str(row["recorded_cost"]), str(row["model"])) for row in good) == [
        ("0.060000000000", "gpt-5-mini"), ("0.500000000000", "None"), ("None", "None"),
    ]  # fmt: skip
    assert {(row["input"], row["output"], row["request_count"]) for row in good} == {(None, None, 0)}


TIMES = "start_time,end_time,start_time_iso,end_time_iso"
DAY = f"{AT},{AT + 86_400},2026-11-23T12:00:00,2026-11-24T12:00:00"


def test_an_export_of_usage_in_any_order_of_columns(tmp_path):
    header = f"{TIMES},output_tokens,model,num_model_requests,batch,input_cached_tokens,input_tokens"
    path = log(tmp_path, f"{header}\n{DAY},,,,,,\n{DAY},300,gpt-4o,3.0,False,1920,2006.0\n")
    found = read(path)
    assert found.inputs[0].format == "openai-usage-csv"
    assert found.values("filtered") == [None, "not_a_request"]
    (row,) = [row for row in found.good if row["filtered"] is None]
    assert (row["request_count"], row["input"], row["cache_read"], row["output"]) == (3, 86, 1920, 300)
    assert cost(path) == Decimal("0.005615")


def test_an_export_of_no_usage_is_empty(tmp_path):
    found = read(log(tmp_path, f"{TIMES}\n{DAY}\n"))
    assert (found.inputs[0].format, found.values("filtered")) == ("openai-usage-csv", ["not_a_request"])


def test_an_export_of_costs(tmp_path):
    header = f"{TIMES},amount_value,amount_currency,quantity,quantity_unit,line_item,user_id,user_email"
    rows = [
        f'{DAY},0.003835980000000000000000000000,usd,1000,tokens,"gpt-5-nano, input",u,e',
        f"{DAY},1.5,eur,,,,,",
        f"{DAY},,,,,,,",
    ]
    found = read(log(tmp_path, "\n".join([header, *rows, ""])))
    assert found.inputs[0].format == "openai-costs-csv"
    assert found.values("filtered") == [None, None, "not_a_request"]
    assert found.values("recorded_cost") == [Decimal("0.003835980000"), None, None]
    assert found.values("model") == [None, None, "gpt-5-nano"]
