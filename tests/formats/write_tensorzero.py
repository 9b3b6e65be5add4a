"""TensorZero's model inferences: ClickHouse's JSON lines without the time, and CSV of the Postgres table."""

from __future__ import annotations

import csv
import io
import json

from formats.calls import PROMPT, Call, naive

MODELS = ("gpt-4o", "claude-sonnet-4-5-20250929")
CALLS = {"failures": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    listed = [row(call) | {"created_at": f"{call.at:%Y-%m-%d %H:%M:%S.%f}+00"} for call in calls[1::2]]
    text = io.StringIO()
    made = csv.DictWriter(text, list(listed[0]), lineterminator="\n")
    made.writeheader()
    made.writerows(listed)
    return {
        "ModelInference.jsonl": "".join(json.dumps(row(call)) + "\n" for call in calls[::2]).encode(),
        "model_inferences.csv": text.getvalue().encode(),
    }


def uuid(call: Call) -> str:
    """A UUID of version 7: its first 48 bits are milliseconds."""
    digits = f"{int(call.at.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-{call.number:012x}"


def row(call: Call) -> dict:
    alias = call.number % 3 == 0
    return {
        "id": uuid(call),
        "inference_id": f"inference-{call.session}",
        "function_name": "answer",
        "variant_name": "v1",
        "raw_request": json.dumps({"model": call.model, "messages": [{"role": "user", "content": PROMPT}]}),
        "raw_response": json.dumps({"choices": [{"message": {"content": PROMPT}}]}),
        "system": PROMPT,
        "input_messages": json.dumps([{"role": "user", "content": PROMPT}]),
        "output": json.dumps([{"type": "text", "text": PROMPT}]),
        "input_tokens": call.prompt,
        "output_tokens": call.output,
        "provider_cache_read_input_tokens": call.cache_read,
        "provider_cache_write_input_tokens": call.cache_write,
        "response_time_ms": call.latency_ms,
        "ttft_ms": call.ttft_ms,
        "model_name": "mine" if alias else f"{call.maker}::{call.model}",
        "model_provider_name": call.maker,
        "cached": False,
        "cost": f"{call.cost_usd:.9f}",
        "finish_reason": "stop",
        "snapshot_hash": None,
    }


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": uuid(call),
        "parent_id": f"inference-{call.session}",
        "model": call.model,
        "provider": call.maker,
        "task": "answer",
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_other": call.cache_write,
        "output": call.output,
        "latency_ms": call.latency_ms,
        "ttft_ms": call.ttft_ms,
        "recorded_cost": call.cost_usd,
        "status": "ok",
        "billable": None,
    }
