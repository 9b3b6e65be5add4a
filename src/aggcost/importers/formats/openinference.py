"""OpenInference spans (Phoenix and its instrumentations) as OTLP/JSON.

Prompt tokens contain cache reads and writes, completion tokens contain reasoning, money is USD. Only spans of the
kinds LLM and EMBEDDING are requests: chains and agents repeat what their spans used. Of nested spans with usage the
innermost count, and copies share trace and span id. Spans without a kind are read by their GenAI attributes.
"""

from __future__ import annotations

from aggcost.importers.sampling import Sample
from aggcost.importers.shapes import spans

NAME = "openinference"
TITLE = "OpenInference spans as OTLP/JSON (Phoenix)"
SEMANTICS = (
    "prompt tokens contain cached tokens; completion tokens contain reasoning; of nested spans with tokens the "
    "innermost count; times are UTC; llm.cost.total is USD"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "yes", "session": "yes", "cost": "yes", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
RULE = f"spans of OTLP with the attribute {spans.KIND}"

_COUNT = "llm.token_count"
LAYOUT = spans.layout(
    {
        "model": ("llm.model_name", "llm.request.model_name"),
        "provider": ("llm.provider", "llm.system"),
        "session_id": ("session.id",),
        "operation": (spans.KIND,),
        "input_tokens": (f"{_COUNT}.prompt",),
        "cache_read_tokens": (f"{_COUNT}.prompt_details.cache_read", f"{_COUNT}.prompt_details.cache_input"),
        "cache_write_tokens": (f"{_COUNT}.prompt_details.cache_write",),
        "output_tokens": (f"{_COUNT}.completion",),
        "reasoning_tokens": (f"{_COUNT}.completion_details.reasoning",),
        "input_audio_tokens": (f"{_COUNT}.prompt_details.audio",),
        "output_audio_tokens": (f"{_COUNT}.completion_details.audio",),
        "cost_usd": ("llm.cost.total",),
    },
    f"upper({{\"{spans.KIND}\"}}) IN ('LLM', 'EMBEDDING')",
    excludes_cache=False,
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds OpenInference spans."""
    return RULE if any(spans.has_attribute(span, spans.KIND) for span in spans.of_sample(sample)) else None
