"""Chat completions of OpenAI as a program logs them: whole answers, and every chunk of streamed ones."""

from __future__ import annotations

import json

from formats.calls import PROMPT, Call, naive

MODELS = ("gpt-4o-2024-08-06", "o4-mini-2025-04-16")


def write(calls: list[Call]) -> dict[str, bytes]:
    lines = [json.dumps(one) + "\n" for call in calls for one in _lines(call)]
    return {"answers.jsonl": "".join(lines).encode()}


def _lines(call: Call) -> list[dict]:
    if not call.ok:
        return [{"error": {"message": PROMPT, "type": "requests", "param": None, "code": "rate_limit_exceeded"}}]
    told = {
        "id": f"chatcmpl-{call.number}",
        "created": int(call.at.timestamp()),
        "model": call.model,
        "service_tier": "default",
        "system_fingerprint": "fp_1",
    }
    if call.number % 3:
        message = {"role": "assistant", "content": PROMPT, "refusal": None, "annotations": []}
        choices = [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]
        return [told | {"object": "chat.completion", "choices": choices, "usage": usage(call)}]
    chunk = told | {"object": "chat.completion.chunk", "usage": None}
    deltas = [{"role": "assistant", "content": ""}, {"content": PROMPT}, {}]
    choices = [[{"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}] for delta in deltas]
    return [*(chunk | {"choices": one} for one in choices), chunk | {"choices": [], "usage": usage(call)}]


def usage(call: Call) -> dict:
    return {
        "prompt_tokens": call.prompt,
        "completion_tokens": call.output,
        "total_tokens": call.prompt + call.output,
        "prompt_tokens_details": {
            "cached_tokens": call.cache_read,
            "cache_write_tokens": call.cache_write,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": call.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def expect(call: Call) -> dict:
    known = {
        "ts": naive(call.at).replace(microsecond=0),
        "request_id": f"chatcmpl-{call.number}",
        "model": call.model,
        "service_tier": "standard",
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_other": call.cache_write,
        "output": call.output,
        "reasoning": call.reasoning,
    }
    known = known if call.ok else dict.fromkeys(known)
    return known | {"provider": "openai", "operation": "chat", "status": "ok" if call.ok else "error"}
