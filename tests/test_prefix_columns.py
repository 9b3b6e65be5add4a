"""Block ids of prompts: from the cells of a log to lists of integers, and through Parquet and back."""

from __future__ import annotations

import hashlib
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading_logs import HEADER, ROW, log, read
from typer.testing import CliRunner

from aggcost.cli import app
from aggcost.engine import open_engine
from aggcost.importers import ReadOptions, read_usage
from aggcost.usage import PREFIX

NAMES = {column.name for column in PREFIX}
TIME = "2026-02-01T00:00:00Z"
ROWS = [[1, 2, 3], ["a", 2, "9"], [], None]
MEANT = [[1, 2, 3], [6078585027090374790, 2, 9], [], None]


def in_order(found):
    return [row["prefix_blocks"] for row in sorted(found.rows, key=lambda row: row["source_row"])]


def as_jsonl(folder, rows, **more):
    lines = (json.dumps({"ts": TIME, "model": "m", "input_tokens": 10, "ids": ids, **more}) for ids in rows)
    return log(folder, "\n".join(lines) + "\n", "log.jsonl")


def as_csv(folder, rows):
    cells = ("" if ids is None else '"' + json.dumps(ids).replace('"', '""') + '"' for ids in rows)
    return log(folder, "ts,model,input_tokens,ids\n" + "".join(f"{TIME},m,10,{cell}\n" for cell in cells))


def as_parquet(folder, rows, kind):
    table = pa.table({"ts": [TIME] * len(rows), "model": ["m"] * len(rows), "input_tokens": [10] * len(rows),
                      "ids": pa.array(rows, kind)})  # fmt: skip
    pq.write_table(table, folder / "log.parquet")
    return folder / "log.parquet"


@pytest.mark.parametrize("written", [as_csv, as_jsonl])
def test_a_list_of_numbers_and_texts_is_read_from_text(tmp_path, written):
    found = read(written(tmp_path, ROWS), mapping={"prefix_blocks": "ids"}, assume={"block_tokens": "512"})
    assert in_order(found) == MEANT
    assert {row["block_tokens"] for row in found.rows} == {512}
    assert not found.bad


@pytest.mark.parametrize("kind", [pa.list_(pa.int32()), pa.list_(pa.int64()), pa.large_list(pa.uint16())])
def test_a_column_of_lists_is_read_from_parquet(tmp_path, kind):
    rows = [[1, 2, 3], [], None, [4]]
    assert in_order(read(as_parquet(tmp_path, rows, kind), mapping={"prefix_blocks": "ids"})) == rows


def test_texts_in_parquet_mean_what_they_mean_elsewhere(tmp_path):
    found = read(as_parquet(tmp_path, [["a", "2", "9"]], pa.list_(pa.string())), mapping={"prefix_blocks": "ids"})
    assert in_order(found) == MEANT[1:2]


def test_a_text_is_63_bits_of_its_md5():
    assert MEANT[1][0] == int.from_bytes(hashlib.md5(b"a").digest()[:8], "little") >> 1  # noqa: S324 - no secret


def test_a_number_is_its_digits_and_any_other_text_is_a_text(tmp_path):
    large = 10**19 - 1  # of 64 bits, but not of 63
    rows = [[large], [str(large)], ["007"], [7], ["7"], [-4], [2**62], ['a"]', "\\"], ['a"]', "\\"]]
    found = in_order(read(as_jsonl(tmp_path, rows), mapping={"prefix_blocks": "ids"}))
    assert found[0] == found[1]
    assert found[3] == found[4] == [7] != found[2]
    assert found[5:7] == [[-4], [2**62]]
    assert found[7] == found[8]
    assert len(found[7]) == 2


@pytest.mark.parametrize("text", ["[ 1 ,\t2 ]", "[1,2]", "[1, 2]", '["1", 2]', "  [1,2] "])
def test_spaces_between_ids_mean_nothing(tmp_path, text):
    quoted = text.replace('"', '""')
    path = log(tmp_path, f'ts,model,input_tokens,prefix_blocks\n{TIME},m,10,"{quoted}"\n')
    assert in_order(read(path)) == [[1, 2]]


