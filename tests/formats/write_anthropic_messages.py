"""Answers of the Messages API as applications log them: extended by a time, or inside `response`; errors as they come.

An answer that was logged while it streamed stands there twice, first with less output.
"""

from __future__ import annotations

import json
from typing import Any

from formats import anthropic_bodies
from formats.anthropic_bodies import body, counts, no_counts
from formats.calls import PROMPT, Call, iso, naive

MODELS = anthropic_bodies.MODELS


def write(calls: list[Call]) -> dict[str, bytes]:
    lines = [line for call in calls for line in _lines(call)]
    return {"messages.jsonl": "".join(json.dumps(line) + "\n" for line in lines).encode()}


def _lines(call: Call) -> list[dict[str, Any]]:
    if not call.ok:
        error = {"type": "overloaded_error", "message": PROMPT}
        return [{"type": "error", "error": error, "request_id": f"req_{call.number}", "timestamp": iso(call.at)}]
    times = {"timestamp": iso(call.at), "latency_ms": call.latency_ms}
    ping = {"type": "ping", "timestamp": iso(call.at)}
    if call.number % 3 == 0:
        return [{**times, "request": {"messages": [{"role": "user", "content": PROMPT}]}, "response": body(call)}, ping]
    if call.number % 3 == 1 and call.output > 1:
        early = body(call)
        early["usage"] |= {"output_tokens": 1, "output_tokens_details": None}
        return [early | times, body(call) | times]
    return [body(call) | times]


def expect(call: Call) -> dict[str, Any]:
    known = {
        "ts": naive(call.at),
        "request_id": f"msg_{call.number:024d}" if call.ok else f"req_{call.number}",
        "model": call.model if call.ok else None,
        "provider": "anthropic",
        "service_tier": "standard" if call.ok else None,
        "region": None,
        "latency_ms": call.latency_ms if call.ok else None,
        "status": "ok" if call.ok else "error",
        "http_status": None if call.ok else 529,
    }
    return known | (counts(call) if call.ok else no_counts(call))
