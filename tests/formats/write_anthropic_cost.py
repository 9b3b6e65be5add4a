"""Pages of the cost report, one JSON document: a day with one amount a call, in cents."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from formats import anthropic_bodies
from formats.calls import FIRST, Call, naive

MODELS = anthropic_bodies.MODELS
CALLS = {"failures": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    page = {"data": [*map(_bucket, calls), _day(40) | {"results": []}], "has_more": False, "next_page": None}
    return {"cost.json": json.dumps(page).encode()}


def _day(number: int) -> dict[str, Any]:
    first, last = _start(number), _start(number + 1)
    return {"starting_at": f"{first:%Y-%m-%dT%H:%M:%SZ}", "ending_at": f"{last:%Y-%m-%dT%H:%M:%SZ}"}


def _start(number: int) -> datetime:
    return (FIRST + timedelta(days=number)).replace(hour=0)


def _bucket(call: Call) -> dict[str, Any]:
    result = {
        "amount": str(call.cost_usd * 100),
        "currency": "USD",
        "cost_type": "tokens",
        "token_type": "cache_creation.ephemeral_5m_input_tokens",
        "model": call.model,
        "description": "Claude usage - input tokens",
        "service_tier": "standard",
        "context_window": "0-200k",
        "inference_geo": "global",
        "workspace_id": None,
    }
    return _day(call.number) | {"results": [result]}


def expect(call: Call) -> dict[str, Any]:
    return {
        "ts": naive(_start(call.number)),
        "model": call.model,
        "provider": "anthropic",
        "tags": '{"token_type":"cache_creation.ephemeral_5m_input_tokens"}',
        "operation": "tokens",
        "service_tier": "standard",
        "region": "global",
        "grain": "bucket",
        "request_count": 0,
        "input": None,
        "output": None,
        "recorded_cost": call.cost_usd,
    }
