"""Logs of Azure, Kong and Envoy by hand: rows that belong together, names that vary, what nobody called."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from reading_logs import log, read

from aggcost import analyze, read_usage

MODEL = {"modelDeploymentName": "chat", "modelName": "gpt-4o", "modelVersion": "2024-08-06"}


def lines(folder, *rows, name="log.jsonl"):
    return log(folder, "".join(json.dumps(row) + "\n" for row in rows), name)


def azure(category, call="c1", more=None, **properties):
    told = {"TimeGenerated": "2026-02-02T09:00:00.5Z", "Category": category, "CorrelationId": call}
    return told | {"properties_s": json.dumps(properties)} | (more or {})


def used(sent, answered, call="c1", **more):
    return azure("AzureOpenAIRequestUsage", call, **MODEL, promptTokens=sent, generatedTokens=answered, **more)


def answered(call="c1", **more):
    return azure("RequestResponse", call, {"DurationMs": 900, "ResultSignature": "200"}, **MODEL, **more)


def kept(found):
    return [row for row in found.good if row["filtered"] is None and not row["duplicate"]]


def test_two_rows_of_a_call_are_one(tmp_path):
    scalars = answered(promptTokens=2006, generatedTokens=300)
    for rows in ([used([2006], [300]), scalars], [scalars, used([2006], [300])], [answered(), used([2006], [300])]):
        path = lines(tmp_path, *rows, azure("Trace"))
        (row,) = kept(read(path, request_ids=True))
        assert (row["request_id"], row["input"], row["output"]) == ("c1", 2006, 300)
        assert (row["model"], row["status"], row["latency_ms"]) == ("gpt-4o-2024-08-06", "ok", 900)
        # 2006 x 2.50 + 300 x 10 a million
        assert analyze(read_usage(path)).arms[0].cost == Decimal("0.008015")


def test_two_rows_of_a_call_in_two_files_are_one(tmp_path):
    files = [lines(tmp_path, used([10], [5]), name="a.jsonl"), lines(tmp_path, answered(), name="b.jsonl")]
    assert [(row["output"], row["latency_ms"]) for row in kept(read(*files))] == [(5, 900)]


def test_rows_without_an_id_are_calls_of_their_own(tmp_path):
    rows = [used([10], [5], None), answered(None), used([20], [6], "c2")]
    path = lines(tmp_path, *rows, answered())
    found = sorted((row["output"] or 0, row["latency_ms"] or 0) for row in kept(read(path)))
    assert found == [(0, 900), (0, 900), (5, 0), (6, 0)]


@pytest.mark.parametrize(("count", "expected"), [(7, 7), ([7], 7), ([7, 8], 15), ([], None), ("[7]", 7), (None, None)])
def test_counts_in_lists(tmp_path, count, expected):
    assert [row["output"] for row in kept(read(lines(tmp_path, used([1], count))))] == [expected]


@pytest.mark.parametrize("count", [[7.5], ["7"], [7, None], [-1], 7.5, "[7 8]", "[,]"])
def test_lists_that_hold_no_counts_are_quarantined(tmp_path, count):
    assert read(lines(tmp_path, used([1], count))).places == [(1, "output_tokens", "not_a_count")]


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("encoded", [True, False])
def test_lines_of_an_event_hub(tmp_path, encoded, batched):
    def hub(category, **properties):
        inside = MODEL | properties
        told = {"time": "2026-02-02T09:00:00Z", "category": category, "correlationId": "c1", "durationMs": 5}
        return told | {"resultSignature": "429", "properties": json.dumps(inside) if encoded else inside}

    rows = [hub("RequestResponse"), hub("AzureOpenAIRequestUsage", promptTokens=[3], generatedTokens=[0])]
    found = read(lines(tmp_path, *([{"records": rows}, {"records": []}] if batched else rows)))
    assert found.inputs[0].format == "azure-openai"
    assert [(row["input"], row["http_status"], row["status"]) for row in kept(found)] == [(3, 429, "error")]


def test_a_deployment_has_no_price_until_it_is_named(tmp_path):
    row = azure("AzureOpenAIRequestUsage", modelDeploymentName="my-deploy", promptTokens=[1000], generatedTokens=[100])
    path = lines(tmp_path, row)
    assert read(path).values("model") == ["my-deploy"]
    assert analyze(read_usage(path)).arms[0].cost is None
    assert analyze(read_usage(path, assume={"model": "gpt-4o"})).arms[0].cost == Decimal("0.0035")


def test_diagnostics_as_csv(tmp_path):
    cells = [row["properties_s"].replace('"', '""') for row in (used([10], [5]), answered())]
    text = "TimeGenerated,Category,CorrelationId,DurationMs,ResultSignature,properties_s\n"
    text += f'2026-02-02T09:00:00Z,AzureOpenAIRequestUsage,c1,,,"{cells[0]}"\n'
    text += f'2026-02-02T09:00:00Z,RequestResponse,c1,900,200,"{cells[1]}"\n'
    found = read(log(tmp_path, text))
    assert [(row["output"], row["latency_ms"], row["model"]) for row in kept(found)] == [(5, 900, "gpt-4o-2024-08-06")]


def test_rows_of_a_call_in_api_management_are_one(tmp_path):
    text = "TimeGenerated,CorrelationId,SequenceNumber,DeploymentName,ModelName,PromptTokens,CompletionTokens\n"
    text += "2026-02-02T09:00:00Z,c1,0,,,,\n2026-02-02T09:00:00Z,c1,1,chat,gpt-4o,100,20\n"
    text += "2026-02-02T09:00:00Z,c1,2,,,0,0\n2026-02-02T09:00:00Z,c2,0,chat,,,\n"
    found = read(log(tmp_path, text))
    assert found.inputs[0].format == "azure-apim"
    rows = sorted((row["model"], row["input"], row["output"]) for row in kept(found))
    assert rows == [("chat", None, None), ("gpt-4o", 100, 20)]


def test_the_two_azure_tables_do_not_take_each_other_for_repeats(tmp_path):
    apim = {"TimeGenerated": "2026-02-02T09:00:00Z", "CorrelationId": "c1", "DeploymentName": "chat"}
    files = [
        lines(tmp_path, used([10], [5]), name="a.jsonl"),
        lines(tmp_path, apim | {"PromptTokens": 7, "CompletionTokens": 8}, name="b.jsonl"),
    ]
    assert sorted(row["output"] for row in kept(read(*files))) == [5, 8]


def kong(**plugins):
    return {"started_at": 1_770_022_800_123, "response": {"status": 200}, "ai": plugins}


def plugin(sent, answered, provider="openai", **more):
    meta = {"provider_name": provider, "response_model": "gpt-4o", "llm_latency": 7}
    return {"meta": meta, "usage": {"prompt_tokens": sent, "completion_tokens": answered, "total_tokens": 1}} | more


@pytest.mark.parametrize("name", ["proxy", "ai-proxy", "ai-proxy-advanced", "[a.b]", 'o"dd'])
def test_the_name_of_the_plugin_does_not_matter(tmp_path, name):
    (row,) = read(lines(tmp_path, kong(**{name: plugin(100, 20)}))).good
    assert (row["input"], row["output"], row["latency_ms"]) == (100, 20, 7)
    assert row["ts"].isoformat() == "2026-02-02T09:00:00.123000"


def test_of_several_plugins_the_proxy_counts(tmp_path):
    row = kong(**{"ai-guard": plugin(1, 1), "ai-proxy": plugin(100, 20), "payload": {"request": "x"}, "x": 1})
    assert read(lines(tmp_path, row)).values("output") == [20]


def test_older_versions_write_token_without_s(tmp_path):
    older = plugin(0, 0, usage={"prompt_token": 28, "completion_token": 20, "total_tokens": 48, "cost": 0.0038})
    (row,) = read(lines(tmp_path, kong(proxy=older))).good
    assert (row["input"], row["output"], row["recorded_cost"]) == (28, 20, Decimal("0.0038"))


def test_what_kong_answered_from_its_cache_is_not_billed(tmp_path):
    hit = kong(proxy=plugin(100, 20), **{"semantic-cache": {"cache": {"cache_status": "Hit"}}})
    miss = kong(proxy=plugin(100, 20, cache={"cache_status": "Miss"}))
    assert read(lines(tmp_path, hit, miss)).values("billable") == [False, None]


def test_other_traffic_of_kong_is_filtered(tmp_path):
    rows = [kong(proxy=plugin(1, 1)), {"started_at": 1, "response": {"status": 200}}, kong(payload={"request": "x"})]
    found = read(lines(tmp_path, *rows))
    assert found.values("filtered") == [None, "not_a_request", "not_a_request"]


def test_kong_names_providers_its_own_way(tmp_path):
    found = read(lines(tmp_path, *(kong(proxy=plugin(1, 1, name)) for name in ("gemini", "bedrock", "azure"))))
    assert found.values("provider") == ["aws", "azure", "google"]


def envoy(**more):
    told = {"start_time": "2026-02-02T09:00:00Z", "duration": 12, "response_code": 200, "x-request-id": "r"}
    counts = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20}
    return told | {"gen_ai.request.model": "gpt-4o-mini"} | counts | more


def test_a_line_of_envoy(tmp_path):
    (row,) = read(lines(tmp_path, envoy())).good
    assert (row["model"], row["input"], row["output"], row["cache_read"]) == ("gpt-4o-mini", 100, 20, None)


@pytest.mark.parametrize("name", ["cached_input_tokens", "cache_read.input_tokens"])
def test_cached_tokens_of_envoy(tmp_path, name):
    (row,) = read(lines(tmp_path, envoy(**{f"gen_ai.usage.{name}": 60}))).good
    assert (row["input"], row["cache_read"]) == (40, 60)


@pytest.mark.parametrize(("code", "expected"), [(200, ("ok", 200)), (503, ("error", 503)), (0, ("cancelled", None))])
def test_codes_of_envoy(tmp_path, code, expected):
    (row,) = read(lines(tmp_path, envoy(response_code=code))).good
    assert (row["status"], row["http_status"]) == expected


def test_a_backend_of_envoy_is_no_provider(tmp_path):
    rows = [envoy(**{"gen_ai.provider.name": name}) for name in ("default/b/rule/0", "openai", None)]
    assert read(lines(tmp_path, *rows)).values("provider") == [None, None, "openai"]


def test_the_model_that_answered_is_billed(tmp_path):
    rows = [
        envoy(**{"gen_ai.request.model_override": "gpt-4o"}),
        envoy(**{"gen_ai.request.model_override": "gpt-4o", "gen_ai.response.model": "gpt-4o-2024-08-06"}),
    ]
    assert read(lines(tmp_path, *rows)).values("model") == ["gpt-4o", "gpt-4o-2024-08-06"]
