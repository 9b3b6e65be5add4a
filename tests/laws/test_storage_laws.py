"""Five hundred times another way to store a log, every format included: what it adds up to stays the same."""

from __future__ import annotations

import gzip
import importlib
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from formats.calls import calls
from sample_logs import sample, write_csv, write_jsonl

from aggcost.engine import open_engine
from aggcost.importers import FORMATS, ReadOptions, read_usage, write_canonical

LOGS = {"csv": 31, "jsonl": 31, "parquet": 8}  # a plan of many Parquet files takes long
WAYS = ("shuffle", "split", "gz", "zst", "crlf", "convert")
LEAST = 500
NAMES = [one.NAME for one in FORMATS if one.LAYOUT is not None]
METERS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write_other", "output", "reasoning",
          "latency_ms", "ttft_ms", "request_count")  # fmt: skip
WORDS = ("ts", "provider", "model", "task", "user", "status", "service_tier", "region")
WAYS_A_FORMAT = 2
Totals = tuple[Any, ...]


def totals(rows: list[dict[str, Any]]) -> Totals:
    """Return what rows add up to, and their names and times in an order of their own."""
    meters = {meter: sum(row[meter] or 0 for row in rows) for meter in METERS}
    unknown = {meter: sum(row[meter] is None for row in rows) for meter in METERS}
    cost = sum((row["recorded_cost"] or Decimal(0) for row in rows), Decimal(0))
    return len(rows), meters, unknown, cost, sorted(str([row[word] for word in WORDS]) for row in rows)


def rows_of(paths: list[Path], *, convert: Path | None = None) -> list[dict[str, Any]]:
    """Return the records of a log that count, read as it lies or from the Parquet that `convert` makes of it."""
    options = ReadOptions(request_ids=True, writes=() if convert is None else (convert,))
    with open_engine(threads=1) as engine:
        usage = read_usage(engine, [str(path) for path in paths], options)
        if convert is not None:
            write_canonical(engine, usage, convert)
            return rows_of([convert])
        found: list[dict[str, Any]] = engine.to_arrow(usage.table).to_pylist()
    return [row for row in found if row["issue"] is None and row["filtered"] is None and not row["duplicate"]]


def packed(way: str, content: bytes) -> bytes:
    """Return the same text in other bytes."""
    if way == "gz":
        return gzip.compress(content)
    if way == "zst":
        return zstandard.compress(content)
    ended = content.replace(b"\r\n", b"\n")
    return ended.replace(b"\n", b"\r\n") if way == "crlf" and ended == content else ended


def saved(rows: list[dict[str, Any]], kind: str, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
        return path
    return (write_csv if kind == "csv" else write_jsonl)(rows, path)


def stored(rows: list[dict[str, Any]], kind: str, way: str, folder: Path, draw: random.Random) -> Iterator[Path]:
    """Yield the files of a log in one kind and way; Parquet, which has its own, is packed by other codecs."""
    rows, path = list(rows), folder / f"log.{kind}"
    if way == "shuffle":
        draw.shuffle(rows)
    if way == "split":
        at = draw.randrange(1, len(rows))
        yield saved(rows[:at], kind, folder / f"a.{kind}")
        yield saved(rows[at:], kind, folder / f"b.{kind}")
        return
    saved(rows, kind, path)
    if way in ("gz", "zst", "crlf") and kind == "parquet":
        codec = {"gz": "gzip", "zst": "zstd", "crlf": "none"}[way]
        pq.write_table(pa.Table.from_pylist(rows), path, compression=codec, row_group_size=draw.randrange(1, 9))
    elif way in ("gz", "zst", "crlf"):
        path.write_bytes(packed(way, path.read_bytes()))
    yield path


def by_folder(rows: list[dict[str, Any]]) -> dict[str, Totals]:
    """Return the totals of each case: its files lie in a folder of its own."""
    cases: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        cases.setdefault(Path(row["source_file"]).parent.name, []).append(row)
    return {name: totals(listed) for name, listed in cases.items()}


@pytest.mark.parametrize("kind", LOGS)
def test_a_log_of_our_own_fields(kind, tmp_path):
    straight, converted, expected = [], [], {}
    for seed in range(LOGS[kind]):
        rows, draw = sample(seed, 12), random.Random(seed)
        straight.append(saved(rows, "csv", tmp_path / f"plain {seed}" / "log.csv"))
        for way in WAYS:
            name = f"{way} {seed}"
            listed = converted if way == "convert" else straight
            listed += stored(rows, kind, way, tmp_path / name, draw)
            expected[name] = f"plain {seed}"
    found = by_folder(rows_of(straight)) | by_folder(rows_of(converted, convert=tmp_path / "usage.parquet"))
    for name, plain in expected.items():
        assert found[name] == found[plain], name
    assert len(expected) == len(WAYS) * LOGS[kind]


@pytest.mark.parametrize("name", NAMES)
def test_a_log_of_every_format(name, tmp_path):
    draw = random.Random(name)
    writer = importlib.import_module(f"formats.write_{name.replace('-', '_')}")
    listed = calls(writer.MODELS, draw.randrange(1000), 12, **getattr(writer, "CALLS", {}))

    def files(folder: str, some: list[Any], way: str = "") -> list[Path]:
        (tmp_path / folder).mkdir()
        paths = []
        for file, content in writer.write(some).items():
            paths.append(tmp_path / folder / file)
            as_it_is = way not in ("gz", "zst", "crlf") or content.startswith(b"PAR1")
            paths[-1].write_bytes(content if as_it_is else packed(way, content))
        return paths

    expected = totals(rows_of(files("plain", listed)))
    moves = getattr(writer, "SHUFFLES", True)
    for way in draw.sample([way for way in WAYS if moves or way not in ("shuffle", "split")], WAYS_A_FORMAT):
        some = draw.sample(listed, len(listed)) if way == "shuffle" else listed
        paths = files(f"{way} 0", some[::2] if way == "split" else some, way)
        paths += files(f"{way} 1", some[1::2]) if way == "split" else []
        assert totals(rows_of(paths, convert=tmp_path / "usage.parquet" if way == "convert" else None)) == expected, way


def test_how_many():
    own = sum(len(WAYS) * logs for logs in LOGS.values())
    assert own + WAYS_A_FORMAT * len(NAMES) >= LEAST
