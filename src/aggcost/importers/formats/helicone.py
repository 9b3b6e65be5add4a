"""Helicone requests: JSON or JSON lines of its export tool, or a page of `/v1/request/query-clickhouse`.

Which counts overlap depends on the row. Records with `reasoning_tokens` (since 2025) hold disjoint counts: prompt
tokens without cached ones, completion tokens without reasoning. Older ones count as the provider does: Anthropic (and
Bedrock) without cached tokens, the others with them; where more is cached than sent, they were left out as well. The
API names a cost `costUSD` or `cost`; both are dollars. A `cache_reference_id` other than zeros names the request that
answered this one from Helicone's own cache. Statuses below zero are Helicone's: -1 timeout, -2 pending, -3 cancelled,
-4 blocked as a threat.
"""

from __future__ import annotations

from aggcost.importers.places import at
from aggcost.importers.sampling import Sample
from aggcost.importers.shapes import helicone_requests

NAME = "helicone"
TITLE = "Helicone requests (export tool, /v1/request/query-clickhouse)"
SEMANTICS = helicone_requests.SEMANTICS
CAPABILITIES = helicone_requests.CAPABILITIES
RULE = "request_id, request_created_at, response_status and completion_tokens"
LAYOUT = helicone_requests.layout(
    "response_status", "delay_ms", "request_user_id", "request_properties", at("costUSD", "cost"), ("data[*]?",)
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds requests, on a page of the API or by themselves."""
    wanted = ("request_id", "request_created_at", "response_status", "completion_tokens")
    on_page = sample.shape != "table" and sample.has(*(f"data[0].{name}" for name in wanted))
    return RULE if on_page or sample.has(*wanted) else None
