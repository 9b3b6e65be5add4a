"""Responses of OpenAI as a program logs them, some of them also before they are done."""

from __future__ import annotations

import json

from formats.calls import PROMPT, Call, naive

MODELS = ("gpt-5-2025-08-07", "o4-mini")


def write(calls: list[Call]) -> dict[str, bytes]:
    lines = [json.dumps(one) + "\n" for call in calls for one in _lines(call)]
    return {"responses.jsonl": "".join(lines).encode()}


def _lines(call: Call) -> list[dict]:
    one = answer(call)
    early = one | {"status": "in_progress", "output": [], "usage": None, "error": None}
    return [one] if call.number % 3 else [early, one]


def answer(call: Call) -> dict:
    said = {"type": "output_text", "text": PROMPT, "annotations": []}
    return {
        "id": f"resp_{call.number}",
        "object": "response",
        "created_at": int(call.at.timestamp()),
        "status": ("completed", "incomplete")[call.number % 2] if call.ok else "failed",
        "error": None if call.ok else {"code": "server_error", "message": PROMPT},
        "incomplete_details": None,
        "instructions": PROMPT,
        "conversation": {"id": call.session},
        "metadata": {"app": "a"},
        "model": call.model,
        "output": [{"type": "message", "role": "assistant", "content": [said]}],
        "previous_response_id": None,
        "service_tier": "flex",
        "user": call.user,
        "usage": usage(call) if call.ok else None,
    }


def usage(call: Call) -> dict:
    written = {"ttl_30m_tokens": call.cache_write_5m, "ttl_12h_tokens": call.cache_write_1h}
    return {
        "input_tokens": call.prompt,
        "input_tokens_details": {
            "cached_tokens": call.cache_read,
            "cache_write_tokens": call.cache_write,
            "cache_write_tokens_details": written,
        },
        "output_tokens": call.output,
        "output_tokens_details": {"reasoning_tokens": call.reasoning},
        "total_tokens": call.prompt + call.output,
    }


def expect(call: Call) -> dict:
    tokens = {
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_other": call.cache_write,
        "output": call.output,
        "reasoning": call.reasoning,
    }
    return {
        "ts": naive(call.at).replace(microsecond=0),
        "request_id": f"resp_{call.number}",
        "session_id": call.session,
        "provider": "openai",
        "model": call.model,
        "user": call.user,
        "service_tier": "flex",
        "status": "ok" if call.ok else "error",
        **(tokens if call.ok else dict.fromkeys(tokens)),
    }
