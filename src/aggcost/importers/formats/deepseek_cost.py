"""DeepSeek's platform export, `cost-*.csv`: what each period, model and wallet cost, without counts.

Most accounts pay in CNY, and nothing here knows a rate of exchange: only rows in USD have a cost. The counts stand in
the amount file; read with it, a period has rows of both.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, sql
from aggcost.importers.sampling import Sample

NAME = "deepseek-cost"
TITLE = "DeepSeek platform export, cost-*.csv"
SEMANTICS = (
    "no tokens and no requests are counted; cost is read where currency is USD, and unknown in CNY; times have an "
    "offset, utc_date is a UTC day"
)
CAPABILITIES = {
    "time": "the period", "latency": "no", "cache split": "no", "session": "no", "cost": "yes", "grain": "bucket",
    "prompt": "never read",
}  # fmt: skip
RULE = "model, cost, currency and start_time_iso (or utc_date), and no type"

LAYOUT = Layout(
    fields={
        "timestamp": at("start_time_iso", "utc_date"),
        "model": at("model"),
        "user": at("user_id"),
        "tags.wallet": at("wallet_type"),
        "tags.currency": at("currency"),
        "cost_usd": sql("CASE WHEN upper({currency}) = 'USD' THEN {cost} END"),
    },
    constants={"provider": "deepseek"},
    grain="bucket",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a table is an export of costs."""
    known = sample.has("model", "cost", "currency") and not sample.has("type")
    timed = sample.has("start_time_iso", "end_time_iso") or sample.has("utc_date")
    return RULE if known and timed and sample.shape == "table" else None
