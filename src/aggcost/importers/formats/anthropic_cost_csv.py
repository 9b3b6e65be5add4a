"""The cost export of Anthropic's console (claude_api_cost_*.csv): a row for each day, group and kind of token.

Amounts are dollars rounded to cents, so many small rows are 0.00. `model` is a name for people ("Claude
Haiku 4.5"), which no price list has. There are no token counts. Older files end at `cost_usd`.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, grouped, renamed
from aggcost.importers.sampling import Sample
from aggcost.importers.shapes.messages_usage import region, tier

NAME = "anthropic-cost-csv"
TITLE = "Anthropic console, cost export (claude_api_cost_*.csv)"
SEMANTICS = "cost_usd is USD, rounded to cents; no tokens are reported; times are the beginnings of days, UTC"
CAPABILITIES = {
    "time": "start of the day", "latency": "no", "cache split": "no", "session": "no", "cost": "yes",
    "grain": "bucket", "prompt": "not in it",
}  # fmt: skip
RULE = "columns usage_date_utc, token_type and cost_usd"

LAYOUT = Layout(
    fields={
        "timestamp": at("usage_date_utc"),
        "model": at("model"),
        "team": at("workspace"),
        "tags.api_key": at("api_key"),
        "tags.token_type": at("token_type"),
        "operation": at("cost_type"),
        "service_tier": tier(renamed("usage_type", {"message": "standard"}), at("speed")),
        "region": region(at("inference_geo")),
        "cost_usd": grouped("cost_usd"),
    },
    constants={"provider": "anthropic"},
    grain="bucket",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a table is a cost export."""
    if sample.shape == "table" and sample.has("usage_date_utc", "token_type", "cost_usd"):
        return RULE
    return None
