"""OpenAI's organization usage: pages of `/v1/organization/usage/completions` and `/embeddings`, each a line or a file.

A result sums the requests of a bucket of time. `input_tokens` holds everything; the counts by kind (text, audio,
image) overlap and are never added. What a caller did not group by is null: without `group_by=model` nothing has a
price. Results that count other things (images, seconds, characters, sessions, calls, bytes) and moderations, which
are free, have no billed tokens: they are filtered, as are buckets without results.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, sql, total
from aggcost.importers.sampling import Sample

NAME = "openai-usage"
TITLE = "OpenAI organization usage (pages of /v1/organization/usage/completions and embeddings)"
SEMANTICS = (
    "input_tokens contains cached and cache-written tokens; output_tokens contains reasoning; "
    "a row is a bucket of time that begins at start_time, seconds since 1970"
)
CAPABILITIES = {
    "time": "start of the bucket", "latency": "no", "cache split": "yes", "session": "no", "cost": "no",
    "grain": "bucket", "prompt": "never read",
}  # fmt: skip
RULE = "object page with data[*].results[*] of object organization.usage.*"

_KIND = "organization.usage."
_BILLED = tuple(f"{_KIND}{one}.result" for one in ("completions", "embeddings"))
LAYOUT = Layout(
    fields={
        "timestamp": at("^start_time", unit="s"),
        "model": at("model"),
        "user": at("user_id"),
        "team": at("project_id"),
        "operation": sql(f"regexp_extract({{object}}, '^{_KIND}(.*)[.]result$', 1)"),
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
    items=("data[*]", "results[*]"),
    requests=f"{{object}} IN {_BILLED}",
    grain="bucket",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds pages of usage; the first buckets may be empty."""
    results = sample.inside("data", "results").records
    if sample.holds("object", "page") and any(str(one.get("object")).startswith(_KIND) for one in results):
        return RULE
    return None
