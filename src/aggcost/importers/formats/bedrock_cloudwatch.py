"""Amazon Bedrock's model invocation log out of CloudWatch: each record is the text of an event's `message`.

Events come as `aws logs` lists them (`events`), or as Logs Insights exports them (`@message`, text or an object).
Messages that are no invocation are filtered. What a record means, `invocations` says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aggcost.importers.sampling import Sample, reach
from aggcost.importers.shapes import invocations

NAME = "bedrock-cloudwatch"
TITLE = "Amazon Bedrock model invocation log (CloudWatch events)"
SEMANTICS = invocations.SEMANTICS
CAPABILITIES = invocations.CAPABILITIES
RULE = "events[].message or @message that holds schemaType ModelInvocationLog"

# The line itself is j1: without a list of events it is its only event.
LAYOUT = replace(
    invocations.LAYOUT,
    items=("events[*]",),
    record=(
        "coalesce(TRY_CAST(json_extract_string(item, '$.message') AS JSON), "
        "TRY_CAST(json_extract_string(j1, '$.\"@message\"') AS JSON))"
    ),
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds events of the log."""
    return RULE if any(_is_invocation(message) for message in _messages(sample)) else None


def _messages(sample: Sample) -> Iterator[Any]:
    for record in sample.records:
        events = reach(record, "events")
        yield from (reach(event, "message") for event in (events if isinstance(events, list) else ()))
        yield reach(record, '"@message"')


def _is_invocation(message: Any) -> bool:
    if isinstance(message, str) and invocations.SCHEMA in message:
        try:
            message = json.loads(message)
        except (ValueError, RecursionError):
            return False
    return bool(reach(message, "schemaType") == invocations.SCHEMA)
