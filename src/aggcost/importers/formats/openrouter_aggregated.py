"""OpenRouter's aggregated activity export: a CSV of sums by day and model, every value quoted.

`Usage` is what OpenRouter charged; `BYOK Usage`, what upstreams charged on keys of one's own, is not in it and is
added. No column tells cached tokens apart: they are priced as uncached ones. Exports grouped by another thing than
models have its column in place of `Slug`, and their rows no model.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, dollars
from aggcost.importers.sampling import Sample

NAME = "openrouter-aggregated"
TITLE = "OpenRouter activity export, a CSV of sums by day and model"
SEMANTICS = (
    "Prompt Tokens contains cached tokens, and nothing tells them apart; Completion Tokens contains reasoning; "
    "Usage is USD, and BYOK Usage is added; a Date is a UTC day"
)
CAPABILITIES = {
    "time": "the day", "latency": "no", "cache split": "no", "session": "no", "cost": "yes", "grain": "bucket",
    "prompt": "never read",
}  # fmt: skip
RULE = "Date, Usage, BYOK Usage, Requests, Prompt Tokens and Completion Tokens"

LAYOUT = Layout(
    fields={
        "timestamp": at("Date"),
        "model": at("Slug"),
        "requests": at("Requests"),
        "input_tokens": at("Prompt Tokens"),
        "output_tokens": at("Completion Tokens"),
        "reasoning_tokens": at("Reasoning Tokens"),
        "cost_usd": dollars(at("Usage"), at("BYOK Usage")),
    },
    constants={"provider": "openrouter"},
    grain="bucket",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a table is an aggregated export."""
    known = sample.has("Date", "Usage", "BYOK Usage", "Requests", "Prompt Tokens", "Completion Tokens")
    return RULE if known and sample.shape == "table" else None
