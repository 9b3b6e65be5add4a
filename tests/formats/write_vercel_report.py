"""A Vercel AI Gateway spend report: a row for each call."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from formats.calls import Call

MODELS = ("openai/gpt-4o", "anthropic/claude-sonnet-4.5")
CALLS = {"failures": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"report.json": json.dumps({"results": [_row(call) for call in calls]}).encode()}


def _row(call: Call) -> dict[str, Any]:
    return {
        "day": f"{call.at:%Y-%m-%d}",
        "model": call.model,
        "total_cost": float(call.cost_usd),
        "market_cost": float(call.cost_usd * 2),
        "input_tokens": call.prompt,
        "output_tokens": call.output,
        "cached_input_tokens": call.cache_read,
        "cache_creation_input_tokens": call.cache_write,
        "reasoning_tokens": call.reasoning,
        "request_count": call.number + 1,
    }


def expect(call: Call) -> dict[str, Any]:
    return {
        "ts": datetime(call.at.year, call.at.month, call.at.day),  # noqa: DTZ001 - as the canonical table has it
        "model": call.model,
        "provider": None,
        "grain": "bucket",
        "request_count": call.number + 1,
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_other": call.cache_write,
        "output": call.output,
        "reasoning": call.reasoning,
        "recorded_cost": call.cost_usd,
    }
