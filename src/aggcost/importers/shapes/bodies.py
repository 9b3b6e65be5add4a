"""What samples of JSON hold: bodies of answers in the logs of products that know more, results in pages of buckets."""

from __future__ import annotations

from aggcost.importers.sampling import Sample, reach

# Top-level names of gateways, tracers, batches and providers' own request logs.
_HOLDERS = (
    "ai_org", "custom_id", "full_response", "inference_id", "request_created_at", "response_cost", "run_type",
    "schemaType", "token_usage", "tokens_in", "usageDetails", "usage_details",
)  # fmt: skip


def held(sample: Sample) -> bool:
    """Return whether a file is the log of a product that may hold answers of many providers."""
    return any(sample.has(name) for name in _HOLDERS)


def results(sample: Sample) -> list[dict[str, object]]:
    """Return the results of all buckets that a sample shows."""
    pages = [page for record in sample.records if isinstance(page := reach(record, "data"), list)]
    found = [reach(bucket, "results") for page in pages for bucket in page]
    return [result for listed in found if isinstance(listed, list) for result in listed if isinstance(result, dict)]
