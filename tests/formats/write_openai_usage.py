"""Pages of OpenAI's usage API: a bucket a minute and call, among buckets without results and results of other kinds."""

from __future__ import annotations

import json
from datetime import datetime

from formats.calls import Call, naive

MODELS = ("gpt-4o-2024-08-06", "o4-mini-2025-04-16")
CALLS = {"failures": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    pages = [calls[at : at + 7] for at in range(0, len(calls), 7)]
    lines = [json.dumps(_page(part, last=part is pages[-1])) + "\n" for part in pages]
    return {"usage.jsonl": "".join(lines).encode()}


def start(call: Call) -> int:
    """The minute of a call."""
    return int(call.at.timestamp()) // 60 * 60


def _page(calls: list[Call], *, last: bool) -> dict:
    empty = {"object": "bucket", "start_time": 1_770_000_000, "end_time": 1_770_000_060, "results": []}
    buckets = [empty, *({**empty, **_times(call), "results": [_other(), _result(call)]} for call in calls)]
    return {"object": "page", "data": buckets, "has_more": not last, "next_page": None if last else "page_x"}


def _times(call: Call) -> dict:
    return {"start_time": start(call), "end_time": start(call) + 60}


def _other() -> dict:
    told = dict.fromkeys(("project_id", "user_id", "api_key_id", "model"))
    return {"object": "organization.usage.images.result", "images": 2, "num_model_requests": 2, **told}


def _result(call: Call) -> dict:
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": call.prompt,
        "input_cached_tokens": call.cache_read,
        "input_cache_write_tokens": call.cache_write,
        "input_uncached_tokens": call.input,
        "output_tokens": call.output,
        "input_text_tokens": call.input,
        "input_cached_text_tokens": call.cache_read,
        "output_text_tokens": call.output,
        "input_audio_tokens": 0,
        "num_model_requests": call.number + 1,
        "project_id": "proj_a",
        "user_id": call.user,
        "api_key_id": None,
        "model": call.model,
        "batch": call.number % 2 == 1,
        "service_tier": "default" if call.number % 3 else None,
    }


def expect(call: Call) -> dict:
    return {
        "ts": naive(datetime.fromtimestamp(start(call), call.at.tzinfo)),
        "grain": "bucket",
        "request_count": call.number + 1,
        "provider": "openai",
        "model": call.model,
        "user": call.user,
        "team": "proj_a",
        "service_tier": "batch" if call.number % 2 else "standard" if call.number % 3 else None,
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_other": call.cache_write,
        "output": call.output,
    }
