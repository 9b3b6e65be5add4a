"""OpenRouter's activity API: an answer with a sum for each call."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from formats.calls import Call

MODELS = ("openai/gpt-4o", "anthropic/claude-sonnet-4.5")
CALLS = {"writes": False, "failures": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"activity.json": json.dumps({"data": [_row(call) for call in calls]}, indent=2).encode()}


def _row(call: Call) -> dict[str, Any]:
    return {
        "date": f"{call.at:%Y-%m-%d}",
        "model": call.model,
        "model_permaslug": f"{call.model}-20250929",
        "endpoint_id": "550e8400-e29b-41d4-a716-446655440000",
        "provider_name": "OpenAI",
        "workspace_id": call.session,
        "usage": float(call.cost_usd),
        "byok_usage_inference": 0,
        "requests": call.number + 1,
        "prompt_tokens": call.prompt,
        "completion_tokens": call.output,
        "reasoning_tokens": call.reasoning,
    }


def expect(call: Call) -> dict[str, Any]:
    return {
        "ts": datetime(call.at.year, call.at.month, call.at.day),  # noqa: DTZ001 - as the canonical table has it
        "model": call.model,
        "provider": "openrouter",
        "team": call.session,
        "tags": '{"upstream":"OpenAI"}',
        "grain": "bucket",
        "request_count": call.number + 1,
        "input": call.prompt,
        "cache_read": None,
        "output": call.output,
        "reasoning": call.reasoning,
        "recorded_cost": call.cost_usd,
    }
