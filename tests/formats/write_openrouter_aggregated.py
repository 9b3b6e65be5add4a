"""OpenRouter's aggregated activity export: a row for each call."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

from formats.calls import Call

MODELS = ("openai/gpt-4o", "anthropic/claude-sonnet-4.5")
CALLS = {"writes": False, "failures": False}
_HEADER = "Date,Slug,Usage,BYOK Usage,Requests,Prompt Tokens,Completion Tokens,Reasoning Tokens\n"


def write(calls: list[Call]) -> dict[str, bytes]:
    text = io.StringIO(_HEADER)
    text.seek(0, io.SEEK_END)
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(map(_row, calls))
    return {"openrouter_activity.csv": text.getvalue().encode()}


def _row(call: Call) -> tuple[Any, ...]:
    day = f"{call.at:%Y-%m-%d} 00:00:00"
    return (day, call.model, f"{call.cost_usd:f}", "0", call.number + 1, call.prompt, call.output, call.reasoning)


def expect(call: Call) -> dict[str, Any]:
    return {
        "ts": datetime(call.at.year, call.at.month, call.at.day),  # noqa: DTZ001 - as the canonical table has it
        "model": call.model,
        "provider": "openrouter",
        "grain": "bucket",
        "request_count": call.number + 1,
        "input": call.prompt,
        "cache_read": None,
        "output": call.output,
        "reasoning": call.reasoning,
        "recorded_cost": call.cost_usd,
    }
