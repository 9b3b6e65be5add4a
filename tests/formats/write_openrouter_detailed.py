"""OpenRouter's detailed activity export."""

from __future__ import annotations

import csv
import io
from typing import Any

from formats.calls import PROMPT, Call, naive

MODELS = ("openai/gpt-4o-2024-08-06", "anthropic/claude-4.5-sonnet-20250929", "deepseek/deepseek-r1:free")
CALLS = {"writes": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    text = io.StringIO()
    rows = [_row(call) for call in calls]
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return {"openrouter_activity_2026-02-03.csv": text.getvalue().encode()}


def _row(call: Call) -> dict[str, Any]:
    slug, _, variant = call.model.partition(":")
    return {
        "generation_id": f"gen-{call.at.timestamp():.0f}-{call.number:08d}",
        "created_at": f"{call.at:%Y-%m-%d %H:%M:%S}.{call.at.microsecond // 1000:03d}",
        "cost_total": f"{call.cost_usd:f}",
        "cost_web_search": "0",
        "cost_cache": "-0.00012" if call.cache_read else "0",
        "cost_file_processing": "0",
        "byok_usage_inference": "0",
        "tokens_prompt": call.prompt,
        "tokens_completion": call.output,
        "tokens_reasoning": call.reasoning,
        "tokens_cached": call.cache_read,
        "model_permaslug": slug,
        "provider_name": "DeepInfra",
        "variant": variant or "standard",
        "cancelled": "false",
        "streamed": "true",
        "user": call.user,
        "finish_reason_raw": PROMPT,
        "finish_reason_normalized": "stop" if call.ok else "error",
        "generation_time_ms": call.latency_ms,
        "time_to_first_token_ms": call.ttft_ms,
        "api_key_disabled": "false",
        "api_key_name": "prod",
        "app_name": "",
    }


def expect(call: Call) -> dict[str, Any]:
    return {
        "ts": naive(call.at),
        "request_id": f"gen-{call.at.timestamp():.0f}-{call.number:08d}",
        "model": call.model,
        "provider": "openrouter",
        "user": call.user,
        "tags": '{"upstream":"DeepInfra","key":"prod"}',
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_other": None,
        "output": call.output,
        "reasoning": call.reasoning,
        "latency_ms": call.latency_ms,
        "ttft_ms": call.ttft_ms,
        "recorded_cost": call.cost_usd,
        "status": "ok" if call.ok else "error",
    }
