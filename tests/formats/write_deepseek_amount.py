"""DeepSeek's export of amounts: a row of one meter for each call, behind a byte order mark."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from formats.calls import Call, naive

MODELS = ("deepseek-chat", "deepseek-v4-flash")
CALLS = {"failures": False, "writes": False}
_HEADER = "user_id,start_time_iso,end_time_iso,model,api_key_name,api_key,type,price,amount"
_PRICES = {
    "output_tokens": "0.000003",
    "input_cache_miss_tokens": "0.0000015",
    "input_cache_hit_tokens": "0.00000015",
    "request_count": "",
}


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"amount-2026-2.csv": ("\ufeff" + "\n".join([_HEADER, *map(_row, calls)]) + "\n").encode()}


def _row(call: Call) -> str:
    start = call.at.replace(microsecond=0) + timedelta(hours=8)
    meter = _meter(call)
    times = f"{start:%Y-%m-%dT%H:%M:%S}+08:00,{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}+08:00"
    return f"{call.user},{times},{call.model},dsh,sk-***32f6,{meter},{_PRICES[meter]},{_amounts(call)[meter]}"


def _meter(call: Call) -> str:
    return list(_PRICES)[call.number % 4]


def _amounts(call: Call) -> dict[str, int]:
    return {
        "output_tokens": call.output,
        "input_cache_miss_tokens": call.input,
        "input_cache_hit_tokens": call.cache_read,
        "request_count": call.number + 1,
    }


def expect(call: Call) -> dict[str, Any]:
    counted = {meter: amount if meter == _meter(call) else 0 for meter, amount in _amounts(call).items()}
    return {
        "ts": naive(call.at.replace(microsecond=0)),
        "model": call.model,
        "provider": "deepseek",
        "user": call.user,
        "tags": '{"key":"dsh"}',
        "grain": "bucket",
        "request_count": counted["request_count"],
        "input": counted["input_cache_miss_tokens"],
        "cache_read": counted["input_cache_hit_tokens"],
        "output": counted["output_tokens"],
        "recorded_cost": None,
    }
