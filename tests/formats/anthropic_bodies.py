"""What the writers of Anthropic's logs share: an answer of the Messages API, and what a reader knows of its usage."""

from __future__ import annotations

from typing import Any

from formats.calls import PROMPT, Call

MODELS = ("claude-sonnet-4-5-20250929", "claude-opus-4-5-20251101")


def usage(call: Call) -> dict[str, Any]:
    return {
        "input_tokens": call.input,
        "cache_creation_input_tokens": call.cache_write,
        "cache_read_input_tokens": call.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": call.cache_write_5m,
            "ephemeral_1h_input_tokens": call.cache_write_1h,
        },
        "output_tokens": call.output,
        "output_tokens_details": {"thinking_tokens": call.reasoning},
        "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def body(call: Call) -> dict[str, Any]:
    return {
        "id": f"msg_{call.number:024d}",
        "type": "message",
        "role": "assistant",
        "model": call.model,
        "content": [{"type": "text", "text": PROMPT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage(call),
    }


def counts(call: Call) -> dict[str, Any]:
    return {
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_5m": call.cache_write_5m,
        "cache_write_1h": call.cache_write_1h,
        "output": call.output,
        "reasoning": call.reasoning,
    }


def no_counts(call: Call) -> dict[str, Any]:
    return dict.fromkeys(counts(call))
