"""Parquet files that declare absurdly much are refused before a row is read."""

from __future__ import annotations

import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading_logs import read

from aggcost.errors import InputError

ROWS = 1_000_000


def written(path, table: pa.Table, times: int, **how: object):
    with pq.ParquetWriter(path, table.schema, **how) as writer:
        for _ in range(times):
            writer.write_table(table)
    return path


@pytest.mark.parametrize(
    ("table", "times", "how"),
    [
        ({"model": ["m"] * ROWS, "input_tokens": [1] * ROWS}, 60, {}),
        ({"model": ["m" * 200] * (ROWS // 2), "input_tokens": [1] * (ROWS // 2)}, 1,
         {"use_dictionary": False, "compression": "zstd"}),
    ],
    ids=["run lengths", "compressed"],
)  # fmt: skip
def test_bombs_are_refused(tmp_path, table, times, how):
    path = written(tmp_path / "log.parquet", pa.table(table), times, **how)
    began = time.monotonic()
    with pytest.raises(InputError, match=r"declares [0-9,]+ rows .*, over 250 times its size"):
        read(path)
    assert time.monotonic() - began < 5


def test_a_log_that_packs_well_is_read(tmp_path):
    table = pa.table(
        {"model": ["m"] * 100_000, "input_tokens": [1] * 100_000} | {f"x{n}": [None] * 100_000 for n in range(30)}
    )
    assert len(read(written(tmp_path / "log.parquet", table, 1)).good) == 100_000


def test_no_rows(tmp_path):
    table = pa.table({"model": pa.array([], pa.string()), "input_tokens": pa.array([], pa.int64())})
    assert read(written(tmp_path / "log.parquet", table, 1)).rows == []
