"""Vercel AI Gateway generations: an answer of `/v1/generation` a line, one that was not found among them."""

from __future__ import annotations

import json
from typing import Any

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("openai/gpt-4o", "openai/gpt-5-mini")
_NOT_FOUND = {"error": {"message": f"Usage event not found {PROMPT}", "type": "not_found"}}


def write(calls: list[Call]) -> dict[str, bytes]:
    answers = [{"data": _generation(call)} for call in calls]
    return {"generations.jsonl": "".join(json.dumps(one) + "\n" for one in (*answers, _NOT_FOUND)).encode()}


def _generation(call: Call) -> dict[str, Any]:
    return {
        "id": f"gen_01KZ7DPJ3VGJXG6NF1WE{call.number:06d}",
        "created_at": iso(call.at),
        "model": call.model,
        "provider_name": call.maker,
        "streamed": True,
        "finish_reason": "stop" if call.ok else "error",
        "total_cost": float(call.cost_usd),
        "upstream_inference_cost": 0,
        "usage": float(call.cost_usd),
        "is_byok": False,
        "latency": call.ttft_ms,
        "generation_time": call.latency_ms,
        "tokens_prompt": call.prompt + 3,
        "tokens_completion": call.output + 2,
        "native_tokens_prompt": call.prompt,
        "native_tokens_completion": call.output,
        "native_tokens_reasoning": call.reasoning,
        "native_tokens_cached": call.cache_read,
        "native_tokens_cache_creation": call.cache_write,
        "billable_web_search_calls": 0,
    }


def expect(call: Call) -> dict[str, Any]:
    return {
        "ts": naive(call.at),
        "request_id": f"gen_01KZ7DPJ3VGJXG6NF1WE{call.number:06d}",
        "model": call.model,
        "provider": call.maker,
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_5m": None,
        "cache_write_other": call.cache_write,
        "output": call.output,
        "reasoning": call.reasoning,
        "latency_ms": call.latency_ms,
        "ttft_ms": call.ttft_ms,
        "recorded_cost": call.cost_usd,
        "status": "ok" if call.ok else "error",
    }
