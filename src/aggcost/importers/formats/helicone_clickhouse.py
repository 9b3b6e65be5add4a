"""Helicone's ClickHouse table `request_response_rmt`, dumped as JSON lines, CSV or Parquet.

Counted as in its API, but `cost` is an integer of billionths of a dollar. The table keeps a row for each time that a
request was written until ClickHouse merges them: the newest `updated_at` stays.
"""

from __future__ import annotations

from aggcost.importers.places import billionths
from aggcost.importers.sampling import Sample
from aggcost.importers.shapes import helicone_requests

NAME = "helicone-clickhouse"
TITLE = "Helicone requests (ClickHouse table request_response_rmt)"
SEMANTICS = helicone_requests.SEMANTICS.replace("costs are USD", "cost is billionths of a dollar")
CAPABILITIES = helicone_requests.CAPABILITIES
RULE = "request_id, request_created_at, status, latency and completion_tokens, no response_status"
LAYOUT = helicone_requests.layout("status", "latency", "user_id", "properties", billionths("cost"))


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is a dump of the table."""
    wanted = ("request_id", "request_created_at", "status", "latency", "completion_tokens")
    return RULE if sample.has(*wanted) and not sample.has("response_status") else None
