"""Helicone's ClickHouse table as JSON lines (64-bit integers are strings) and CSV, rows not yet merged."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

from formats import write_helicone
from formats.calls import PROMPT, Call

MODELS = write_helicone.MODELS


def write(calls: list[Call]) -> dict[str, bytes]:
    listed = [row for call in calls[1::2] for row in rows(call)]
    text = io.StringIO()
    made = csv.DictWriter(text, list(listed[0]), lineterminator="\n")
    made.writeheader()
    made.writerows(row | {"properties": json.dumps(row["properties"])} for row in listed)
    lines = [row for call in calls[::2] for row in rows(call)]
    return {
        "dump.jsonl": "".join(json.dumps(row) + "\n" for row in lines).encode(),
        "dump.csv": text.getvalue().encode(),
    }


def rows(call: Call) -> list[dict]:
    """The request as it was written first, pending, and as it is."""
    made = {
        "request_id": f"req-{call.number}",
        "request_created_at": clock(call.at),
        "response_id": f"resp-{call.number}",
        "response_created_at": clock(call.end),
        "latency": str(call.latency_ms),
        "status": "200" if call.ok else "500",
        "prompt_tokens": str(call.input),
        "completion_tokens": str(call.output - call.reasoning),
        "reasoning_tokens": str(call.reasoning),
        "prompt_cache_read_tokens": str(call.cache_read),
        "prompt_cache_write_tokens": str(call.cache_write),
        "model": call.model,
        "provider": call.maker.upper(),
        "user_id": call.user,
        "organization_id": "org",
        "proxy_key_id": None,
        "properties": {"Helicone-Session-Id": call.session},
        "time_to_first_token": str(call.ttft_ms),
        "country_code": "DE",
        "target_url": "https://api.openai.com/v1/chat/completions",
        "request_body": PROMPT,
        "response_body": PROMPT,
        "cost": str(int(call.cost_usd * 1_000_000_000)),
        "cache_reference_id": write_helicone.NOBODY,
        "updated_at": clock(call.end + timedelta(seconds=1)),
    }
    counts = dict.fromkeys(("prompt_tokens", "completion_tokens", "prompt_cache_read_tokens", "cost"), "0")
    return [made, made | counts | {"prompt_cache_write_tokens": "0", "status": "-2", "updated_at": clock(call.at)}]


def clock(time) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03d}"


def expect(call: Call) -> dict:
    known = write_helicone.expect(call)
    del known["operation"]
    return known | {"reasoning": call.reasoning, "http_status": 200 if call.ok else 500}
