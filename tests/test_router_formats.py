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
        ({"provider_responses": [{"status": 503}, {"status": 200}]}, ("ok", 200)),
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
    coverage, found = arm(lines(tmp_path, GENERATION | usage))
    assert (coverage.priced, found.cost) == (1, Decimal("0.01474688"))


def test_a_free_generation_is_free_and_not_unpriced(tmp_path):
    coverage, found = arm(lines(tmp_path, GENERATION | {"model": "deepseek/deepseek-r1:free", "total_cost": 0}))
    assert (coverage.free, coverage.unpriced, found.cost, found.recorded_cost) == (1, 0, 0, 0)