@pytest.mark.parametrize(
    "cell",
    [
        "7",
        "nope",
        '{"a": 1}',
        "[1, null]",
        "[1.5]",
        "[[1]]",
        "[true]",
        "[1",
        f"[{10**19}]",
        "[01]",
        "[1,]",
        "[1 2]",
        "[1.0]",
    ],
)
def test_what_is_no_list_of_ids_quarantines_its_row(tmp_path, cell):
    quoted = cell.replace('"', '""')
    path = log(tmp_path, f'ts,model,input_tokens,prefix_blocks\n{TIME},m,10,"{quoted}"\n{TIME},m,10,"[1]"\n')
    found = read(path)
    assert found.places == [(2, "prefix_blocks", "not_a_list_of_ids")]
    assert [row["prefix_blocks"] for row in found.good] == [[1]]


def test_the_size_of_a_block_is_a_count(tmp_path):
    path = log(tmp_path, f'ts,model,input_tokens,prefix_blocks,block_tokens\n{TIME},m,10,"[1]",5.5\n')
    assert read(path).places == [(2, "block_tokens", "not_a_count")]


def test_a_log_without_blocks_has_no_column_for_them(tmp_path):
    assert not NAMES & read(log(tmp_path, HEADER + ROW)).rows[0].keys()
    # Nor has one whose blocks nobody asked for.
    assert not NAMES & read(as_jsonl(tmp_path, ROWS)).rows[0].keys()


def test_rows_keep_their_places_on_several_threads(tmp_path):
    """Of requests of one time the order decides; files are read in pieces."""
    count = 60_000
    with (tmp_path / "log.jsonl").open("w") as file:
        for number in range(count):
            ids = list(range(number, number + 40))
            row = {"ts": TIME, "model": "m", "input_tokens": number, "prefix_blocks": ids, "request_id": f"r{number}"}
            file.write(json.dumps(row) + "\n")
    with open_engine(threads=4) as engine:
        usage = read_usage(engine, [str(tmp_path / "log.jsonl")], ReadOptions())
        table = engine.to_arrow(usage.table.select("source_row", "input", "prefix_blocks")).sort_by("source_row")
    assert table.column("source_row").to_pylist() == list(range(1, count + 1))
    assert table.column("input").to_pylist() == list(range(count))
    assert table.column("prefix_blocks")[-1].as_py()[0] == count - 1


def converted(tmp_path, *arguments):
    out = tmp_path / "usage.parquet"
    run = CliRunner().invoke(app, ["convert", *map(str, arguments), "-o", str(out)])
    assert run.exit_code == 0, run.output
    return out


def test_blocks_survive_conversion(tmp_path):
    path = as_jsonl(tmp_path, ROWS)
    flags = ("--map", "prefix_blocks=ids", "--assume", "block_tokens=512")
    found = read(converted(tmp_path, path, *flags))
    assert in_order(found) == MEANT
    assert {row["block_tokens"] for row in found.rows} == {512}
    assert {row["source_file"] for row in found.rows} == {str(path)}


def test_converted_logs_stand_beside_others(tmp_path):
    out = converted(tmp_path, as_jsonl(tmp_path, [[1]]), "--map", "prefix_blocks=ids")
    found = read(
        out, log(tmp_path, HEADER + ROW), log(tmp_path, f'{HEADER[:-1]},prefix_blocks\n{ROW[:-1]},"[2]"\n', "b.csv")
    )
    assert sorted(row["prefix_blocks"] or [0] for row in found.rows) == [[0], [1], [2]]


def test_a_format_with_a_layout_takes_them_too(tmp_path):
    call = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1769904000, "model": "gpt-4o-2024-08-06",
            "choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}}  # fmt: skip
    lines = [json.dumps(call | {"id": f"chatcmpl-{number}", "hashes": [number]}) for number in range(3)]
    found = read(log(tmp_path, "\n".join(lines) + "\n", "log.jsonl"), mapping={"prefix_blocks": "hashes"})
    assert in_order(found) == [[0], [1], [2]]


def test_analyzing_such_a_log_costs_what_it_costs_without_blocks(tmp_path):
    path = as_jsonl(tmp_path, ROWS, output_tokens=5)
    flags = ["--assume", "provider=openai", "--assume", "model=gpt-4o", "--format", "json"]
    costs = [
        json.loads(CliRunner().invoke(app, ["analyze", str(path), *flags, *more]).stdout)["arms"][0]["cost"]
        for more in ([], ["--map", "prefix_blocks=ids", "--assume", "block_tokens=512"])
    ]
    assert costs[0] == costs[1]
