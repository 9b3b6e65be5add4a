"""Spans of OTLP by hand: nested spans, copies, old and new names, and what input tokens contain."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from formats.span_files import attribute
from reading_logs import log, read
from typer.testing import CliRunner

from aggcost.cli import app

START = 1_770_022_800_000_000_000  # 2026-02-02T09:00:00Z
IN, OUT = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"
READ, WRITTEN = "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_creation.input_tokens"
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.response.model": "gpt-4o"}
LLM = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.provider": "openai"}


def span(name, inside=None, attributes=None, **members):
    made = {
        "traceId": "t1", "spanId": name, "name": name, "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + 1_250_499_999),
        "attributes": [attribute(key, value) for key, value in (attributes or {}).items()],
    }  # fmt: skip
    return made | ({"parentSpanId": inside} if inside else {}) | members


def chat(name, inside=None, **counts):
    return span(name, inside, CHAT | {IN: counts.get("prompt", 10), OUT: counts.get("output", 5)})


def envelope(*spans):
    return {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


def traces(folder, *spans, name="traces.jsonl"):
    return log(folder, json.dumps(envelope(*spans)) + "\n", name)


def kept(found):
    return [row for row in found.good if row["filtered"] is None and not row["duplicate"]]


def outputs(*paths, **options):
    return sorted(row["output"] for row in kept(read(*paths, **options)))


def cost(path):
    result = CliRunner().invoke(app, ["analyze", str(path), "--format", "json"])
    assert result.exit_code in (0, 1), result.output
    return Decimal(json.loads(result.stdout)["arms"][0]["cost"])


def test_the_cost_of_an_invoice_through_a_span(tmp_path):
    model = {"gen_ai.provider.name": "anthropic", "gen_ai.response.model": "claude-3-7-sonnet-20250219"}
    one = span("a", None, CHAT | model | {IN: 12307, WRITTEN: 12304, OUT: 550})
    assert cost(traces(tmp_path, one)) == Decimal("0.054399")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({IN: 12307, WRITTEN: 12304}, (3, None, 12304)),
        ({IN: 3, WRITTEN: 12304}, (3, None, 12304)),
        ({IN: 100, READ: 100}, (0, 100, None)),
        ({IN: 100, READ: 60, WRITTEN: 41}, (100, 60, 41)),
        ({IN: 100, READ: 60, WRITTEN: 40}, (0, 60, 40)),
        ({IN: 0, READ: 60}, (0, 60, None)),
        ({IN: 100}, (100, None, None)),
    ],
)
def test_more_cached_than_sent_means_that_input_excludes_it(tmp_path, counts, expected):
    (row,) = read(traces(tmp_path, span("a", None, CHAT | counts | {OUT: 5}))).good
    assert (row["input"], row["cache_read"], row["cache_write_other"]) == expected


def test_the_user_says_that_input_excludes_what_was_cached(tmp_path):
    spans = [span(str(n), None, CHAT | {IN: 100, READ: cached, OUT: 5}) for n, cached in enumerate((60, 600))]
    found = read(traces(tmp_path, *spans), input_excludes_cache=True)
    assert found.values("input") == [100, 100]


@pytest.mark.parametrize(
    "names",
    [
        (IN, OUT, READ, WRITTEN, "gen_ai.usage.reasoning.output_tokens"),
        ("gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens", "gen_ai.usage.cache_read_input_tokens",
         "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.output_tokens.reasoning"),
        (IN, OUT, "gen_ai.usage.input_tokens.cached", "gen_ai.usage.input_tokens.cache_write",
         "gen_ai.usage.reasoning.output_tokens"),
    ],
)  # fmt: skip
def test_old_and_new_names(tmp_path, names):
    (row,) = read(traces(tmp_path, span("a", None, CHAT | dict(zip(names, (100, 20, 60, 10, 7), strict=True))))).good
    columns = ("input", "output", "cache_read", "cache_write_other", "reasoning")
    assert tuple(row[name] for name in columns) == (30, 20, 60, 10, 7)


@pytest.mark.parametrize(
    ("said", "provider"),
    [
        ("aws.bedrock", "aws"),
        ("azure.ai.openai", "azure"),
        ("gcp.vertex_ai", "google"),
        ("x_ai", "x-ai"),
        ("openai", "openai"),
    ],
)
def test_providers_by_the_names_of_the_catalogue(tmp_path, said, provider):
    (row,) = read(traces(tmp_path, span("a", None, CHAT | {"gen_ai.provider.name": said, IN: 1}))).good
    assert row["provider"] == provider


@pytest.mark.parametrize(
    ("said", "tier"),
    [
        ({"openai.response.service_tier": "default", "openai.request.service_tier": "priority"}, "standard"),
        ({"openai.request.service_tier": "flex"}, "flex"),
        ({"openai.request.service_tier": "auto"}, None),
    ],
)
def test_the_tier_that_served(tmp_path, said, tier):
    (row,) = read(traces(tmp_path, span("a", None, CHAT | {IN: 1} | said))).good
    assert row["service_tier"] == tier


def forms(spans):
    one = envelope(*spans)
    older = {"batches": [{"resource": {}, "instrumentationLibrarySpans": [{"spans": [each]} for each in spans]}]}
    return {
        "lines": "".join(json.dumps(envelope(each)) + "\n" for each in spans),
        "document": json.dumps(one, indent=1),
        "array": json.dumps([one], indent=1),
        "tempo": json.dumps(older),
        "bare": "".join(json.dumps(each) + "\n" for each in spans),
        "bare array": json.dumps(list(spans)),
    }


@pytest.mark.parametrize("form", forms([]))
def test_every_envelope(tmp_path, form):
    found = read(log(tmp_path, forms([chat("a", output=5), chat("b", output=6)])[form], "traces.json"))
    assert found.inputs[0].format == "otlp"
    assert sorted(row["output"] for row in kept(found)) == [5, 6]
    assert {row["ts"].isoformat() for row in kept(found)} == {"2026-02-02T09:00:00"}
    assert {row["latency_ms"] for row in kept(found)} == {1250}
    assert found.bad == []


@pytest.mark.parametrize("number", [12, "12", 12.0])
def test_numbers_as_numbers_and_as_text(tmp_path, number):
    one = chat("a") | {"startTimeUnixNano": START, "endTimeUnixNano": START + 7_000_000}
    one["attributes"] = [each for each in one["attributes"] if each["key"] != IN]
    one["attributes"].append({"key": IN, "value": {"doubleValue" if isinstance(number, float) else "intValue": number}})
    (row,) = read(traces(tmp_path, one)).good
    assert (row["input"], row["latency_ms"]) == (12, 7)


def test_an_attribute_that_stands_twice_counts_once(tmp_path):
    one = chat("a", output=5)
    one["attributes"] += [attribute(OUT, 500), attribute(IN, 1000)]
    (row,) = read(traces(tmp_path, one)).good
    assert (row["input"], row["output"]) == (10, 5)


@pytest.mark.parametrize("odd", [{"attributes": {}}, {"attributes": [1, None, {}, {"key": OUT}]}, {"attributes": None}])
def test_odd_attributes_spoil_nothing(tmp_path, odd):
    assert outputs(traces(tmp_path, chat("a", output=7), span("b") | odd)) == [7]


def test_exporters_send_a_span_again(tmp_path):
    one = traces(tmp_path, chat("a", output=5), chat("a", output=5), chat("b", output=6))
    again = traces(tmp_path, chat("a", output=5), name="again.jsonl")
    assert outputs(one, again) == [5, 6]


def test_of_nested_spans_the_innermost_count(tmp_path):
    spans = [chat("sdk", output=9), span("http", "sdk"), span("proxy", "http"), chat("gateway", "proxy", output=8)]
    assert outputs(traces(tmp_path, *spans)) == [8]
    apart = [traces(tmp_path, one, name=f"{n}.jsonl") for n, one in enumerate(spans)]
    assert outputs(*apart) == [8]


def test_two_calls_inside_one_span(tmp_path):
    assert outputs(traces(tmp_path, chat("a", output=9), chat("b", "a", output=4), chat("c", "a", output=5))) == [4, 5]


def test_a_span_stays_where_what_is_inside_has_no_tokens(tmp_path):
    inside = span("b", "a", CHAT, status={"code": "STATUS_CODE_ERROR"})
    assert {row["output"] for row in kept(read(traces(tmp_path, chat("a", output=9), inside)))} == {9, None}


def test_failures_inside_a_failure_count_not_itself(tmp_path):
    failed = {"status": {"code": 2}}
    spans = [span("a", None, CHAT, **failed), span("b", "a", CHAT | {"error.type": "503"}, **failed)]
    found = kept(read(traces(tmp_path, *spans)))
    assert [(row["status"], row["http_status"], row["input"]) for row in found] == [("error", 503, None)]


def test_spans_of_other_traces_are_no_parents(tmp_path):
    assert outputs(traces(tmp_path, chat("a", output=9), chat("b", "a", output=4) | {"traceId": "t2"})) == [4, 9]


def test_a_span_inside_itself_is_counted(tmp_path):
    assert outputs(traces(tmp_path, chat("a", "a", output=9))) == [9]


@pytest.mark.parametrize("operation", ["execute_tool", "invoke_agent"])
def test_tools_and_agents_are_no_requests(tmp_path, operation):
    found = read(traces(tmp_path, span("a", None, CHAT | {"gen_ai.operation.name": operation, IN: 10, OUT: 5})))
    assert [row["filtered"] for row in found.rows] == ["not_a_request"]


@pytest.mark.parametrize("end", ["0", "", None, "9" * 40, "soon"])
def test_a_span_without_an_end_has_no_latency(tmp_path, end):
    (row,) = read(traces(tmp_path, chat("a") | {"endTimeUnixNano": end})).good
    assert row["latency_ms"] is None


def test_chains_of_openinference_repeat_their_spans(tmp_path):
    count = "llm.token_count."
    counts = {
        count + "prompt": 100,
        count + "prompt_details.cache_read": 60,
        count + "completion": 20,
        "llm.cost.total": 0.25,
    }
    chain = span("a", None, {"openinference.span.kind": "CHAIN"} | counts)
    found = read(traces(tmp_path, chain, span("b", "a", LLM | counts), span("c", "a", LLM, status={"code": "ERROR"})))
    assert found.inputs[0].format == "openinference"
    ok, failed = sorted(kept(found), key=lambda row: row["status"], reverse=True)
    assert (ok["input"], ok["cache_read"], ok["output"], ok["recorded_cost"]) == (40, 60, 20, Decimal("0.25"))
    assert (failed["status"], failed["input"]) == ("error", None)


def test_more_cached_than_sent_is_quarantined_in_openinference(tmp_path):
    odd = LLM | {"llm.token_count.prompt": 5, "llm.token_count.prompt_details.cache_read": 60}
    assert read(traces(tmp_path, span("a", None, odd))).places == [(1, "input_tokens", "less_than_the_cached_tokens")]


def test_spans_without_a_kind_among_those_of_openinference(tmp_path):
    both = traces(tmp_path, span("a", None, LLM | {"llm.token_count.completion": 4}), chat("b", output=6))
    assert outputs(both) == [4, 6]
