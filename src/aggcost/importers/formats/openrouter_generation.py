"""OpenRouter generations: answers of `GET /api/v1/generation?id=`, whole (`{"data": {...}}`) or their inner objects.

OpenRouter bills on the `native_*` counts; `tokens_*` are another tokenizer's, and are not read. There is no count of
cache writes: they stand among the uncached prompt tokens. With a key of one's own (`is_byok`) `total_cost` is only
OpenRouter's fee, and the upstream's charge comes on top. `provider_responses` are the upstream tries of one request,
billed once. `latency` was seen both as the whole time and as the time to the first token; the longer of it and
`generation_time` is the whole.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, dollars, renamed, sql
from aggcost.importers.sampling import Sample, reach

NAME = "openrouter-generation"
TITLE = "OpenRouter generations (/api/v1/generation), as answered or one inner object a line"
SEMANTICS = (
    "native_tokens_prompt contains cached tokens (writes are not told apart); native_tokens_completion contains "
    "reasoning; total_cost is USD, and on an own key the upstream's charge is added; times are UTC"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "reads", "session": "yes", "cost": "yes", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "native_tokens_prompt (in data or bare) and an id that begins with gen-"

_OWN_KEY = sql("CASE WHEN lower({is_byok}) = 'true' THEN {upstream_inference_cost} END")
_LAST_TRY = "json_extract_string({provider_responses}, '$[#-1].status')"
_FAILED = f"(lower({{finish_reason}}) = 'error' OR ({{finish_reason}} IS NULL AND {_LAST_TRY} >= '400'))"
LAYOUT = Layout(
    fields={
        "timestamp": at("created_at"),
        "request_id": at("id"),
        "session_id": at("session_id"),
        "model": at("model"),
        "user": at("external_user"),
        "tags.upstream": at("provider_name"),
        "operation": at("api_type"),
        "status": sql(
            f"CASE WHEN lower({{cancelled}}) = 'true' THEN 'cancelled' WHEN {_FAILED} THEN 'error' ELSE 'ok' END"
        ),
        "http_status": sql(f"CASE WHEN {_FAILED} THEN regexp_extract({_LAST_TRY}, '^[1-5][0-9][0-9]$') END"),
        "service_tier": renamed("service_tier", {"default": "standard"}),
        "region": renamed("data_region", {"global": ""}),
        "latency_ms": sql(
            "CASE WHEN TRY_CAST({generation_time} AS DOUBLE) > TRY_CAST({latency} AS DOUBLE) THEN {generation_time} "
            "ELSE coalesce({latency}, {generation_time}) END"
        ),
        "input_tokens": at("native_tokens_prompt"),
        "cache_read_tokens": at("native_tokens_cached"),
        "output_tokens": at("native_tokens_completion"),
        "reasoning_tokens": at("native_tokens_reasoning"),
        "output_image_tokens": at("native_tokens_completion_images"),
        "cost_usd": dollars(at("total_cost"), _OWN_KEY),
        "billable": sql("CASE WHEN NULLIF({response_cache_source_id}, '') IS NOT NULL THEN 'false' END"),
    },
    constants={"provider": "openrouter"},
    record="coalesce(json_extract(item, '$.data'), item)",
    requests="{id} IS NOT NULL",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds generations; Vercel's gateway answers alike, with ids of its own."""
    for record in sample.records:
        found = record.get("data", record)
        if reach(found, "native_tokens_prompt") is not None and str(reach(found, "id")).startswith("gen-"):
            return RULE if reach(found, "native_tokens_cache_creation") is None else None
    return None
