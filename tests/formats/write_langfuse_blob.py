"""Langfuse observations as its export to blob storage writes them: JSON lines, CSV and Parquet, snake_case."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet

from formats import write_langfuse
from formats.calls import Call

MODELS = write_langfuse.MODELS
LEFT_OUT = ("traceTags", "inputUsage", "internalModelId")
expect_more = write_langfuse.expect


def write(calls: list[Call]) -> dict[str, bytes]:
    listed = [[row for call in calls[n::3] for row in rows(call)] for n in range(3)]
    return {
        "observations.jsonl": "".join(json.dumps(row) + "\n" for row in listed[0]).encode(),
        "observations.csv": write_langfuse.table(listed[1]),
        "observations.parquet": parquet(listed[2]),
    }


def rows(call: Call) -> list[dict]:
    return [
        {snake(key): spaced(value) for key, value in row.items() if key not in LEFT_OUT}
        for row in write_langfuse.rows(call)
    ]


def snake(name: str) -> str:
    return "provided_model_name" if name == "model" else re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name)


def spaced(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", value):
        return value.replace("T", " ").removesuffix("Z")
    return value


def parquet(listed: list[dict]) -> bytes:
    times = [name for name in listed[0] if name.endswith(("_time", "_at"))]
    maps = {"usage_details": pa.map_(pa.string(), pa.int64()), "cost_details": pa.map_(pa.string(), pa.float64())}
    columns = {}
    for name in listed[0]:
        cells = [row[name] for row in listed]
        if name in times:
            cells = [None if cell is None else datetime.fromisoformat(cell) for cell in cells]
            columns[name] = pa.array(cells, pa.timestamp("us"))
        elif name in maps:
            columns[name] = pa.array([list(cell.items()) for cell in cells], maps[name])
        else:
            texts = [json.dumps(cell) if isinstance(cell, dict | list) else cell for cell in cells]
            columns[name] = pa.array(texts)
    file = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), file)
    return file.getvalue()


def expect(call: Call) -> dict:
    return {key: value for key, value in expect_more(call).items() if key != "tags"}
