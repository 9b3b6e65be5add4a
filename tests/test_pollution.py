"""No spoiled log is silently wrong: it is read as it is meant, set aside with a word, or refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polluter import ANY, Spoiled, answer, as_csv, as_jsonl, clean_rows, spoiled_texts, spoiled_types
from polluter_files import ROWS, spoiled_csv, spoiled_json, spoiled_parquet
from reading_logs import Log, log, read

from aggcost.errors import AggcostError

SEEDS = range(2)
COUNTED: Counter[str] = Counter()


def outcomes(found: Log, spoiled: list[Spoiled], file: str) -> list[str]:
    """Count what became of each spoiled row; return those that are silently wrong."""
    good = {row["request_id"]: row for row in found.good}
    assert len(found.rows) == len(found.good) + len(found.bad)
    wrong = []
    for one in spoiled:
        row = good.get(one.row["request_id"])
        if row is None:
            COUNTED["refused"] += 1
        elif one.means is not ANY and {key: row[key] for key in one.means} == one.means:
            COUNTED["right"] += 1
        else:
            wrong.append(f"{file}: {one.column} {one.how}: {one.row.get(one.column)!r} became {shown(row, one)}")
    COUNTED["wrong"] += len(wrong)
    return wrong


def shown(row: dict[str, Any], one: Spoiled) -> dict[str, Any]:
    told = answer(clean_rows(0, 1)[0]) if one.means is ANY else one.means
    return {key: row[key] for key in told if one.means is ANY or row[key] != one.means[key]}


def test_rows_stand_as_they_were(tmp_path):
    rows = clean_rows(1, 30)
    found = read(log(tmp_path, as_csv(rows)), request_ids=True)
    good = {row["request_id"]: row for row in found.good}
    for row in rows:
        told = answer(row)
        assert {key: good[row["request_id"]][key] for key in told} == told


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_spoiled_cell(kind, tmp_path):
    wrong = []
    for seed in SEEDS:
        spoiled = spoiled_texts(seed)
        # Clean rows around them: most times are text, as in a log.
        rows = [
            *(one.row for one in spoiled),
            *({**row, "request_id": f"c{row['request_id']}"} for row in clean_rows(seed, 50)),
        ]
        found = read(_written(tmp_path, kind, rows), request_ids=True, timezone="UTC")
        assert len(found.rows) == len(rows)
        wrong += outcomes(found, spoiled, kind)
    assert wrong == []


def _written(folder: Path, kind: str, rows: list[dict[str, Any]]) -> Path:
    if kind != "parquet":
        return log(folder, (as_csv if kind == "csv" else as_jsonl)(rows), f"log.{kind}")
    texts = [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]
    pq.write_table(pa.Table.from_pylist(texts), folder / "log.parquet")
    return folder / "log.parquet"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_spoiled_type_in_json(seed, tmp_path):
    spoiled = spoiled_types(seed)
    assert (
        outcomes(
            read(log(tmp_path, as_jsonl([one.row for one in spoiled]), "log.jsonl"), request_ids=True), spoiled, "jsonl"
        )
        == []
    )


def judged(folder: Path, name: str, content: bytes, rows: list[dict[str, Any]]) -> str:
    """Return right, refused, told or wrong; told means that what is missing or odd is counted or warned of."""
    try:
        found = read(log(folder, content, name), request_ids=True, timezone="UTC")
    except AggcostError as error:
        return "refused" if error.exit_code in (2, 3) else "wrong"
    assert sum(one.records for one in found.inputs) == len(found.rows)
    told = {row["request_id"]: answer(row) for row in rows}
    kept = [row for row in found.good if row["filtered"] is None and not row["duplicate"]]
    read_as = [{key: row[key] for key in told.get(row["request_id"], {"model": None})} for row in kept]
    same = len(kept) == len(rows) and all(
        told.get(row["request_id"]) == one for row, one in zip(kept, read_as, strict=True)
    )
    if same and len({row["request_id"] for row in kept}) == len(rows):
        return "right"
    if not found.rows:
        return "refused"  # by every command: no usable row
    if {row["model"] for row in kept} - {"gpt-4o", "gpt-4o-mini"}:
        return "told"  # a model without a price is named in every report
    warned = [issue for issue in found.issues if issue.severity != "info"]
    return "told" if found.bad or warned else "wrong"


@pytest.mark.parametrize("seed", [0])
@pytest.mark.parametrize("spoil", [spoiled_csv, spoiled_json, spoiled_parquet])
def test_a_spoiled_file(spoil, seed, tmp_path):
    rows, wrong = clean_rows(seed, ROWS), []
    for how, name, content in spoil(rows, seed):
        became = judged(tmp_path, name, content, rows)
        COUNTED[f"{became} file"] += 1
        if became == "wrong":
            wrong.append(f"{name}: {how}")
    assert wrong == []


def test_how_many(capsys):
    with capsys.disabled():
        print(f"\nspoiled: {dict(COUNTED)}")  # noqa: T201
    assert COUNTED["wrong"] == COUNTED["wrong file"] == 0
    assert COUNTED["right"] + COUNTED["refused"] >= 2000


def test_tokens_under_several_names_are_those_that_a_row_has(tmp_path):
    lines = '{"model": "m", "input_tokens": 5}\n{"model": "m", "prompt_tokens": 7}\n'
    assert read(log(tmp_path, lines, "log.jsonl")).values("input") == [5, 7]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.jsonl", '{"model": "m", "input_tokens": 5, "input_tokens": 7}\n', "'input_tokens' stands twice"),
        ("b.jsonl", '{"model": "m", "input_tokens": 5}\n{"model": "m", "Input_Tokens": 7}\n', "only by case"),
        ("c.csv", "model,input_tokens,Input Tokens\nm,5,7\n", "two columns are called like 'input_tokens'"),
    ],
)
def test_a_field_that_is_stated_twice_is_refused(name, text, said, tmp_path):
    with pytest.raises(AggcostError, match=said):
        read(log(tmp_path, text, name))


def test_truth_is_no_count_of_one(tmp_path):
    pq.write_table(pa.table({"model": ["m"], "output_tokens": [True]}), tmp_path / "log.parquet")
    assert [one.reason for one in read(tmp_path / "log.parquet").bad] == ["not_a_count"]


def test_json_nested_too_deep_is_a_bad_line(tmp_path):
    deep = '{"model": "m", "input_tokens": 5}\n{"model": "m", "x": ' + "[" * 90_000 + "]" * 90_000 + "}\n"
    assert len(read(log(tmp_path, deep, "log.jsonl")).rows) == 2
