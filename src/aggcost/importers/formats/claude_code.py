"""Claude Code sessions: the JSONL files below `~/.claude/projects`, a line for each block of an answer.

`input_tokens` contains no cached tokens. One answer stands on several lines, each with the usage known so far, and a
resumed session copies old lines into a new file: copies share `message.id` and `requestId`. A sidechain (a subagent)
may replay a message of its parent under another `requestId`, so its lines share the key of the parent's.
Lines of the user, of tools and of `<synthetic>` answers (messages of the program itself) are no requests.
Times are those of answers, not of requests; money stands in old versions only.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, folder, renamed, rest, size, sql
from aggcost.importers.sampling import Sample, reach

NAME = "claude-code"
TITLE = "Claude Code sessions (~/.claude/projects/**/*.jsonl)"
SEMANTICS = (
    "input_tokens contains no cached tokens; output_tokens contains thinking; lines of one answer count once, "
    "with the largest usage; times are UTC, of the answer; costUSD (old versions) is USD"
)
CAPABILITIES = {
    "time": "of the answer", "latency": "no", "cache split": "yes", "session": "yes", "cost": "old versions",
    "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "sessionId beside message.usage and uuid or requestId, or lines of a session that no answer has reached"

_ID, _REQUEST, _USAGE = "{message.id}", "{requestId}", "message.usage"
_SIDE = "coalesce(lower({isSidechain}) = 'true', false)"
_OF_PARENT = f"min({_REQUEST}) FILTER (WHERE NOT {_SIDE}) OVER (PARTITION BY {_ID})"
_5M = at(f"{_USAGE}.cache_creation.ephemeral_5m_input_tokens")
_1H = at(f"{_USAGE}.cache_creation.ephemeral_1h_input_tokens")
_TIER = renamed(f"{_USAGE}.service_tier", {"default": "standard", "standard_only": "standard"})
LAYOUT = Layout(
    fields={
        "timestamp": at("timestamp"),
        "request_id": at("message.id", "requestId"),
        "session_id": at("sessionId"),
        "model": at("message.model"),
        # The cloud that answered gives its messages ids of its own.
        "provider": sql(
            f"CASE WHEN prefix({_ID}, 'msg_bdrk_') THEN 'aws' WHEN prefix({_ID}, 'msg_vrtx_') THEN 'google' "
            "ELSE 'anthropic' END"
        ),
        "tags.project": folder("{cwd}"),
        "status": sql("CASE WHEN lower({isApiErrorMessage}) = 'true' THEN 'error' ELSE 'ok' END"),
        "service_tier": sql(f"CASE WHEN lower({{{_USAGE}.speed}}) = 'fast' THEN 'fast' ELSE {_TIER.template} END"),
        "input_tokens": at(f"{_USAGE}.input_tokens"),
        "cache_read_tokens": at(f"{_USAGE}.cache_read_input_tokens"),
        "cache_write_5m_tokens": _5M,
        "cache_write_1h_tokens": _1H,
        "cache_write_tokens": rest(at(f"{_USAGE}.cache_creation_input_tokens"), _5M, _1H),
        "output_tokens": at(f"{_USAGE}.output_tokens"),
        "reasoning_tokens": at(f"{_USAGE}.output_tokens_details.thinking_tokens"),
        "web_searches": at(f"{_USAGE}.server_tool_use.web_search_requests"),
        "cost_usd": at("costUSD"),
    },
    excludes_cache=True,
    mentions=('"usage"',),
    requests=f"{{{_USAGE}}} IS NOT NULL AND coalesce({{message.model}}, '') <> '<synthetic>'",
    key_is="message id + request id",
    key=f"{_ID} || ':' || coalesce(CASE WHEN {_SIDE} THEN {_OF_PARENT} ELSE {_REQUEST} END, '')",
    keep=(
        f"CASE WHEN {_SIDE} THEN 0 ELSE 1 END",
        size(*(f"{_USAGE}.{name}_tokens" for name in ("input", "output", "cache_read_input", "cache_creation_input"))),
        "coalesce(TRY_CAST(TRY_CAST({costUSD} AS DECIMAL(18, 9)) * 1000000000 AS BIGINT), 0)",
        f"CASE WHEN {{{_USAGE}.speed}} IS NULL THEN 0 ELSE 1 END",
    ),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is a session; one may begin (or be) without any answer."""
    return RULE if any(map(_is_line, sample.records)) else None


def _is_line(record: object) -> bool:
    def has(*paths: str) -> bool:
        return all(reach(record, path) is not None for path in paths)

    answer = has("sessionId", _USAGE) and (has("uuid") or has("requestId"))
    return answer or has("sessionId", "uuid", "isSidechain", "version") or has("leafUuid", "summary")
