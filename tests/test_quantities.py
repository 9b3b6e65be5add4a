"""What few logs count: parts of prompts and answers, searches, seconds. From the cell of a log to the cost of a month."""

import json
from decimal import Decimal

import pytest
from reading_logs import HEADER, ROW, log, read
from typer.testing import CliRunner

from aggcost import api
from aggcost.cli import app
from aggcost.usage import COLUMN_NAMES, OPTIONAL_NAMES

PRICES = """\
aggcost_prices: 1
source: {name: by hand, checked: 2026-11-01}
providers:
  acme:
    models:
      audio: {rates: [{prices: {input: "2.5", input_audio: "32", output: "10", output_audio: "64"}}]}
      sonnet: {rates: [{prices: {input: "3", output: "15"}, fees: {web_search: {price: "10.00", per: 1000}}}]}
      o4-mini: {rates: [{prices: {input: "1.1", output: "4.4"}}]}
      hears: {rates: [{prices: {}, fees: {second_audio_in: {price: "3.6", per: 3600, minimum: 10, round_up: 1}}}]}
"""
NAMES = "timestamp,provider,model"
TIME = "2026-11-01T00:00:00Z,acme"


def table(tmp_path, names, *rows):
    return log(tmp_path, "\n".join([f"{NAMES},{names}", *(f"{TIME},{row}" for row in rows)]) + "\n")


def analyzed(tmp_path, path):
    prices = tmp_path / "prices.yaml"
    prices.write_text(PRICES)
    return api.analyze(api.read_usage(path), api.load_rates(prices))


def issues(report):
    return {issue.code: (issue.count, issue.message) for issue in report.issues}


def test_a_log_that_tells_no_such_quantity_has_no_column_for_it(tmp_path):
    found = read(log(tmp_path, HEADER + ROW)).rows[0]
    assert not set(OPTIONAL_NAMES) & found.keys()
    assert set(COLUMN_NAMES) <= found.keys()


def test_columns_without_a_value_are_not_told(tmp_path):
    found = read(table(tmp_path, "input_tokens,output_tokens,web_searches,input_audio_tokens", "m,1,1,,0"))
    assert found.rows[0].keys() & set(OPTIONAL_NAMES) == {"input_audio"}


def test_audio_is_charged_apart_from_the_tokens_around_it(tmp_path):
    names = "input_tokens,output_tokens,input_audio_tokens,output_audio_tokens"
    report = analyzed(tmp_path, table(tmp_path, names, "audio,1100,450,1000,400", "audio,100,50,,"))
    assert report.arms[0].cost == Decimal("0.05835") + Decimal("0.00075")
    assert report.arms[0].units == {"input_audio": 1000, "output_audio": 400}
    assert report.arms[0].tokens.input == 1200


def test_searches_cost_by_the_thousand_beside_the_tokens(tmp_path):
    names = "input_tokens,output_tokens,web_search_requests"
    report = analyzed(tmp_path, table(tmp_path, names, "sonnet,1000,500,3"))
    assert report.arms[0].cost == Decimal("0.0405")
    assert report.arms[0].units == {"web_search": 3}


def test_reasoning_is_inside_output_whatever_a_log_tells_of_it(tmp_path):
    report = analyzed(
        tmp_path, table(tmp_path, "input_tokens,output_tokens,reasoning_tokens", "o4-mini,1000,5000,4000")
    )
    assert report.arms[0].cost == Decimal("0.0231")
    assert report.arms[0].units == {"reasoning": 4000}


def test_only_the_requests_with_a_search_lack_its_price(tmp_path):
    names = "input_tokens,output_tokens,web_searches"
    report = analyzed(tmp_path, table(tmp_path, names, "o4-mini,1000,0,1", "o4-mini,1000,0,0", "o4-mini,1000,0,"))
    assert (report.coverage.priced, report.coverage.unpriced) == (2, 1)
    assert report.arms[0].cost == Decimal("0.0022")
    count, message = issues(report)["unpriced_meter"]
    assert (count, message) == (
        1,
        "a meter without a price: acme/o4-mini (web_search); the rest of these requests, 0.0011 USD, is in no total",
    )


def test_seconds_are_billed_by_the_request_before_they_are_summed(tmp_path):
    report = analyzed(tmp_path, table(tmp_path, "audio_in_seconds", "hears,3.2", "hears,12.001", "hears,10"))
    assert report.arms[0].cost == Decimal("0.033")  # 10, 13 and 10 seconds at 0.001
    assert report.arms[0].units == {"second_audio_in": Decimal("25.201")}


