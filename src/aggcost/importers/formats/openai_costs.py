"""OpenAI's organization costs: pages of `/v1/organization/costs`, a page a line or a file.

An amount is what a day's use of one line item cost, in US dollars: money without requests, so there are no tokens
and nothing to rate. `line_item` is null unless the caller grouped by it; before its comma stands the model. An amount
in another currency is left out.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, sql
from aggcost.importers.sampling import Sample

NAME = "openai-costs"
TITLE = "OpenAI organization costs (pages of /v1/organization/costs)"
SEMANTICS = (
    "no tokens, money alone: amount.value is USD; a row is a line item of a day that begins at start_time, "
    "seconds since 1970"
)
CAPABILITIES = {
    "time": "start of the day", "latency": "no", "cache split": "no", "session": "no", "cost": "yes",
    "grain": "bucket", "prompt": "never read",
}  # fmt: skip
RULE = "object page with data[*].results[*] of object organization.costs.result"

_RESULT = "organization.costs.result"
LAYOUT = Layout(
    fields={
        "timestamp": at("^start_time", unit="s"),
        "model": sql("NULLIF(regexp_extract({line_item}, '^([^,|]+), ', 1), '')"),
        "team": at("project_id"),
        "operation": at("line_item"),
        "cost_usd": sql("CASE WHEN lower({amount.currency}) = 'usd' THEN {amount.value} END"),
    },
    constants={"provider": "openai"},
    items=("data[*]", "results[*]"),
    requests=f"{{object}} = '{_RESULT}'",
    grain="bucket",
)


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds pages of costs; the first days may be empty."""
    results = sample.inside("data", "results")
    return RULE if sample.holds("object", "page") and results.holds("object", _RESULT) else None
