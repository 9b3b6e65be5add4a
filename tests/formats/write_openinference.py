"""Spans of OpenInference: those of models inside chains that sum what they used."""

from __future__ import annotations

from formats.calls import PROMPT, Call, naive
from formats.span_files import files, span

MODELS = ("gpt-4o", "claude-sonnet-4-5")


def write(calls: list[Call]) -> dict[str, bytes]:
    return files([_spans(call) for call in calls])


def _spans(call: Call) -> list[dict]:
    chain = {"openinference.span.kind": "CHAIN", "input.value": PROMPT, "llm.token_count.prompt": 12_345}
    tool = {"openinference.span.kind": "TOOL", "output.value": PROMPT, "tool.name": "search"}
    spans = [
        span(call, "chain", chain, part="a"),
        span(call, "ChatCompletion", _attributes(call), inside="a", part="b"),
        span(call, "tool", tool, inside="a", part="c"),
    ]
    return [*spans, spans[1]] if call.number % 5 == 2 else spans


def _attributes(call: Call) -> dict:
    found = {
        "openinference.span.kind": "LLM",
        "llm.model_name": call.model,
        "llm.system": call.maker,
        "session.id": call.session,
        "user.id": call.user,
        "input.value": PROMPT,
        "llm.input_messages.0.message.content": PROMPT,
    }
    if not call.ok:
        return found
    return found | {
        "llm.token_count.prompt": call.prompt,
        "llm.token_count.prompt_details.cache_read": call.cache_read,
        "llm.token_count.prompt_details.cache_write": call.cache_write,
        "llm.token_count.completion": call.output,
        "llm.token_count.completion_details.reasoning": call.reasoning,
        "llm.token_count.total": call.prompt + call.output,
        "llm.cost.total": float(call.cost_usd),
    }


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"b{call.number:015x}",
        "session_id": call.session,
        "model": call.model,
        "provider": call.maker,
        "user": call.user,
        "operation": "LLM",
        "input": call.input if call.ok else None,
        "cache_read": call.cache_read if call.ok else None,
        "cache_write_other": call.cache_write if call.ok else None,
        "output": call.output if call.ok else None,
        "reasoning": call.reasoning if call.ok else None,
        "latency_ms": call.latency_ms,
        "recorded_cost": call.cost_usd if call.ok else None,
        "status": "ok" if call.ok else "error",
    }
