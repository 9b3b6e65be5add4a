"""LiteLLM's payloads: lines of a batch, and an object alone in a file as S3 has it, its times as text."""

from __future__ import annotations

import json
from datetime import datetime

from formats.calls import PROMPT, Call, naive

MODELS = ("gpt-4o", "claude-sonnet-4-5")


def write(calls: list[Call]) -> dict[str, bytes]:
    alone, *rest = calls
    lines = [line for call in rest for line in [_row(call)] * (2 if call.number % 7 == 3 else 1)]
    text = {name: str(naive(time)) for name, time in (("startTime", alone.at), ("endTime", alone.end))}
    return {
        "batch.jsonl": "".join(json.dumps(line) + "\n" for line in lines).encode(),
        f"chatcmpl-{alone.number}.json": json.dumps(_row(alone) | text, indent=1).encode(),
    }


def _row(call: Call) -> dict:
    usage = {
        "prompt_tokens": call.prompt,
        "completion_tokens": call.output,
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
    error = {"error_code": "" if call.ok else "429", "error_class": "", "error_message": PROMPT}
    metadata = {"user_api_key_user_id": call.user, "user_api_key_team_id": "t1", "requester_ip_address": None}
    return {
        "id": f"chatcmpl-{call.number}", "trace_id": f"trace-{call.number}", "session_id": call.session,
        "call_type": "acompletion", "stream": True, "response_cost": float(call.cost_usd),
        "cost_breakdown": {"total_cost": float(call.cost_usd), "service_tier": "default"},
        "status": "success" if call.ok else "failure", "custom_llm_provider": call.maker,
        "prompt_tokens": call.prompt, "completion_tokens": call.output, "total_tokens": call.prompt + call.output,
        "startTime": call.at.timestamp(), "endTime": call.end.timestamp(),
        "completionStartTime": _seconds(call.at, call.ttft_ms), "response_time": call.ttft_ms / 1000,
        "model": call.model, "model_id": "m", "model_group": "fast", "api_base": "https://api.openai.com",
        "metadata": metadata | {"usage_object": usage}, "cache_hit": None, "cache_key": None, "saved_cache_cost": 0.0,
        "request_tags": [], "end_user": "", "messages": [{"role": "user", "content": PROMPT}],
        "response": {"choices": [{"message": {"content": PROMPT}}], "usage": usage}, "error_str": None,
        "error_information": error, "model_parameters": {}, "hidden_params": {"response_cost": None},
        "model_map_information": {"model_map_key": call.model, "model_map_value": None},
    }  # fmt: skip


def _seconds(time: datetime, milliseconds: int) -> float:
    return round(time.timestamp() + milliseconds / 1000, 3)


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"chatcmpl-{call.number}",
        "session_id": call.session,
        "model": call.model,
        "provider": call.maker,
        "user": call.user,
        "team": "t1",
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_5m": call.cache_write_5m,
        "cache_write_1h": call.cache_write_1h,
        "output": call.output,
        "reasoning": call.reasoning,
        "latency_ms": call.latency_ms,
        "recorded_cost": call.cost_usd,
        "status": "ok" if call.ok else "error",
        "http_status": None if call.ok else 429,
        "service_tier": "standard",
    }
