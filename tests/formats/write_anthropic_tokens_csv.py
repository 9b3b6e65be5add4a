"""The console's token export of 2026: thousands with commas, minutes cut off, a context window that is no ASCII."""

from __future__ import annotations

import csv
import io
from typing import Any

from formats import anthropic_bodies
from formats.calls import Call, naive

MODELS = anthropic_bodies.MODELS
CALLS = {"failures": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    text = io.StringIO(newline="")
    rows = [_row(call) for call in calls]
    writer = csv.DictWriter(text, list(_row(calls[0])))
    writer.writeheader()
    writer.writerows(rows)
    return {"claude_api_tokens_2026_02_02.csv": text.getvalue().encode("utf-8-sig")}


def _row(call: Call) -> dict[str, Any]:
    return {
        "usage_date_utc": f"{call.at:%Y-%m-%d %H:00}",
        "model_version": call.model,
        "api_key": call.user,
        "workspace": "Default",
        "usage_type": "batch" if call.number % 2 else "standard",
        "context_window": "≤ 200k",
        "usage_input_tokens_no_cache": f"{call.input:,}",
        "usage_input_tokens_cache_write_5m": call.cache_write_5m,
        "usage_input_tokens_cache_write_1h": call.cache_write_1h,
        "usage_input_tokens_cache_read": f"{call.cache_read:,}",
        "usage_output_tokens": call.output,
        "web_search_count": 3,
        "inference_geo": "not_available",
        "speed": "fast" if call.number % 5 == 0 else "",
    }


def expect(call: Call) -> dict[str, Any]:
    return {
        "ts": naive(call.at.replace(minute=0, second=0, microsecond=0)),
        "model": call.model,
        "provider": "anthropic",
        "team": "Default",
        "tags": f'{{"api_key":"{call.user}"}}',
        "service_tier": "fast" if call.number % 5 == 0 else "batch" if call.number % 2 else "standard",
        "region": None,
        "grain": "bucket",
        "request_count": 0,
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_5m": call.cache_write_5m,
        "cache_write_1h": call.cache_write_1h,
        "output": call.output,
    }
