"""NanoGPT answers: chat completions or their stream chunks, one a line, with what the call cost beside them.

`usage` and `x_nanogpt_pricing` stand on the chunk that ends a stream; the chunks before it are no requests. The cost is
`usage.cost`, else `costUsd`, else `cost`, else `amount`, which some routes state as text. A cost of 0 is a call that a
subscription covers, or one without a charge: it is left unknown, since neither says that the model is free. Amounts of
another currency are left out. Whether `prompt_tokens` contains cache writes is not documented; it is taken to, as it
does reads. NanoGPT has prices of its own: without them its calls are unpriced, and the recorded cost is what is known.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, sql
from aggcost.importers.sampling import Sample

NAME = "nanogpt"
TITLE = "NanoGPT answers and stream chunks, with x_nanogpt_pricing"
SEMANTICS = (
    "prompt_tokens contains cached tokens (of writes it is assumed); completion_tokens contains reasoning; costs are "
    "USD, of 0 or in another currency unknown; created is seconds since 1970"
)
CAPABILITIES = {
    "time": "where a record has it", "latency": "no", "cache split": "yes", "session": "no", "cost": "yes",
    "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "object chat.completion or chat.completion.chunk, and x_nanogpt_pricing"

_PRICING, _PROMPT = "x_nanogpt_pricing", "usage.prompt_tokens_details"
_COST = (
    "coalesce(CASE WHEN upper(coalesce({usage.currency}, 'USD')) = 'USD' THEN {usage.cost} END, "
    f"{{{_PRICING}.costUsd}}, {{{_PRICING}.usdCost}}, "
    f"CASE WHEN upper(coalesce({{{_PRICING}.currency}}, 'USD')) = 'USD' "
    f"THEN coalesce({{{_PRICING}.cost}}, {{{_PRICING}.amount}}) END)"
)
_CACHED = (
    f"coalesce({{{_PROMPT}.cached_tokens}}, {{usage.cache_read_input_tokens}}, {{{_PRICING}.cacheReadInputTokens}})"
)
LAYOUT = Layout(
    fields={
        "timestamp": at("created", unit="s"),
        "request_id": at("id"),
        "model": at("model"),
        "tags.payment": at(f"{_PRICING}.paymentSource"),
        "status": sql("CASE WHEN {error} IS NOT NULL THEN 'error' ELSE 'ok' END"),
        "http_status": sql("regexp_extract(coalesce({error.status}, {error.code}), '^[1-5][0-9][0-9]$')"),
        "input_tokens": at("usage.prompt_tokens", f"{_PRICING}.inputTokens"),
        "cache_read_tokens": sql(
            f"CASE WHEN lower({{{_PRICING}.cacheUsageReported}}) = 'false' THEN NULL ELSE {_CACHED} END"
        ),
        "cache_write_tokens": at(f"{_PROMPT}.created_cache_tokens", "usage.cache_creation_input_tokens"),
        "output_tokens": at("usage.completion_tokens", f"{_PRICING}.outputTokens"),
        "reasoning_tokens": at("usage.completion_tokens_details.reasoning_tokens", "usage.reasoning_tokens"),
        "cost_usd": sql(f"CASE WHEN TRY_CAST({_COST} AS DECIMAL(38, 12)) = 0 THEN NULL ELSE {_COST} END"),
    },
    constants={"provider": "nanogpt", "operation": "chat"},
    requests=f"coalesce({{usage}}, {{{_PRICING}}}, {{error}}) IS NOT NULL",
    key_is="response id",
    key="{id}",
    keep=("CASE WHEN {usage} IS NOT NULL THEN 1 ELSE 0 END", f"CASE WHEN {{{_PRICING}}} IS NOT NULL THEN 1 ELSE 0 END"),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds answers of NanoGPT; OpenAI's shape alone is another format's."""
    known = sample.has("x_nanogpt_pricing") and sample.holds("object", "chat.completion", "chat.completion.chunk")
    return RULE if known and sample.shape != "table" else None
