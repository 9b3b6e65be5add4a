"""Answers of Gemini as applications log them: extended by a time, or inside `response`; chunks of streams; errors."""

from __future__ import annotations

import json
from typing import Any

from formats import gemini_bodies
from formats.calls import PROMPT, Call, iso, naive
from formats.gemini_bodies import body, counts, no_counts

MODELS = gemini_bodies.MODELS
CALLS = {"writes": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"gemini.jsonl": "".join(json.dumps(line) + "\n" for call in calls for line in _lines(call)).encode()}


def _lines(call: Call) -> list[dict[str, Any]]:
    time = {"timestamp": iso(call.at), "latency_ms": call.latency_ms}
    if not call.ok:
        return [time | {"model": call.model, "error": {"code": 429, "message": PROMPT, "status": "RESOURCE_EXHAUSTED"}}]
    if call.number % 3 == 0:
        return [time | {"request": {"contents": [PROMPT]}, "response": body(call)}, time | {"step": "tool"}]
    if call.number % 3 == 1:
        first = body(call)
        first["usageMetadata"] = {"promptTokenCount": call.prompt, "totalTokenCount": call.prompt}
        return [first | time, body(call) | time]
    return [body(call) | time]


def expect(call: Call) -> dict[str, Any]:
    known = {
        "ts": naive(call.at),
        "request_id": f"resp{call.number}" if call.ok else None,
        "model": call.model,
        "provider": "google",
        "latency_ms": call.latency_ms,
        "status": "ok" if call.ok else "error",
        "http_status": None if call.ok else 429,
    }
    return known | (counts(call) if call.ok else no_counts(call))
