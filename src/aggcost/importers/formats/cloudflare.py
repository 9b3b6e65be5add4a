"""Cloudflare AI Gateway logs: a page of its logs API, or the records alone.

Tokens in are what the gateway read from the provider's answer; of cached ones it says nothing, so a price of them is an
upper bound where a provider caches (and a lower one for Anthropic, whose own count leaves them out). `cost` is
Cloudflare's estimate. What `cached` says came from the gateway's own cache was billed by nobody. `step` counts the
fallbacks of a route, which are logged one by one.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, renamed, sql
from aggcost.importers.sampling import Sample

NAME = "cloudflare"
TITLE = "Cloudflare AI Gateway logs (logs API)"
SEMANTICS = (
    "tokens_in and tokens_out as the provider counts them, cached tokens unknown; times are UTC; "
    "cost is an estimate in USD"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "no", "session": "no", "cost": "estimate", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "tokens_in, tokens_out, cached, provider and created_at"

_PROVIDERS = {
    "google-ai-studio": "google", "google-vertex-ai": "google", "azure-openai": "azure", "aws-bedrock": "aws",
    "grok": "x-ai", "perplexity-ai": "perplexity", "workers-ai": "cloudflare",
}  # fmt: skip
LAYOUT = Layout(
    fields={
        "timestamp": at("created_at"),
        "request_id": at("id"),
        "attempt": sql("CAST(TRY_CAST({step} AS BIGINT) + 1 AS VARCHAR)"),
        "model": at("model"),
        "provider": renamed("provider", _PROVIDERS),
        "user": at("metadata.user", "metadata.user_id", "metadata.userId"),
        "tags": at("metadata"),
        "operation": sql("split_part({path}, '?', 1)"),  # what follows may hold a key
        "status": sql("CASE lower({success}) WHEN 'true' THEN 'ok' WHEN '1' THEN 'ok' WHEN 'false' THEN 'error' END"),
        "http_status": sql("regexp_extract({status_code}, '^[1-5][0-9][0-9]$')"),
        "latency_ms": at("duration"),
        "input_tokens": at("tokens_in"),
        "output_tokens": at("tokens_out"),
        "cost_usd": at("cost"),
        "billable": sql("CASE WHEN lower({cached}) IN ('true', '1') THEN 'false' END"),
    },
    items=("result[*]?",),
    encoded=("metadata",),
    key_is="log id",
    key="'cloudflare ' || {id}",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds logs, on a page of the API or by themselves.

    Counts are null where a request failed, so that their names must do.
    """
    if sample.shape != "table" and sample.has("result[0].created_at", "result[0].provider", "result[0].cached"):
        return RULE if any("tokens_in" in record["result"][0] for record in sample.records) else None
    named = {"tokens_in", "tokens_out"} <= {name.strip().lower() for name in sample.names}
    return RULE if named and sample.has("cached", "provider", "created_at") else None
