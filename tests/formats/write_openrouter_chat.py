"""Answers of OpenRouter as a program logs them: whole ones, and every chunk of streamed ones."""

from __future__ import annotations

import json

from formats import write_openai_chat
from formats.calls import PROMPT, Call, naive

MODELS = ("openai/gpt-4o", "anthropic/claude-sonnet-4.5")


def write(calls: list[Call]) -> dict[str, bytes]:
    lines = [json.dumps(one) + "\n" for call in calls for one in _lines(call)]
    return {"openrouter.jsonl": "".join(lines).encode()}


def _id(call: Call) -> str:
    return f"gen-{int(call.at.timestamp())}-{call.number}"


def _lines(call: Call) -> list[dict]:
    told = {"id": _id(call), "provider": "OpenAI", "model": call.model}
    told |= {"created": int(call.at.timestamp())} if call.number % 2 else {}  # not every version says it
    if not call.ok:
        return [told | {"object": "chat.completion", "error": {"code": 502, "message": PROMPT}, "choices": []}]
    cost = float(call.cost_usd)
    money = {"cost": cost, "is_byok": False, "cost_details": {"upstream_inference_cost": cost}}
    used = {"usage": write_openai_chat.usage(call) | money}
    if call.number % 3:
        choices = [{"index": 0, "message": {"role": "assistant", "content": PROMPT}, "finish_reason": "stop"}]
        return [told | used | {"object": "chat.completion", "choices": choices}]
    chunk = told | {"object": "chat.completion.chunk"}
    first = chunk | {"choices": [{"index": 0, "delta": {"content": PROMPT}, "finish_reason": None}]}
    last = chunk | used | {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}]}
    return [first, last]


def expect(call: Call) -> dict:
    tokens = {
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_other": call.cache_write,
        "output": call.output,
        "reasoning": call.reasoning,
        "recorded_cost": call.cost_usd,
    }
    return {
        "ts": naive(call.at).replace(microsecond=0),
        "request_id": _id(call),
        "model": call.model,
        "provider": "openrouter",
        "status": "ok" if call.ok else "error",
        "http_status": None if call.ok else 502,
        **(tokens if call.ok else dict.fromkeys(tokens)),
    }
