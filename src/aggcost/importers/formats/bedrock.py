"""Amazon Bedrock's model invocation log: a record for each request, as JSON lines or arrays (S3).

What a record means, `invocations` says: input without the cache, the lifetime of cache writes in bodies only.
"""

from __future__ import annotations

from aggcost.importers.sampling import Sample
from aggcost.importers.shapes import invocations

NAME = "bedrock"
TITLE = "Amazon Bedrock model invocation log (S3)"
SEMANTICS = invocations.SEMANTICS
CAPABILITIES = invocations.CAPABILITIES
RULE = "schemaType ModelInvocationLog"
LAYOUT = invocations.LAYOUT


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds records of the log."""
    return RULE if sample.holds("schemaType", invocations.SCHEMA) else None
