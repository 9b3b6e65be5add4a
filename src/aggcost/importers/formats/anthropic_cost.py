"""Anthropic's cost report (Admin API): pages of days, each with the amounts of every group asked for.

`amount` is a decimal in text, in cents of the currency: "123.45" is 1.23 dollars. There are no tokens in it.
Amounts in another currency are left out. What the priority tier cost never appears.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, cents, sql
from aggcost.importers.sampling import Sample
from aggcost.importers.shapes.bodies import results
from aggcost.importers.shapes.messages_usage import region

NAME = "anthropic-cost"
TITLE = "Anthropic cost report (/v1/organizations/cost_report)"
SEMANTICS = "amount is in cents; no tokens are reported; times are the beginnings of days, UTC"
CAPABILITIES = {
    "time": "start of the day", "latency": "no", "cache split": "no", "session": "no", "cost": "yes",
    "grain": "bucket", "prompt": "not in it",
}  # fmt: skip
RULE = "data[].results[] with amount, currency and token_type or cost_type"

_DOLLARS = f"CASE WHEN coalesce(upper({{currency}}), 'USD') = 'USD' THEN {cents('amount').template} END"
LAYOUT = Layout(
    items=("data[*]", "results[*]"),
    fields={
        "timestamp": at("^starting_at"),
        "model": at("model"),
        "team": at("workspace_id"),
        "tags.token_type": at("token_type"),
        "operation": at("cost_type"),
        "service_tier": at("service_tier"),
        "region": region(at("inference_geo")),
        "cost_usd": sql(_DOLLARS),
    },
    constants={"provider": "anthropic"},
    grain="bucket",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file is a cost report; results not grouped by anything have null types."""
    found = [result for result in results(sample) if "amount" in result and "currency" in result]
    if any("token_type" in result or "cost_type" in result for result in found):
        return RULE
    return None
