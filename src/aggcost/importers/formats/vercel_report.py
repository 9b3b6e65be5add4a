"""Vercel AI Gateway spend reports: answers of `GET /v1/report`, sums of spend by day or hour and one more thing.

A row has only what the report was grouped by: a day or an hour, or a model, a provider, a user, a tag or the type of
credential. `total_cost` is what Vercel charged; `market_cost` beside it is not read. Whether the input count contains
cache reads and creations is not documented. It is taken to; where they are more than the input they cannot be in it,
and are added to it.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, inclusive
from aggcost.importers.sampling import Sample

NAME = "vercel-report"
TITLE = "Vercel AI Gateway spend reports (/v1/report)"
SEMANTICS = (
    "whether input_tokens contains cached tokens is not documented: it is taken to, unless they are more than it; "
    "output_tokens is taken to contain reasoning; total_cost is USD; days and hours are UTC"
)
CAPABILITIES = {
    "time": "grouped by day or hour", "latency": "no", "cache split": "yes", "session": "no", "cost": "yes",
    "grain": "bucket", "prompt": "never read",
}  # fmt: skip
RULE = (
    "results with total_cost and request_count, market_cost or cached_input_tokens; or bare "
    "total_cost, market_cost and request_count"
)

_READS, _WRITES = at("cached_input_tokens"), at("cache_creation_input_tokens")
LAYOUT = Layout(
    fields={
        "timestamp": at("hour", "day"),
        "provider": at("provider"),
        "model": at("model"),
        "user": at("user"),
        "tags.tag": at("tag"),
        "tags.credential": at("credential_type"),
        "requests": at("request_count"),
        "input_tokens": inclusive(at("input_tokens"), _READS, _WRITES),
        "cache_read_tokens": _READS,
        "cache_write_tokens": _WRITES,
        "output_tokens": at("output_tokens"),
        "reasoning_tokens": at("reasoning_tokens"),
        "cost_usd": at("total_cost"),
    },
    items=("results[*]",),
    record="coalesce(item, CASE WHEN json_extract(json, '$.results') IS NULL THEN json END)",
    requests="{total_cost} IS NOT NULL",
    grain="bucket",
)
_FURTHER = ("request_count", "market_cost", "cached_input_tokens")


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is a spend report."""
    if sample.shape == "table":
        return None
    answered = any(sample.has("results[0].total_cost", f"results[0].{name}") for name in _FURTHER)
    return RULE if answered or sample.has("total_cost", "market_cost", "request_count") else None
