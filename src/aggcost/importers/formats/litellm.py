"""LiteLLM spend logs: the proxy's `LiteLLM_SpendLogs` table, as JSON, JSON lines or a CSV dump.

`prompt_tokens` contains cache reads and writes (the proxy adds them back for Anthropic), and
`completion_tokens` contains reasoning. Rows answered from the proxy's own cache were billed by nobody. A batch or
background job has a row when it was sent and one when it was settled: the one with more tokens counts.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, rest, sql
from aggcost.importers.sampling import Sample

NAME = "litellm"
TITLE = "LiteLLM spend logs (/spend/logs, table LiteLLM_SpendLogs)"
SEMANTICS = "prompt_tokens contains cached tokens; completion_tokens contains reasoning; times are UTC; spend is USD"
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "yes", "session": "yes", "cost": "yes", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
TABLES = ("LiteLLM_SpendLogs",)
RULE = "request_id, call_type, spend, prompt_tokens and startTime (or starttime)"

_SETTLED = "_(batch|background)_cost$"
_USAGE, _MORE = "metadata.usage_object", "metadata.additional_usage_values"
_PROMPT = f"{_USAGE}.prompt_tokens_details"
_WRITES = at(
    f"{_PROMPT}.cache_creation_tokens", f"{_PROMPT}.cache_write_tokens", f"{_MORE}.cache_creation_input_tokens"
)
_5M = at(f"{_PROMPT}.cache_creation_token_details.ephemeral_5m_input_tokens")
_1H = at(f"{_PROMPT}.cache_creation_token_details.ephemeral_1h_input_tokens")
_SPAN = "epoch_us(TRY_CAST({endTime} AS TIMESTAMP)) - epoch_us(TRY_CAST({startTime} AS TIMESTAMP))"
LAYOUT = Layout(
    fields={
        "timestamp": at("startTime"),
        "request_id": at("request_id"),
        "session_id": at("session_id"),
        "model": at("model"),
        "provider": at("custom_llm_provider"),
        "user": at("user"),
        "team": at("team_id"),
        "tags": at("request_tags"),
        "operation": at("call_type"),
        "status": at("status"),
        "http_status": sql("regexp_extract({metadata.error_information.error_code}, '^[1-5][0-9][0-9]$')"),
        "service_tier": at("metadata.cost_breakdown.service_tier"),
        "latency_ms": sql(
            f"coalesce({{request_duration_ms}}, CAST(CAST({_SPAN} AS DECIMAL(28, 3)) / 1000 AS VARCHAR))"
        ),
        "input_tokens": at("prompt_tokens"),
        "cache_read_tokens": at(f"{_PROMPT}.cached_tokens", f"{_MORE}.cache_read_input_tokens"),
        "cache_write_5m_tokens": _5M,
        "cache_write_1h_tokens": _1H,
        "cache_write_tokens": rest(_WRITES, _5M, _1H),
        "output_tokens": at("completion_tokens"),
        "reasoning_tokens": at(f"{_USAGE}.completion_tokens_details.reasoning_tokens"),
        "input_audio_tokens": at(f"{_PROMPT}.audio_tokens"),
        "input_image_tokens": at(f"{_PROMPT}.image_tokens"),
        "output_audio_tokens": at(f"{_USAGE}.completion_tokens_details.audio_tokens"),
        "web_searches": at(f"{_USAGE}.server_tool_use.web_search_requests"),
        "cost_usd": at("spend"),
        "billable": sql("CASE WHEN lower({cache_hit}) = 'true' THEN 'false' END"),
    },
    encoded=("metadata", "metadata.usage_object", "metadata.additional_usage_values"),
    # A batch or background job is settled in a second row, whose id has a suffix; calls of other kinds never are.
    key_is="settlement row",
    key=(
        f"CASE WHEN regexp_matches({{request_id}}, '{_SETTLED}') OR regexp_matches({{call_type}}, 'batch|response') "
        f"THEN 'litellm ' || regexp_replace({{request_id}}, '{_SETTLED}', '') END"
    ),
    keep=(
        "coalesce(TRY_CAST({prompt_tokens} AS BIGINT), 0) + coalesce(TRY_CAST({completion_tokens} AS BIGINT), 0)",
        "coalesce(CAST(TRY_CAST({spend} AS DECIMAL(28, 12)) * 1000000000 AS BIGINT), 0)",
    ),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is a spend log; Postgres dumps have the names in lower case."""
    if sample.has("request_id", "call_type", "spend", "prompt_tokens") and (
        sample.has("startTime") or sample.has("starttime")
    ):
        return RULE
    return None
