"""Bodies of a provider's answers: the logs of many products hold them, and those know more about the request."""

from __future__ import annotations

from aggcost.importers.sampling import Sample

# Top-level names of gateways, tracers, batches and providers' own request logs.
_HOLDERS = (
    "ai_org", "custom_id", "full_response", "inference_id", "request_created_at", "response_cost", "run_type",
    "schemaType", "token_usage", "tokens_in", "usageDetails", "usage_details",
)  # fmt: skip


def held(sample: Sample) -> bool:
    """Return whether a file is the log of a product that may hold answers of many providers."""
    return any(sample.has(name) for name in _HOLDERS)
