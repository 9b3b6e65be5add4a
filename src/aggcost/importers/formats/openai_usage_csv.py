"""OpenAI's usage export: the CSV of the dashboard, a row a bucket (minute or day) and group.

The columns are those of the usage API, in an order that varies, and counts may be written `3.0`. Rows of a bucket
without requests hold only its times: they are filtered. An export of no usage has no other columns. The user's e-mail
is not read.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, sql, total
from aggcost.importers.sampling import Sample

NAME = "openai-usage-csv"
TITLE = "OpenAI usage export (CSV of completions or embeddings from the dashboard)"
SEMANTICS = (
    "input_tokens contains cached and cache-written tokens; output_tokens contains reasoning; "
    "a row is a bucket of time that begins at start_time, seconds since 1970"
)
CAPABILITIES = {
    "time": "start of the bucket", "latency": "no", "cache split": "yes", "session": "no", "cost": "no",
    "grain": "bucket", "prompt": "never read",
}  # fmt: skip
RULE = "columns start_time, end_time, start_time_iso and end_time_iso, and input_tokens or no other"

_TIMES = ("start_time", "end_time", "start_time_iso", "end_time_iso")
LAYOUT = Layout(
    fields={
        "timestamp": at("start_time", unit="s"),
        "model": at("model"),
        "user": at("user_id"),
        "team": at("project_id"),
        "service_tier": sql(
            "CASE WHEN lower({batch}) = 'true' THEN 'batch' WHEN lower({service_tier}) = 'default' THEN 'standard' "
            "ELSE {service_tier} END"
        ),
        "requests": at("num_model_requests"),
        "input_tokens": at("input_tokens"),
        "cache_read_tokens": at("input_cached_tokens"),
        "cache_write_tokens": at("input_cache_write_tokens"),
        "output_tokens": at("output_tokens"),
        # Counts by kind are of what was not cached; those of cached tokens have names of their own.
        "input_audio_tokens": total("input_audio_tokens", "input_cached_audio_tokens"),
        "input_image_tokens": total("input_image_tokens", "input_cached_image_tokens"),
        "cache_read_audio_tokens": at("input_cached_audio_tokens"),
        "cache_read_image_tokens": at("input_cached_image_tokens"),
        "output_audio_tokens": at("output_audio_tokens"),
        "output_image_tokens": at("output_image_tokens"),
    },
    constants={"provider": "openai"},
    requests="coalesce({num_model_requests}, {input_tokens}, {output_tokens}) IS NOT NULL",
    grain="bucket",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a table is the usage export; that of costs begins alike."""
    if not sample.has(*_TIMES) or sample.has("amount_value"):
        return None
    return (
        RULE if sample.shape == "table" and (sample.has("input_tokens") or len(sample.names) == len(_TIMES)) else None
    )
