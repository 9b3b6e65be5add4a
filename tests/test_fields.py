"""Fields: synonyms, --map, --assume, and what the token columns mean."""

from __future__ import annotations

import json

import pytest
from reading_logs import HEADER, ROW, columns, log, read

from aggcost.errors import InputError, UsageError


def test_synonyms(tmp_path):
    found = read(log(tmp_path, "Created_At,prompt_tokens,completion_tokens,cost\n2026-02-01T00:00:00Z,7,3,0.5\n"))
    (row,) = found.good
    assert (row["input"], row["output"], str(row["recorded_cost"]), row["currency"]) == (7, 3, "0.500000000000", "USD")


@pytest.mark.parametrize(
    "header", ["Prompt Tokens,Completion-Tokens", "promptTokens,completionTokens", " INPUT_TOKENS ,output.tokens"]
)
def test_headers_are_spelled_in_many_ways(tmp_path, header):
    found = read(log(tmp_path, f"model,{header}\nm,7,3\n"))
    assert (found.values("input"), found.values("output")) == ([7], [3])


def test_names_that_say_seconds_are_seconds(tmp_path):
    found = read(columns(tmp_path, input_tokens=["1"], latency_s=["1.5"], TTFT_s=["0.25"]))
    assert (found.values("latency_ms"), found.values("ttft_ms")) == ([1500], [250])


@pytest.mark.parametrize(
    ("cells", "status", "code"),
    [
        ({"status": ["error"], "http_status": ["429"]}, "error", 429),
        ({"status": ["ok"], "status_code": [""]}, "ok", None),
        ({"status_code": ["429"]}, "error", 429),
        ({"http_status": ["timeout"]}, "error", 408),
    ],
)
def test_a_status_and_its_code(tmp_path, cells, status, code):
    (row,) = read(columns(tmp_path, input_tokens=["1"], **cells)).good
    assert (row["status"], row["http_status"]) == (status, code)


def test_a_dot_leads_into_objects(tmp_path):
    rows = [
        {"model": "m", "usage": {"in": 7, "sub": {"a b": 3}}},
        {"model": "m", "usage": "no"},
        {"model": "m", "usage": {"in": -1}},
    ]
    path = log(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "log.jsonl")
    found = read(path, mapping={"input_tokens": "usage.in", "output_tokens": "usage.sub.a b"})
    assert [(row["input"], row["output"]) for row in found.good] == [(7, 3), (None, None)]
    assert found.places == [(3, "input_tokens", "not_a_count")]


def test_cached_tokens_are_part_of_the_prompt(tmp_path):
    cells = {"input_tokens": ["10", "1"], "cached_tokens": ["4", "2"], "cache_write_5m_tokens": ["1", ""]}
    found = read(columns(tmp_path, **cells))
    assert [(row["input"], row["cache_read"], row["cache_write_5m"]) for row in found.good] == [(5, 4, 1)]
    assert found.places == [(3, "input_tokens", "less_than_the_cached_tokens")]


def test_unless_the_user_says_that_they_are_not(tmp_path):
    cells = {"input_tokens": ["10", "1"], "cached_tokens": ["4", "2"]}
    assert read(columns(tmp_path, **cells), input_excludes_cache=True).values("input") == [1, 10]


def test_columns_of_single_labels_fill_the_tags(tmp_path):
    found = read(log(tmp_path, "model,input_tokens,tags.feature,tags.Plan\nm,1,search,\nm,1,,pro\n"))
    assert sorted(found.values("tags")) == ['{"Plan":"pro"}', '{"feature":"search"}']


def test_labels_are_mapped_and_merged(tmp_path):
    row = {"model": "m", "input_tokens": 1, "tags": {"a": "1", "b": "2"}, "kind": "x"}
    (tags,) = read(log(tmp_path, json.dumps(row), "log.jsonl"), mapping={"tags.b": "kind"}).values("tags")
    assert json.loads(tags) == {"a": "1", "b": "x"}


def test_a_mapped_column_is_no_longer_its_synonym(tmp_path):
    found = read(log(tmp_path, HEADER + ROW), mapping={"task": "model"})
    assert (found.values("task"), found.values("model")) == (["gpt-4o"], [None])


def test_a_mapped_column_has_a_unit(tmp_path):
    cells = {"input_tokens": ["1"], "took": ["1.5"], "at:ms": ["0"]}
    found = read(columns(tmp_path, **cells), mapping={"latency_ms": "took:s", "output_tokens": "at:ms"})
    assert (found.values("latency_ms"), found.values("output")) == ([1500], [0])


@pytest.mark.parametrize(
    ("options", "kind", "message", "hint"),
    [
        ({"mapping": {"task": "modle"}}, InputError, r"--map task=modle: no column 'modle'", "did you mean 'model'?"),
        ({"mapping": {"latncy": "model"}}, UsageError, "unknown field 'latncy'", "did you mean 'latency_ms'?"),
        ({"assume": {"provder": "openai"}}, UsageError, "unknown field 'provder'", "did you mean 'provider'?"),
        ({"mapping": {"timestamp": "timestamp:days"}}, UsageError, "unknown unit 'days' of a time", None),
    ],
)
def test_names_that_do_not_exist(tmp_path, options, kind, message, hint):
    with pytest.raises(kind, match=message) as caught:
        read(log(tmp_path, HEADER + ROW), **options)
    assert caught.value.exit_code == 2
    assert caught.value.hint == hint


def test_constants(tmp_path):
    assumed = {"provider": "openai", "timestamp": "2026-02-01T00:00:00Z", "task": "it's"}
    (row,) = read(log(tmp_path, "model,input_tokens\nm,1\n"), assume=assumed).good
    assert (row["provider"], row["task"], row["ts"].isoformat()) == ("openai", "it's", "2026-02-01T00:00:00")


def test_a_log_of_nothing_known_says_how_to_name_its_columns(tmp_path):
    with pytest.raises(InputError, match="no column that this program knows among time, b") as caught:
        read(log(tmp_path, "time,b\n1,2\n"))
    assert "--map input_tokens=COLUMN" in caught.value.hint


def test_a_first_line_without_any_known_name_may_be_data_and_is_not_quoted(tmp_path):
    with pytest.raises(InputError, match=r"no column that this program knows among 2 of its first line$"):
        read(log(tmp_path, "a,b\n1,2\n"))


def test_a_prompt_is_kept_as_its_hash_only(tmp_path):
    (row,) = read(log(tmp_path, "model,input_tokens,prompt\nm,1,a secret\n")).good
    assert len(row["prompt_hash"]) == 32
    assert "secret" not in str(row)


def test_rows_of_several_requests_need_their_number(tmp_path):
    found = read(columns(tmp_path, input_tokens=["100", "5"], requests=["20", ""]))
    assert found.values("request_count") == [20]
    assert found.places == [(3, "requests", "missing")]
