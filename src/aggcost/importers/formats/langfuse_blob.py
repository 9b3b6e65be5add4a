"""Langfuse observations as its scheduled export writes them to blob storage, or as ClickHouse holds them: snake_case.

JSON lines, CSV or Parquet, counted as in the export of its UI. Files overlap where a window was exported again: of rows
with one id the newest `updated_at` stays. Times have no zone and are UTC.
"""

from __future__ import annotations

from aggcost.importers.sampling import Sample
from aggcost.importers.shapes import langfuse_observations

NAME = "langfuse-blob"
TITLE = "Langfuse observations (export to blob storage, ClickHouse table observations)"
SEMANTICS = langfuse_observations.SEMANTICS.replace("usageDetails", "usage_details")
CAPABILITIES = langfuse_observations.CAPABILITIES
RULE = "trace_id, usage_details and provided_model_name"
LAYOUT = langfuse_observations.layout(str, "provided_model_name")


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds observations; those of spans have no model, but its name."""
    named = "provided_model_name" in {name.strip().lower() for name in sample.names}
    return RULE if named and sample.has("trace_id", "usage_details") else None
