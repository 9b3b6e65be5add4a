"""The logs whose import is measured, written as their producers write them: once, under benchmarks/data."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from logs import DATA

MODELS = ("gpt-4o-2024-08-06", "gpt-4o-mini", "o4-mini-2025-04-16")
CLAUDE_MODELS = ("claude-sonnet-4-5-20250929", "claude-opus-4-1-20250805")
FIRST = datetime(2026, 2, 1, tzinfo=UTC)
LINES_A_SESSION = 400
_TEXT = "The night bus was late again, so she walked home along the canal and counted the lamps. " * 100
_SPEND = (
    "request_id", "call_type", "api_key", "spend", "total_tokens", "prompt_tokens", "completion_tokens", "startTime",
    "endTime", "model", "user", "metadata", "cache_hit", "team_id", "custom_llm_provider", "status",
)  # fmt: skip


def chat(rows: int) -> Path:
    """Return chat completions, one a line."""
    path = DATA / f"chat-{rows}.jsonl"
    if not path.exists():
        draw = random.Random(rows)
        _write(path, (_dumped(_completion(draw, number)) for number in range(rows)))
    return path


def spend(rows: int) -> Path:
    """Return a dump of LiteLLM's table of spend as CSV, with the JSON of its metadata in a cell."""
    path = DATA / f"spend-{rows}.csv"
    if not path.exists():
        draw = random.Random(rows)
        with path.open("w", newline="", encoding="utf-8") as file:
            written = csv.DictWriter(file, _SPEND)
            written.writeheader()
            written.writerows(_spent(draw, number) for number in range(rows))
    return path


def small(files: int) -> Path:
    """Return a directory with a file for each chat completion."""
    folder = DATA / f"small-{files}"
    if not folder.exists():
        folder.mkdir(parents=True)
        draw = random.Random(files)
        for number in range(files):
            (folder / f"{number:06d}.json").write_text(_dumped(_completion(draw, number)), encoding="utf-8")
    return folder


def sessions(files: int) -> Path:
    """Return a directory like `~/.claude`: sessions of Claude Code, most of whose bytes are what tools answered."""
    folder = DATA / f"claude-{files}"
    if not folder.exists():
        project = folder / "projects" / "-srv-shop"
        project.mkdir(parents=True)
        for number in range(files):
            session = f"{number:08x}-0000-4000-8000-000000000000"
            _write(project / f"{session}.jsonl", map(_dumped, _session(session, number)))
    return folder


def _write(path: Path, lines: Iterator[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def _dumped(record: object) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def _said(draw: random.Random, most: int) -> str:
    at = draw.randrange(1000)
    return _TEXT[at : at + draw.randrange(50, most)]


def _completion(draw: random.Random, number: int) -> dict[str, Any]:
    sent, answered = draw.randrange(50, 9000), draw.randrange(1, 900)
    return {
        "id": f"chatcmpl-{number}", "object": "chat.completion", "created": int(FIRST.timestamp()) + number * 3,
        "model": draw.choice(MODELS), "service_tier": "default", "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": _said(draw, 600)}, "logprobs": None}],
        "usage": {
            "prompt_tokens": sent, "completion_tokens": answered, "total_tokens": sent + answered,
            "prompt_tokens_details": {"cached_tokens": sent // 3, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": answered // 2, "audio_tokens": 0},
        },
    }  # fmt: skip


def _spent(draw: random.Random, number: int) -> dict[str, Any]:
    sent, answered = draw.randrange(50, 9000), draw.randrange(1, 900)
    began = FIRST + timedelta(seconds=3 * number)
    usage = {"prompt_tokens": sent, "prompt_tokens_details": {"cached_tokens": sent // 3}}
    return {
        "request_id": f"chatcmpl-{number}", "call_type": "acompletion", "api_key": "hash", "spend": "0.00123",
        "total_tokens": sent + answered, "prompt_tokens": sent, "completion_tokens": answered,
        "startTime": f"{began:%Y-%m-%d %H:%M:%S}.125", "endTime": f"{began:%Y-%m-%d %H:%M:%S}.875",
        "model": draw.choice(MODELS), "user": f"u{number % 90}", "metadata": _dumped({"usage_object": usage}),
        "cache_hit": "False", "team_id": f"t{number % 7}", "custom_llm_provider": "openai", "status": "success",
    }  # fmt: skip


def _session(session: str, number: int) -> Iterator[dict[str, Any]]:
    draw = random.Random(number)
    for line in range(LINES_A_SESSION):
        at = FIRST + timedelta(hours=number, seconds=5 * line)
        one: dict[str, Any] = {
            "parentUuid": f"{session}-{line - 1}", "isSidechain": False, "cwd": "/srv/shop", "sessionId": session,
            "version": "2.0.14", "uuid": f"{session}-{line}", "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
        }  # fmt: skip
        if line % 2 == 0:
            told = [{"type": "tool_result", "tool_use_id": f"t{line}", "content": _said(draw, 7000)}]
            yield one | {"type": "user", "message": {"role": "user", "content": told}}
            continue
        written = draw.randrange(5000)
        usage = {
            "input_tokens": draw.randrange(1, 50), "cache_creation_input_tokens": written,
            "cache_read_input_tokens": draw.randrange(90_000), "output_tokens": draw.randrange(1, 900),
            "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
            "service_tier": "standard",
        }  # fmt: skip
        message: dict[str, Any] = {"id": f"msg_{session}_{line}", "type": "message", "role": "assistant"}
        message |= {"model": draw.choice(CLAUDE_MODELS), "content": [{"type": "text", "text": _said(draw, 2500)}]}
        yield one | {"type": "assistant", "requestId": f"req_{session}_{line}", "message": message | {"usage": usage}}
