"""Results of an Anthropic message batch: a line for each request, with the message that answers it.

All of them are of the batch tier, whatever the usage inside says. A request that failed, was cancelled or
expired before it was sent is a line, too: it has no message, and nothing is billed. Neither times nor latency
are logged. `custom_id` is unique in one batch only.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, renamed, sql
from aggcost.importers.sampling import Sample, reach
from aggcost.importers.shapes.messages_usage import code, usage_fields

NAME = "anthropic-batch"
TITLE = "Anthropic message batch results (JSON lines)"
SEMANTICS = (
    "input_tokens contains no cached tokens; cache writes without a lifetime are for 5 minutes; output_tokens contains "
    "thinking; service tier batch; requests that did not succeed are not billed; no times"
)
CAPABILITIES = {
    "time": "no", "latency": "no", "cache split": "yes", "session": "no", "cost": "no", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = "custom_id, and result.type succeeded, errored, canceled or expired"

_MESSAGE = "result.message"
_STATES = {"succeeded": "ok", "errored": "error", "canceled": "cancelled", "expired": "error"}
_FIELDS = usage_fields(f"{_MESSAGE}.usage")
del _FIELDS["service_tier"]
LAYOUT = Layout(
    fields={
        **_FIELDS,
        "request_id": at(f"{_MESSAGE}.id", "custom_id"),
        "model": at(f"{_MESSAGE}.model"),
        "status": renamed("result.type", _STATES),
        "http_status": code(at("result.error.error.type", "result.error.type")),
        "billable": sql("CASE WHEN {result.type} IN ('errored', 'canceled', 'expired') THEN 'false' END"),
    },
    constants={"provider": "anthropic", "service_tier": "batch"},
    excludes_cache=True,
    requests="{custom_id} IS NOT NULL AND {result.type} IS NOT NULL",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds results of a batch."""
    if any(
        reach(record, "custom_id") is not None and reach(record, "result.type") in _STATES for record in sample.records
    ):
        return RULE
    return None
