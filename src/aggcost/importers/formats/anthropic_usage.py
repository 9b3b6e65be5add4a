"""Anthropic's usage report (Admin API): pages of time buckets, each with a result for every group asked for.

The four counts are disjoint. How many requests a bucket sums is not told. What was not grouped by is null,
and so are the default workspace and the keys of the Workbench. A bucket without usage has no results.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at
from aggcost.importers.sampling import Sample
from aggcost.importers.shapes.bodies import results
from aggcost.importers.shapes.messages_usage import region, tier

NAME = "anthropic-usage"
TITLE = "Anthropic usage report (/v1/organizations/usage_report/messages)"
SEMANTICS = (
    "uncached_input_tokens contains no cached tokens; output_tokens contains thinking; rows sum requests, their number "
    "is unknown; times are the beginnings of buckets, UTC"
)
CAPABILITIES = {
    "time": "start of the bucket", "latency": "no", "cache split": "yes", "session": "no", "cost": "no",
    "grain": "bucket", "prompt": "not in it",
}  # fmt: skip
RULE = "data[].results[] with uncached_input_tokens"

LAYOUT = Layout(
    items=("data[*]", "results[*]"),
    fields={
        "timestamp": at("^starting_at"),
        "model": at("model"),
        "team": at("workspace_id"),
        "user": at("account_id", "service_account_id"),
        "tags.api_key": at("api_key_id"),
        "service_tier": tier(at("service_tier"), at("speed")),
        "region": region(at("inference_geo")),
        "input_tokens": at("uncached_input_tokens"),
        "cache_read_tokens": at("cache_read_input_tokens"),
        "cache_write_5m_tokens": at("cache_creation.ephemeral_5m_input_tokens"),
        "cache_write_1h_tokens": at("cache_creation.ephemeral_1h_input_tokens"),
        "output_tokens": at("output_tokens"),
        "web_searches": at("server_tool_use.web_search_requests"),
    },
    constants={"provider": "anthropic"},
    excludes_cache=True,
    grain="bucket",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is a usage report."""
    if any("uncached_input_tokens" in result for result in results(sample)):
        return RULE
    return None