def test_a_minimum_cannot_be_known_of_a_row_that_sums_requests(tmp_path):
    report = analyzed(tmp_path, table(tmp_path, "audio_in_seconds,requests", "hears,100,5", "hears,100,1"))
    assert report.arms[0].cost == Decimal("0.1")
    assert (report.coverage.priced, report.coverage.unpriced) == (1, 1)
    assert issues(report)["unpriced_usage"] == (5, "the log does not tell what is charged: acme/hears")


def test_what_is_charged_by_the_second_is_not_free_without_seconds(tmp_path):
    report = analyzed(tmp_path, table(tmp_path, "audio_in_seconds", "hears,", "hears,10"))
    assert report.arms[0].cost == Decimal("0.01")
    assert (report.coverage.priced, report.coverage.unpriced) == (1, 1)
    without = analyzed(tmp_path, table(tmp_path, "input_tokens", "hears,"))
    assert (without.arms[0].cost, without.coverage.unpriced) == (None, 1)


def test_a_failed_request_is_billed_where_it_used_something(tmp_path):
    report = analyzed(tmp_path, table(tmp_path, "audio_in_seconds,status", "hears,10,error", "hears,,error"))
    assert (report.coverage.priced, report.coverage.not_billed) == (1, 1)


def test_prices_that_tell_audio_apart_are_named_where_the_log_does_not(tmp_path):
    untold = analyzed(tmp_path, table(tmp_path, "input_tokens,output_tokens", "audio,100,50", "o4-mini,1,1"))
    assert issues(untold)["parts_not_told"] == (
        1,
        "prices tell input_audio, output_audio apart, the log does not: charged like other tokens: acme/audio",
    )
    names = "input_tokens,output_tokens,input_audio_tokens,output_audio_tokens"
    assert "parts_not_told" not in issues(analyzed(tmp_path, table(tmp_path, names, "audio,100,50,0,0")))


@pytest.mark.parametrize(
    ("names", "row", "place"),
    [
        ("input_tokens,input_audio_tokens", "100,101", ("input_tokens", "less_than_its_parts")),
        ("input_tokens,input_audio_tokens,input_image_tokens", "100,60,41", ("input_tokens", "less_than_its_parts")),
        ("output_tokens,reasoning_tokens", "100,101", ("output_tokens", "less_than_its_parts")),
        ("output_tokens,reasoning_tokens,output_audio_tokens", "9,5,5", ("output_tokens", "less_than_its_parts")),
        ("cache_read_tokens,cache_read_audio_tokens", "5,6", ("cache_read_tokens", "less_than_its_parts")),
        ("cache_read_audio_tokens", "6", ("cache_read_tokens", "less_than_its_parts")),
        ("input_tokens,cache_read_tokens,input_image_tokens,cache_read_image_tokens", "9,9,3,4",
         ("input_image_tokens", "less_than_the_cached_tokens")),
        ("web_searches", "1.5", ("web_searches", "not_a_count")),
        ("input_audio_tokens", "5.5", ("input_audio_tokens", "not_a_count")),
        ("audio_in_seconds", "1s", ("audio_in_seconds", "not_a_duration")),
    ],
)  # fmt: skip
def test_parts_that_are_more_than_the_whole_are_no_usage(tmp_path, names, row, place):
    found = read(table(tmp_path, names, f"m,{row}"))
    assert found.places == [(2, *place)]


def test_a_count_may_have_a_fraction_of_zero(tmp_path):
    found = read(table(tmp_path, "input_tokens,web_searches", "m,5.0,3.0", "m,5.5,1"))
    assert (found.good[0]["input"], found.good[0]["web_search"]) == (5, 3)
    assert found.places == [(3, "input_tokens", "not_a_count")]


def cached_audio(tmp_path, names, row):
    found = read(table(tmp_path, f"input_tokens,cache_read_tokens,{names}", f"m,{row}")).good[0]
    return tuple(found[name] for name in ("input", "input_audio", "cache_read", "cache_read_audio"))


def test_cached_audio_is_taken_out_of_the_audio_of_the_prompt(tmp_path):
    told = "input_audio_tokens,cache_read_audio_tokens"
    assert cached_audio(tmp_path, told, "1000,600,500,200") == (400, 300, 600, 200)


