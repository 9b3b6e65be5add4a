"""Pages of the usage report, one JSON document: a bucket a call, some buckets empty."""

from __future__ import annotations

import json
from typing import Any

from formats import anthropic_bodies
from formats.anthropic_bodies import usage
from formats.calls import Call, iso, naive

MODELS = anthropic_bodies.MODELS
CALLS = {"failures": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    empty = {"starting_at": "2026-02-01T00:00:00Z", "ending_at": "2026-02-01T00:01:00Z", "results": []}
    page = {"data": [empty, *map(_bucket, calls)], "has_more": False, "next_page": None}
    return {"usage.json": json.dumps(page, indent=2).encode()}


def _bucket(call: Call) -> dict[str, Any]:
    return {"starting_at": iso(call.at), "ending_at": iso(call.end), "results": [_result(call)]}


def _result(call: Call) -> dict[str, Any]:
    known = usage(call)
    names = ("cache_creation", "cache_read_input_tokens", "output_tokens")
    return {name: known[name] for name in names} | {
        "uncached_input_tokens": call.input,
        "server_tool_use": {"web_search_requests": 2},
        "model": call.model,
        "workspace_id": call.session if call.number % 2 else None,
        "api_key_id": None,
        "account_id": None,
        "service_account_id": None,
        "service_tier": "batch",
        "context_window": "0-200k",
        "inference_geo": "us",
        "speed": None,
    }


def expect(call: Call) -> dict[str, Any]:
    return {
        "ts": naive(call.at),
        "model": call.model,
        "provider": "anthropic",
        "team": call.session if call.number % 2 else None,
        "service_tier": "batch",
        "region": "us",
        "grain": "bucket",
        "request_count": 0,
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_5m": call.cache_write_5m,
        "cache_write_1h": call.cache_write_1h,
        "output": call.output,
    }
