"""The token export of Anthropic's console (claude_api_tokens_*.csv): a row for each hour or day and group.

The counts are disjoint, and may have commas between thousands. The oldest files tell cache writes in one column,
without their lifetime; those of 2025 lack `context_window`, `inference_geo` and `speed`. `api_key` is the
name of a key. How many requests a row sums is not told.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, grouped, renamed
from aggcost.importers.sampling import Sample
from aggcost.importers.shapes.messages_usage import region, tier

NAME = "anthropic-tokens-csv"
TITLE = "Anthropic console, token export (claude_api_tokens_*.csv)"
SEMANTICS = (
    "input_tokens_no_cache contains no cached tokens; output contains thinking; rows sum requests, their number is "
    "unknown; times are the beginnings of hours or days, UTC"
)
CAPABILITIES = {
    "time": "start of the hour or day", "latency": "no", "cache split": "yes", "session": "no", "cost": "no",
    "grain": "bucket", "prompt": "not in it",
}  # fmt: skip
RULE = "columns usage_date_utc and usage_output_tokens"

LAYOUT = Layout(
    fields={
        "timestamp": at("usage_date_utc"),
        "model": at("model_version"),
        "team": at("workspace"),
        "tags.api_key": at("api_key"),
        "service_tier": tier(renamed("usage_type", {"message": "standard"}), at("speed")),
        "region": region(at("inference_geo")),
        "input_tokens": grouped("usage_input_tokens_no_cache"),
        "cache_read_tokens": grouped("usage_input_tokens_cache_read"),
        "cache_write_5m_tokens": grouped("usage_input_tokens_cache_write_5m"),
        "cache_write_1h_tokens": grouped("usage_input_tokens_cache_write_1h"),
        "cache_write_tokens": grouped("usage_input_tokens_cache_write"),
        "output_tokens": grouped("usage_output_tokens"),
        "web_searches": grouped("web_search_count"),
    },
    constants={"provider": "anthropic"},
    excludes_cache=True,
    grain="bucket",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a table is a token export."""
    if sample.shape == "table" and sample.has("usage_date_utc", "usage_output_tokens"):
        return RULE
    return None
