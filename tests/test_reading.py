"""Reading: several files as one table, repeats, Parquet types, and the canonical form."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading_logs import HEADER, ROW, log, read

from aggcost.engine import open_engine
from aggcost.errors import InputError, UsageError
from aggcost.importers import ReadOptions, read_usage, write_canonical
from aggcost.usage import COLUMN_NAMES

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
IDS = "request_id," + HEADER


def parquet(folder, **cells):
    path = folder / "log.parquet"
    pq.write_table(pa.table(cells), path)
    return path


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_typed_parquet(tmp_path, unit):
    offset = pa.array([NOON.astimezone(timezone(timedelta(hours=5)))], pa.timestamp(unit, "Asia/Karachi"))
    found = read(
        parquet(tmp_path, ts=offset, model=["m"], input_tokens=[5.0], output_tokens=[3], cost=[Decimal("0.25")])
    )
    (row,) = found.good
    assert (row["ts"], row["input"], row["output"]) == (NOON.replace(tzinfo=None), 5, 3)
    assert row["recorded_cost"] == Decimal("0.25")


def test_text_parquet_and_counts_that_are_none(tmp_path):
    found = read(
        parquet(tmp_path, model=["m", "m", "m", "m"], input_tokens=["5", "x", None, "5.5"], output_tokens=[1, 2, 3, -4])
    )
    assert found.values("input") == [5, None]
    assert found.places == [(2, "input_tokens", "not_a_count"), (4, "input_tokens", "not_a_count")]
    assert len(found.rows) == 4


@pytest.mark.parametrize(
    ("provider", "status", "expected"),
    [
        (["a", "b"], ["ok", "error"], [("a", "ok", None), ("b", "error", None)]),
        ([" a", ""], ["ok", "rejected"], [("a", "ok", None), (None, "rejected", None)]),
        (["a ", None], [200, 503], [("a", "ok", 200), (None, "error", 503)]),
        ([7, 8], ["Success", "timeout"], [("7", "ok", None), ("8", "error", 408)]),
        (["a", "b"], [True, None], [("a", "ok", None), ("b", None, None)]),
    ],
)
def test_parquet_cells_that_are_or_are_not_their_own_reading(tmp_path, provider, status, expected):
    found = read(parquet(tmp_path, provider=provider, model=["m", "m "], input_tokens=[5, None], status=status))
    assert [(row["provider"], row["status"], row["http_status"]) for row in found.good] == expected
    assert [(row["model"], row["input"]) for row in found.good] == [("m", 5), ("m", None)]


@pytest.mark.parametrize(("column", "bad"), [("input_tokens", 2**64 - 1), ("output_tokens", 10**12 + 1)])
def test_parquet_numbers_that_no_request_has(tmp_path, column, bad):
    numbers = {"input_tokens": [7, 9, None], "output_tokens": [1, 1, 1]}
    numbers[column][1] = bad
    found = read(parquet(tmp_path, model=["m"] * 3, **{name: pa.array(n, "uint64") for name, n in numbers.items()}))
    assert found.values("input") == [7, None]
    assert found.places == [(2, column, "not_a_count")]


def test_a_parquet_status_that_is_none_is_found_beside_odd_ones(tmp_path):
    found = read(parquet(tmp_path, model=["m"] * 3, input_tokens=[1, 2, 3], status=["Success", "weird", "ok"]))
    assert found.values("status") == ["ok", "ok"]
    assert found.places == [(2, "status", "not_a_status")]


def test_parquet_times_without_a_zone_are_refused(tmp_path):
    path = parquet(
        tmp_path, ts=pa.array([NOON.replace(tzinfo=None)], pa.timestamp("ns")), model=["m"], input_tokens=[5]
    )
    with pytest.raises(InputError, match="times without a zone"):
        read(path)
    (moment,) = read(path, timezone="Europe/Berlin").values("ts")
    assert moment == datetime(2026, 2, 1, 11)  # noqa: DTZ001 - canonical times are UTC without a zone


@pytest.mark.parametrize(
    ("options", "message"),
    [({"timezone": "Mars/Olympus"}, "no such time zone"), ({"dedupe": "row"}, "only id is known")],
)
def test_options_that_make_no_sense(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        read(log(tmp_path, HEADER + ROW), **options)


def test_files_of_different_columns_are_one_table(tmp_path):
    first = log(tmp_path, HEADER + ROW, "a.csv")
    second = log(tmp_path, '{"model": "m", "input_tokens": 4, "task": "t"}\n', "b.jsonl")
    found = read(first, second)
    assert (found.values("input"), found.values("task")) == ([10, 4], [None, "t"])
    assert [one.records for one in found.inputs] == [1, 1]


def test_providers_get_their_usual_names(tmp_path):
    found = read(log(tmp_path, "provider,model,input_tokens\nOpenAI,m,1\nAnthropic,m,1\n"))
    assert found.values("provider") == ["anthropic", "openai"]


def test_repeated_ids_are_kept_and_told(tmp_path):
    found = read(log(tmp_path, IDS + f"r1,{ROW}r1,{ROW}r2,{ROW},{ROW},{ROW}"))
    assert len(found.good) == 5
    (issue,) = found.issues
    assert (issue.code, issue.count, issue.hint) == (
        "repeated_request_id",
        1,
        "--dedupe id drops them into the duplicate line",
    )


PAID = "request_id,timestamp,model,input_tokens,cost\n"


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        (("5", "0.3", "0.04"), "; the log records 0.34 USD"),
        (("5", "0.3", ""), "; the log records 0.3 USD for 1 of them"),
        (("5", "", ""), "; the log does not record what they cost"),
    ],
)
def test_repeats_are_told_with_their_recorded_cost(tmp_path, costs, words):
    rows = [f"r1,2026-02-01T00:00:0{second}Z,m,1,{cost}\n" for second, cost in enumerate(costs)]
    found = read(log(tmp_path, PAID + "".join(reversed(rows)) + "r2,2026-02-01T00:00:00Z,m,1,70\n"))
    (issue,) = found.issues
    assert (issue.count, issue.message) == (
        2,
        f"2 requests repeat the id of another one; they are counted and billed{words}",
    )


@pytest.mark.parametrize("seed", range(3))
def test_which_repeat_stays_does_not_hang_on_their_order(tmp_path, seed):
    rows = [f"r1,2026-02-01T00:00:0{second}Z,m,{tokens},1\n" for second in (3, 1, 2) for tokens in (7, 5, 9)]
    rows += [f"r2,{ROW}", f",{ROW}", f",{ROW}", "r1,2026-02-01T00:00:00Z,m,bad,1\n"]
    random.Random(seed).shuffle(rows)
    found = read(log(tmp_path, IDS + "".join(rows)), dedupe="id")
    assert sorted((row["request_id"] or "", row["input"]) for row in found.good if not row["duplicate"]) == [
        ("", 10), ("", 10), ("r1", 5), ("r2", 10),
    ]  # fmt: skip
    assert sum(bool(row["duplicate"]) for row in found.rows) == 8


def test_what_convert_writes_reads_as_the_same_log(tmp_path):
    path = log(tmp_path, IDS + f"r1,{ROW}r2,{ROW}r3,2026-02-01T00:00:00Z,m,bad,1\n")
    canonical = tmp_path / "usage.parquet"
    with open_engine(threads=1) as engine:
        assert (
            write_canonical(
                engine, read_usage(engine, [str(path)], ReadOptions(request_ids=True, writes=(canonical,))), canonical
            )
            == 2
        )
    again = read(canonical)
    assert again.inputs[0].format == "canonical"
    kept = [name for name in COLUMN_NAMES if name != "source_file"]
    assert [[row[name] for name in kept] for row in again.good] == [
        [row[name] for name in kept] for row in read(path, request_ids=True).good
    ]


def test_convert_never_writes_over_its_log(tmp_path):
    path = log(tmp_path, HEADER + ROW)
    with open_engine(threads=1) as engine, pytest.raises(UsageError, match="is one of the logs"):
        write_canonical(engine, read_usage(engine, [str(path)], ReadOptions(request_ids=True, writes=(path,))), path)
    assert path.read_text() == HEADER + ROW


def test_a_damaged_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"log\.parquet: duckdb"):
        read(log(tmp_path, b"PAR1" + bytes(100) + b"PAR1", "log.parquet"))


def test_ids_are_compared_across_formats_and_files_without_ids(tmp_path):
    with_ids = log(tmp_path, "request_id,model,input_tokens\nr1,m,1\nr2,m,1\n", "ids.csv")
    lines = log(tmp_path, '{"request_id": "r1", "model": "m", "input_tokens": 1}\n', "ids.jsonl")
    without = log(tmp_path, "model,input_tokens\nm,1\nm,1\n", "none.csv")
    canonical = tmp_path / "usage.parquet"
    with open_engine(threads=1) as engine:
        write_canonical(
            engine, read_usage(engine, [str(with_ids)], ReadOptions(request_ids=True, writes=(canonical,))), canonical
        )
    found = read(with_ids, lines, without, canonical)
    assert len(found.good) == 7
    assert [(one.code, one.count) for one in found.issues] == [("repeated_request_id", 3)]


def test_files_of_other_columns_are_one_table(tmp_path):
    paths = [log(tmp_path, HEADER + ROW + "too,short\n", f"{number}.csv") for number in range(3)]
    paths += [log(tmp_path, f"model,input_tokens,{name}\nm,1,x\n", f"{name}.csv") for name in ("user", "team")]
    found = read(tmp_path)
    assert (len(found.good), [one.records for one in found.inputs]) == (5, [2, 2, 2, 1, 1])
    assert [(one.code, one.count) for one in found.issues if one.code == "quarantined"] == [("quarantined", 3)]
    assert (found.values("user"), found.values("team")) == ([None] * 4 + ["x"], [None] * 4 + ["x"])


def test_what_is_said_about_a_canonical_file_is_not_lost_quietly(tmp_path):
    path, canonical = log(tmp_path, HEADER + ROW), tmp_path / "usage.parquet"
    with open_engine(threads=1) as engine:
        write_canonical(engine, read_usage(engine, [str(path)], ReadOptions(writes=(canonical,))), canonical)
    found = read(canonical, assume={"provider": "openai"}, mapping={"task": "model"})
    assert (found.inputs[0].format, found.values("input")) == ("canonical", [10])
    (issue,) = found.issues
    assert (issue.code, issue.where) == ("flags_without_effect", str(canonical))
    assert issue.message.startswith("--map, --assume say nothing")


def test_an_input_says_how_it_was_read(tmp_path):
    (one,) = read(log(tmp_path, HEADER + ROW)).inputs
    assert one.read_as.startswith(
        "generic (names of fields); delimiter ,, every column text; input_tokens contains cached tokens"
    )
    (one,) = read(log(tmp_path, HEADER + ROW), input_excludes_cache=True).inputs
    assert "input tokens do not contain cached ones (--input-excludes-cache)" in one.read_as


def test_of_files_that_are_read_together_the_broken_one_is_named(tmp_path):
    whole = json.dumps({"object": "chat.completion", "id": "1", "created": 1770000000, "choices": [], "model": "gpt-4o",
                        "usage": {"prompt_tokens": 1, "completion_tokens": 1}}, indent=1)  # fmt: skip
    log(tmp_path, whole, "good.json")
    broken = log(tmp_path, whole + "\n{broken\n", "broken.json")
    with pytest.raises(InputError, match=re.escape(f"{broken}: ")) as caught:
        read(tmp_path)
    assert caught.value.hint == "the file is damaged, or not what it seems to be"
