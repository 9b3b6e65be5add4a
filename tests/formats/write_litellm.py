"""LiteLLM spend logs as `/spend/logs?summarize=false` gives them."""

from __future__ import annotations

import json

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-4o", "claude-sonnet-4-5")


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"spend.jsonl": "".join(json.dumps(_row(call)) + "\n" for call in calls).encode()}


def _row(call: Call) -> dict:
    usage = {
        "prompt_tokens_details": {
            "cached_tokens": call.cache_read,
            "cache_creation_tokens": call.cache_write,
            "cache_creation_token_details": {
                "ephemeral_5m_input_tokens": call.cache_write_5m,
                "ephemeral_1h_input_tokens": call.cache_write_1h,
            },
        },
        "completion_tokens_details": {"reasoning_tokens": call.reasoning},
    }
    return {
        "request_id": f"chatcmpl-{call.number}",
        "call_type": "acompletion",
        "spend": float(call.cost_usd),
        "prompt_tokens": call.prompt,
        "completion_tokens": call.output,
        "startTime": iso(call.at),
        "endTime": iso(call.end),
        "model": call.model,
        "custom_llm_provider": call.maker,
        "user": call.user,
        "session_id": call.session,
        "status": "success" if call.ok else "failure",
        "cache_hit": "False",
        "metadata": json.dumps({"usage_object": usage}),
        "messages": [{"role": "user", "content": PROMPT}],
    }


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"chatcmpl-{call.number}",
        "session_id": call.session,
        "model": call.model,
        "provider": call.maker,
        "user": call.user,
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_5m": call.cache_write_5m,
        "cache_write_1h": call.cache_write_1h,
        "output": call.output,
        "reasoning": call.reasoning,
        "latency_ms": call.latency_ms,
        "recorded_cost": call.cost_usd,
        "status": "ok" if call.ok else "error",
    }
