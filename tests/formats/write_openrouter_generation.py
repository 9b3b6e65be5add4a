"""OpenRouter generations: an answer of `/api/v1/generation` a line, one that was not found among them."""

from __future__ import annotations

import json
from typing import Any

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("openai/gpt-4o", "anthropic/claude-sonnet-4.5", "deepseek/deepseek-r1:free")
CALLS = {"writes": False}
_NOT_FOUND = {"error": {"code": 404, "message": "Generation gen-0 not found"}}


def write(calls: list[Call]) -> dict[str, bytes]:
    answers = [{"data": _generation(call)} for call in calls]
    return {"generations.jsonl": "".join(json.dumps(one) + "\n" for one in (*answers, _NOT_FOUND)).encode()}


def _generation(call: Call) -> dict[str, Any]:
    return {
        "id": f"gen-1770022800-{call.number:08d}",
        "upstream_id": f"chatcmpl-{call.number}",
        "request_id": f"req-{call.number}",
        "session_id": call.session,
        "external_user": call.user,
        "preset_id": None,
        "created_at": iso(call.at).replace("Z", "000+00:00"),
        "model": call.model,
        "app_id": 4711,
        "origin": PROMPT,
        "http_referer": PROMPT,
        "user_agent": PROMPT,
        "provider_name": "DeepInfra",
        "provider_responses": [
            {"provider_name": "Together", "status": 503, "latency": 12},
            {"provider_name": "DeepInfra", "status": 200 if call.ok else 502, "latency": call.ttft_ms},
        ],
        "api_type": "completions",
        "router": None,
        "service_tier": "default",
        "data_region": "global",
        "total_cost": float(call.cost_usd),
        "usage": float(call.cost_usd),
        "upstream_inference_cost": 0.0012,
        "cache_discount": 0.0002 if call.cache_read else None,
        "is_byok": False,
        "tokens_prompt": call.prompt + 11,
        "tokens_completion": call.output + 7,
        "native_tokens_prompt": call.prompt,
        "native_tokens_completion": call.output,
        "native_tokens_reasoning": call.reasoning,
        "native_tokens_cached": call.cache_read,
        "native_tokens_completion_images": 0,
        "num_media_prompt": 0,
        "num_media_completion": 0,
        "num_search_results": None,
        "latency": call.ttft_ms if call.number % 2 else call.latency_ms,
        "generation_time": call.latency_ms if call.number % 2 else call.latency_ms - 50,
        "moderation_latency": None,
        "finish_reason": "stop" if call.ok else "error",
        "native_finish_reason": "stop" if call.ok else None,
        "streamed": True,
        "cancelled": False,
        "response_cache_source_id": None,
    }


def expect(call: Call) -> dict[str, Any]:
    return {
        "ts": naive(call.at),
        "request_id": f"gen-1770022800-{call.number:08d}",
        "session_id": call.session,
        "model": call.model,
        "provider": "openrouter",
        "user": call.user,
        "tags": '{"upstream":"DeepInfra"}',
        "service_tier": "standard",
        "operation": "completions",
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_5m": None,
        "output": call.output,
        "reasoning": call.reasoning,
        "latency_ms": call.latency_ms,
        "recorded_cost": call.cost_usd,
        "status": "ok" if call.ok else "error",
        "http_status": None if call.ok else 502,
    }
