"""LangSmith runs: JSON of its SDK, a page of `/runs/query`, or the Parquet of a bulk export.

Only runs of a model (`llm`, `embedding`) are requests: chains above them repeat the tokens and costs of what they
called. Input contains every kind of input, and the details are parts of it; LangChain puts the general `cache_creation`
to 0 where it knows lifetimes. A run is exported again when it ends: the one that ended later stays. `session_id` is
the project; the conversation is metadata.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, between, renamed, sql
from aggcost.importers.sampling import Sample

NAME = "langsmith"
TITLE = "LangSmith runs (SDK, /runs/query, bulk export)"
SEMANTICS = (
    "prompt_tokens contains cached tokens, completion_tokens contains reasoning; only runs of models are requests; "
    "times are UTC; costs are USD"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "yes", "session": "trace, where metadata has no thread",
    "cost": "yes", "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "run_type, start_time and dotted_order or trace_id"

_META, _ASKED = "extra.metadata", "extra.invocation_params"
_USAGE = ("outputs.usage_metadata", f"{_META}.usage_metadata")
_OUT = tuple(f"{usage}.output_token_details.reasoning" for usage in _USAGE)


def _details(name: str) -> tuple[str, ...]:
    return (f"prompt_token_details.{name}", *(f"{usage}.input_token_details.{name}" for usage in _USAGE))


_WRITES, _5M, _1H = (
    at(*_details(name)) for name in ("cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
)
_LIVED = f"coalesce(TRY_CAST({_5M.template} AS BIGINT), 0) + coalesce(TRY_CAST({_1H.template} AS BIGINT), 0)"
_LEFT = f"TRY_CAST({_WRITES.template} AS BIGINT) - ({_LIVED})"
_PROVIDERS = {"google_genai": "google", "google_vertexai": "google", "amazon_bedrock": "aws", "azure_openai": "azure"}
LAYOUT = Layout(
    fields={
        "timestamp": at("start_time"),
        "request_id": at("id"),
        "session_id": at(f"{_META}.session_id", f"{_META}.thread_id", f"{_META}.conversation_id", "trace_id"),
        "model": at(f"{_META}.ls_model_name", f"{_ASKED}.model", f"{_ASKED}.model_name"),
        "provider": renamed(f"{_META}.ls_provider", _PROVIDERS),
        "task": at(f"{_META}.langgraph_node"),
        "user": at(f"{_META}.user_id"),
        "tags": at("tags"),
        "operation": at("run_type"),
        "status": sql(
            "CASE WHEN {error} IS NOT NULL THEN 'error' "
            "WHEN lower({status}) IN ('success', 'error') THEN lower({status}) END"
        ),
        "service_tier": renamed(f"{_ASKED}.service_tier", {"default": "standard"}),
        "latency_ms": between("start_time", "end_time"),
        "ttft_ms": between("start_time", "first_token_time"),
        "input_tokens": at("prompt_tokens", *(f"{usage}.input_tokens" for usage in _USAGE)),
        "cache_read_tokens": at(*_details("cache_read")),
        "cache_write_5m_tokens": _5M,
        "cache_write_1h_tokens": _1H,
        "cache_write_tokens": sql(f"CASE WHEN {_LEFT} >= 0 THEN CAST({_LEFT} AS VARCHAR) ELSE {_WRITES.template} END"),
        "output_tokens": at("completion_tokens", *(f"{usage}.output_tokens" for usage in _USAGE)),
        "reasoning_tokens": at("completion_token_details.reasoning", *_OUT),
        "input_audio_tokens": at(*_details("audio")),
        "output_audio_tokens": at(
            "completion_token_details.audio", *(f"{usage}.output_token_details.audio" for usage in _USAGE)
        ),
        "cost_usd": at("total_cost"),
    },
    items=("runs[*]?",),
    encoded=("extra", "outputs", "prompt_token_details", "completion_token_details"),
    requests="lower({run_type}) IN ('llm', 'embedding')",
    key_is="newer version of a run",
    key="'langsmith ' || {id}",
    keep=("coalesce(epoch_us(TRY_CAST({end_time} AS TIMESTAMP)), 0)",),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds runs, on a page of the API or by themselves."""
    places = ("",) if sample.shape == "table" else ("", "runs[0].")
    found = any(
        sample.has(f"{place}run_type", f"{place}start_time", f"{place}{trace}")
        for place in places
        for trace in ("dotted_order", "trace_id")
    )
    return RULE if found else None
