"""An access log of Envoy AI Gateway: calls, and lines of its MCP routes."""

from __future__ import annotations

import json

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-4o-mini", "claude-sonnet-4-5")


def write(calls: list[Call]) -> dict[str, bytes]:
    lines = [json.dumps(one) + "\n" for call in calls for one in (_mcp(call), _line(call))]
    return {"access.log": "".join(lines).encode()}


def _mcp(call: Call) -> dict:
    keys = ("provider.name", "request.model", "response.model", "usage.input_tokens", "usage.output_tokens")
    return dict.fromkeys(f"gen_ai.{key}" for key in keys) | {
        "mcp.method.name": "tools/call",
        "method": "POST",
        "user-agent": PROMPT,
        "response_code": 200,
        "duration": 653,
        "start_time": iso(call.at),
        "x-request-id": f"mcp-{call.number}",
    }


def _line(call: Call) -> dict:
    used = {
        "gen_ai.usage.input_tokens": call.prompt,
        "gen_ai.usage.cached_input_tokens": call.cache_read,
        "gen_ai.usage.cache_creation_input_tokens": call.cache_write,
        "gen_ai.usage.output_tokens": call.output,
        "gen_ai.usage.total_tokens": call.prompt + call.output,
    }
    return {
        ":authority": "api.example.com",
        "gen_ai.provider.name": "default/b/route/r/rule/0/ref/0",
        "gen_ai.request.model": "chat",
        "gen_ai.response.model": call.model,
        **(used if call.ok else dict.fromkeys(used)),
        "method": "POST",
        "response_code": 200 if call.ok else 503,
        "response_flags": "-",
        "start_time": iso(call.at),
        "duration": call.latency_ms,
        "user-agent": PROMPT,
        "x-request-id": f"r-{call.number}",
    }


def expect(call: Call) -> dict:
    used = {
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_other": call.cache_write,
        "output": call.output,
    }
    return {
        "ts": naive(call.at),
        "request_id": f"r-{call.number}",
        "provider": None,
        "model": call.model,
        "status": "ok" if call.ok else "error",
        "http_status": 200 if call.ok else 503,
        "latency_ms": call.latency_ms,
        **(used if call.ok else dict.fromkeys(used)),
    }
