"""Helicone requests as its export tool writes CSV: empty latency and cost, properties quoted twice over."""

from __future__ import annotations

import json

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-4o",)
HEADER = (
    "response_id,response_created_at,response_status,request_created_at,request_body,request_properties,"
    "request_user_id,model,prompt_tokens,completion_tokens,latency,cost\n"
)


def write(calls: list[Call]) -> dict[str, bytes]:
    return {"output.csv": (HEADER + "".join(row(call) + "\n" for call in calls)).encode()}


def row(call: Call) -> str:
    body = cell({"messages": [{"role": "user", "content": PROMPT}]})
    code = 200 if call.ok else 500
    start = f"resp-{call.number},{iso(call.end)},{code},{iso(call.at)},{body},{cell({'session': call.session})}"
    return f"{start},{call.user},{call.model},{call.prompt},{call.output},,"


def cell(value: dict) -> str:
    return '"' + json.dumps(value).replace('"', '""').replace('"', '""') + '"'


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"resp-{call.number}",
        "model": call.model,
        "user": call.user,
        "input": call.prompt,
        "cache_read": None,
        "output": call.output,
        "latency_ms": None,
        "recorded_cost": None,
        "status": "ok" if call.ok else "error",
        "http_status": 200 if call.ok else 500,
    }
