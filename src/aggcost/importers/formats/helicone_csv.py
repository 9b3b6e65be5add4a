"""Helicone's export tool, its CSV: no provider, no cached tokens, no id of the request.

The version whose source was read leaves `latency` and `cost` empty, and doubles the quotes of properties twice, so that
they are no JSON and not read. What of prompt_tokens was cached cannot be known: the JSON of the same tool tells.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, sql
from aggcost.importers.sampling import Sample

NAME = "helicone-csv"
TITLE = "Helicone requests (CSV of the export tool)"
SEMANTICS = "prompt_tokens and completion_tokens as they stand, cached ones unknown; times are UTC; cost is USD"
CAPABILITIES = {
    "time": "yes", "latency": "where the tool wrote it", "cache split": "no", "session": "no",
    "cost": "where the tool wrote it", "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "response_id, response_status, request_created_at, request_properties and prompt_tokens, no request_id"

_CODE = "regexp_extract({response_status}, '^[1-5][0-9][0-9]$')"
_OWN_STATES = "WHEN '-1' THEN 'timeout' WHEN '-3' THEN 'cancelled' WHEN '-4' THEN 'blocked'"
LAYOUT = Layout(
    fields={
        "timestamp": at("request_created_at"),
        "request_id": at("response_id"),
        "model": at("model"),
        "user": at("request_user_id"),
        "status": sql(f"CASE {{response_status}} {_OWN_STATES} ELSE {_CODE} END"),
        "http_status": sql(_CODE),
        "latency_ms": at("latency"),
        "input_tokens": at("prompt_tokens"),
        "output_tokens": at("completion_tokens"),
        "cost_usd": at("cost"),
    },
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a table is this export."""
    wanted = ("response_id", "response_status", "request_created_at", "request_properties", "prompt_tokens")
    return RULE if sample.shape == "table" and sample.has(*wanted) and not sample.has("request_id") else None
