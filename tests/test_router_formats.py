"""Logs of OpenRouter, NanoGPT, Vercel's AI Gateway and DeepSeek's platform, by hand."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest
from reading_logs import log, read

import aggcost

GENERATION = {
    "id": "gen-1", "created_at": "2026-11-23T12:00:00.125+00:00", "model": "z-ai/glm-5.1", "provider_name": "Fireworks",
    "total_cost": 0.02, "upstream_inference_cost": 0.0125, "is_byok": False, "native_tokens_prompt": 100,
    "native_tokens_completion": 20, "native_tokens_cached": 60, "native_tokens_reasoning": 5, "tokens_prompt": 111,
    "tokens_completion": 22, "latency": 1250, "generation_time": 1200, "finish_reason": "stop", "cancelled": False,
    "response_cache_source_id": None, "provider_responses": None, "service_tier": None, "data_region": "global",
}  # fmt: skip
TOKENS = ("input", "cache_read", "cache_write_other", "output", "reasoning")


def lines(folder, *records, name="log.jsonl"):
    return log(folder, "".join(json.dumps(record) + "\n" for record in records), name)


def table(folder, *rows, quoting=csv.QUOTE_MINIMAL):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return log(folder, text.getvalue(), "export.csv")


def one(*sources, **options):
    (row,) = read(*sources, **options).good
    return row


def tokens(row):
    return tuple(row[name] for name in TOKENS)


def arm(path):
    """What `analyze` says of a log: what became of its records, and what they cost."""
    report = aggcost.analyze(aggcost.read_usage(path))
    return report.coverage, report.arms[0]


@pytest.mark.parametrize("form", ["inner line", "data line", "array", "document", "documents"])
def test_a_generation_however_it_was_saved(tmp_path, form):
    whole = json.dumps({"data": GENERATION}, indent=1)
    texts = {
        "inner line": json.dumps(GENERATION), "data line": json.dumps({"data": GENERATION}), "array": f"[{whole}]",
        "document": whole, "documents": f"{whole}\n{whole}",
    }  # fmt: skip
    found = read(log(tmp_path, texts[form] + "\n", "generation.json"))
    assert found.inputs[0].format == "openrouter-generation"
    assert len(found.good) == (2 if form == "documents" else 1)
    row = found.good[0]
    assert tokens(row) == (40, 60, None, 20, 5)
    assert row["recorded_cost"] == Decimal("0.02")
    assert (row["provider"], row["tags"], row["region"]) == ("openrouter", '{"upstream":"Fireworks"}', None)
    assert (row["latency_ms"], row["ts"].isoformat()) == (1250, "2026-11-23T12:00:00.125000")
    assert (row["status"], row["billable"]) == ("ok", None)


def test_on_an_own_key_the_upstream_is_paid_beside_the_fee(tmp_path):
    assert one(lines(tmp_path, GENERATION | {"is_byok": True}))["recorded_cost"] == Decimal("0.0325")


def test_a_cost_that_is_none_is_quarantined(tmp_path):
    found = read(lines(tmp_path, GENERATION, GENERATION | {"total_cost": "free"}))
    assert found.places == [(2, "cost_usd", "not_an_amount")]


def test_an_answer_of_the_routers_own_cache_is_not_billed(tmp_path):
    row = one(lines(tmp_path, GENERATION | {"response_cache_source_id": "gen-0"}))
    assert row["billable"] is False


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"cancelled": True}, ("cancelled", None)),
        ({"finish_reason": "error", "provider_responses": [{"status": 200}, {"status": 502}]}, ("error", 502)),
        ({"finish_reason": None, "provider_responses": [{"status": 429}]}, ("error", 429)),
        ({"provider_responses": [{"status": 503}, {"status": 200}]}, ("ok", None)),
        ({"provider_responses": [{"status": 200}, {"status": 503}]}, ("ok", None)),
        ({"finish_reason": None, "provider_responses": [{"status": 200}]}, ("ok", None)),
        ({"provider_responses": []}, ("ok", None)),
    ],
)
def test_how_a_generation_ended(tmp_path, state, expected):
    row = one(lines(tmp_path, GENERATION | state))
    assert (row["status"], row["http_status"]) == expected


def test_a_generation_that_was_not_found_is_no_request(tmp_path):
    found = read(lines(tmp_path, GENERATION, {"error": {"code": 404, "message": "no"}}, {"data": None}))
    assert [row["filtered"] for row in found.rows].count(None) == 1


def test_the_time_to_the_first_token_is_not_the_whole_time(tmp_path):
    assert one(lines(tmp_path, GENERATION | {"latency": 300}))["latency_ms"] == 1200


def test_without_native_counts_the_tokens_are_unknown(tmp_path):
    unknown = GENERATION | {"id": "gen-2", "native_tokens_prompt": None, "native_tokens_completion": None}
    rows = {row["request_id"]: tokens(row) for row in read(lines(tmp_path, GENERATION, unknown), request_ids=True).good}
    assert rows["gen-2"][0] is None
    assert rows["gen-2"][3] is None


def test_a_generation_served_by_fireworks_costs_exactly(tmp_path):
    usage = {"native_tokens_prompt": 44341, "native_tokens_cached": 41518, "native_tokens_completion": 0}
    usage["native_tokens_reasoning"] = 0
    coverage, found = arm(lines(tmp_path, GENERATION | usage))
    assert (coverage.priced, found.cost) == (1, Decimal("0.01474688"))


def test_a_free_generation_is_free_and_not_unpriced(tmp_path):
    coverage, found = arm(lines(tmp_path, GENERATION | {"model": "deepseek/deepseek-r1:free", "total_cost": 0}))
    assert (coverage.free, coverage.unpriced, found.cost, found.recorded_cost) == (1, 0, 0, 0)


DETAILED = {
    "generation_id": "gen-1782618417-a", "created_at": "2026-06-28 03:46:57.713", "cost_total": "0.0123",
    "cost_web_search": "0.002", "cost_cache": "-0.001", "cost_file_processing": "0", "byok_usage_inference": "0",
    "tokens_prompt": "10389", "tokens_completion": "137", "tokens_reasoning": "30", "tokens_cached": "9000",
    "model_permaslug": "openai/gpt-oss-120b", "provider_name": "Groq", "variant": "standard", "cancelled": "false",
    "streamed": "true", "user": "", "finish_reason_raw": "stop", "finish_reason_normalized": "stop",
    "generation_time_ms": "1300", "time_to_first_token_ms": "210", "api_key_disabled": "false", "api_key_name": "prod",
    "app_name": "",
}  # fmt: skip


def test_a_row_of_the_detailed_export(tmp_path):
    found = read(table(tmp_path, DETAILED))
    (row,) = found.good
    assert found.inputs[0].format == "openrouter-detailed"
    assert tokens(row) == (1389, 9000, None, 137, 30)
    assert (row["ts"].isoformat(), row["latency_ms"], row["ttft_ms"]) == ("2026-06-28T03:46:57.713000", 1300, 210)
    assert (row["recorded_cost"], row["user"], row["status"]) == (Decimal("0.0123"), None, "ok")


def test_an_export_of_a_few_columns_only(tmp_path):
    few = ("generation_id", "created_at", "cost_total", "tokens_prompt", "tokens_completion", "model_permaslug")
    row = one(table(tmp_path, {name: DETAILED[name] for name in few}))
    assert tokens(row) == (10389, None, None, 137, None)
    assert (row["model"], row["recorded_cost"]) == ("openai/gpt-oss-120b", Decimal("0.0123"))


@pytest.mark.parametrize(
    ("variant", "model"),
    [
        ("free", "a/b:free"), ("Thinking", "a/b:thinking"), ("standard", "a/b"), ("", "a/b"), ("nitro", "a/b"),
        ("floor", "a/b"), ("online", "a/b"),
    ],
)  # fmt: skip
def test_a_variant_with_prices_of_its_own_is_another_model(tmp_path, variant, model):
    assert one(table(tmp_path, DETAILED | {"model_permaslug": "a/b", "variant": variant}))["model"] == model


def test_a_slug_that_has_its_variant_keeps_it_once(tmp_path):
    row = one(table(tmp_path, DETAILED | {"model_permaslug": "a/b:free", "variant": "free"}))
    assert row["model"] == "a/b:free"


def test_money_spent_on_an_own_key_is_added(tmp_path):
    row = one(table(tmp_path, DETAILED | {"cost_total": "0.001", "byok_usage_inference": "0.02"}))
    assert row["recorded_cost"] == Decimal("0.021")


def test_a_cancelled_generation_keeps_its_cost(tmp_path):
    row = one(table(tmp_path, DETAILED | {"cancelled": "True"}))
    assert (row["status"], row["recorded_cost"]) == ("cancelled", Decimal("0.0123"))


def test_a_free_variant_of_an_export_is_free(tmp_path):
    free = {"model_permaslug": "deepseek/deepseek-r1", "variant": "free", "cost_total": "0"}
    coverage, found = arm(table(tmp_path, DETAILED | free))
    assert (coverage.free, coverage.unpriced, found.cost) == (1, 0, 0)


def test_a_row_served_by_fireworks_costs_exactly(tmp_path):
    usage = {"model_permaslug": "z-ai/glm-5.1", "tokens_prompt": 44341, "tokens_cached": 41518, "tokens_completion": 0}
    usage |= {"created_at": "2026-11-23 12:00:00", "tokens_reasoning": 0}
    assert arm(table(tmp_path, DETAILED | usage))[1].cost == Decimal("0.01474688")


ACTIVITY = {
    "date": "2025-08-24", "model": "openai/gpt-4.1", "model_permaslug": "openai/gpt-4.1-2025-04-14",
    "endpoint_id": "e", "provider_name": "OpenAI", "usage": 0.015, "byok_usage_inference": 0.012, "requests": 5,
    "prompt_tokens": 50, "completion_tokens": 125, "reasoning_tokens": 25,
}  # fmt: skip


@pytest.mark.parametrize("form", ["answer", "lines", "array"])
def test_a_day_of_the_activity_api(tmp_path, form):
    texts = {"answer": {"data": [ACTIVITY, ACTIVITY]}, "array": [ACTIVITY, ACTIVITY]}
    path = (
        lines(tmp_path, ACTIVITY, ACTIVITY)
        if form == "lines"
        else log(tmp_path, json.dumps(texts[form], indent=1), "activity.json")
    )
    found = read(path)
    assert found.inputs[0].format == "openrouter-activity"
    row = found.good[0]
    assert len(found.good) == 2
    assert (row["grain"], row["request_count"], row["model"]) == ("bucket", 5, "openai/gpt-4.1")
    assert tokens(row) == (50, None, None, 125, 25)
    assert (row["recorded_cost"], row["ts"].isoformat()) == (Decimal("0.027"), "2025-08-24T00:00:00")


def test_a_date_with_a_clock_and_a_record_without_data(tmp_path):
    found = read(lines(tmp_path, {"data": [ACTIVITY | {"date": "2026-06-03 00:00:00"}]}, {"data": []}))
    assert [(row["ts"].isoformat(), row["filtered"]) for row in found.good if row["filtered"] is None] == [
        ("2026-06-03T00:00:00", None)
    ]


AGGREGATED = {
    "Date": "2026-05-12 00:00:00", "Slug": "anthropic/claude-opus-4.7", "Usage": "430.07", "BYOK Usage": "1.5",
    "Requests": "4115", "Prompt Tokens": "70965665", "Completion Tokens": "3009973", "Reasoning Tokens": "0",
}  # fmt: skip


def test_a_row_of_the_aggregated_export(tmp_path):
    found = read(table(tmp_path, AGGREGATED, quoting=csv.QUOTE_ALL))
    (row,) = found.good
    assert found.inputs[0].format == "openrouter-aggregated"
    assert (row["grain"], row["request_count"], row["recorded_cost"]) == ("bucket", 4115, Decimal("431.57"))
    assert tokens(row) == (70965665, None, None, 3009973, 0)


def test_an_export_by_key_has_no_model(tmp_path):
    by_key = {"API Key" if name == "Slug" else name: value for name, value in AGGREGATED.items()}
    found = read(table(tmp_path, by_key))
    assert (found.inputs[0].format, found.values("model")) == ("openrouter-aggregated", [None])


PRICING = {
    "amount": "0.5", "currency": "USD", "cost": 0.4, "costUsd": 0.3, "usdCost": 0.3, "inputTokens": 100,
    "outputTokens": 20, "cacheReadInputTokens": 60, "requestId": "req_1", "paymentSource": "USD",
    "cacheUsageReported": True,
}  # fmt: skip
NANOGPT = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1770022800, "model": "z-ai/glm-5.3-flash",
    "choices": [{"index": 0, "finish_reason": "stop"}], "x_nanogpt_pricing": PRICING,
    "usage": {
        "prompt_tokens": 100, "completion_tokens": 20, "cost": 0.2, "currency": "USD",
        "prompt_tokens_details": {"cached_tokens": 60, "created_cache_tokens": 10},
        "completion_tokens_details": {"reasoning_tokens": 5},
    },
}  # fmt: skip


def priced(without=(), **changes):
    """An answer without usage, its pricing changed."""
    left = {name: value for name, value in (PRICING | changes).items() if name not in without}
    return {name: value for name, value in NANOGPT.items() if name != "usage"} | {"x_nanogpt_pricing": left}


def test_a_nanogpt_answer(tmp_path):
    found = read(log(tmp_path, json.dumps(NANOGPT, indent=1), "answer.json"))
    (row,) = found.good
    assert found.inputs[0].format == "nanogpt"
    assert tokens(row) == (30, 60, 10, 20, 5)
    assert (row["provider"], row["recorded_cost"]) == ("nanogpt", Decimal("0.2"))
    assert row["ts"].isoformat() == "2026-02-02T09:00:00"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (NANOGPT, "0.2"),
        (priced(), "0.3"),
        (priced(without=("costUsd", "usdCost")), "0.4"),
        (priced(without=("costUsd", "usdCost", "cost")), "0.5"),
        (priced(without=("costUsd", "usdCost"), currency="XNO"), None),
        (priced(currency="XNO"), "0.3"),
        (NANOGPT | {"usage": NANOGPT["usage"] | {"currency": "XNO"}}, "0.3"),
        (NANOGPT | {"usage": NANOGPT["usage"] | {"cost": 0}}, None),
        (priced(costUsd=0), None),
    ],
)
def test_which_cost_of_nanogpt_counts(tmp_path, record, expected):
    assert one(lines(tmp_path, record))["recorded_cost"] == (None if expected is None else Decimal(expected))


def test_without_usage_the_pricing_has_the_counts(tmp_path):
    assert tokens(one(lines(tmp_path, priced()))) == (40, 60, None, 20, None)


def test_cached_tokens_that_nobody_reported_are_unknown(tmp_path):
    assert tokens(one(lines(tmp_path, priced(cacheUsageReported=False, cacheReadInputTokens=0))))[1] is None


def test_a_stream_is_one_request(tmp_path):
    chunk = NANOGPT | {"object": "chat.completion.chunk"}
    before = {name: value for name, value in chunk.items() if name not in ("usage", "x_nanogpt_pricing")}
    found = read(lines(tmp_path, before, before, priced() | {"object": "chat.completion.chunk"}, chunk))
    kept = [row for row in found.rows if row["filtered"] is None and not row["duplicate"]]
    assert [row["output"] for row in kept] == [20]
    assert kept[0]["recorded_cost"] == Decimal("0.2")
    assert sum(row["filtered"] is not None for row in found.rows) == 2


def test_calls_without_an_id_are_no_repeats(tmp_path):
    failed = {"error": {"code": 503, "message": "no"}}
    found = read(lines(tmp_path, NANOGPT, failed, failed))
    assert [(row["status"], row["http_status"], row["duplicate"]) for row in found.good if row["status"] == "error"] == [
        ("error", 503, False), ("error", 503, False)
    ]  # fmt: skip


VERCEL = {
    "id": "gen_01KZ7DPJ3VGJXG6NF1WEJWE03M", "created_at": "2026-08-04T22:18:25.000Z", "provider_name": "anthropic",
    "model": "anthropic/claude-sonnet-4.5", "streamed": True, "finish_reason": "stop", "total_cost": 0.02,
    "upstream_inference_cost": 0.01, "is_byok": False, "latency": 300, "generation_time": 1200,
    "native_tokens_prompt": 100, "native_tokens_completion": 20, "native_tokens_reasoning": 5,
    "native_tokens_cached": 60, "native_tokens_cache_creation": 10,
}  # fmt: skip


@pytest.mark.parametrize(
    "record",
    [
        VERCEL,
        {"data": VERCEL},
        {name: value for name, value in VERCEL.items() if name != "native_tokens_cache_creation"},
    ],
)
def test_a_generation_of_vercels_gateway(tmp_path, record):
    found = read(lines(tmp_path, record))
    (row,) = found.good
    assert found.inputs[0].format == "vercel-generation"
    assert (row["provider"], row["recorded_cost"], row["output"]) == ("anthropic", Decimal("0.02"), 20)
    assert (row["latency_ms"], row["ttft_ms"]) == (1200, 300)


@pytest.mark.parametrize(
    ("prompt", "expected"), [(100, 30), (70, 0), (69, 69), (5, 5), (None, None), ("70", 0), (0, 0)]
)
def test_a_prompt_smaller_than_its_cached_tokens_excludes_them(tmp_path, prompt, expected):
    found = read(lines(tmp_path, VERCEL | {"id": "gen_0"}, VERCEL | {"native_tokens_prompt": prompt}), request_ids=True)
    row = next(row for row in found.good if row["request_id"] == VERCEL["id"])
    assert (row["input"], row["cache_read"], row["cache_write_other"]) == (expected, 60, 10)


def test_counts_that_are_none_are_not_made_whole(tmp_path):
    found = read(
        lines(tmp_path, VERCEL, VERCEL | {"native_tokens_prompt": 5.5}, VERCEL | {"native_tokens_cached": "x"})
    )
    assert found.places == [(2, "input_tokens", "not_a_count"), (3, "cache_read_tokens", "not_a_count")]


def test_vercels_own_key_and_its_cost(tmp_path):
    assert one(lines(tmp_path, VERCEL | {"is_byok": True}))["recorded_cost"] == Decimal("0.03")


REPORT = {
    "day": "2026-03-01", "model": "anthropic/claude-sonnet-4.5", "credential_type": "byok", "total_cost": 10.5,
    "market_cost": 9.25, "input_tokens": 100, "output_tokens": 50, "cached_input_tokens": 20,
    "cache_creation_input_tokens": 5, "reasoning_tokens": 7, "request_count": 25,
}  # fmt: skip


@pytest.mark.parametrize("record", [REPORT, {"results": [REPORT]}])
def test_a_row_of_vercels_report(tmp_path, record):
    found = read(lines(tmp_path, record))
    (row,) = found.good
    assert found.inputs[0].format == "vercel-report"
    assert tokens(row) == (75, 20, 5, 50, 7)
    assert (row["grain"], row["request_count"], row["recorded_cost"]) == ("bucket", 25, Decimal("10.5"))
    assert row["tags"] == '{"credential":"byok"}'


def test_a_report_by_hour_without_tokens(tmp_path):
    row = one(lines(tmp_path, {"results": [{"hour": "2026-03-01T13:00:00Z", "total_cost": 1.5, "request_count": 2}]}))
    assert (row["ts"].isoformat(), row["input"], row["request_count"]) == ("2026-03-01T13:00:00", None, 2)


AMOUNT = {
    "user_id": "u", "start_time_iso": "2026-11-21T00:00:00+08:00", "end_time_iso": "2026-11-22T00:00:00+08:00",
    "model": "deepseek-v4-flash", "api_key_name": "dsh", "api_key": "sk-***32f6", "type": "input_cache_miss_tokens",
    "price": "0.0000015", "amount": "10787",
}  # fmt: skip
METERS = {"input_cache_miss_tokens": 700, "input_cache_hit_tokens": 9000, "output_tokens": 40, "request_count": 3}


def test_amounts_of_one_day_add_up(tmp_path):
    found = read(table(tmp_path, *(AMOUNT | {"type": meter, "amount": amount} for meter, amount in METERS.items())))
    assert found.inputs[0].format == "deepseek-amount"
    assert {row["ts"].isoformat() for row in found.good} == {"2026-11-20T16:00:00"}
    names = ("input", "cache_read", "output", "request_count")
    assert [sum(row[name] for row in found.good) for name in names] == list(METERS.values())
    assert {row["recorded_cost"] for row in found.good} == {None}


def test_amounts_of_an_older_export(tmp_path):
    old = {name: value for name, value in AMOUNT.items() if not name.endswith(("_iso", "_id"))}
    found = read(table(tmp_path, {"utc_date": "2026-05-01"} | old))
    assert (found.inputs[0].format, found.good[0]["ts"].isoformat()) == ("deepseek-amount", "2026-05-01T00:00:00")
    assert found.good[0]["input"] == 10787


def test_a_meter_that_nobody_knows_is_no_zero(tmp_path):
    row = one(table(tmp_path, AMOUNT | {"type": "storage_hours"}))
    assert (row["input"], row["cache_read"], row["output"]) == (None, None, None)


def test_amounts_are_priced_by_their_meters(tmp_path):
    amounts = {"input_cache_miss_tokens": 1_000_000, "output_tokens": 1_000_000, "request_count": 7}
    rows = [AMOUNT | {"model": "deepseek-v4-pro", "type": meter, "amount": amount} for meter, amount in amounts.items()]
    coverage, found = arm(table(tmp_path, *rows))
    assert (coverage.unpriced, found.requests, found.cost) == (0, 7, Decimal("2.64"))


COST = {
    "user_id": "u", "start_time_iso": "2026-08-01T00:00:00Z", "end_time_iso": "2026-08-01T01:00:00Z",
    "model": "deepseek-chat", "wallet_type": "main_wallet", "cost": "1.25", "currency": "CNY",
}  # fmt: skip


def test_no_other_currency_becomes_dollars(tmp_path):
    found = read(table(tmp_path, COST, COST | {"currency": "USD", "cost": "0.5"}, COST | {"currency": ""}))
    assert found.inputs[0].format == "deepseek-cost"
    assert found.values("recorded_cost") == [Decimal("0.5"), None, None]


def test_costs_of_an_older_export(tmp_path):
    found = read(table(tmp_path, {"utc_date": "2026-05-01", "model": "deepseek-chat", "cost": "1", "currency": "USD"}))
    assert (found.inputs[0].format, found.values("recorded_cost")) == ("deepseek-cost", [Decimal(1)])
