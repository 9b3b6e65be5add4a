"""Files as tables: dialects, and the line of every row that cannot be used."""

from __future__ import annotations

import json

import pytest
from reading_logs import HEADER, ROW, log, read

from aggcost.errors import DataQualityError, InputError
from aggcost.importers import files

BAD = "2026-02-01T00:00:00Z,gpt-4o,many,5\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_dialects(tmp_path, delimiter, end, mark):
    text = (HEADER + ROW + BAD + "\n" + ROW + BAD).replace(",", delimiter).replace("\n", end)
    found = read(log(tmp_path, mark + text.encode()))
    assert found.values("input") == [10, 10]
    assert found.places == [(3, "input_tokens", "not_a_count"), (6, "input_tokens", "not_a_count")]


def test_the_last_line_needs_no_end(tmp_path):
    assert len(read(log(tmp_path, (HEADER + ROW * 2).rstrip())).good) == 2


def test_blank_lines_before_the_header(tmp_path):
    found = read(log(tmp_path, "\n\n" + HEADER + ROW + "a,b\n" + BAD))
    assert len(found.good) == 1
    assert found.places == [(5, "line", "missing_columns"), (6, "input_tokens", "not_a_count")]


def test_quoted_cells_hold_delimiters_quotes_and_lines(tmp_path):
    cell = '"a ""quoted"", name\nover\nthree lines"'
    found = read(log(tmp_path, HEADER + f"2026-02-01T00:00:00Z,{cell},1,2\n" + "short\n" + BAD + ROW))
    assert found.values("model") == ['a "quoted", name\nover\nthree lines', "gpt-4o"]
    assert found.places == [(5, "line", "missing_columns"), (6, "input_tokens", "not_a_count")]
    notice = next(one for one in found.issues if one.code == "lines_in_quotes")
    assert (notice.count, notice.where) == (2, f"{tmp_path / 'log.csv'}:2")


def test_ragged_rows_are_quarantined_with_their_line(tmp_path):
    found = read(log(tmp_path, HEADER + ROW + "x,y\n" + ROW + ROW.strip() + ",6\n" + ROW))
    assert len(found.rows) == 5
    assert len(found.good) == 3
    assert found.places == [(3, "line", "missing_columns"), (5, "line", "too_many_columns")]
    assert sum(one.count for one in found.issues if one.code == "quarantined") == 2


def test_text_that_is_not_utf8_is_quarantined(tmp_path):
    found = read(log(tmp_path, (HEADER + ROW).encode() + b"2026-02-01T00:00:00Z,caf\xe9,1,2\n" + ROW.encode()))
    assert len(found.good) == 2
    assert found.places == [(3, "line", "invalid_encoding")]


def test_a_quote_that_never_closes_is_noticed(tmp_path):
    with pytest.raises(
        DataQualityError, match=r"log\.csv:3: a quote opens and never closes: 4 lines are missing|log\.csv:3"
    ):
        read(log(tmp_path, HEADER + ROW + '2026-02-01T00:00:00Z,"gpt,1,2\n' + ROW * 3))


def test_two_stray_quotes_are_told(tmp_path):
    opened, closed = '2026-02-01T00:00:00Z,"gpt,1,2\n', '2026-02-01T00:00:00Z,gpt",1,2\n'
    found = read(log(tmp_path, HEADER + opened + ROW * 3 + closed))
    assert [(one.code, one.severity, one.count) for one in found.issues] == [("lines_in_quotes", "warning", 4)]


