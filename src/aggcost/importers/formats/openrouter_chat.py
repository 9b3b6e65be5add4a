"""OpenRouter answers: chat completions and their stream chunks with OpenRouter's own `usage`, one a line.

Counts are those of the model's own tokenizer; details are subsets. Only the last chunk of a stream has usage, so
of the lines of one id that with the most tokens counts. With an own key (`is_byok`) `cost` is OpenRouter's fee
alone, and what the provider charges stands in `cost_details`. An id holds the second of its creation.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, renamed, sql
from aggcost.importers.sampling import Sample, reach

NAME = "openrouter-chat"
TITLE = "OpenRouter answers (chat.completion objects or stream chunks with usage.cost)"
SEMANTICS = (
    "prompt_tokens contains cached and cache-written tokens; completion_tokens contains reasoning; "
    "created is seconds since 1970; cost is USD, with the provider's part where the key is one's own"
)
CAPABILITIES = {
    "time": "yes", "latency": "no", "cache split": "yes", "session": "no", "cost": "yes", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "object chat.completion or chat.completion.chunk with an id gen-..., or with provider and usage.cost"

_OBJECTS = ("chat.completion", "chat.completion.chunk")
_COST, _UPSTREAM = (
    "TRY_CAST({usage.cost} AS DECIMAL(38, 12))",
    "TRY_CAST({usage.cost_details.upstream_inference_cost} AS DECIMAL(38, 12))",
)
_OWN_KEY = "lower({usage.is_byok}) = 'true' AND {usage.cost_details.upstream_inference_cost} IS NOT NULL"
_ERROR = "coalesce({error.code}, {error.type})"
LAYOUT = Layout(
    fields={
        "timestamp": sql("coalesce({created}, NULLIF(regexp_extract({id}, '^gen-([0-9]{10})-', 1), ''))", unit="s"),
        "request_id": at("id"),
        "model": at("model"),
        "user": at("user"),
        "service_tier": renamed("service_tier", {"default": "standard"}),
        "status": sql(f"CASE WHEN {_ERROR} IS NULL THEN 'ok' ELSE 'error' END"),
        "http_status": sql("regexp_extract({error.code}, '^[1-5][0-9][0-9]$')"),
        "input_tokens": at("usage.prompt_tokens"),
        "cache_read_tokens": at("usage.prompt_tokens_details.cached_tokens"),
        "cache_write_tokens": at("usage.prompt_tokens_details.cache_write_tokens"),
        "output_tokens": at("usage.completion_tokens"),
        "reasoning_tokens": at("usage.completion_tokens_details.reasoning_tokens"),
        "input_audio_tokens": at("usage.prompt_tokens_details.audio_tokens"),
        "cost_usd": sql(
            f"CASE WHEN {_OWN_KEY} THEN coalesce(CAST({_COST} + {_UPSTREAM} AS VARCHAR), 'not an amount') "
            "ELSE {usage.cost} END"
        ),
    },
    constants={"provider": "openrouter", "operation": "chat"},
    requests=f"{{object}} IN ('chat.completion', 'chat.completion.chunk') OR {_ERROR} IS NOT NULL",
    key_is="completion id",
    key="{id}",
    keep=("coalesce(TRY_CAST({usage.completion_tokens} AS BIGINT), -1)",),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which lines are OpenRouter's; other gateways write a cost too, but no provider."""
    answers = [record for record in sample.records if record.get("object") in _OBJECTS]
    if sample.has("x_nanogpt_pricing") or sample.has("token_usage"):
        return None
    if any(
        str(one.get("id")).startswith("gen-") or (one.get("provider") and reach(one, "usage.cost") is not None)
        for one in answers
    ):
        return RULE
    return None
