"""Laws of importing: how a log is stored says nothing about what it costs."""

from __future__ import annotations

import gzip
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from reading_logs import read
from sample_logs import sample, write_csv, write_jsonl

METERS = ("input", "cache_read", "output", "latency_ms", "request_count")
SEEDS = range(2)


def totals(*paths):
    found = read(*paths)
    sums = {meter: sum(row[meter] or 0 for row in found.good) for meter in METERS}
    return sum(one.records for one in found.inputs), len(found.good), sums, found.values("ts"), found.values("task")


@pytest.fixture(params=SEEDS)
def rows(request):
    return sample(request.param, 80)


@pytest.fixture
def expected(rows, tmp_path):
    return totals(write_csv(rows, tmp_path / "plain.csv"))


def test_the_order_of_rows(rows, tmp_path, expected):
    random.Random(1).shuffle(rows)
    assert totals(write_csv(rows, tmp_path / "log.csv")) == expected


def test_one_file_or_several(rows, tmp_path, expected):
    parts = [write_csv(rows[start::3], tmp_path / f"part{start}.csv") for start in range(3)]
    assert totals(*parts) == expected


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_packing(rows, tmp_path, expected, pack):
    path = tmp_path / "log.packed"
    path.write_bytes(pack(write_csv(rows, tmp_path / "log.csv").read_bytes()))
    assert totals(path) == expected


@pytest.mark.parametrize(("old", "new"), [(b"\r\n", b"\n"), (b"\r\n", b"\r\n\r\n"), (b",", b";"), (b",", b"\t")])
def test_dialects(rows, tmp_path, expected, old, new):
    path = tmp_path / "log.csv"
    path.write_bytes(write_csv(rows, path).read_bytes().replace(old, new))
    assert totals(path) == expected


def test_json_lines_and_documents(rows, tmp_path, expected):
    assert totals(write_jsonl(rows, tmp_path / "log.jsonl")) == expected
    document = tmp_path / "log.json"
    document.write_text(json.dumps(rows, indent=2))
    assert totals(document) == expected


def test_parquet_typed_or_text(rows, tmp_path, expected):
    texts = [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]
    for name, stored in (("typed", rows), ("text", texts)):
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist(stored), path)
        assert totals(path) == expected


def test_bad_rows_add_to_the_records_alone(rows, tmp_path, expected):
    path = write_csv(rows, tmp_path / "log.csv")
    path.write_bytes(path.read_bytes() + b"a,b\r\n" + b"x" + b"," * 30 + b"\r\n")
    records, *rest = totals(path)
    assert (records - 2, *rest) == expected
