"""OpenRouter's activity API: `GET /api/v1/activity`, a sum for each complete UTC day, model and endpoint.

The counts have no cache split: what caching saved shows in `usage` only, so cached tokens are priced as uncached ones.
`byok_usage_inference` is what upstreams charged on keys of one's own; OpenRouter does not charge it, and it is added.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, dollars
from aggcost.importers.sampling import Sample

NAME = "openrouter-activity"
TITLE = "OpenRouter activity (/api/v1/activity), sums by day, model and endpoint"
SEMANTICS = (
    "prompt_tokens contains cached tokens, and nothing tells them apart; completion_tokens contains reasoning; "
    "usage is USD, and byok_usage_inference is added; a date is a UTC day"
)
CAPABILITIES = {
    "time": "the day", "latency": "no", "cache split": "no", "session": "no", "cost": "yes", "grain": "bucket",
    "prompt": "never read",
}  # fmt: skip
RULE = "date, requests, prompt_tokens and byok_usage_inference (in data or bare)"

LAYOUT = Layout(
    fields={
        "timestamp": at("date"),
        "model": at("model", "model_permaslug"),
        "team": at("workspace_id"),
        "tags.upstream": at("provider_name"),
        "requests": at("requests"),
        "input_tokens": at("prompt_tokens"),
        "output_tokens": at("completion_tokens"),
        "reasoning_tokens": at("reasoning_tokens"),
        "cost_usd": dollars(at("usage"), at("byok_usage_inference")),
    },
    constants={"provider": "openrouter"},
    items=("data[*]",),
    record="coalesce(item, CASE WHEN json_extract(json, '$.data') IS NULL THEN json END)",
    requests="{date} IS NOT NULL",
    grain="bucket",
)
_NAMES = ("date", "requests", "prompt_tokens", "byok_usage_inference")


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is an answer of the activity API."""
    if sample.shape == "table":
        return None
    return RULE if any(sample.has(*(prefix + name for name in _NAMES)) for prefix in ("data[0].", "")) else None
