"""Langfuse observations as its UI exports them (JSON, JSON lines, CSV) or its public API pages them: camelCase names.

`usageDetails` is an open map of counts that do not overlap: details were taken out of `input` and `output` when the
observation came in, or came that way (Anthropic's keys stand as they are). Its `total` is no further count. An
observation is exported again when it changes; the newest `updatedAt` stays. Spans and events are no requests, nor are
agents and chains, which repeat what is below them. A call that two instrumentations recorded has two ids, and stays
twice. `latency` is in seconds; old exports are not sure to be, so that the times come first.
"""

from __future__ import annotations

from aggcost.importers.sampling import Sample
from aggcost.importers.shapes import langfuse_observations

NAME = "langfuse"
TITLE = "Langfuse observations (export of the UI, /api/public/observations)"
SEMANTICS = langfuse_observations.SEMANTICS
CAPABILITIES = langfuse_observations.CAPABILITIES
RULE = "traceId, startTime, type and usageDetails"
LAYOUT = langfuse_observations.layout(langfuse_observations.camel, "model", ("data[*]?",))


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds observations, on a page of the API or by themselves."""
    wanted = ("traceId", "startTime", "type", "usageDetails")
    on_page = sample.shape != "table" and sample.has(*(f"data[0].{name}" for name in wanted))
    return RULE if on_page or sample.has(*wanted) else None
