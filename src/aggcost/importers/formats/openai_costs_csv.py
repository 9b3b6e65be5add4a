"""OpenAI's cost export: the CSV of the dashboard, a row a day and line item.

Money without requests: there are no tokens, and nothing to rate. Days without costs are rows that hold only their
times: they are filtered. Amounts have some thirty digits; twelve places of a dollar stay. An amount in another currency
is left out. The user's e-mail is not read.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, sql
from aggcost.importers.sampling import Sample

NAME = "openai-costs-csv"
TITLE = "OpenAI cost export (CSV from the dashboard)"
SEMANTICS = (
    "no tokens, money alone: amount_value is USD; a row is a line item of a day that begins at start_time, "
    "seconds since 1970"
)
CAPABILITIES = {
    "time": "start of the day", "latency": "no", "cache split": "no", "session": "no", "cost": "yes",
    "grain": "bucket", "prompt": "never read",
}  # fmt: skip
RULE = "columns start_time, end_time, start_time_iso, end_time_iso, amount_value and amount_currency"

LAYOUT = Layout(
    fields={
        "timestamp": at("start_time", unit="s"),
        "model": sql("NULLIF(regexp_extract({line_item}, '^([^,|]+), ', 1), '')"),
        "user": at("user_id"),
        "team": at("project_id"),
        "operation": at("line_item"),
        "cost_usd": sql("CASE WHEN lower({amount_currency}) = 'usd' THEN {amount_value} END"),
    },
    constants={"provider": "openai"},
    requests="{amount_value} IS NOT NULL",
    grain="bucket",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a table is the cost export."""
    wanted = ("start_time", "end_time", "start_time_iso", "end_time_iso", "amount_value", "amount_currency")
    return RULE if sample.shape == "table" and sample.has(*wanted) else None
