"""A Kong log: calls through AI plugins of several names and versions, and other traffic."""

from __future__ import annotations

import json

from formats.calls import PROMPT, Call, naive

MODELS = ("gpt-4o", "claude-sonnet-4-5")
PLUGINS = ("proxy", "ai-proxy", "ai-proxy-advanced")


def write(calls: list[Call]) -> dict[str, bytes]:
    lines = [json.dumps(one) + "\n" for call in calls for one in (_line(call), _other(call))]
    return {"kong.log": "".join(lines).encode()}


def _other(call: Call) -> dict:
    return {
        "started_at": int(call.at.timestamp() * 1000),
        "request": {"id": f"web-{call.number}", "uri": "/", "method": "GET", "headers": {"cookie": PROMPT}},
        "response": {"status": 200},
        "latencies": {"request": 3},
    }


def _line(call: Call) -> dict:
    older = "" if call.number % 2 else "s"
    used = {
        f"prompt_token{older}": call.prompt,
        f"completion_token{older}": call.output,
        "total_tokens": call.prompt + call.output,
        "time_per_token": 12,
        "cost": float(call.cost_usd),
    }
    meta = {"provider_name": call.maker, "request_model": "chat", "response_model": call.model, "llm_latency": 1}
    plugin = {"payload": {"response": PROMPT}, "meta": meta} | ({"usage": used} if call.ok else {})
    guard = {"meta": {"provider_name": "openai", "request_model": "guard"}, "usage": {"total_tokens": 5}}
    ai = {"payload": {"request": PROMPT}, "a-guard": guard, PLUGINS[call.number % 3]: plugin}
    return _other(call) | {
        "ai": ai,
        "request": {"id": f"req-{call.number}", "headers": {"x": PROMPT}},
        "response": {"status": 200 if call.ok else 502},
        "latencies": {"request": call.latency_ms, "kong": 2, "proxy": 3},
        "consumer": {"username": call.user},
    }


def expect(call: Call) -> dict:
    used = {"input": call.prompt, "output": call.output, "recorded_cost": call.cost_usd}
    return {
        "ts": naive(call.at),
        "request_id": f"req-{call.number}",
        "provider": call.maker,
        "model": call.model,
        "user": call.user,
        "status": "ok" if call.ok else "error",
        "http_status": 200 if call.ok else 502,
        "latency_ms": call.latency_ms,
        "billable": None,
        **(used if call.ok else dict.fromkeys(used)),
    }
