"""Spans of OpenTelemetry with GenAI attributes, as OTLP/JSON: what the collector's file exporter writes, and Tempo.

The conventions say that input tokens contain cached ones, and many producers for Anthropic leave them out: a span with
more cached tokens than input tokens excludes them; one with fewer is taken at the conventions' word. Only spans of
models are requests, not those of tools and agents. A span around others repeats their tokens: of nested spans with
usage the innermost count. Exporters send a span again when they are not sure: copies share trace and span id.
Times are nanoseconds; money stands where a vendor adds it.
"""

from __future__ import annotations

from aggcost.importers.sampling import Sample
from aggcost.importers.shapes import spans

NAME = "otlp"
TITLE = "OpenTelemetry GenAI spans as OTLP/JSON (collector, Tempo, spans one a line)"
SEMANTICS = (
    "input_tokens contains cached tokens, but for spans with more cached tokens than input tokens, which exclude them; "
    "output_tokens contains reasoning; of nested spans with tokens the innermost count; times are UTC; "
    "gen_ai.usage.cost, a vendor's, is USD"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "yes", "session": "yes", "cost": "where a vendor adds it",
    "grain": "request", "prompt": "never read",
}  # fmt: skip
RULE = "resourceSpans or batches with spans, or spans with startTimeUnixNano, none of them OpenInference's"

LAYOUT = spans.layout({}, excludes_cache=None)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds spans of OTLP."""
    found = list(spans.of_sample(sample))
    if any(spans.has_attribute(span, spans.KIND) for span in found):
        return None
    return RULE if any("startTimeUnixNano" in span for span in found) else None
