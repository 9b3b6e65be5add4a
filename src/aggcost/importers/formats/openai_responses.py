"""Responses as OpenAI's API answers them, one a line.

Details are subsets of `input_tokens` and `output_tokens`. A response may be logged while it is made, with no usage,
and again when it is done: of the lines of one id that with the most tokens counts. One cut off by a limit
(`incomplete`) was answered and billed. Writes to the cache live 30 minutes or 12 hours: neither is Anthropic's 5
minutes or hour, so they count as of unknown lifetime.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, renamed, sql
from aggcost.importers.sampling import Sample

NAME = "openai-responses"
TITLE = "OpenAI responses (response objects of the Responses API)"
SEMANTICS = (
    "input_tokens contains cached and cache-written tokens; output_tokens contains reasoning; "
    "created_at is seconds since 1970"
)
CAPABILITIES = {
    "time": "yes", "latency": "no", "cache split": "yes", "session": "yes", "cost": "no", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "object response with output or usage"

_STATES = {"completed": "ok", "incomplete": "ok", "failed": "error", "cancelled": "cancelled"}
_STATE = " ".join(f"WHEN '{state}' THEN '{status}'" for state, status in _STATES.items())
_ERROR = "coalesce({error.code}, {error.type})"
LAYOUT = Layout(
    fields={
        "timestamp": at("created_at", unit="s"),
        "request_id": at("id"),
        "session_id": at("conversation.id"),
        "parent_id": at("previous_response_id"),
        "provider": sql("coalesce({provider}, 'openai')"),
        "model": at("model"),
        "user": at("user", "safety_identifier"),
        "tags": at("metadata"),
        "service_tier": renamed("service_tier", {"default": "standard"}),
        "status": sql(f"CASE lower({{status}}) {_STATE} ELSE CASE WHEN {_ERROR} IS NOT NULL THEN 'error' END END"),
        "http_status": sql("regexp_extract({error.code}, '^[1-5][0-9][0-9]$')"),
        "input_tokens": at("usage.input_tokens"),
        "cache_read_tokens": at("usage.input_tokens_details.cached_tokens"),
        "cache_write_tokens": at("usage.input_tokens_details.cache_write_tokens"),
        "output_tokens": at("usage.output_tokens"),
        "reasoning_tokens": at("usage.output_tokens_details.reasoning_tokens"),
    },
    constants={"operation": "responses"},
    requests=f"{{object}} = 'response' OR ({{object}} IS NULL AND {_ERROR} IS NOT NULL)",
    key_is="response id",
    key="{id}",
    # Of two lines with as many tokens, that with the final state.
    keep=(
        "coalesce(TRY_CAST({usage.output_tokens} AS BIGINT), -1)",
        f"CASE WHEN lower({{status}}) IN {tuple(_STATES)} THEN 1 ELSE 0 END",
    ),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which lines are responses."""
    answers = [record for record in sample.records if record.get("object") == "response"]
    return RULE if any("output" in one or isinstance(one.get("usage"), dict) for one in answers) else None
