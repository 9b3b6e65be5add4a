"""What failover, limits and caches cost in time: each beside the plain replay of the same log in the same run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import logs
from processes import AGGCOST, best
from table import Line

UNORDERED, ORDERED = 4.0, 12.0
MEMORY_MB = 1536

_RULES = """\
policy: 1
name: {name}
rules:
  - name: short
    when: task == 'intent' and input_tokens < 2000
    route: openai/gpt-4o-mini
    fallback: [google/gemini-2.5-flash]
  - {{name: extraction, when: task == 'entity', route: google/gemini-2.5-flash, fallback: [openai/gpt-4o-mini]}}
otherwise: as_logged
routes:
  openai/gpt-4o-mini: {{latency_ms: {{p50: 400, p95: 900}}, availability: "99.9"}}
  google/gemini-2.5-flash: {{latency_ms: {{p50: 350, p95: 800}}, availability: "99.9"}}
"""
_FAILOVER = """\
failover: {timeout_ms: 500, retries: 1, backoff_ms: 100}
incidents: [incidents.yaml]
"""
_INCIDENTS = """\
incidents:
  - {provider: google, from: "2026-02-03T04:00Z", minutes: 90}
  - {provider: openai, model: gpt-4o-mini, from: "2026-02-20T10:00Z", minutes: 30}
"""
_PLAIN_LIMIT = "limits: {openai/gpt-4o-mini: {requests_per_minute: 1000000, window: minute}}\n"
_BREAKS = "limits: {{openai/gpt-4o-mini: {{requests_per_minute: {per_minute}}}}}\n"
_CACHE = "response_cache: {ttl: 1h, latency_ms: 5}\n"
_LRU = "response_cache: {ttl: 1d, capacity: 10000, latency_ms: 5}\n"
_PROMPTS = "prompt_cache: {mode: simulated, ttl: 5m}\n"


def replays(rows: int) -> Iterator[Line]:
    """Yield each replay of a service log beside the plain one."""
    log, folder = logs.service(rows), logs.DATA / "policies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "incidents.yaml").write_text(_INCIDENTS, encoding="utf-8")
    breaks = _BREAKS.format(per_minute=max(rows // 40_320 // 20, 1))
    plain = best(_simulate(log, _policy(folder, "plain", "")), times=2)
    asked = (
        ("failover and incidents", _FAILOVER, UNORDERED),
        ("failover, a limit that holds, a response cache", _FAILOVER + _PLAIN_LIMIT + _CACHE, UNORDERED),
        ("a sliding limit that breaks", breaks, ORDERED),
        ("a response cache of 10,000 answers", _LRU, ORDERED),
        ("prompt caches by session", _PROMPTS, ORDERED),
        ("all of it", _FAILOVER + breaks + _LRU + _PROMPTS, ORDERED),
    )
    for name, text, most in asked:
        run = best(_simulate(log, _policy(folder, "replay", text)), times=1)
        ratio = run.seconds / plain.seconds
        yield Line(
            f"replay with {name}, {rows:,} rows", f"{run.seconds:.1f} s, {run.peak_mb:.0f} MB",
            f"plain {plain.seconds:.1f} s", f"{ratio:.1f} x", f"{most:g} x, {MEMORY_MB} MB",
            ratio <= most and run.peak_mb <= MEMORY_MB,
        )  # fmt: skip


def _policy(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(_RULES.format(name=name) + text, encoding="utf-8")
    return path


def _simulate(log: Path, policy: Path) -> list[str]:
    return [*AGGCOST, "simulate", str(log), "--policy", str(policy), "--threads", "2", "--tz", "UTC"]
