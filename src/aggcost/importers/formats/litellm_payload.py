"""LiteLLM's standard logging payloads: what its callbacks write to S3 and GCS, an object a request.

`prompt_tokens` contains cache reads and writes (LiteLLM adds them back for Anthropic), `completion_tokens` contains
reasoning. Times are seconds since 1970; some writers make them text. `usage_object` of the metadata has the cache
tokens; so has the usage of the response. What the gateway answered from its own cache was billed by nobody.
An object can be written twice, in a batch and alone: copies share `id`, status and start; attempts share the id only.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, moment, renamed, rest, size, sql
from aggcost.importers.sampling import Sample

NAME = "litellm-payload"
TITLE = "LiteLLM standard logging payloads (S3, GCS and generic callbacks)"
SEMANTICS = (
    "prompt_tokens contains cached tokens; completion_tokens contains reasoning; times are seconds since 1970 or UTC; "
    "response_cost is USD"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "yes", "session": "yes", "cost": "yes", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "response_cost, prompt_tokens, and hidden_params or model_map_information"

_USAGES = ("metadata.usage_object", "response.usage")


def _paths(*names: str) -> tuple[str, ...]:
    """Return the places of a detail of usage, in the usage that LiteLLM made and in that of the response."""
    return tuple(f"{usage}.{name}" for usage in _USAGES for name in names)


_WRITES = at(
    *_paths(
        "prompt_tokens_details.cache_creation_tokens",
        "prompt_tokens_details.cache_write_tokens",
        "cache_creation_input_tokens",
    )
)
_5M = at(*_paths("prompt_tokens_details.cache_creation_token_details.ephemeral_5m_input_tokens"))
_1H = at(*_paths("prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens"))


def _micros(path: str) -> str:
    return f"epoch_us(TRY_CAST({moment(path).template} AS TIMESTAMP))"


def _from_start(end: str) -> str:
    """Return the milliseconds from the start to another time, null where that is not later."""
    micros = f"CAST({_micros(end)} - {_micros('startTime')} AS DECIMAL(20, 0))"
    return f"CASE WHEN {micros} >= 0 THEN CAST({micros} * 0.001 AS VARCHAR) END"


LAYOUT = Layout(
    fields={
        "timestamp": moment("startTime"),
        "request_id": at("id"),
        "session_id": at("session_id"),
        "model": at("model"),
        "provider": at("custom_llm_provider"),
        "user": at("metadata.user_api_key_user_id"),
        "team": at("metadata.user_api_key_team_id"),
        "tags": at("request_tags"),
        "operation": at("call_type"),
        "status": at("status"),
        "http_status": sql("nullif(regexp_extract({error_information.error_code}, '^[1-5][0-9][0-9]$'), '')"),
        "service_tier": renamed("cost_breakdown.service_tier", {"default": "standard"}),
        "latency_ms": sql(_from_start("endTime")),
        "ttft_ms": sql(f"CASE WHEN lower({{stream}}) = 'true' THEN {_from_start('completionStartTime')} END"),
        "input_tokens": at("prompt_tokens"),
        "cache_read_tokens": at(*_paths("prompt_tokens_details.cached_tokens", "cache_read_input_tokens")),
        "cache_write_5m_tokens": _5M,
        "cache_write_1h_tokens": _1H,
        "cache_write_tokens": rest(_WRITES, _5M, _1H),
        "output_tokens": at("completion_tokens"),
        "reasoning_tokens": at(*_paths("completion_tokens_details.reasoning_tokens")),
        "input_audio_tokens": at(*_paths("prompt_tokens_details.audio_tokens")),
        "input_image_tokens": at(*_paths("prompt_tokens_details.image_tokens")),
        "output_audio_tokens": at(*_paths("completion_tokens_details.audio_tokens")),
        "web_searches": at(*_paths("server_tool_use.web_search_requests")),
        "cost_usd": at("response_cost"),
        "billable": sql("CASE WHEN lower({cache_hit}) = 'true' THEN 'false' END"),
    },
    encoded=("metadata", "metadata.usage_object"),
    key_is="id + status + start",
    key="{id} || ':' || {status} || ':' || {startTime}",
    keep=(size("prompt_tokens", "completion_tokens"),),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is of payloads; a failure has a cost of 0 or none."""
    if any(
        {"response_cost", "prompt_tokens"} <= record.keys()
        and ("hidden_params" in record or "model_map_information" in record)
        for record in sample.records
    ):
        return RULE
    return RULE if sample.shape == "table" and sample.has("response_cost", "prompt_tokens", "hidden_params") else None
