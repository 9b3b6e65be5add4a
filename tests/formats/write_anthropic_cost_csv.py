"""The console's cost export of 2026, a row for each kind of token."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

from formats.calls import Call, naive

MODELS = ("Claude Haiku 4.5", "Claude Sonnet 4.5")
CALLS = {"failures": False}
_TYPES = ("input_no_cache", "input_cache_read", "input_cache_write_5m", "input_cache_write_1h", "output")


def write(calls: list[Call]) -> dict[str, bytes]:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(_row(calls[0])))
    writer.writeheader()
    writer.writerows(_row(call) for call in calls)
    return {"claude_api_cost_2026_02.csv": text.getvalue().encode()}


def _row(call: Call) -> dict[str, Any]:
    return {
        "usage_date_utc": f"{call.at:%Y-%m-%d}",
        "model": call.model,
        "workspace": "Default",
        "api_key": call.user,
        "usage_type": "message",
        "context_window": "≤ 200k",
        "token_type": _TYPES[call.number % 5],
        "cost_usd": f"{_cost(call):,}",
        "list_price_usd": f"{_cost(call) * 2:,}",
        "cost_type": "token",
        "inference_geo": "not_available",
        "speed": "",
        "api_key_id": "apikey_01",
        "api_key_status": "active",
    }


def _cost(call: Call) -> Decimal:
    return (call.cost_usd * 50_000).quantize(Decimal("0.01"))  # up to thousands


def expect(call: Call) -> dict[str, Any]:
    return {
        "ts": naive(call.at.replace(hour=0, minute=0, second=0, microsecond=0)),
        "model": call.model,
        "provider": "anthropic",
        "team": "Default",
        "tags": f'{{"api_key":"{call.user}","token_type":"{_TYPES[call.number % 5]}"}}',
        "operation": "token",
        "service_tier": "standard",
        "region": None,
        "grain": "bucket",
        "request_count": 0,
        "input": None,
        "output": None,
        "recorded_cost": _cost(call),
    }
