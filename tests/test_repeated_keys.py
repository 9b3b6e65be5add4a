"""JSON objects that state a key twice: readers differ in which value they take, so no row with one is counted."""

from __future__ import annotations

import json

import pytest
from reading_logs import log, read

from aggcost.errors import InputError

CALL = {
    "request_id": "a", "call_type": "acompletion", "spend": 0.1, "prompt_tokens": 10, "completion_tokens": 5,
    "startTime": "2026-02-01T00:00:00Z", "model": "gpt-4o", "custom_llm_provider": "openai", "status": "success",
}  # fmt: skip
DETAILS = '{"usage_object": {"prompt_tokens_details": {"cached_tokens": 1, "cached_tokens": 9}}}'


def line(call, more=""):
    """A line of JSON, with more members than a dict can hold."""
    return json.dumps(call)[:-1] + more + "}\n"


@pytest.mark.parametrize(
    ("more", "key"),
    [
        (', "prompt_tokens": 99', "prompt_tokens"),
        (', "prompt_tokens": 10', "prompt_tokens"),  # alike, but nobody meant to
        (', "model": "gpt-5"', "model"),
        (f', "metadata": {DETAILS}', "cached_tokens"),
        (f', "metadata": {json.dumps(DETAILS)}', "cached_tokens"),
        (', "metadata": {"usage_object": {}, "usage_object": {}}', "usage_object"),
    ],
)
def test_a_record_of_a_declared_format(tmp_path, more, key):
    text = line(CALL) + line(CALL | {"request_id": "b"}, more)
    found = read(log(tmp_path, text, "log.jsonl"))
    assert found.places == [(2, key, "stands_twice_in_an_object")]
    assert found.values("input") == [10]


def test_a_key_that_no_field_is_read_from_may_stand_twice(tmp_path):
    found = read(log(tmp_path, line(CALL, ', "note": 1, "note": 2'), "log.jsonl"))
    assert (found.bad, found.values("input")) == ([], [10])


def test_a_record_inside_a_page(tmp_path):
    row = {"provider": "openai", "model": "gpt-4o", "created_at": "2026-02-01T00:00:00Z", "cached": False,
           "tokens_in": 10, "tokens_out": 5, "success": True}  # fmt: skip
    page = '{"result": [' + line(row | {"id": "a"}) + "," + line(row | {"id": "b"}, ', "tokens_in": 7') + "]}"
    found = read(log(tmp_path, page, "log.json"))
    assert [(one.column, one.reason) for one in found.bad] == [("tokens_in", "stands_twice_in_an_object")]
    assert found.values("input") == [10]


def test_what_says_that_a_line_is_no_request_may_not_stand_twice(tmp_path):
    used = {
        "type": "message",
        "id": "m",
        "model": "claude-sonnet-4-5",
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    hidden = line(used)[:-2].replace('{"type": "message"', '{"type": "ping", "type": "message"') + "}\n"
    found = read(log(tmp_path, line(used) + hidden.replace('"m"', '"n"'), "log.jsonl"))
    assert found.places == [(2, "type", "stands_twice_in_an_object")]


def test_json_in_a_cell(tmp_path):
    cells = [*CALL.values(), DETAILS.replace('"', '""')]
    text = ",".join([*CALL, "metadata"]) + "\n" + ",".join(f'"{cell}"' for cell in cells) + "\n"
    assert read(log(tmp_path, text)).places == [(2, "cached_tokens", "stands_twice_in_an_object")]


ROW = {"timestamp": "2026-02-01T00:00:00Z", "model": "gpt-4o", "input_tokens": 10, "output_tokens": 5}


def test_many_megabytes_of_records(tmp_path):
    more = line(CALL | {"messages": "x" * 1000}) * 9_000
    found = read(log(tmp_path, more + line(CALL, ', "prompt_tokens": 99') + line(CALL), "log.jsonl"))
    assert found.places == [(9_001, "prompt_tokens", "stands_twice_in_an_object")]
    assert len(found.good) == 9_001


@pytest.mark.parametrize("before", [1, 100_000])  # more than the sample of a large file shows
def test_a_line_of_the_contracts_own_fields_refuses_the_file(tmp_path, before):
    text = line(ROW) * before + line(ROW, ', "input_tokens": 99') + line(ROW) * before
    with pytest.raises(InputError, match="the key 'input_tokens' stands twice in an object"):
        read(log(tmp_path, text, "log.jsonl"))


@pytest.mark.parametrize("form", ["[{}]", '{{\n"data": [{}]}}'])
def test_an_array_of_the_contracts_own_fields_is_refused_too(tmp_path, form):
    record = '{"timestamp": "2026-02-02T09:00:00Z", "model": "m", "input_tokens": 1, "input_tokens": 9, "note": 1}'
    with pytest.raises(InputError, match="the key 'input_tokens' stands twice"):
        read(log(tmp_path, form.format(record), "log.json"))
