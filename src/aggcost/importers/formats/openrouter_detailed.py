"""OpenRouter's detailed activity export: a CSV of one generation a row.

`cost_total` is what OpenRouter charged, its parts (`cost_web_search` and so on) included; `byok_usage_inference` is
what an upstream charged on a key of one's own, and comes on top. `tokens_cached` and `tokens_reasoning` are parts of
prompt and completion; cache writes have no column and stand among the uncached prompt tokens. Whether the counts are
the model's own or those of one tokenizer for all is not documented. `model_permaslug` lacks the variant, which has
another price (`:free`), save where it only says how to choose the upstream or what to add to the prompt. A cancelled
generation may have cost money.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, dollars, sql
from aggcost.importers.sampling import Sample

NAME = "openrouter-detailed"
TITLE = "OpenRouter activity export, a CSV with a row for each generation"
SEMANTICS = (
    "tokens_prompt contains cached tokens (writes are not told apart); tokens_completion contains reasoning; "
    "cost_total is USD, and byok_usage_inference is added; times have no zone and are taken for UTC"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "reads", "session": "no", "cost": "yes", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "generation_id, created_at, cost_total, tokens_prompt and model_permaslug"

_SAME_PRICE = "('', 'standard', 'nitro', 'floor', 'online')"
_VARIANT = "lower(coalesce({variant}, ''))"
LAYOUT = Layout(
    fields={
        "timestamp": at("created_at"),
        "request_id": at("generation_id"),
        "model": sql(
            f"CASE WHEN {_VARIANT} IN {_SAME_PRICE} OR suffix(lower({{model_permaslug}}), ':' || {_VARIANT}) "
            f"THEN {{model_permaslug}} ELSE {{model_permaslug}} || ':' || {_VARIANT} END"
        ),
        "user": at("user"),
        "tags.upstream": at("provider_name"),
        "tags.key": at("api_key_name"),
        "tags.app": at("app_name"),
        "status": sql(
            "CASE WHEN lower({cancelled}) = 'true' THEN 'cancelled' "
            "WHEN lower({finish_reason_normalized}) = 'error' THEN 'error' ELSE 'ok' END"
        ),
        "latency_ms": at("generation_time_ms"),
        "ttft_ms": at("time_to_first_token_ms"),
        "input_tokens": at("tokens_prompt"),
        "cache_read_tokens": at("tokens_cached"),
        "output_tokens": at("tokens_completion"),
        "reasoning_tokens": at("tokens_reasoning"),
        "cost_usd": dollars(at("cost_total"), at("byok_usage_inference")),
    },
    constants={"provider": "openrouter"},
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a table is a detailed export."""
    known = sample.has("generation_id", "created_at", "cost_total", "tokens_prompt", "model_permaslug")
    return RULE if known and sample.shape == "table" else None
