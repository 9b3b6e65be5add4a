"""Vercel AI Gateway generations: answers of `GET /v1/generation`, whole (`{"data": {...}}`) or their inner objects.

Whether the prompt count contains cache reads and creations is not documented. It is taken to; where they are more than
the prompt they cannot be in it, and are added to it. `total_cost` is what Vercel charged; on a key of one's own
(`is_byok`) `upstream_inference_cost` comes on top. Vercel passes on the prices of `provider_name`, by which a call is
priced. `latency` is the time to the first token, `generation_time` the whole.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, dollars, inclusive, sql
from aggcost.importers.sampling import Sample, reach

NAME = "vercel-generation"
TITLE = "Vercel AI Gateway generations (/v1/generation), as answered or one inner object a line"
SEMANTICS = (
    "whether native_tokens_prompt contains cached tokens is not documented: it is taken to, unless they are more than "
    "it; native_tokens_completion is taken to contain reasoning; total_cost is USD, and on an own key the upstream's "
    "charge is added; times are UTC"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "yes", "session": "no", "cost": "yes", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "native_tokens_prompt (in data or bare) and native_tokens_cache_creation or an id that begins with gen_"

_READS, _WRITES = at("native_tokens_cached"), at("native_tokens_cache_creation")
_OWN_KEY = sql("CASE WHEN lower({is_byok}) = 'true' THEN {upstream_inference_cost} END")
LAYOUT = Layout(
    fields={
        "timestamp": at("created_at"),
        "request_id": at("id"),
        "provider": at("provider_name"),
        "model": at("model"),
        "status": sql("CASE WHEN lower({finish_reason}) = 'error' THEN 'error' ELSE 'ok' END"),
        "latency_ms": at("generation_time"),
        "ttft_ms": sql("CASE WHEN lower({streamed}) = 'true' THEN {latency} END"),
        "input_tokens": inclusive(at("native_tokens_prompt"), _READS, _WRITES),
        "cache_read_tokens": _READS,
        "cache_write_tokens": _WRITES,
        "output_tokens": at("native_tokens_completion"),
        "reasoning_tokens": at("native_tokens_reasoning"),
        "web_searches": at("billable_web_search_calls"),
        "cost_usd": dollars(at("total_cost"), _OWN_KEY),
    },
    record="coalesce(json_extract(item, '$.data'), item)",
    requests="{id} IS NOT NULL",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds Vercel's generations; OpenRouter's look alike, with ids of their own."""
    for record in sample.records:
        found = record.get("data", record)
        if reach(found, "native_tokens_prompt") is not None and reach(found, "id") is not None:
            own = str(reach(found, "id")).startswith("gen_")
            return RULE if own or reach(found, "native_tokens_cache_creation") is not None else None
    return None
