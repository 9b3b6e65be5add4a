"""Langfuse observations as the UI exports them: JSON lines, and CSV with every cell quoted."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-4o", "claude-sonnet-4-5-20250929")


def write(calls: list[Call]) -> dict[str, bytes]:
    lines = [row for call in calls[::3] for row in rows(call)]
    listed = [row for call in calls[1::3] for row in rows(call)]
    paged = [row for call in calls[2::3] for row in rows(call)]
    return {
        "events.jsonl": "".join(json.dumps(row) + "\n" for row in lines).encode(),
        "events.csv": table(listed),
        "page.json": json.dumps({"data": paged, "meta": {"page": 1, "limit": 100, "totalPages": 1}}).encode(),
    }


def table(listed: list[dict]) -> bytes:
    text = io.StringIO()
    made = csv.DictWriter(text, list(listed[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
    made.writeheader()
    for row in listed:
        cells = {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in row.items()}
        made.writerow(cells)
    return text.getvalue().encode()


def usage(call: Call) -> dict:
    """What ingestion makes of OpenAI's usage, and of Anthropic's."""
    if not call.ok:
        return {}
    if call.model.startswith("claude"):
        given = {
            "input": call.input,
            "output": call.output - call.reasoning,
            "output_reasoning_tokens": call.reasoning,
            "cache_read_input_tokens": call.cache_read,
            "input_cache_creation_5m": call.cache_write_5m,
            "input_cache_creation_1h": call.cache_write_1h,
        }
    else:
        given = {
            "input": call.input,
            "input_cached_tokens": call.cache_read,
            "input_cache_creation_5m": call.cache_write_5m,
            "input_cache_creation_1h": call.cache_write_1h,
            "output": call.output - call.reasoning,
            "output_reasoning_tokens": call.reasoning,
        }
    return given | {"total": sum(given.values())}


def rows(call: Call) -> list[dict]:
    """The call, as it stood before its end, and the span around it."""
    made = {
        "id": f"obs-{call.number}",
        "traceId": call.session,
        "projectId": "p1",
        "parentObservationId": f"span-{call.number}",
        "type": "GENERATION",
        "startTime": iso(call.at),
        "endTime": iso(call.end),
        "name": "answer",
        "level": "DEFAULT" if call.ok else "ERROR",
        "statusMessage": None if call.ok else "overloaded",
        "environment": "default",
        "completionStartTime": iso(call.at + timedelta(milliseconds=call.ttft_ms)),
        "createdAt": iso(call.at),
        "updatedAt": iso(call.end),
        "input": [{"role": "user", "content": PROMPT}],
        "output": {"role": "assistant", "content": PROMPT},
        "metadata": {"note": PROMPT},
        "model": call.model,
        "internalModelId": "m1",
        "modelParameters": {"max_tokens": 1000},
        "usageDetails": usage(call),
        "costDetails": {"total": float(call.cost_usd)},
        "inputUsage": call.prompt,
        "totalCost": f"{call.cost_usd:.12f}",
        "latency": call.latency_ms / 1000,
        "timeToFirstToken": call.ttft_ms / 1000,
        "traceName": "search",
        "traceTags": ["a"],
        "userId": call.user,
    }
    before = made | {"updatedAt": iso(call.at), "endTime": None, "usageDetails": {}, "totalCost": None, "latency": None}
    span = before | {"id": f"span-{call.number}", "type": "SPAN", "model": None, "usageDetails": usage(call)}
    return [before, made, span]


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"obs-{call.number}",
        "session_id": call.session,
        "model": call.model,
        "task": "answer",
        "user": call.user,
        "tags": '["a"]',
        "operation": "generation",
        "input": call.input if call.ok else None,
        "cache_read": call.cache_read if call.ok else None,
        "cache_write_5m": call.cache_write_5m if call.ok else None,
        "cache_write_1h": call.cache_write_1h if call.ok else None,
        "output": call.output if call.ok else None,
        "reasoning": call.reasoning if call.ok else None,
        "latency_ms": call.latency_ms,
        "ttft_ms": call.ttft_ms,
        "recorded_cost": call.cost_usd,
        "status": "ok" if call.ok else "error",
    }
