"""TensorZero's model inferences: the Postgres table `tensorzero.model_inferences` or ClickHouse's `ModelInference`.

A row is one call of a provider: several with one `inference_id` are retries, fallbacks or candidates, and all were
billed. Input contains what caches gave and took, Anthropic's too. `cached` rows came from the gateway's own cache. Only
successful calls have rows. ClickHouse leaves its `timestamp` out of `SELECT *`: a UUID of version 7 begins with it. A
model is `provider::name`, or a name of the configuration, for which the request to the provider has the model's own.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, sql
from aggcost.importers.sampling import Sample

NAME = "tensorzero"
TITLE = "TensorZero model inferences (Postgres, ClickHouse)"
SEMANTICS = (
    "input_tokens contains cached and cache-written tokens, output_tokens contains reasoning; "
    "times are UTC; cost is USD"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "without lifetime", "session": "no", "cost": "where configured",
    "grain": "request", "prompt": "never read",
}  # fmt: skip
TABLES = ("tensorzero.model_inferences",)
RULE = "inference_id, model_name and model_provider_name"

_UUID_MS = "TRY_CAST('0x' || replace(left({id}, 13), '-', '') AS BIGINT)"
_UUID_TIME = (
    "CASE WHEN regexp_matches({id}, '^[0-9a-f]{8}-[0-9a-f]{4}-7') "
    f"THEN CAST(make_timestamp({_UUID_MS} * 1000) AS VARCHAR) END"
)
_SHORT = "regexp_matches({model_name}, '^[a-z0-9_]+::')"
LAYOUT = Layout(
    fields={
        "timestamp": sql(f"coalesce({{created_at}}, {{timestamp}}, {_UUID_TIME})"),
        "request_id": at("id"),
        "parent_id": at("inference_id"),
        "model": sql(
            f"CASE WHEN {_SHORT} THEN regexp_replace({{model_name}}, '^[a-z0-9_]+::(responses::)?', '') "
            "ELSE coalesce({raw_request.model}, {model_name}) END"
        ),
        "provider": sql(
            f"CASE WHEN {_SHORT} THEN split_part({{model_name}}, '::', 1) ELSE {{model_provider_name}} END"
        ),
        "task": at("function_name"),
        "status": sql("CASE WHEN {id} IS NOT NULL THEN 'ok' END"),
        "latency_ms": at("response_time_ms"),
        "ttft_ms": at("ttft_ms"),
        "input_tokens": at("input_tokens"),
        "cache_read_tokens": at("provider_cache_read_input_tokens"),
        "cache_write_tokens": at("provider_cache_write_input_tokens"),
        "output_tokens": at("output_tokens"),
        "cost_usd": at("cost"),
        "billable": sql("CASE WHEN lower({cached}) IN ('true', 't', '1') THEN 'false' END"),
    },
    encoded=("raw_request",),
    key_is="id",
    key="'tensorzero ' || {id}",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is a dump of one of the tables."""
    return RULE if sample.has("inference_id", "model_name", "model_provider_name") else None
