"""Sessions of the Codex CLI: a file each, every event of tokens twice, among what else a session says."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import groupby

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("gpt-5.2-codex", "gpt-5-mini")
CALLS = {"writes": False, "failures": False}


def write(calls: list[Call]) -> dict[str, bytes]:
    by_session = groupby(sorted(calls, key=lambda call: (call.session, call.at)), key=lambda call: call.session)
    return {f"rollout-{session}.jsonl": _session(session, list(listed)) for session, listed in by_session}


def _session(session: str, calls: list[Call]) -> bytes:
    meta = {
        "id": session,
        "cwd": "/srv/code/shop",
        "cli_version": "0.60.1",
        "source": "cli",
        "model_provider": "openai",
    }
    first = calls[0].at - timedelta(seconds=20)
    lines = [_line(first, "session_meta", meta | {"instructions": PROMPT})]
    lines.append(_line(first, "event_msg", {"type": "token_count", "info": None, "rate_limits": {}}))
    total = _usage([])
    for at, call in enumerate(calls):
        text = [{"type": "input_text", "text": PROMPT}]
        lines.append(_line(call.at, "turn_context", {"cwd": "/srv/code/shop", "model": call.model, "effort": "high"}))
        lines.append(_line(call.at, "response_item", {"type": "message", "role": "user", "content": text}))
        if at and call.number % 4 == 3:  # the totals of the answer before, once more
            lines.append(_event(call.at, total, _usage(calls[at - 1 : at])))
        total = _usage(calls[: at + 1])
        lines.append(_event(call.at, total, None if call.number % 6 == 5 else _usage([call])))
        lines.append(_event(call.at + timedelta(milliseconds=3), total, _usage([call])))
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()


def _line(time: datetime, kind: str, payload: dict) -> dict:
    return {"timestamp": iso(time), "type": kind, "payload": payload}


def _event(time: datetime, total: dict, last: dict | None) -> dict:
    info = {"total_token_usage": total, "last_token_usage": last, "model_context_window": 272000}
    if last is None:
        del info["last_token_usage"]
    return _line(time, "event_msg", {"type": "token_count", "info": info, "rate_limits": {"primary": None}})


def _usage(calls: list[Call]) -> dict[str, int]:
    prompt, output = sum(call.prompt for call in calls), sum(call.output for call in calls)
    return {
        "input_tokens": prompt,
        "cached_input_tokens": sum(call.cache_read for call in calls),
        "output_tokens": output,
        "reasoning_output_tokens": sum(call.reasoning for call in calls),
        "total_tokens": prompt + output,
    }


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "session_id": call.session,
        "model": call.model,
        "provider": "openai",
        "tags": '{"project":"shop"}',
        "input": call.input,
        "cache_read": call.cache_read,
        "output": call.output,
        "reasoning": call.reasoning,
    }
