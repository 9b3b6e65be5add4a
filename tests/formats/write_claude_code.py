"""Sessions of Claude Code: a file each, with lines of the user, of tools, and answers on several lines."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import groupby

from formats.calls import PROMPT, Call, iso, naive

MODELS = ("claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001")


def write(calls: list[Call]) -> dict[str, bytes]:
    by_session = groupby(sorted(calls, key=lambda call: call.session), key=lambda call: call.session)
    return {f"{session}.jsonl": _session(list(listed)) for session, listed in by_session}


def _session(calls: list[Call]) -> bytes:
    lines = [{"type": "summary", "summary": PROMPT, "leafUuid": "11111111-0000-4000-8000-000000000000"}]
    for call in calls:
        lines += _turn(call)
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()


def _turn(call: Call) -> list[dict]:
    lines = [_line(call, "u", call.at - timedelta(seconds=9), "user", {"role": "user", "content": PROMPT})]
    if call.ok and call.number % 3 == 1:  # the first block of the answer, and the whole of it once more
        lines.append(_answer(call, "a", call.at - timedelta(seconds=1), min(call.output, 1)))
        lines.append(_answer(call, "b", call.at, call.output))
    lines.append(_answer(call, "c", call.at, call.output))
    if call.number % 5 == 2:  # a subagent that replays the message, with a request of its own
        lines.append(_answer(call, "d", call.at, call.output + 5, side=True))
    if not call.ok:
        synthetic = _answer(call, "e", call.at, 0) | {"isApiErrorMessage": True}
        synthetic["message"] |= {"model": "<synthetic>", "id": f"made-{call.number}"}
        lines.append(synthetic)
    return lines


def _line(call: Call, part: str, time: datetime, kind: str, message: dict) -> dict:
    return {
        "parentUuid": None, "isSidechain": False, "userType": "external", "cwd": f"/srv/code/{call.user}",
        "sessionId": call.session, "version": "2.0.14", "gitBranch": "main", "type": kind, "message": message,
        "uuid": f"{call.number:08d}-{part}", "timestamp": iso(time),
    }  # fmt: skip


def _answer(call: Call, part: str, time: datetime, output: int, *, side: bool = False) -> dict:
    usage = {
        "input_tokens": call.input,
        "cache_creation_input_tokens": call.cache_write,
        "cache_read_input_tokens": call.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": call.cache_write_5m,
            "ephemeral_1h_input_tokens": call.cache_write_1h,
        },
        "output_tokens": output,
        "service_tier": "standard",
    }
    message = {
        "id": f"msg_{call.number:04d}", "type": "message", "role": "assistant", "model": call.model,
        "content": [{"type": "text", "text": PROMPT}], "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    line = _line(call, part, time, "assistant", message)
    line |= {"requestId": f"req_{call.number:04d}{'s' if side else ''}", "isSidechain": side}
    if call.number % 2:
        line["costUSD"] = float(call.cost_usd)
    return line if call.ok else line | {"isApiErrorMessage": True}


def expect(call: Call) -> dict:
    return {
        "ts": naive(call.at),
        "request_id": f"msg_{call.number:04d}",
        "session_id": call.session,
        "model": call.model,
        "provider": "anthropic",
        "tags": f'{{"project":"{call.user}"}}',
        "input": call.input,
        "cache_read": call.cache_read,
        "cache_write_5m": call.cache_write_5m,
        "cache_write_1h": call.cache_write_1h,
        "output": call.output,
        "recorded_cost": call.cost_usd if call.number % 2 else None,
        "status": "ok" if call.ok else "error",
        "service_tier": "standard",
    }
