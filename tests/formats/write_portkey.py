"""Portkey logs as its export writes them, with the gateway's responses: OpenAI's, Anthropic's and translated ones."""

from __future__ import annotations

import json

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-4o", "claude-sonnet-4-5-20250929")


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"logs.jsonl": "".join(json.dumps(row(call)) + "\n" for call in calls).encode()}


def claude(call: Call) -> bool:
    return call.model.startswith("claude")


def usage(call: Call) -> dict:
    if not claude(call):
        return {
            "prompt_tokens": call.prompt,
            "completion_tokens": call.output,
            "total_tokens": call.prompt + call.output,
            "prompt_tokens_details": {"cached_tokens": call.cache_read},
            "completion_tokens_details": {"reasoning_tokens": call.reasoning},
        }
    cache = {"cache_read_input_tokens": call.cache_read, "cache_creation_input_tokens": call.cache_write}
    if call.number % 4 == 1:
        lived = {"ephemeral_5m_input_tokens": call.cache_write_5m, "ephemeral_1h_input_tokens": call.cache_write_1h}
        return {"input_tokens": call.input, "output_tokens": call.output, "cache_creation": lived, **cache}
    return {
        "prompt_tokens": call.input,
        "completion_tokens": call.output,
        "total_tokens": call.prompt + call.output,
        **cache,
    }


def row(call: Call) -> dict:
    body = {"id": "m", "choices": [{"message": {"content": PROMPT}}], "usage": usage(call), "service_tier": "default"}
    return {
        "id": f"log-{call.number}",
        "trace_id": call.session,
        "created_at": iso(call.at),
        "request": {"body": {"messages": [{"role": "user", "content": PROMPT}]}},
        "response": {"body": body if call.ok else {"error": {"message": PROMPT}}},
        "is_success": int(call.ok),
        "ai_org": call.maker,
        "ai_model": call.model,
        "req_units": call.input if claude(call) else call.prompt,
        "res_units": call.output,
        "total_units": call.prompt + call.output,
        "request_url": "https://api.portkey.ai/v1/chat/completions",
        "cost": float(call.cost_usd * 100),
        "cost_currency": "USD",
        "response_time": call.latency_ms,
        "response_status_code": 200 if call.ok else 500,
        "cache_status": "MISS",
        "retry_success_count": call.number % 2,
        "metadata": {"_user": call.user},
    }


def expect(call: Call) -> dict:
    told = call.ok and claude(call) and call.number % 4 == 1
    writes = call.cache_write if call.ok and claude(call) else None
    return {
        "ts": naive(call.at),
        "request_id": f"log-{call.number}",
        "session_id": call.session,
        "attempt": call.number % 2 + 1,
        "model": call.model,
        "provider": call.maker,
        "user": call.user,
        "service_tier": "standard" if call.ok else None,
        "input": call.input if claude(call) else call.prompt - call.cache_read,
        "cache_read": call.cache_read if call.ok else None,
        "cache_write_5m": call.cache_write_5m if told else None,
        "cache_write_1h": call.cache_write_1h if told else None,
        "cache_write_other": 0 if told and writes else writes,
        "output": call.output,
        "latency_ms": call.latency_ms,
        "recorded_cost": call.cost_usd,
        "status": "ok" if call.ok else "error",
        "http_status": 200 if call.ok else 500,
    }
