"""Output and error files of OpenAI's Batch API: a line a request, its answer in `response.body`.

The answer is what the endpoint gives (a chat completion, a response, or embeddings), and does not say that batch
prices hold: every line is of tier batch. A line with `error`, or with an HTTP code that is none of success, is a
request that failed; what expired or was cancelled was not answered. Lines stand in any order.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, sql
from aggcost.importers.sampling import Sample

NAME = "openai-batch"
TITLE = "OpenAI batch output (JSON lines of custom_id and response)"
SEMANTICS = (
    "prompt_tokens or input_tokens contains cached and cache-written tokens; completion_tokens or output_tokens "
    "contains reasoning; created is seconds since 1970; every line is of tier batch"
)
CAPABILITIES = {
    "time": "yes", "latency": "no", "cache split": "yes", "session": "no", "cost": "no", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "custom_id with response.body, response.status_code or error.code, and no result"

_BODY = "response.body"
_USAGE = f"{_BODY}.usage"
_FAILED = f"coalesce({{error.code}}, {{{_BODY}.error.code}}, {{{_BODY}.error.type}}) IS NOT NULL"
LAYOUT = Layout(
    fields={
        "timestamp": at(f"{_BODY}.created", f"{_BODY}.created_at", unit="s"),
        "request_id": at("id", "response.request_id"),
        "model": at(f"{_BODY}.model"),
        "user": at(f"{_BODY}.user", f"{_BODY}.safety_identifier"),
        "tags": at(f"{_BODY}.metadata"),
        "operation": sql(
            f"CASE {{{_BODY}.object}} WHEN 'chat.completion' THEN 'chat' WHEN 'response' THEN 'responses' "
            "WHEN 'list' THEN 'embeddings' END"
        ),
        "status": sql(
            "CASE WHEN {error.code} = 'batch_cancelled' THEN 'cancelled' "
            f"WHEN {_FAILED} OR {{response.status_code}} NOT LIKE '2%' THEN 'error' "
            "WHEN {response.status_code} IS NOT NULL THEN 'ok' END"
        ),
        "http_status": sql("regexp_extract({response.status_code}, '^[1-5][0-9][0-9]$')"),
        "input_tokens": at(f"{_USAGE}.prompt_tokens", f"{_USAGE}.input_tokens"),
        "cache_read_tokens": at(
            f"{_USAGE}.prompt_tokens_details.cached_tokens", f"{_USAGE}.input_tokens_details.cached_tokens"
        ),
        "cache_write_tokens": at(
            f"{_USAGE}.prompt_tokens_details.cache_write_tokens", f"{_USAGE}.input_tokens_details.cache_write_tokens"
        ),
        "output_tokens": at(f"{_USAGE}.completion_tokens", f"{_USAGE}.output_tokens"),
        "reasoning_tokens": at(
            f"{_USAGE}.completion_tokens_details.reasoning_tokens", f"{_USAGE}.output_tokens_details.reasoning_tokens"
        ),
        "input_audio_tokens": at(f"{_USAGE}.prompt_tokens_details.audio_tokens"),
        "input_image_tokens": at(f"{_USAGE}.prompt_tokens_details.image_tokens"),
        "output_audio_tokens": at(f"{_USAGE}.completion_tokens_details.audio_tokens"),
    },
    constants={"provider": "openai", "service_tier": "batch"},
    requests="{custom_id} IS NOT NULL",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which lines are answers of a batch; Anthropic's have a `result` instead."""
    if sample.has("custom_id", "result"):
        return None
    if any(sample.has("custom_id", path) for path in ("response.body", "response.status_code", "error.code")):
        return RULE
    return None
