"""Codex CLI sessions: the rollout files below `~/.codex/sessions`, an event for each answer of the model.

An event of tokens has the running totals of the session and what the last answer used; input contains cached tokens,
output contains reasoning. Every event is written twice: one whose totals are those of the event before it is the same
answer. The first event of a session may hold no usage at all. The model stands in the `turn_context` before an event,
session and provider in `session_meta`; so lines mean something only in their order.
An archived copy of a session repeats its times and totals.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout, Place
from aggcost.importers.places import at, folder, sql
from aggcost.importers.sampling import Sample, reach

NAME = "codex"
TITLE = "Codex CLI sessions (~/.codex/sessions/**/rollout-*.jsonl)"
SEMANTICS = (
    "input_tokens contains cached tokens; output_tokens contains reasoning; an event with unchanged totals counts "
    "once; times are UTC, of the answer; no money"
)
CAPABILITIES = {
    "time": "of the answer", "latency": "no", "cache split": "yes", "session": "yes", "cost": "no",
    "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "payload beside timestamp and a type of session_meta, turn_context, event_msg or response_item"

_TYPES = ("session_meta", "turn_context", "event_msg", "response_item")
_INFO = "payload.info"
_TOTAL, _LAST = f"{{{_INFO}.total_token_usage}}", f"{{{_INFO}.last_token_usage}}"
_OF_FILE = "OVER (PARTITION BY file ORDER BY line ROWS BETWEEN UNBOUNDED PRECEDING AND"


def _told(kind: str, member: str, which: str) -> str:
    """Return what the first or last line of a kind, up to this one, says."""
    return f"{which}_value(CASE WHEN {{type}} = '{kind}' THEN {{{member}}} END IGNORE NULLS) {_OF_FILE} CURRENT ROW)"


def _before(path: str) -> str:
    """Return what the event before this one says."""
    return f"last_value({{{path}}} IGNORE NULLS) {_OF_FILE} 1 PRECEDING)"


def _used(name: str) -> Place:
    """Return a count of the last answer: as the event says it, else what the running total grew by."""
    total = f"{_INFO}.total_token_usage.{name}"
    now, before = f"TRY_CAST({{{total}}} AS BIGINT)", f"TRY_CAST({_before(total)} AS BIGINT)"
    grew = f"CASE WHEN {before} BETWEEN 0 AND {now} THEN CAST({now} - {before} AS VARCHAR) ELSE {{{total}}} END"
    checked = f"CASE WHEN regexp_full_match({{{total}}}, '[0-9]{{1,15}}') THEN {grew} ELSE {{{total}}} END"
    return Place(f"CASE WHEN {_LAST} IS NOT NULL THEN {{{_INFO}.last_token_usage.{name}}} ELSE {checked} END")


_SESSION = _told("session_meta", "payload.id", "first")
_MODEL = _told("turn_context", "payload.model", "last")
LAYOUT = Layout(
    fields={
        "timestamp": at("timestamp"),
        "request_id": sql(f"{_SESSION} || '#' || row_number() OVER (PARTITION BY file ORDER BY line)"),
        "session_id": sql(_SESSION),
        "model": sql(f"coalesce({{{_INFO}.model}}, {_MODEL})"),
        "provider": sql(f"coalesce({_told('session_meta', 'payload.model_provider', 'first')}, 'openai')"),
        "tags.project": folder(_told("session_meta", "payload.cwd", "first")),
        "input_tokens": _used("input_tokens"),
        "cache_read_tokens": _used("cached_input_tokens"),
        "cache_write_tokens": _used("cache_write_input_tokens"),
        "output_tokens": _used("output_tokens"),
        "reasoning_tokens": _used("reasoning_output_tokens"),
    },
    requests=(
        f"{{type}} = 'event_msg' AND {{payload.type}} = 'token_count' AND coalesce({_TOTAL}, {_LAST}) IS NOT NULL"
    ),
    key_is="session + time + total",
    key=f"{_SESSION} || '#' || {{timestamp}} || '#' || {_TOTAL}",
    repeated={"repeated total": f"{_TOTAL} = {_before(f'{_INFO}.total_token_usage')}"},
    ordered=True,
    mentions=("session_meta", "turn_context", "token_count", "total_token_usage"),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is a session."""
    if any(
        record.get("type") in _TYPES and record.get("timestamp") and isinstance(reach(record, "payload"), dict)
        for record in sample.records
    ):
        return RULE
    return None
