"""Helicone requests as its export tool and its API write them: old rows by provider, new ones disjoint."""

from __future__ import annotations

import json

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-4o", "claude-sonnet-4-5-20250929")
NOBODY = "00000000-0000-0000-0000-000000000000"


def write(calls: list[Call]) -> dict[str, bytes]:
    page = {"data": [row(call) for call in calls[2::3]], "error": None}
    return {
        "requests.jsonl": "".join(json.dumps(row(call)) + "\n" for call in calls[::3]).encode(),
        "requests.json": json.dumps([row(call) for call in calls[1::3]], indent=2).encode(),
        "page.json": json.dumps(page).encode(),
    }


def claude(call: Call) -> bool:
    return call.model.startswith("claude")


def counts(call: Call) -> dict:
    """Rows of even sessions as they are written since reasoning has a column of its own."""
    cache = {"prompt_cache_read_tokens": call.cache_read, "prompt_cache_write_tokens": call.cache_write}
    if new(call):
        apart = {"completion_tokens": call.output - call.reasoning, "reasoning_tokens": call.reasoning}
        return {"prompt_tokens": call.input, **apart, **cache}
    return {"prompt_tokens": call.input if claude(call) else call.prompt, "completion_tokens": call.output, **cache}


def new(call: Call) -> bool:
    return int(call.session[1:]) % 2 == 0


def row(call: Call) -> dict:
    return {
        "request_id": f"req-{call.number}",
        "request_created_at": iso(call.at),
        "request_body": {"messages": [{"role": "user", "content": PROMPT}]},
        "request_path": "https://api.openai.com/v1/chat/completions?key=secret",
        "request_user_id": call.user,
        "request_properties": {"Helicone-Session-Id": call.session},
        "request_model": call.model,
        "model_override": None,
        "response_id": f"resp-{call.number}",
        "response_created_at": iso(call.end),
        "response_status": 200 if call.ok else 429,
        "response_model": call.model,
        "response_body": {"choices": [{"message": {"content": PROMPT}}]},
        "model": call.model,
        "provider": call.maker.upper(),
        "delay_ms": call.latency_ms,
        "time_to_first_token": call.ttft_ms,
        "total_tokens": call.prompt + call.output,
        "prompt_audio_tokens": 0,
        **counts(call),
        "costUSD": float(call.cost_usd),
        "cache_enabled": False,
        "cache_reference_id": NOBODY if new(call) else None,
        "signed_body_url": None,
        "llmSchema": None,
    }


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"req-{call.number}",
        "session_id": call.session,
        "model": call.model,
        "provider": call.maker,
        "user": call.user,
        "operation": "https://api.openai.com/v1/chat/completions",
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_other": call.cache_write,
        "output": call.output,
        "reasoning": call.reasoning if new(call) else None,
        "latency_ms": call.latency_ms,
        "ttft_ms": call.ttft_ms,
        "recorded_cost": call.cost_usd,
        "status": "ok" if call.ok else "error",
        "http_status": 200 if call.ok else 429,
        "billable": None,
    }