def test_audio_that_does_not_fit_into_the_fresh_prompt_was_cached(tmp_path):
    names = "input_audio_tokens,input_image_tokens"
    assert cached_audio(tmp_path, names, "1000,800,900,50") == (200, 150, 800, 750)
    assert read(table(tmp_path, f"input_tokens,{names}", "m,1000,900,50")).good[0]["input_audio"] == 900


def test_converted_logs_keep_what_they_count(tmp_path):
    path = table(tmp_path, "input_tokens,output_tokens,web_searches", "sonnet,1000,500,3", "sonnet,1,1,")
    kept = tmp_path / "usage.parquet"
    result = CliRunner().invoke(app, ["convert", str(path), "-o", str(kept)])
    assert result.exit_code == 0, result.output
    assert [row["web_search"] for row in read(kept).rows] == [3, None]
    assert analyzed(tmp_path, kept).arms[0].cost == Decimal("0.040518")


def test_a_table_of_results_has_a_column_of_each(tmp_path):
    path = table(tmp_path, "input_tokens,output_tokens,web_searches", "sonnet,1000,500,3")
    (tmp_path / "prices.yaml").write_text(PRICES)
    found = api.rate(api.read_usage(path), api.load_rates(tmp_path / "prices.yaml"))
    assert found.rows[0]["web_search"] == 3


USAGES = {
    "openai-chat": (
        {"object": "chat.completion", "id": "chatcmpl-1", "created": 1793491200, "model": "gpt-audio", "choices": [],
         "usage": {"prompt_tokens": 1100, "completion_tokens": 450, "total_tokens": 1550,
                   "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 1000, "image_tokens": 20},
                   "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 400}}},
        {"input": 1100, "input_audio": 1000, "input_image": 20, "output_audio": 400},
    ),
    "gemini": (
        {"modelVersion": "gemini-2.5-flash", "responseId": "r", "createTime": "2026-11-01T00:00:00Z",
         "usageMetadata": {
             "promptTokenCount": 1000, "cachedContentTokenCount": 300, "candidatesTokenCount": 90,
             "thoughtsTokenCount": 10, "totalTokenCount": 1100,
             "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 100}, {"modality": "AUDIO", "tokenCount": 500},
                                     {"modality": "IMAGE", "tokenCount": 150}, {"modality": "VIDEO", "tokenCount": 250}],
             "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 200}, {"modality": "VIDEO", "tokenCount": 100}],
             "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 20}, {"modality": "IMAGE", "tokenCount": 70}]}},
        {"input": 700, "input_audio": 300, "input_image": 150, "input_video": 150, "cache_read": 300,
         "cache_read_audio": 200, "output": 100, "reasoning": 10, "output_image": 70},
    ),
    "anthropic-messages": (
        {"type": "message", "id": "msg_1", "model": "claude-sonnet-4-5", "created_at": "2026-11-01T00:00:00Z",
         "usage": {"input_tokens": 1000, "output_tokens": 500, "server_tool_use": {"web_search_requests": 3}}},
        {"input": 1000, "output": 500, "web_search": 3},
    ),
    "anthropic-usage": (
        {"data": [{"starting_at": "2026-11-01T00:00:00Z", "ending_at": "2026-11-02T00:00:00Z", "results": [
            {"uncached_input_tokens": 1000, "output_tokens": 500, "server_tool_use": {"web_search_requests": 3}}]}]},
        {"input": 1000, "output": 500, "web_search": 3},
    ),
    "openai-usage": (
        {"object": "page", "data": [{"object": "bucket", "start_time": 1793491200, "end_time": 1793577600, "results": [
            {"object": "organization.usage.completions.result", "input_tokens": 1000, "input_cached_tokens": 300,
             "output_tokens": 50, "input_audio_tokens": 400, "input_cached_audio_tokens": 100,
             "input_image_tokens": 50, "output_audio_tokens": 30, "num_model_requests": 5}]}]},
        {"input": 700, "input_audio": 400, "cache_read": 300, "cache_read_audio": 100, "input_image": 50,
         "output_audio": 30},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", USAGES)
def test_formats_tell_what_they_count(tmp_path, name):
    body, expected = USAGES[name]
    found = read(log(tmp_path, json.dumps(body) + "\n", "log.jsonl"))
    assert [one.format for one in found.inputs] == [name]
    assert {column: found.good[0][column] for column in expected} == expected
