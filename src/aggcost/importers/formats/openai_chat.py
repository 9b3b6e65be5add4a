"""Chat completions as OpenAI's API answers them, and chunks of streams, one a line; other providers answer alike.

Details are subsets of `prompt_tokens` and `completion_tokens`; rejected predictions are billed inside the latter. xAI
counts reasoning beside `completion_tokens`, and its total says so: it is added where the total holds both. DeepSeek
divides the prompt into cache hits and misses: the hits are the cached tokens.
Only the last chunk of a stream has usage (if it was asked for), so of the chunks of one id that with the most tokens
counts; whole answers repeat where id and time are the same. The lines do not say who answered: OpenAI, unless a member
`provider`, or counts that only DeepSeek or xAI write, say otherwise. An error is a line of its own.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, renamed, sql
from aggcost.importers.sampling import Sample, reach

NAME = "openai-chat"
TITLE = "OpenAI chat completions (chat.completion objects or stream chunks), from any provider that answers alike"
SEMANTICS = (
    "prompt_tokens contains cached and cache-written tokens; completion_tokens contains reasoning, unless total_tokens "
    "counts it apart; created is seconds since 1970"
)
CAPABILITIES = {
    "time": "yes", "latency": "no", "cache split": "yes", "session": "no", "cost": "no", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "object chat.completion or chat.completion.chunk with choices or usage, of no gateway known by its members"

_OBJECTS = ("chat.completion", "chat.completion.chunk")
_SENT, _ANSWERED, _TOTAL = "{usage.prompt_tokens}", "{usage.completion_tokens}", "{usage.total_tokens}"
_REASONING = "{usage.completion_tokens_details.reasoning_tokens}"
_OUTPUT = f"(TRY_CAST({_ANSWERED} AS BIGINT) + TRY_CAST({_REASONING} AS BIGINT))"
_APART = (
    f"regexp_full_match({_ANSWERED}, '[0-9]+') AND regexp_full_match({_REASONING}, '0*[1-9][0-9]*') "
    f"AND TRY_CAST({_TOTAL} AS BIGINT) = TRY_CAST({_SENT} AS BIGINT) + {_OUTPUT}"
)
_ERROR = "coalesce({error.code}, {error.type})"
LAYOUT = Layout(
    fields={
        "timestamp": at("created", unit="s"),
        "request_id": at("id"),
        "provider": sql(
            "coalesce({provider}, CASE WHEN {usage.prompt_cache_hit_tokens} IS NOT NULL THEN 'deepseek' "
            "WHEN {usage.cost_in_usd_ticks} IS NOT NULL THEN 'x-ai' ELSE 'openai' END)"
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
        "output_tokens": sql(f"CASE WHEN {_APART} THEN CAST({_OUTPUT} AS VARCHAR) ELSE {_ANSWERED} END"),
        "reasoning_tokens": sql(_REASONING),
        "input_audio_tokens": at("usage.prompt_tokens_details.audio_tokens"),
        "input_image_tokens": at("usage.prompt_tokens_details.image_tokens"),
        "output_audio_tokens": at("usage.completion_tokens_details.audio_tokens"),
    },
    constants={"operation": "chat"},
    requests=f"{{object}} IN ('chat.completion', 'chat.completion.chunk') OR {_ERROR} IS NOT NULL",
    # Some servers draw ids from a thousand: whole answers with one id may differ. Chunks may tell times of their own.
    key_is="completion id",
    key="CASE {object} WHEN 'chat.completion' THEN {id} || ' ' || coalesce({created}, '') ELSE {id} END",
    keep=("coalesce(TRY_CAST({usage.completion_tokens} AS BIGINT), -1)",),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which lines are chat completions of no gateway that has a format of its own."""
    answers = [record for record in sample.records if record.get("object") in _OBJECTS]
    # What `openrouter-chat` takes.
    if any(
        str(one.get("id")).startswith("gen-") or (one.get("provider") and reach(one, "usage.cost") is not None)
        for one in answers
    ):
        return None
    if sample.has("x_nanogpt_pricing") or sample.has("token_usage"):
        return None
    return RULE if any("choices" in one or isinstance(one.get("usage"), dict) for one in answers) else None
