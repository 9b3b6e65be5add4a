"""DeepSeek's export of costs: a row for each call, every third in CNY."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from formats.calls import Call, naive

MODELS = ("deepseek-chat", "deepseek-v4-flash")
CALLS = {"failures": False}
_HEADER = "user_id,start_time_iso,end_time_iso,model,wallet_type,cost,currency"


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"cost-2026-2.csv": ("\ufeff" + "\n".join([_HEADER, *map(_row, calls)]) + "\n").encode()}


def _row(call: Call) -> str:
    start = call.at.replace(microsecond=0)
    times = f"{start:%Y-%m-%dT%H:%M:%SZ},{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    return f"{call.user},{times},{call.model},main_wallet,{call.cost_usd:f},{_currency(call)}"


def _currency(call: Call) -> str:
    return "USD" if call.number % 3 else "CNY"


def expect(call: Call) -> dict[str, Any]:
    currency = _currency(call)
    return {
        "ts": naive(call.at.replace(microsecond=0)),
        "model": call.model,
        "provider": "deepseek",
        "user": call.user,
        "tags": f'{{"wallet":"main_wallet","currency":"{currency}"}}',
        "grain": "bucket",
        "request_count": 0,
        "input": None,
        "output": None,
        "recorded_cost": call.cost_usd if currency == "USD" else None,
    }
