"""Bifrost logs as its API pages them, and as CSV and JSON lines of its table."""

from __future__ import annotations

import csv
import io
import json

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-4o", "claude-sonnet-4-5-20250929")


def write(calls: list[Call]) -> dict[str, bytes]:
    page = {
        "logs": [row for call in calls if call.number % 3 == 0 for row in rows(call)],
        "pagination": {"limit": 50},
        "stats": {},
    }
    table = [flat(call, row) for call in calls if call.number % 3 == 1 for row in rows(call)]
    text = io.StringIO()
    made = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    made.writeheader()
    made.writerows(table)
    lines = [flat(call, row) for call in calls if call.number % 3 == 2 for row in rows(call)]
    return {
        "page.json": json.dumps(page).encode(),
        "logs.csv": text.getvalue().encode(),
        "logs.jsonl": "".join(json.dumps(row) + "\n" for row in lines).encode(),
    }


def rows(call: Call) -> list[dict]:
    """The call, and one that has not ended."""
    usage = {
        "prompt_tokens": call.prompt,
        "completion_tokens": call.output,
        "total_tokens": call.prompt + call.output,
        "prompt_tokens_details": {
            "cached_tokens": call.cache_read,
            "cached_read_tokens": call.cache_read,
            "cached_write_tokens": call.cache_write,
        },
        "completion_tokens_details": {"reasoning_tokens": call.reasoning},
    }
    made = {
        "id": f"log-{call.number}",
        "parent_request_id": f"log-{call.number - 1}" if call.number % 2 else None,
        "timestamp": iso(call.at),
        "object": "chat.completion",
        "provider": call.maker,
        "model": call.model,
        "number_of_retries": 0,
        "fallback_index": call.number % 2,
        "selected_key_name": "key",
        "user_id": call.user,
        "latency": float(call.latency_ms),
        "input_history": [{"role": "user", "content": PROMPT}],
        "output_message": {"role": "assistant", "content": PROMPT},
        "token_usage": usage if call.ok else None,
        "cost": float(call.cost_usd) if call.ok else None,
        "status": "success" if call.ok else "error",
        "error_details": None if call.ok else {"status_code": 529, "error": {"message": "overloaded"}},
        "stream": False,
        "cache_debug": None,
    }
    return [made, made | {"id": f"open-{call.number}", "status": "processing", "token_usage": None, "cost": None}]


def flat(call: Call, row: dict) -> dict:
    """The row as the table has it: JSON as text, some counts in columns, 0 where there are none."""
    made = {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in row.items()}
    made["object_type"] = made.pop("object")
    known = row["token_usage"] is not None
    return made | {
        "prompt_tokens": call.prompt if known else 0,
        "completion_tokens": call.output if known else 0,
        "cached_read_tokens": call.cache_read if known else 0,
    }


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"log-{call.number}",
        "parent_id": f"log-{call.number - 1}" if call.number % 2 else None,
        "attempt": call.number % 2 + 1,
        "model": call.model,
        "provider": call.maker,
        "user": call.user,
        "operation": "chat.completion",
        "input": call.input if call.ok else None,
        "cache_read": call.cache_read if call.ok else None,
        "cache_write_other": call.cache_write if call.ok else None,
        "output": call.output if call.ok else None,
        "reasoning": call.reasoning if call.ok else None,
        "latency_ms": call.latency_ms,
        "recorded_cost": call.cost_usd if call.ok else None,
        "status": "ok" if call.ok else "error",
        "http_status": None if call.ok else 529,
    }