def test_lines_in_a_prompt_are_no_cause_for_worry(tmp_path):
    found = read(log(tmp_path, 'model,input_tokens,prompt\nm,1,"two\nlines"\n'))
    assert [(one.code, one.severity, one.count) for one in found.issues] == [("lines_in_quotes", "info", 1)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model,model\na,b\n", r"log\.csv:1: the column 'model' stands twice"),
        ("just some words\n", r"log\.csv:1: no delimiter in the header line$"),
        ("model\na\n", r"log\.csv:1: no delimiter in the header line 'model'"),
        ("my words,my words\na,b\n", r"log\.csv:1: a name stands twice"),
        ('model,"input\ntokens"\na,1\n', r"log\.csv:1: a quote opens in the header"),
        ("{bad\n", "not JSON"),
        ("[1, 2]", "no JSON object"),
    ],
)
def test_headers_that_cannot_be_read(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read(log(tmp_path, text))


def test_a_header_alone_is_a_log_of_nothing(tmp_path):
    assert read(log(tmp_path, HEADER)).rows == []
    assert read(log(tmp_path, HEADER.strip())).rows == []


def test_columns_without_a_name_and_names_that_differ_by_case(tmp_path):
    found = read(log(tmp_path, "model,Model,,,input_tokens\na,b,x,y,3\n"))
    assert [(row["model"], row["input"]) for row in found.good] == [("a", 3)]


GOOD = {"timestamp": "2026-02-01T00:00:00Z", "model": "a", "input_tokens": 3}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_broken_json_lines_are_quarantined_with_their_line(tmp_path, end, mark):
    lines = [json.dumps(GOOD), "{bad", "", "[1]", json.dumps(GOOD | {"input_tokens": "x"}), '{"other": 1}', "null"]
    found = read(log(tmp_path, mark + end.join(lines).encode(), "log.jsonl"))
    unknown = "not_an_object_with_known_keys"
    assert found.values("input") == [3]
    assert found.places == [
        (2, "line", unknown), (4, "line", unknown), (5, "input_tokens", "not_a_count"), (6, "line", unknown), (7, "line", unknown),
    ]  # fmt: skip


def test_a_first_line_that_is_broken_does_not_hide_the_rest(tmp_path):
    assert len(read(log(tmp_path, "{bad\n" + json.dumps(GOOD) + "\n", "log.jsonl")).good) == 1


@pytest.mark.parametrize("suffix", ["jsonl", "geojson", "GeoJSONL"])
def test_no_name_of_a_file_changes_how_it_is_read(tmp_path, suffix):
    text = '{"type":"Point","coordinates":[1.0,2.0]}\n{"type":"Line","coordinates":[3.0]}\n'
    found = read(log(tmp_path, text, f"log.{suffix}"), mapping={"model": "type", "task": "coordinates"}, timezone="UTC")
    assert found.values("model") == ["Line", "Point"]


def test_keys_that_come_late_are_read(tmp_path):
    late = [*[GOOD] * 500, GOOD | {"output_tokens": 9}]
    found = read(log(tmp_path, "\n".join(map(json.dumps, late)), "log.jsonl"))
    assert sum(row["output"] or 0 for row in found.good) == 9


def test_a_rare_key_of_a_large_file_is_not_missed(tmp_path, monkeypatch):
    for name, small in {"SAMPLE_WHOLE_BYTES": 1000, "SAMPLE_PLACES": 4, "SAMPLE_LINES": 2}.items():
        monkeypatch.setattr(files, name, small)
    rows = [GOOD] * 500
    rows[77] = GOOD | {"cached_tokens": 2, "Timestamp": None}
    found = read(log(tmp_path, "\n".join(map(json.dumps, rows)), "log.jsonl"))
    assert sum(row["cache_read"] or 0 for row in found.good) == 2
    assert sum(row["input"] for row in found.good) == 1498
    assert "keys of 8 lines all over the file" in found.inputs[0].read_as


def test_keys_that_differ_by_case_are_told(tmp_path):
    found = read(log(tmp_path, json.dumps(GOOD | {"Model": "b"}), "log.jsonl"))
    assert found.values("model") == ["a"]
    assert "differ only by case: Model" in found.inputs[0].read_as


def test_names_with_quotes(tmp_path):
    row = GOOD | {'ta"sk': "t", "te'am": "e"}
    options = {"mapping": {"task": 'ta"sk', "team": "te'am"}}
    found = read(log(tmp_path, json.dumps(row), "log.jsonl"), **options)
    assert (found.values("task"), found.values("team")) == (["t"], ["e"])


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"data": rows}])
def test_json_documents(tmp_path, wrap):
    found = read(log(tmp_path, json.dumps(wrap([GOOD, GOOD | {"input_tokens": 1.5}]), indent=1), "log.json"))
    assert found.values("input") == [3]
    assert found.places == [(2, "input_tokens", "not_a_count")]


@pytest.mark.parametrize("data", [5, None, "x", {}])
def test_a_document_whose_data_are_no_list_is_one_record(tmp_path, data):
    assert read(log(tmp_path, json.dumps(GOOD | {"data": data}, indent=1), "log.json")).values("input") == [3]
