"""Rows of the table as `bq` exports them: the answer as JSON, as its text, or as the chunks of a stream; Claude's, too."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from formats import anthropic_bodies, gemini_bodies
from formats.calls import PROMPT, Call, naive

MODELS = ("gemini-2.5-pro", "claude-sonnet-4-5-20250929", "gemini-2.5-flash")


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"request_response_logging.json": "".join(json.dumps(_row(call)) + "\n" for call in calls).encode()}


def _is_claude(call: Call) -> bool:
    return call.model.startswith("claude")


def _row(call: Call) -> dict[str, Any]:
    maker = "anthropic" if _is_claude(call) else "google"
    return {
        "endpoint": f"projects/p/locations/us-central1/publishers/{maker}/models/{call.model}",
        "deployed_model_id": None,
        "logging_time": f"{call.at:%Y-%m-%d %H:%M:%S.%f} UTC",
        "request_id": str(9007199254740993000 + call.number),
        "request_payload": [PROMPT],
        "response_payload": [PROMPT],
        "model": f"publishers/{maker}/models/{call.model}",
        "model_version": "default",
        "api_method": "generateContent",
        "full_request": {"contents": [PROMPT]},
        "full_response": _response(call),
        "metadata": json.dumps({"request_latency": call.latency_ms}),
    }


def _response(call: Call) -> Any:
    if not call.ok:
        return {"error": {"code": 429, "message": PROMPT}}
    if _is_claude(call):
        return anthropic_bodies.body(call)
    body = gemini_bodies.body(_without_writes(call))
    if call.number % 4 == 0:
        return json.dumps(body)
    return [{"candidates": [PROMPT]}, body] if call.number % 4 == 1 else body


def _without_writes(call: Call) -> Call:
    return replace(call, cache_write_5m=0, cache_write_1h=0)


def expect(call: Call) -> dict[str, Any]:
    bodies: Any = anthropic_bodies if _is_claude(call) else gemini_bodies
    nothing = {"input": None, "cache_read": None, "cache_write_5m": None, "cache_write_1h": None, "output": None}
    known = {
        "ts": naive(call.at),
        "request_id": str(9007199254740993000 + call.number),
        "model": call.model if call.ok else _row(call)["model"],
        "provider": "google",
        "service_tier": "standard" if call.ok else None,
        "region": "us-central1",
        "operation": "generateContent",
        "latency_ms": call.latency_ms,
        "status": "ok" if call.ok else "error",
        "http_status": None if call.ok else 429,
        "reasoning": None,
    }
    return known | nothing | (bodies.counts(call) if call.ok else {})
