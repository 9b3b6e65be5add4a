"""Logs of observability products and gateways by hand: what counts twice, what nobody billed, what things are called."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from pricing import NOW
from reading_logs import Log, log, read

import aggcost

OPENAI, CLAUDE = "gpt-4o", "claude-3-7-sonnet-20250219"
COSTS = {OPENAI: Decimal("0.005615"), CLAUDE: Decimal("0.054399")}
NOBODY = "00000000-0000-0000-0000-000000000000"


def observation(name: str, usage: dict, **more: Any) -> dict:
    times = {"startTime": NOW, "endTime": None, "updatedAt": NOW, "latency": 1.5}
    known = {"id": name, "traceId": "t", "type": "GENERATION", "model": OPENAI, "level": "DEFAULT"}
    return known | times | {"usageDetails": usage} | more


def stored(row: dict) -> dict:
    """The observation as the export to blob storage has it."""
    names = {"traceId": "trace_id", "startTime": "start_time", "endTime": "end_time", "updatedAt": "updated_at",
             "usageDetails": "usage_details", "model": "provided_model_name"}  # fmt: skip
    return {names.get(name, name): value for name, value in row.items()}


LANGFUSE = [
    observation("a", {"input": 86, "input_cached_tokens": 1920, "output": 300, "total": 2306}),
    observation("b", {"input": 3, "input_cache_creation_5m": 12304, "output": 550, "total": 12857}, model=CLAUDE),
]


def helicone(name: str, provider: str, model: str, **counts: int) -> dict:
    known = {"request_id": name, "request_created_at": NOW, "response_status": 200, "delay_ms": 5, "model": model}
    return known | {"provider": provider, "cache_reference_id": NOBODY} | counts


HELICONE = [
    helicone("a", "OPENAI", OPENAI, prompt_tokens=2006, prompt_cache_read_tokens=1920, completion_tokens=300),
    helicone("b", "ANTHROPIC", CLAUDE, prompt_tokens=3, prompt_cache_write_tokens=12304, completion_tokens=550),
]
APART = [
    helicone("a", "OPENAI", OPENAI, prompt_tokens=86, prompt_cache_read_tokens=1920, completion_tokens=100)
    | {"reasoning_tokens": 200},
    HELICONE[1] | {"reasoning_tokens": 0},
]
CLICKHOUSE = [
    {
        "status" if key == "response_status" else "latency" if key == "delay_ms" else key: value
        for key, value in row.items()
    }
    for row in HELICONE
]


def inference(number: int, model: str, **more: Any) -> dict:
    provider = "anthropic" if model == CLAUDE else "openai"
    known = {"id": f"i{number}", "inference_id": "x", "model_name": f"{provider}::{model}", "cached": False}
    return known | {"model_provider_name": provider, "timestamp": NOW} | more


TENSORZERO = [
    inference(1, OPENAI, input_tokens=2006, provider_cache_read_input_tokens=1920, output_tokens=300),
    inference(2, CLAUDE, input_tokens=12307, provider_cache_write_input_tokens=12304, output_tokens=550),
]


def portkey(name: str, model: str, usage: dict, **more: Any) -> dict:
    known = {
        "id": name,
        "created_at": NOW,
        "is_success": 1,
        "ai_org": "openai",
        "ai_model": model,
        "cache_status": "MISS",
    }
    return known | {"response": {"body": {"usage": usage}}} | more


PORTKEY = [
    portkey("a", OPENAI, {"prompt_tokens": 2006, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 1920}},
            req_units=2006, res_units=300),
    portkey("b", CLAUDE, {"input_tokens": 3, "output_tokens": 550, "cache_creation_input_tokens": 12304},
            req_units=3, res_units=550, ai_org="anthropic"),
]  # fmt: skip


def run(name: str, model: str, provider: str, **more: Any) -> dict:
    meta = {"ls_model_name": model, "ls_provider": provider}
    return {"id": name, "trace_id": "t", "run_type": "llm", "start_time": NOW, "status": "success",
            "extra": {"metadata": meta}} | more  # fmt: skip


LANGSMITH = [
    run("a", OPENAI, "openai", prompt_tokens=2006, completion_tokens=300, prompt_token_details={"cache_read": 1920}),
    run("b", CLAUDE, "anthropic", prompt_tokens=12307, completion_tokens=550,
        prompt_token_details={"cache_creation": 0, "ephemeral_5m_input_tokens": 12304}),
]  # fmt: skip


def bifrost(name: str, model: str, provider: str, usage: Any, **more: Any) -> dict:
    known = {"id": name, "timestamp": NOW, "object": "chat.completion", "number_of_retries": 0, "fallback_index": 0}
    return known | {"model": model, "provider": provider, "status": "success", "token_usage": usage} | more


BIFROST = [
    bifrost("a", OPENAI, "openai", {"prompt_tokens": 2006, "completion_tokens": 300,
                                    "prompt_tokens_details": {"cached_read_tokens": 1920}}),
    bifrost("b", CLAUDE, "anthropic", {"prompt_tokens": 12307, "completion_tokens": 550,
                                       "prompt_tokens_details": {"cached_write_tokens": 12304}}),
]  # fmt: skip
SHAPES = {
    "langfuse": LANGFUSE,
    "langfuse-blob": [stored(row) for row in LANGFUSE],
    "helicone": HELICONE,
    "helicone since reasoning is apart": APART,
    "helicone-clickhouse": CLICKHOUSE,
    "tensorzero": TENSORZERO,
    "portkey": PORTKEY,
    "langsmith": LANGSMITH,
    "bifrost": BIFROST,
}
PAGES = {
    "langfuse": "data", "helicone": "data", "helicone since reasoning is apart": "data", "langsmith": "runs",
    "bifrost": "logs",
}  # fmt: skip


def lines(folder: Path, *rows: dict, name: str = "log.jsonl") -> Path:
    return log(folder, "".join(json.dumps(row) + "\n" for row in rows), name)


def table(folder: Path, *rows: dict) -> Path:
    path = folder / "log.csv"
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(
            {key: json.dumps(cell) if isinstance(cell, dict | list) else cell for key, cell in row.items()}
            for row in rows
        )
    return path


def kept(found: Log) -> list[dict[str, Any]]:
    return [row for row in found.good if row["filtered"] is None and not row["duplicate"]]


def one(found: Log, *names: str) -> tuple[Any, ...]:
    (row,) = kept(found)
    return tuple(row[name] for name in names)


def costs(path: Path) -> dict[str, Decimal]:
    return {row["model"]: row["cost_usd"] for row in aggcost.rate(aggcost.read_usage(path)).rows}


@pytest.mark.parametrize("shape", SHAPES)
def test_calls_of_which_the_bill_is_known(tmp_path, shape):
    path = lines(tmp_path, *SHAPES[shape])
    assert costs(path) == COSTS
    assert read(path).inputs[0].format == shape.partition(" ")[0]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_calls_in_other_forms(tmp_path, shape):
    rows = SHAPES[shape]
    paths = [table(tmp_path, *rows), log(tmp_path, json.dumps(rows, indent=1), "log.json")]
    if shape in PAGES:
        page = {PAGES[shape]: rows, "meta": {"page": 1}}
        paths += [lines(tmp_path, page, name="page.jsonl"), log(tmp_path, json.dumps(page, indent=1), "page.json")]
    for path in paths:
        found = kept(read(path))
        counts = {row["model"]: [row["cache_read"] or 0, written(row), row["input"], row["output"]] for row in found}
        assert counts == {OPENAI: [1920, 0, 86, 300], CLAUDE: [0, 12304, 3, 550]}


def written(row: dict[str, Any]) -> int:
    return sum(row[name] or 0 for name in ("cache_write_5m", "cache_write_1h", "cache_write_other"))


def test_an_empty_page_is_no_request(tmp_path):
    path = lines(tmp_path, {"data": LANGFUSE}, {"data": []})
    assert len(kept(read(path))) == 2


READ = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write_other", "output", "reasoning")


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"input": 3, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 9, "output": 1},
         (3, 7, None, None, 9, 1, None)),
        ({"input": 3, "input_cache_read": 7, "input_cache_creation": 9, "output": 1}, (3, 7, None, None, 9, 1, None)),
        ({"input": 3, "input_cache_creation": 0, "input_ephemeral_5m_input_tokens": 8, "input_ephemeral_1h_input_tokens": 9},
         (3, None, 8, 9, 0, None, None)),
        ({"input": 3, "input_cache_creation_5m": 8, "input_cache_creation_1h": 9}, (3, None, 8, 9, None, None, None)),
        ({"input": 3, "inputCachedTokens": 4, "input_audio_tokens": 5, "output": 6, "output_reasoning_tokens": 7},
         (8, 4, None, None, None, 13, 7)),
        ({"total": 12}, (None, None, None, None, None, None, None)),
        ({}, (None, None, None, None, None, None, None)),
        ({"input": 3, "output": None, "web_search_requests": 2}, (3, None, None, None, None, None, None)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["lines", "text", "csv"])
def test_langfuse_counts_by_their_names(tmp_path, usage, expected, form):
    row = observation("a", json.dumps(usage) if form == "text" else usage)
    path = (table if form == "csv" else lines)(tmp_path, row)
    assert one(read(path), *READ) == expected


def test_a_langfuse_count_that_is_none_is_quarantined(tmp_path):
    path = lines(tmp_path, *LANGFUSE, observation("c", {"input": 1.5, "output": 2}))
    assert read(path).places == [(3, "input_tokens", "not_a_count")]


def test_langfuse_observations_that_are_requests(tmp_path):
    usage = {"input": 5, "output": 1}
    kinds = ["SPAN", "EVENT", "AGENT", "CHAIN", "TOOL", "EMBEDDING"]
    rows = [observation(kind, usage, type=kind) for kind in kinds] + [observation("b", {}, type="TOOL")]
    found = read(lines(tmp_path, *rows), request_ids=True)
    assert sorted(row["request_id"] for row in kept(found)) == ["EMBEDDING", "TOOL"]
    assert [row["filtered"] for row in found.rows].count("not_a_request") == 5


def test_langfuse_keeps_the_newest_of_an_observation_whatever_export_has_it(tmp_path):
    old = observation("a", {"input": 1}, updatedAt="2026-11-23T11:00:00Z")
    new = stored(observation("a", {"input": 2}, updatedAt="2026-11-23 11:00:01.000"))
    lines(tmp_path, old, name="ui.jsonl")
    lines(tmp_path, new, name="blob.jsonl")
    assert one(read(tmp_path), "input") == (2,)


def test_langfuse_repeats_over_parquet_files(tmp_path):
    for number in range(2):
        columns = {
            name: [value] for name, value in stored(LANGFUSE[0]).items() if name not in ("usage_details", "end_time")
        }
        usage = pa.array([[("input", 86 + number), ("output", 300)]], pa.map_(pa.string(), pa.int64()))
        columns["updated_at"] = [f"2026-11-23 12:00:0{number}"]
        pyarrow.parquet.write_table(pa.table(columns | {"usage_details": usage}), tmp_path / f"{number}.parquet")
    assert one(read(tmp_path), "input", "output", "latency_ms") == (87, 300, 1500)


def test_langfuse_latency_is_between_the_times_else_seconds(tmp_path):
    timed = observation("a", {"input": 1}, endTime="2026-11-23T12:00:02Z", latency=2000)
    assert one(read(lines(tmp_path, timed)), "latency_ms") == (2000,)
    assert one(read(lines(tmp_path, observation("a", {"input": 1}))), "latency_ms") == (1500,)


def test_a_langfuse_error(tmp_path):
    path = lines(tmp_path, observation("a", {}, level="ERROR", modelParameters={"service_tier": "default"}))
    assert one(read(path), "status", "input", "service_tier") == ("error", None, "standard")


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, ("ok", 200)), (429, ("error", 429)), (-1, ("error", None)), (-2, (None, None)), (-3, ("cancelled", None)),
     (-4, ("rejected", None)), (0, (None, None))],
)  # fmt: skip
def test_helicone_states(tmp_path, status, expected):
    assert one(read(lines(tmp_path, HELICONE[0] | {"response_status": status})), "status", "http_status") == expected


@pytest.mark.parametrize(("reference", "expected"), [(NOBODY, None), (None, None), ("", None), ("7a1", False)])
def test_what_helicone_answered_itself_is_not_billed(tmp_path, reference, expected):
    assert one(read(lines(tmp_path, HELICONE[0] | {"cache_reference_id": reference})), "billable") == (expected,)


def test_helicone_counts_more_cached_than_sent_apart(tmp_path):
    row = HELICONE[0] | {"prompt_tokens": 86}
    assert one(read(lines(tmp_path, row)), "input", "cache_read") == (86, 1920)


@pytest.mark.parametrize("provider", ["BEDROCK", "AWS", "Anthropic"])
def test_helicone_providers_that_leave_out_cached_tokens(tmp_path, provider):
    row = HELICONE[0] | {"provider": provider}
    assert one(read(lines(tmp_path, row)), "input", "cache_read") == (2006, 1920)


def test_helicone_money(tmp_path):
    assert one(read(lines(tmp_path, HELICONE[0] | {"costUSD": 0.0125})), "recorded_cost") == (Decimal("0.0125"),)
    assert one(read(lines(tmp_path, HELICONE[0] | {"cost": 0.0125})), "recorded_cost") == (Decimal("0.0125"),)
    stored_cost = CLICKHOUSE[0] | {"cost": "12500000"}
    assert one(read(lines(tmp_path, stored_cost)), "recorded_cost") == (Decimal("0.0125"),)


def test_helicone_rows_written_twice(tmp_path):
    first = CLICKHOUSE[0] | {"updated_at": "2026-11-23 12:00:00.000", "completion_tokens": 0}
    last = CLICKHOUSE[0] | {"updated_at": "2026-11-23 12:00:01.000"}
    path = lines(tmp_path, last, first, CLICKHOUSE[0] | {"completion_tokens": 7})
    assert one(read(path), "output") == (300,)


def test_portkey_money_is_cents_and_only_dollars(tmp_path):
    row = PORTKEY[0] | {"cost": 1.25}
    assert one(read(lines(tmp_path, row)), "recorded_cost") == (Decimal("0.0125"),)
    assert one(read(lines(tmp_path, row | {"cost_currency": "usd"})), "recorded_cost") == (Decimal("0.0125"),)
    assert one(read(lines(tmp_path, row | {"cost_currency": "EUR"})), "recorded_cost") == (None,)


@pytest.mark.parametrize(
    ("state", "expected"), [("HIT", False), ("SEMANTIC HIT", False), ("MISS", None), ("DISABLED", None)]
)
def test_what_portkey_answered_itself_is_not_billed(tmp_path, state, expected):
    assert one(read(lines(tmp_path, PORTKEY[0] | {"cache_status": state})), "billable") == (expected,)


@pytest.mark.parametrize(("prompt", "sent"), [(3, 3), (12307, 12307)])
def test_gateways_that_did_and_did_not_add_cached_tokens_for_anthropic(tmp_path, prompt, sent):
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": 550,
        "total_tokens": 12857,
        "cache_creation_input_tokens": 12304,
    }
    row = portkey("b", CLAUDE, usage, req_units=sent, res_units=550, ai_org="anthropic")
    assert one(read(lines(tmp_path, row)), "input", "cache_write_other") == (3, 12304)


def test_a_portkey_response_in_a_string_and_none_at_all(tmp_path):
    row = PORTKEY[1] | {"response": json.dumps(PORTKEY[1]["response"])}
    assert one(read(lines(tmp_path, row)), "input", "cache_write_other") == (3, 12304)
    bare = {key: value for key, value in PORTKEY[0].items() if key != "response"}
    assert one(read(lines(tmp_path, bare)), "input", "cache_read", "output") == (2006, None, 300)


@pytest.mark.parametrize(("retries", "expected"), [(0, 1), (2, 3), (-1, None), (None, None)])
def test_portkey_tries(tmp_path, retries, expected):
    assert one(read(lines(tmp_path, PORTKEY[0] | {"retry_success_count": retries})), "attempt") == (expected,)


def test_langsmith_chains_repeat_what_is_below_them(tmp_path):
    chains = [LANGSMITH[0] | {"id": f"c{kind}", "run_type": kind} for kind in ("chain", "tool", "retriever", "prompt")]
    assert one(read(lines(tmp_path, *chains, LANGSMITH[0])), "input", "cache_read") == (86, 1920)


def test_a_langsmith_run_that_ended(tmp_path):
    open_run = LANGSMITH[0] | {"status": "pending", "prompt_tokens": None, "completion_tokens": None}
    ended = LANGSMITH[0] | {"end_time": "2026-11-23T12:00:03Z"}
    assert one(read(lines(tmp_path, ended, open_run)), "output", "latency_ms", "status") == (300, 3000, "ok")


@pytest.mark.parametrize(
    ("details", "expected"),
    [({"cache_creation": 9}, (None, None, 9)), ({"cache_creation": 9, "ephemeral_5m_input_tokens": 9}, (9, None, 0)),
     ({"cache_creation": 0, "ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 5}, (4, 5, 0))],
)  # fmt: skip
def test_langsmith_writes_with_and_without_their_lifetime(tmp_path, details, expected):
    path = lines(tmp_path, LANGSMITH[0] | {"prompt_token_details": details})
    assert one(read(path), "cache_write_5m", "cache_write_1h", "cache_write_other") == expected
    assert one(read(path), "input") == (1997,)


def test_langsmith_usage_that_only_the_message_tells(tmp_path):
    usage = {"input_tokens": 2006, "output_tokens": 300, "input_token_details": {"cache_read": 1920}}
    row = run("a", OPENAI, "openai", outputs={"usage_metadata": usage}, error="rate limit")
    assert one(read(lines(tmp_path, row)), "input", "cache_read", "output", "status") == (86, 1920, 300, "error")


CLOUDFLARE = {"id": "a", "created_at": NOW, "provider": "openai", "model": OPENAI, "success": True, "cached": False,
              "tokens_in": 86, "tokens_out": 300, "cost": 0.01, "duration": 5, "step": 0}  # fmt: skip


@pytest.mark.parametrize("form", ["lines", "page"])
def test_what_cloudflare_answered_itself_is_not_billed(tmp_path, form):
    rows = [CLOUDFLARE, CLOUDFLARE | {"id": "b", "cached": True, "tokens_in": None, "tokens_out": None}]
    found = read(
        lines(tmp_path, *rows) if form == "lines" else lines(tmp_path, {"result": rows[::-1], "success": True})
    )
    assert found.inputs[0].format == "cloudflare"
    assert found.values("billable") == [False, None]
    assert found.values("input") == [86, None]


def test_cloudflare_fallbacks_are_all_kept(tmp_path):
    found = read(
        lines(tmp_path, CLOUDFLARE | {"success": False, "status_code": 500}, CLOUDFLARE | {"id": "b", "step": 1})
    )
    assert {(row["attempt"], row["status"]) for row in kept(found)} == {(1, "error"), (2, "ok")}


def test_tensorzero_bills_every_try_and_no_cached_one(tmp_path):
    path = lines(
        tmp_path, *TENSORZERO, inference(3, OPENAI, input_tokens=5, output_tokens=1, cached=True), TENSORZERO[0]
    )
    found = kept(read(path))
    assert [row["parent_id"] for row in found] == ["x"] * 3
    assert sorted((row["billable"] is False, row["input"]) for row in found) == [(False, 3), (False, 86), (True, 5)]


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("openai::ft:gpt-4o-mini:org::id", None, ("ft:gpt-4o-mini:org::id", "openai")),
        ("openai::responses::gpt-5", None, ("gpt-5", "openai")),
        ("mine", {"model": "gpt-4o", "messages": []}, ("gpt-4o", "openai")),
        ("mine", None, ("mine", "openai")),
        ("mine", "no JSON", ("mine", "openai")),
    ],
)
def test_tensorzero_models(tmp_path, name, raw, expected):
    row = TENSORZERO[0] | {"model_name": name, "raw_request": json.dumps(raw) if isinstance(raw, dict) else raw}
    assert one(read(lines(tmp_path, row)), "model", "provider") == expected


def test_tensorzero_ids_hold_the_time(tmp_path):
    row = {key: value for key, value in TENSORZERO[0].items() if key != "timestamp"}
    path = lines(tmp_path, row | {"id": "0194c1a2-b3c4-7000-8000-000000000000"})
    assert str(one(read(path), "ts")[0]) == "2025-02-01 13:10:53.124000"
    assert one(read(lines(tmp_path, row)), "ts") == (None,)


def test_bifrost_rows_that_are_no_requests_yet(tmp_path):
    found = read(lines(tmp_path, *BIFROST, BIFROST[0] | {"id": "c", "status": "processing"}))
    assert len(kept(found)) == 2


def test_bifrost_fallbacks_name_what_they_stand_in_for(tmp_path):
    failed = BIFROST[0] | {"status": "error", "token_usage": None, "error_details": json.dumps({"status_code": 503})}
    found = read(lines(tmp_path, failed, BIFROST[1] | {"parent_request_id": "a", "fallback_index": 1}))
    rows = {(row["parent_id"], row["attempt"], row["status"], row["http_status"]) for row in kept(found)}
    assert rows == {(None, 1, "error", 503), ("a", 2, "ok", None)}


def test_bifrost_columns_of_the_table(tmp_path):
    flat = BIFROST[0] | {
        "token_usage": None,
        "prompt_tokens": 2006,
        "completion_tokens": 300,
        "cached_read_tokens": 1920,
    }
    assert one(read(table(tmp_path, flat)), "input", "cache_read", "output") == (86, 1920, 300)
    none = BIFROST[0] | {"token_usage": None, "prompt_tokens": 0, "completion_tokens": 0, "cached_read_tokens": 0}
    assert one(read(table(tmp_path, none)), "input", "cache_read", "output") == (None, None, None)


def test_bifrost_counts_more_cached_than_sent_apart(tmp_path):
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "prompt_tokens_details": {"cached_write_tokens": 12304}}
    assert one(read(lines(tmp_path, bifrost("a", CLAUDE, "anthropic", usage))), "input", "cache_write_other") == (
        3,
        12304,
    )


def test_what_bifrost_answered_itself_is_not_billed(tmp_path):
    row = BIFROST[0] | {"cache_debug": {"cache_hit": True, "hit_type": "semantic"}}
    assert one(read(lines(tmp_path, row)), "billable") == (False,)
