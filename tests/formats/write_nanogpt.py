"""NanoGPT answers: chunks of streams, each with the one that ends it, and answers in one piece."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from formats.calls import PROMPT, Call, naive

MODELS = ("z-ai/glm-5.3-flash", "openai/gpt-4o")


def write(calls: list[Call]) -> dict[str, bytes]:
    records = [record for call in calls for record in _records(call)]
    return {"responses.jsonl": "".join(json.dumps(record) + "\n" for record in records).encode()}


def _records(call: Call) -> list[dict[str, Any]]:
    streamed = bool(call.number % 2)
    base = {
        "id": f"chatcmpl-{call.number}",
        "object": "chat.completion.chunk" if streamed else "chat.completion",
        "created": int(call.at.timestamp()),
        "model": call.model,
    }
    if not call.ok:
        return [base | {"error": {"message": PROMPT, "status": 429, "code": "rate_limit"}}]
    text = {"delta" if streamed else "message": {"role": "assistant", "content": PROMPT}}
    chunk = base | {"choices": [{"index": 0, **text, "finish_reason": None}]}
    last = base | {"choices": [{"index": 0, **text, "finish_reason": "stop"}]} | _accounts(call)
    return [chunk, last] if streamed else [last]


def _accounts(call: Call) -> dict[str, Any]:
    cost = float(call.cost_usd)
    return {
        "x_nanogpt_pricing": {
            "amount": str(cost), "currency": "USD", "cost": cost, "costUsd": cost, "usdCost": cost,
            "inputTokens": call.prompt, "outputTokens": call.output, "cacheReadInputTokens": call.cache_read,
            "cacheCost": 0, "requestId": f"req_{call.number}", "paymentSource": "USD", "usageSource": "provider",
            "cacheUsageReported": True,
        },
        "usage": {
            "prompt_tokens": call.prompt, "completion_tokens": call.output, "total_tokens": call.prompt + call.output,
            "input_tokens": call.prompt, "reasoning_tokens": call.reasoning,
            "prompt_tokens_details": {
                "cached_tokens": call.cache_read, "created_cache_tokens": call.cache_write, "audio_tokens": 0,
            },
            "completion_tokens_details": {"reasoning_tokens": call.reasoning, "audio_tokens": 0},
            "cache_read_input_tokens": call.cache_read, "cache_creation_input_tokens": call.cache_write,
            "citation_tokens": 0, "num_search_queries": 0, "cost": cost, "currency": "USD",
        },
    }  # fmt: skip


def expect(call: Call) -> dict[str, Any]:
    return {
        "ts": naive(call.at) - timedelta(microseconds=call.at.microsecond),
        "request_id": f"chatcmpl-{call.number}",
        "model": call.model,
        "provider": "nanogpt",
        "tags": '{"payment":"USD"}' if call.ok else "{}",
        "input": call.input if call.ok else None,
        "cache_read": call.cache_read if call.ok else None,
        "cache_write_5m": None,
        "cache_write_other": call.cache_write if call.ok else None,
        "output": call.output if call.ok else None,
        "reasoning": call.reasoning if call.ok else None,
        "recorded_cost": call.cost_usd if call.ok else None,
        "status": "ok" if call.ok else "error",
        "http_status": None if call.ok else 429,
    }
