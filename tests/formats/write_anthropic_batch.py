"""The results file of a message batch: messages, errors, and what was cancelled or expired."""

from __future__ import annotations

import json
from typing import Any

from formats import anthropic_bodies
from formats.anthropic_bodies import body, counts, no_counts
from formats.calls import PROMPT, Call

MODELS = anthropic_bodies.MODELS
_FAILURES = (
    {"type": "errored", "error": {"type": "error", "error": {"type": "invalid_request_error", "message": PROMPT}}},
    {"type": "canceled"},
    {"type": "expired"},
)


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"results.jsonl": "".join(json.dumps(_row(call)) + "\n" for call in calls).encode()}


def _row(call: Call) -> dict[str, Any]:
    result = {"type": "succeeded", "message": body(call)} if call.ok else _FAILURES[call.number % 3]
    return {"custom_id": f"request-{call.number}", "result": result}


def expect(call: Call) -> dict[str, Any]:
    failed = (("error", 400), ("cancelled", None), ("error", None))[call.number % 3]
    state, code = ("ok", None) if call.ok else failed
    known = {
        "ts": None,
        "request_id": f"msg_{call.number:024d}" if call.ok else f"request-{call.number}",
        "model": call.model if call.ok else None,
        "provider": "anthropic",
        "service_tier": "batch",
        "status": state,
        "http_status": code,
        "billable": None if call.ok else False,
    }
    return known | (counts(call) if call.ok else no_counts(call))
