"""Spans as OTLP/JSON in the envelopes that producers use: what the writers of its formats share."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from formats.calls import PROMPT, Call

RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}


def nanos(time: datetime) -> int:
    return int(time.timestamp()) * 10**9 + time.microsecond * 1000


def attribute(key: str, value: Any) -> dict:
    if isinstance(value, bool):
        return {"key": key, "value": {"boolValue": value}}
    if isinstance(value, int):
        return {"key": key, "value": {"intValue": str(value) if value % 2 else value}}
    if isinstance(value, float):
        return {"key": key, "value": {"doubleValue": value}}
    if isinstance(value, list):
        return {"key": key, "value": {"arrayValue": {"values": [{"stringValue": one} for one in value]}}}
    return {"key": key, "value": {"stringValue": value}}


def span(call: Call, name: str, attributes: dict[str, Any], inside: str = "", part: str = "0") -> dict:
    made = {
        "traceId": f"{call.number:032x}", "spanId": f"{part}{call.number:015x}", "name": name, "kind": 3,
        "startTimeUnixNano": str(nanos(call.at)), "endTimeUnixNano": str(nanos(call.end)),
        "attributes": [attribute(key, value) for key, value in attributes.items()],
        "events": [{"name": "message", "attributes": [attribute("content", PROMPT)]}],
        "status": {} if call.ok else {"code": 2, "message": "failed"},
    }  # fmt: skip
    return made | ({"parentSpanId": f"{inside}{call.number:015x}"} if inside else {})


def files(groups: list[list[dict]]) -> dict[str, bytes]:
    """Return the spans of calls in three envelopes: the collector's, an older one in Tempo's, and bare."""
    lines = [
        {"resourceSpans": [{"resource": RESOURCE, "scopeSpans": [{"scope": {"name": "sdk"}, "spans": group}]}]}
        for group in groups[0::3]
    ]
    tempo = {
        "batches": [
            {"resource": RESOURCE, "instrumentationLibrarySpans": [{"spans": [one]} for one in group]}
            for group in groups[1::3]
        ]
    }
    bare = [one | {"resource": RESOURCE} for group in groups[2::3] for one in group]
    found = {"traces.jsonl": _lines(lines), "spans.jsonl": _lines(bare)}
    return found | ({"tempo.json": json.dumps(tempo, indent=1).encode()} if tempo["batches"] else {})


def _lines(objects: list[dict]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in objects).encode()
