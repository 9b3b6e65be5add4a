"""Logs of the contract's own fields: CSV, JSON lines and Parquet, input with and without the cache, and what
`aggcost convert` makes of one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet

import aggcost
from formats.calls import Call, iso


@dataclass(frozen=True)
class Form:
    """How rows become a file; with `excludes_cache` their input is without cached tokens."""

    name: str
    made: Callable[[list[dict]], bytes]
    excludes_cache: bool = False

    def write(self, calls: list[Call]) -> dict[str, bytes]:
        return {self.name: self.made([_row(call, excludes_cache=self.excludes_cache) for call in calls])}

    def expect(self, call: Call) -> dict:
        return {
            name: getattr(call, name) for name in ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output")
        }


def _row(call: Call, *, excludes_cache: bool) -> dict:
    return {
        "timestamp": iso(call.at),
        "request_id": f"r{call.number}",
        "provider": call.maker,
        "model": call.model,
        "input_tokens": call.input if excludes_cache else call.prompt,
        "cache_read_tokens": call.cache_read,
        "cache_write_5m_tokens": call.cache_write_5m,
        "cache_write_1h_tokens": call.cache_write_1h,
        "output_tokens": call.output,
        "reasoning_tokens": call.reasoning,
    }


def _csv(rows: list[dict]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _jsonl(rows: list[dict]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _parquet(rows: list[dict]) -> bytes:
    return _stored(pa.Table.from_pylist(rows))


def _stored(table: pa.Table) -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file)
    return file.getvalue()


def _converted(rows: list[dict]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        path.write_bytes(_csv(rows))
        return _stored(aggcost.read_usage(path).to_arrow())


FORMS = {
    "generic csv": Form("log.csv", _csv),
    "generic jsonl": Form("log.jsonl", _jsonl),
    "generic parquet": Form("log.parquet", _parquet),
    "generic csv without the cache": Form("log.csv", _csv, excludes_cache=True),
    "canonical": Form("usage.parquet", _converted),
}
