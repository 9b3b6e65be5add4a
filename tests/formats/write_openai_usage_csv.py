"""OpenAI's usage export: counts of requests with a point, and minutes in which nothing was asked."""

from __future__ import annotations

import csv
import io

from formats.calls import Call, iso
from formats.write_openai_usage import CALLS, MODELS, expect, start

__all__ = ["CALLS", "MODELS", "expect", "write"]
HEADER = (
    "start_time", "end_time", "start_time_iso", "end_time_iso", "project_id", "num_model_requests", "user_id",
    "user_email", "api_key_id", "model", "batch", "service_tier", "input_tokens", "output_tokens",
    "input_cached_tokens", "input_uncached_tokens", "input_cache_write_tokens", "input_text_tokens",
)  # fmt: skip


def write(calls: list[Call]) -> dict[str, bytes]:
    text = io.StringIO()
    rows = csv.DictWriter(text, HEADER)
    rows.writeheader()
    for call in calls:
        times = {"start_time": start(call), "end_time": start(call) + 60}
        times |= {"start_time_iso": iso(call.at)[:17] + "00", "end_time_iso": iso(call.at)[:17] + "59"}
        rows.writerow(times)
        rows.writerow(times | _cells(call))
    return {"completions_usage_2026-02-02_2026-02-03.csv": text.getvalue().encode()}


def _cells(call: Call) -> dict:
    return {
        "project_id": "proj_a",
        "num_model_requests": f"{call.number + 1}.0",
        "user_id": call.user,
        "model": call.model,
        "batch": "True" if call.number % 2 else "False",
        "service_tier": "default" if call.number % 3 else "",
        "input_tokens": call.prompt,
        "output_tokens": call.output,
        "input_cached_tokens": call.cache_read,
        "input_uncached_tokens": call.input,
        "input_cache_write_tokens": call.cache_write,
        "input_text_tokens": call.input,
    }
