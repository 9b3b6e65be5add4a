"""LangSmith runs: of models, before and after their end, and the chains above them, which repeat their totals."""

from __future__ import annotations

import json
from datetime import timedelta

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-4o", "claude-sonnet-4-5-20250929")


def write(calls: list[Call]) -> dict[str, bytes]:
    page = {"runs": [row for call in calls[1::2] for row in rows(call)], "cursors": {"next": None}}
    lines = [row for call in calls[::2] for row in rows(call)]
    return {
        "runs.jsonl": "".join(json.dumps(row) + "\n" for row in lines).encode(),
        "page.json": json.dumps(page).encode(),
    }


def rows(call: Call) -> list[dict]:
    cache = {
        "cache_read": call.cache_read,
        "cache_creation": 0,
        "ephemeral_5m_input_tokens": call.cache_write_5m,
        "ephemeral_1h_input_tokens": call.cache_write_1h,
    }
    run = {
        "id": f"run-{call.number}",
        "trace_id": f"chain-{call.number}",
        "parent_run_id": f"chain-{call.number}",
        "dotted_order": f"20260202T090000000000Zchain-{call.number}.20260202T090000000000Zrun-{call.number}",
        "name": "ChatModel",
        "run_type": "llm",
        "start_time": iso(call.at).removesuffix("Z"),
        "end_time": iso(call.end).removesuffix("Z"),
        "first_token_time": iso(call.at + timedelta(milliseconds=call.ttft_ms)).removesuffix("Z"),
        "error": None if call.ok else "overloaded",
        "status": "success" if call.ok else "error",
        "inputs": {"messages": [[{"content": PROMPT}]]},
        "outputs": {"generations": [[{"text": PROMPT}]]},
        "extra": {"metadata": {
            "ls_provider": call.maker,
            "ls_model_name": call.model,
            "thread_id": call.session,
            "user_id": call.user,
        }},
        "session_id": "project",
        "prompt_tokens": call.prompt,
        "completion_tokens": call.output,
        "total_tokens": call.prompt + call.output,
        "prompt_token_details": cache,
        "completion_token_details": {"reasoning": call.reasoning},
        "total_cost": str(call.cost_usd),
    }  # fmt: skip
    unknown = (
        "end_time",
        "prompt_tokens",
        "completion_tokens",
        "total_cost",
        "outputs",
        "error",
        "prompt_token_details",
    )
    started = run | dict.fromkeys(unknown) | {"status": "pending"}
    chain = run | {"id": f"chain-{call.number}", "parent_run_id": None, "run_type": "chain", "name": "answer"}
    return [started, run, chain]


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"run-{call.number}",
        "session_id": call.session,
        "model": call.model,
        "provider": call.maker,
        "user": call.user,
        "operation": "llm",
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_5m": call.cache_write_5m,
        "cache_write_1h": call.cache_write_1h,
        "output": call.output,
        "reasoning": call.reasoning,
        "latency_ms": call.latency_ms,
        "ttft_ms": call.ttft_ms,
        "recorded_cost": call.cost_usd,
        "status": "ok" if call.ok else "error",
    }
