"""Portkey's log export: JSON lines, a row a request that its gateway took.

`cost` is in cents of `cost_currency`. The export has no column of cached tokens: where it holds the response, its
`usage` tells them. There, Anthropic's own names mean that the prompt does not contain them, unless the gateway's total
says that it does. Rows answered from Portkey's cache (HIT, SEMANTIC HIT) were billed by nobody. `retry_success_count`
is the retry that succeeded; tries before it have no rows.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, cents, renamed, rest, sql, total
from aggcost.importers.sampling import Sample

NAME = "portkey"
TITLE = "Portkey log export (JSON lines)"
SEMANTICS = (
    "req_units are all prompt tokens, res_units contains reasoning; cached tokens come from the usage of the "
    "response, which for Anthropic counts them apart; times are UTC; cost is cents of a dollar"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "where the response was exported", "session": "trace",
    "cost": "yes", "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "req_units, res_units and ai_org"

_USAGE = "response.body.usage"
_READ = f"{_USAGE}.cache_read_input_tokens"
_WRITE, _5M, _1H = (
    f"{_USAGE}.cache_creation_input_tokens",
    f"{_USAGE}.cache_creation.ephemeral_5m_input_tokens",
    f"{_USAGE}.cache_creation.ephemeral_1h_input_tokens",
)
_SENT = total(f"{_USAGE}.prompt_tokens", f"{_USAGE}.completion_tokens").template
_APART = (
    f"coalesce({{{_READ}}}, {{{_WRITE}}}) IS NOT NULL AND ({{{_USAGE}.input_tokens}} IS NOT NULL "
    f"OR TRY_CAST({{{_USAGE}.total_tokens}} AS BIGINT) > TRY_CAST({_SENT} AS BIGINT))"
)
_PROMPT = (f"{_USAGE}.input_tokens", f"{_USAGE}.prompt_tokens")
_RETRIES = "TRY_CAST({retry_success_count} AS BIGINT)"  # -1 where none succeeded
_IN_DOLLARS = "upper(coalesce({cost_currency}, 'USD')) = 'USD'"
LAYOUT = Layout(
    fields={
        "timestamp": at("created_at"),
        "request_id": at("id"),
        "session_id": at("trace_id"),
        "attempt": sql(f"CASE WHEN {_RETRIES} >= 0 THEN CAST({_RETRIES} + 1 AS VARCHAR) END"),
        "model": at("ai_model"),
        "provider": at("ai_org"),
        "task": at("prompt_slug"),
        "user": at("metadata._user"),
        "tags": at("metadata"),
        "operation": sql("split_part({request_url}, '?', 1)"),  # what follows may hold a key
        "status": sql(
            "CASE lower({is_success}) WHEN '1' THEN 'ok' WHEN 'true' THEN 'ok' WHEN '0' THEN 'error' "
            "WHEN 'false' THEN 'error' END"
        ),
        "http_status": sql("regexp_extract({response_status_code}, '^[1-5][0-9][0-9]$')"),
        "service_tier": renamed("response.body.service_tier", {"default": "standard"}),
        "latency_ms": at("response_time"),
        "input_tokens": sql(
            f"CASE WHEN {_APART} THEN {total(*_PROMPT, _READ, _WRITE).template} "
            f"ELSE coalesce({{req_units}}, {{{_PROMPT[0]}}}, {{{_PROMPT[1]}}}) END"
        ),
        "cache_read_tokens": at(
            _READ, f"{_USAGE}.prompt_tokens_details.cached_tokens", f"{_USAGE}.input_tokens_details.cached_tokens"
        ),
        "cache_write_5m_tokens": at(_5M),
        "cache_write_1h_tokens": at(_1H),
        "cache_write_tokens": rest(at(_WRITE), at(_5M), at(_1H)),
        "output_tokens": at("res_units", f"{_USAGE}.output_tokens", f"{_USAGE}.completion_tokens"),
        "reasoning_tokens": at(
            f"{_USAGE}.completion_tokens_details.reasoning_tokens", f"{_USAGE}.output_tokens_details.reasoning_tokens"
        ),
        "input_audio_tokens": at(f"{_USAGE}.prompt_tokens_details.audio_tokens"),
        "input_image_tokens": at(f"{_USAGE}.prompt_tokens_details.image_tokens"),
        "output_audio_tokens": at(f"{_USAGE}.completion_tokens_details.audio_tokens"),
        "cost_usd": sql(
            f"CASE WHEN upper(coalesce({{cost_currency}}, 'USD')) = 'USD' THEN {cents('cost').template} END"
        ),
        "billable": sql("CASE WHEN upper({cache_status}) IN ('HIT', 'SEMANTIC HIT') THEN 'false' END"),
    },
    encoded=("metadata", "response", "response.body"),
    key_is="log id",
    key="'portkey ' || {id}",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is a log export."""
    return RULE if sample.has("req_units", "res_units", "ai_org") else None
