"""Spans with GenAI attributes, by their current and their old names, inside spans of agents, SDKs and HTTP."""

from __future__ import annotations

from formats.calls import PROMPT, Call, naive
from formats.span_files import files, span

MODELS = ("gpt-4o", "claude-sonnet-4-5")


def write(calls: list[Call]) -> dict[str, bytes]:
    return files([_spans(call) for call in calls])


def _spans(call: Call) -> list[dict]:
    inner = span(call, f"chat {call.model}", _attributes(call), inside="b", part="c")
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 9}
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.call.arguments": PROMPT}
    spans = [
        span(call, "GET /", {"http.request.method": "GET"}, part="9"),
        span(call, "invoke_agent", agent, inside="9", part="a"),
        span(call, "gateway", {"server.address": "localhost"}, inside="a", part="b"),
        inner,
        span(call, "execute_tool", tool, inside="a", part="d"),
    ]
    if call.number % 4 == 1:  # an SDK that counts what its gateway counts, too
        spans[2] = span(call, "chat", _attributes(call), inside="a", part="b")
    return [*spans, inner] if call.number % 5 == 2 else spans


def _attributes(call: Call) -> dict:
    old = call.number % 2
    found = {
        "gen_ai.operation.name": "chat",
        "gen_ai.system" if old else "gen_ai.provider.name": call.maker,
        "gen_ai.request.model": "an-alias",
        "gen_ai.response.model": call.model,
        "gen_ai.response.id": f"chatcmpl-{call.number}",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.conversation.id": call.session,
        "user.id": call.user,
        "gen_ai.input.messages": PROMPT,
        "gen_ai.prompt.0.content": PROMPT,
    }
    if not call.ok:
        return found | {"error.type": "429"}
    return found | {
        "gen_ai.usage.prompt_tokens" if old else "gen_ai.usage.input_tokens": call.prompt,
        "gen_ai.usage.completion_tokens" if old else "gen_ai.usage.output_tokens": call.output,
        f"gen_ai.usage.cache_read{'_' if old else '.'}input_tokens": call.cache_read,
        f"gen_ai.usage.cache_creation{'_' if old else '.'}input_tokens": call.cache_write,
        "gen_ai.usage.reasoning.output_tokens": call.reasoning,
    }


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"chatcmpl-{call.number}",
        "session_id": call.session,
        "model": call.model,
        "provider": call.maker,
        "user": call.user,
        "tags": '{"service":"shop"}',
        "operation": "chat",
        "input": call.input if call.ok else None,
        "cache_read": call.cache_read if call.ok else None,
        "cache_write_other": call.cache_write if call.ok else None,
        "output": call.output if call.ok else None,
        "reasoning": call.reasoning if call.ok else None,
        "latency_ms": call.latency_ms,
        "status": "ok" if call.ok else "error",
        "http_status": None if call.ok else 429,
    }
