"""--since and --until: rows outside of the period are filtered, counted, and read no further."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading_logs import HEADER, log, read
from sample_logs import write_prices

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.engine import open_engine
from aggcost.errors import UsageError
from aggcost.importers import ReadOptions, read_usage, write_canonical

DAYS = ("2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z", "2026-02-28T23:59:59.9Z", "2026-03-01T00:00:00Z", "")
FEBRUARY = {"since": "2026-02-01", "until": "2026-03-01"}


def month(days=DAYS) -> str:
    return HEADER + "".join(f"{day},gpt-4o,{10**n},1\n" for n, day in enumerate(days))


def counted(found) -> dict[str, int]:
    return {one.code: one.count for one in found.issues}


def test_a_half_open_period_and_rows_without_a_time(tmp_path):
    found = read(log(tmp_path, month()), **FEBRUARY)
    assert sorted(row["input"] for row in found.rows if row["filtered"] is None) == [10, 100, 10_000]
    assert [row["input"] for row in found.rows if row["filtered"] == "outside_of_period"] == [None, None]
    assert len(found.rows) == 5
    assert counted(found) == {"outside_of_period": 2, "no_time_to_filter_by": 1}


@pytest.mark.parametrize(
    ("asked", "inputs"),
    [
        ({"since": "2026-03-01"}, [1000, 10_000]),
        ({"until": "2026-02-01T00:00"}, [1, 10_000]),
        ({"since": "2026-02-01T01:00:00+01:00", "until": "2026-02-01 00:00:01Z"}, [10, 10_000]),
        ({"since": "2026-02-01T01:00", "timezone": "Europe/Berlin"}, [10, 100, 1000, 10_000]),
        ({"since": "2026-02-01T01:00:00.000001", "timezone": "Europe/Berlin"}, [100, 1000, 10_000]),
    ],
)
def test_one_bound_and_zones(tmp_path, asked, inputs):
    found = read(log(tmp_path, month()), **asked)
    assert sorted(row["input"] for row in found.rows if row["filtered"] is None) == inputs


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"since": "2026-02-01", "until": "2026-02-01"}, "no time lies between"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "no time lies between"),
        ({"since": "yesterday"}, "--since yesterday: not a date or time"),
        ({"until": "2026-02-30"}, "--until 2026-02-30: not a date"),
        ({"since": "2026-03-29T02:30", "timezone": "Europe/Berlin"}, "no clock in Europe/Berlin"),
        ({"since": "0001-01-01", "timezone": "Asia/Tokyo"}, "no time that a log could have"),
    ],
)
def test_what_is_no_period(tmp_path, asked, message):
    with pytest.raises(UsageError, match=message):
        read(log(tmp_path, month()), **asked)


def test_the_hour_that_happens_twice_is_the_later_one(tmp_path):
    days = ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")  # both 02:30 in Berlin
    found = read(log(tmp_path, month(days)), since="2026-10-25T02:30", timezone="Europe/Berlin")
    assert [row["input"] for row in found.rows if row["filtered"] is None] == [10]


def test_bad_rows_outside_of_the_period_are_no_concern(tmp_path):
    text = HEADER + "".join(f"{day},gpt-4o,many,1\n" for day in DAYS)
    found = read(log(tmp_path, text), **FEBRUARY)
    assert [place[0] for place in found.places] == [3, 4, 6]
    assert counted(found)["quarantined"] == 3
    assert len([row for row in found.rows if row["issue"]]) == 3


def test_json_lines_and_logs_without_any_time(tmp_path):
    lines = "".join(json.dumps({"timestamp": day or None, "model": "m", "input_tokens": 1}) + "\n" for day in DAYS)
    assert counted(read(log(tmp_path, lines, "log.jsonl"), **FEBRUARY))["outside_of_period"] == 2
    timeless = read(log(tmp_path, "model,input_tokens\nm,1\nm,x\n", "b.csv"), **FEBRUARY)
    assert counted(timeless) == {"quarantined": 1, "no_time_to_filter_by": 1}
    assert timeless.places == [(3, "input_tokens", "not_a_count")]


def test_every_record_is_accounted_for(tmp_path):
    path = log(tmp_path, month())
    asked = Options(logs=(str(path),), prices=(write_prices(tmp_path),), read=ReadOptions(**FEBRUARY))
    found = backtest.analyze(asked).coverage
    assert (found.records, found.filtered, found.tokens.input) == (5, 2, 10_110)


def test_dedupe_looks_at_the_period_only(tmp_path):
    text = "id,ts,model,input_tokens\n" + "".join(f"a,{day},m,{n}\n" for n, day in enumerate(DAYS[:4]))
    found = read(log(tmp_path, text), dedupe="id", **FEBRUARY)
    assert [row["input"] for row in found.rows if row["filtered"] is None and not row["duplicate"]] == [1]


@pytest.mark.parametrize("canonical", [True, False])
def test_blocks_of_a_typed_file_are_skipped(tmp_path, canonical):
    name = "ts" if canonical else "time"
    path = tmp_path / "log.parquet"
    times = pa.array(range(1_770_000_000_000_000, 1_770_000_100_000_000, 1_000_000), pa.timestamp("us"))
    table = pa.table({name: times, "model": ["m"] * 100, "input_tokens": [1] * 100})
    if canonical:
        with open_engine(threads=1) as engine:
            pq.write_table(table.rename_columns(["time", "model", "input_tokens"]), tmp_path / "made.parquet")
            kept = ReadOptions(timezone="UTC", request_ids=True, writes=(path,))
            write_canonical(engine, read_usage(engine, [str(tmp_path / "made.parquet")], kept), path)
        table = pq.read_table(path)
    pq.write_table(table, path, row_group_size=10)
    with open_engine(threads=1) as engine:
        options = ReadOptions(timezone="UTC", since="2026-02-02T02:40:15Z", until="2026-02-02T02:40:20Z")
        usage = read_usage(engine, [str(path)], options)
        plan = engine.rows(f"EXPLAIN ANALYZE {usage.table.input.sum().as_table().compile()}")[0][1]
        assert "Row Groups Scanned: 1 / 10" in plan
        assert engine.to_arrow(usage.table.count().as_table()).column(0)[0].as_py() == 100
