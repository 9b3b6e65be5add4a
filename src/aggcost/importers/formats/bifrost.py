"""Bifrost logs: a page of `/api/logs`, or a dump of the table `logs` (JSON lines, CSV, Parquet).

The API has the usage as an object and hides the counts that the table keeps in columns; a dump has both, the usage as
text. Prompt tokens contain cached ones; where more is cached than sent, they were left out. A fallback has a row of its
own that names the request it stands in for, and each was billed. Rows still `processing` are no requests yet; what the
local cache answered was billed by nobody. `cost` is null where Bifrost knew no price.
"""

from __future__ import annotations

from aggcost.importers.layout import Layout
from aggcost.importers.places import at, rest, sql
from aggcost.importers.sampling import Sample

NAME = "bifrost"
TITLE = "Bifrost logs (/api/logs, table logs)"
SEMANTICS = (
    "prompt_tokens contains cached tokens, unless they are more than it; completion_tokens contains reasoning; "
    "times are UTC; cost is USD"
)
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "yes", "session": "no", "cost": "where the price was known",
    "grain": "request", "prompt": "never read",
}  # fmt: skip
TABLES = ("logs",)
RULE = "fallback_index, number_of_retries, object (or object_type) and timestamp"

_DETAILS = "token_usage.prompt_tokens_details"
_LIVES = f"{_DETAILS}.cached_write_token_details"
# A column of the table is 0 where nothing was counted.
_PROMPT = sql("coalesce({token_usage.prompt_tokens}, NULLIF({prompt_tokens}, '0'))")
_READ = sql(
    f"coalesce({{{_DETAILS}.cached_read_tokens}}, {{{_DETAILS}.cached_tokens}}, NULLIF({{cached_read_tokens}}, '0'))"
)
_WRITES = at(f"{_DETAILS}.cached_write_tokens")
_5M, _1H = at(f"{_LIVES}.cached_write_tokens_5m"), at(f"{_LIVES}.cached_write_tokens_1h")
_CACHED = " + ".join(f"coalesce(TRY_CAST({one.template} AS BIGINT), 0)" for one in (_READ, _WRITES))
_SENT = f"TRY_CAST({_PROMPT.template} AS BIGINT)"
LAYOUT = Layout(
    fields={
        "timestamp": at("timestamp"),
        "request_id": at("id"),
        "parent_id": at("parent_request_id"),
        "attempt": sql("CAST(TRY_CAST({fallback_index} AS BIGINT) + 1 AS VARCHAR)"),
        "model": at("model"),
        "provider": at("provider"),
        "user": at("user_id"),
        "team": at("team_name", "team_id"),
        "operation": at("object", "object_type"),
        "status": sql("CASE lower({status}) WHEN 'success' THEN 'ok' WHEN 'error' THEN 'error' WHEN 'cancelled' "
                      "THEN 'cancelled' END"),
        "http_status": sql("regexp_extract({error_details.status_code}, '^[1-5][0-9][0-9]$')"),
        "latency_ms": at("latency"),
        "input_tokens": sql(
            f"CASE WHEN {_SENT} < {_CACHED} THEN CAST({_SENT} + {_CACHED} AS VARCHAR) ELSE {_PROMPT.template} END"
        ),
        "cache_read_tokens": _READ,
        "cache_write_5m_tokens": _5M,
        "cache_write_1h_tokens": _1H,
        "cache_write_tokens": rest(_WRITES, _5M, _1H),
        "output_tokens": sql("coalesce({token_usage.completion_tokens}, NULLIF({completion_tokens}, '0'))"),
        "reasoning_tokens": at("token_usage.completion_tokens_details.reasoning_tokens"),
        "cost_usd": at("cost"),
        "billable": sql("CASE WHEN lower({cache_debug.cache_hit}) = 'true' THEN 'false' END"),
    },
    items=("logs[*]?",),
    encoded=("token_usage", "cache_debug", "error_details"),
    requests="{status} IS NULL OR lower({status}) <> 'processing'",
    key_is="log id",
    key="'bifrost ' || {id}",
)  # fmt: skip


def detect(sample: Sample) -> str | None:
    """Return the rule by which a file holds logs, on a page of the API or by themselves."""
    places = ("",) if sample.shape == "table" else ("", "logs[0].")
    names = ("fallback_index", "number_of_retries", "timestamp")
    found = any(
        sample.has(*(f"{place}{name}" for name in (*names, kind)))
        for place in places
        for kind in ("object", "object_type")
    )
    return RULE if found else None
