"""Cloudflare AI Gateway logs as its API pages them, and the records by themselves."""

from __future__ import annotations

import json

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-4o", "gemini-2.5-flash")


def write(calls: list[Call]) -> dict[str, bytes]:
    page = {"result": [row(call) for call in calls[1::2]], "success": True, "errors": [], "result_info": {"page": 1}}
    return {
        "logs.json": json.dumps(page).encode(),
        "logs.jsonl": "".join(json.dumps(row(call)) + "\n" for call in calls[::2]).encode(),
    }


def row(call: Call) -> dict:
    return {
        "id": f"01{call.number:024d}",
        "created_at": iso(call.at),
        "provider": "google-ai-studio" if call.maker == "google" else call.maker,
        "model": call.model,
        "model_type": "llm",
        "path": "v1/chat/completions?key=secret",
        "success": call.ok,
        "status_code": 200 if call.ok else 429,
        "cached": False,
        "tokens_in": call.prompt if call.ok else None,
        "tokens_out": call.output if call.ok else None,
        "cost": float(call.cost_usd),
        "custom_cost": False,
        "duration": call.latency_ms,
        "metadata": json.dumps({"user": call.user}),
        "step": call.number % 2,
        "request_head": PROMPT,
        "response_head": PROMPT,
    }


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"01{call.number:024d}",
        "attempt": call.number % 2 + 1,
        "model": call.model,
        "provider": call.maker,
        "user": call.user,
        "tags": json.dumps({"user": call.user}),
        "operation": "v1/chat/completions",
        "input": call.prompt if call.ok else None,
        "cache_read": None,
        "output": call.output if call.ok else None,
        "latency_ms": call.latency_ms,
        "recorded_cost": call.cost_usd,
        "status": "ok" if call.ok else "error",
        "http_status": 200 if call.ok else 429,
        "billable": None,
    }
