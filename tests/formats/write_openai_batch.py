"""Output of OpenAI's Batch API: answers of chat completions and of responses, and requests that failed."""

from __future__ import annotations

import json

from formats import write_openai_chat, write_openai_responses
from formats.calls import PROMPT, Call, naive

MODELS = ("gpt-4o-2024-08-06", "o4-mini")


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"batch_output.jsonl": "".join(json.dumps(_line(call)) + "\n" for call in calls).encode()}


def _line(call: Call) -> dict:
    told = {"id": f"batch_req_{call.number}", "custom_id": f"task-{call.number}", "response": None, "error": None}
    if not call.ok:
        return told | {"error": {"code": "batch_expired", "message": PROMPT}}
    body = write_openai_responses.answer(call) if call.number % 2 else _chat(call)
    return told | {"response": {"status_code": 200, "request_id": f"req_{call.number}", "body": body}}


def _chat(call: Call) -> dict:
    return {
        "id": f"chatcmpl-{call.number}",
        "object": "chat.completion",
        "created": int(call.at.timestamp()),
        "model": call.model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": PROMPT}, "finish_reason": "stop"}],
        "usage": write_openai_chat.usage(call),
        "service_tier": "default",
    }


def expect(call: Call) -> dict:
    known = {
        "ts": naive(call.at).replace(microsecond=0),
        "model": call.model,
        "operation": "responses" if call.number % 2 else "chat",
        "http_status": 200,
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_other": call.cache_write,
        "output": call.output,
        "reasoning": call.reasoning,
    }
    known = known if call.ok else dict.fromkeys(known)
    return known | {
        "request_id": f"batch_req_{call.number}",
        "provider": "openai",
        "service_tier": "batch",
        "status": "ok" if call.ok else "error",
    }
