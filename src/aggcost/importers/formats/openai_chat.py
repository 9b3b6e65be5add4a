"""Chat completions as OpenAI's API answers them, and chunks of streams, one a line; other providers answer alike.

Details are subsets of `prompt_tokens` and `completion_tokens`; rejected predictions are billed inside the latter.
Only the last chunk of a stream has usage (if it was asked for), so of the lines of one id that with the most tokens
counts. DeepSeek divides the prompt into cache hits and misses: the hits are the cached tokens. The lines do not say
who answered: OpenAI, unless a member `provider` or DeepSeek's counts say otherwise. An error is a line of its own.
"""

from __future__ import annotations

from aggcost.importers.formats import openrouter_chat
from aggcost.importers.layout import Layout, at, renamed, sql
from aggcost.importers.sampling import Sample

NAME = "openai-chat"
TITLE = "OpenAI chat completions (chat.completion objects or stream chunks), from any provider that answers alike"
SEMANTICS = (
    "prompt_tokens contains cached and cache-written tokens; completion_tokens contains reasoning; "
    "created is seconds since 1970"
)
CAPABILITIES = {
    "time": "yes", "latency": "no", "cache split": "yes", "session": "no", "cost": "no", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "object chat.completion or chat.completion.chunk with choices or usage, of no gateway known by its members"

_OBJECTS = ("chat.completion", "chat.completion.chunk")
_ERROR = "coalesce({error.code}, {error.type})"
LAYOUT = Layout(
    fields={
        "timestamp": at("created", unit="s"),
        "request_id": at("id"),
        "provider": sql(
            "coalesce({provider}, CASE WHEN {usage.prompt_cache_hit_tokens} IS NULL THEN 'openai' ELSE 'deepseek' END)"
        ),
        "model": at("model"),
        "user": at("user"),
        "tags": at("metadata"),
        "service_tier": renamed("service_tier", {"default": "standard"}),
        "status": sql(f"CASE WHEN {_ERROR} IS NULL THEN 'ok' ELSE 'error' END"),
        "http_status": sql("regexp_extract({error.code}, '^[1-5][0-9][0-9]$')"),
        "input_tokens": at("usage.prompt_tokens"),
        "cache_read_tokens": at("usage.prompt_tokens_details.cached_tokens", "usage.prompt_cache_hit_tokens"),
        "cache_write_tokens": at("usage.prompt_tokens_details.cache_write_tokens"),
        "output_tokens": at("usage.completion_tokens"),
        "reasoning_tokens": at("usage.completion_tokens_details.reasoning_tokens"),
    },
    constants={"operation": "chat"},
    requests=f"{{object}} IN ('chat.completion', 'chat.completion.chunk') OR {_ERROR} IS NOT NULL",
    key="{id}",
    keep=("coalesce(TRY_CAST({usage.completion_tokens} AS BIGINT), -1)",),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which lines are chat completions of no gateway that has a format of its own."""
    if openrouter_chat.detect(sample) or sample.has("x_nanogpt_pricing"):
        return None
    answers = [record for record in sample.records if record.get("object") in _OBJECTS]
    if any("choices" in one or isinstance(one.get("usage"), dict) for one in answers):
        return RULE
    return None
