"""LiteLLM spend logs: the proxy's `LiteLLM_SpendLogs` table, as JSON, JSON lines or a CSV dump.

`prompt_tokens` contains cache reads and writes (the proxy adds them back for Anthropic), and
`completion_tokens` contains reasoning. Rows answered from the proxy's own cache were billed by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggcost.importers.casts import Cell
from aggcost.importers.fields import Source, by_header

NAME = "litellm"
TITLE = "LiteLLM spend logs (/spend/logs, table LiteLLM_SpendLogs)"
SEMANTICS = "prompt_tokens contains cached tokens; completion_tokens contains reasoning; times are UTC; spend is USD"
CAPABILITIES = {
    "time": "yes", "latency": "yes", "cache split": "yes", "session": "yes", "cost": "yes", "grain": "request",
    "prompt": "never read",
}  # fmt: skip
KEYS = frozenset({"request_id", "call_type", "spend", "prompt_tokens"})
ZONE = "UTC"

# `metadata` is an object, or an object in a string: both arrive as its text.
_USAGE = "$.usage_object"
_MORE = "$.additional_usage_values"


def detect(names: frozenset[str]) -> bool:
    """Return whether the keys or headers of a file are a spend log's; Postgres dumps have them in lower case."""
    return names >= KEYS and bool({"startTime", "starttime"} & names)


def fields(
    names: Sequence[str], cells: Mapping[str, Cell], mapping: Mapping[str, str], shown: str
) -> dict[str, Source]:
    """Return where each field comes from; `--map` wins over what the format says."""
    columns = {name.lower(): cells[name] for name in names}
    plain = {
        "timestamp": "starttime", "request_id": "request_id", "session_id": "session_id", "model": "model",
        "provider": "custom_llm_provider", "user": "user", "team": "team_id", "tags": "request_tags",
        "operation": "call_type", "input_tokens": "prompt_tokens", "output_tokens": "completion_tokens",
        "cost_usd": "spend", "status": "status",
    }  # fmt: skip
    found = {field: Source(columns[column]) for field, column in plain.items() if column in columns}
    found["latency_ms"] = Source(_latency(columns))
    if "metadata" in columns:
        text = columns["metadata"].sql
        found |= _from_metadata(Cell(f"CASE WHEN json_valid({text}) THEN {text} END"))
    if "cache_hit" in columns:
        found["billable"] = Source(Cell(f"CASE WHEN lower({columns['cache_hit'].sql}) = 'true' THEN 'false' END"))
    named = by_header(names, cells, mapping, shown)
    return found | {field: named[field] for field in mapping}


def _latency(columns: Mapping[str, Cell]) -> Cell:
    """Return the proxy's own duration where the row has it, the end minus the start otherwise."""
    times = [
        f"TRY_CAST({columns[name].sql} AS TIMESTAMP)" if name in columns else "CAST(NULL AS TIMESTAMP)"
        for name in ("endtime", "starttime")
    ]
    span = f"CAST(CAST(epoch_us({times[0]}) - epoch_us({times[1]}) AS DECIMAL(28, 3)) / 1000 AS VARCHAR)"
    own = columns["request_duration_ms"].text if "request_duration_ms" in columns else "NULL"
    return Cell(f"coalesce({own}, {span})")


def _from_metadata(metadata: Cell) -> dict[str, Source]:
    def first(*paths: str) -> Source:
        return Source(
            Cell("coalesce(" + ", ".join(f"json_extract_string({metadata.sql}, '{path}')" for path in paths) + ")")
        )

    code = f"json_extract_string({metadata.sql}, '$.error_information.error_code')"
    return {
        "cache_read_tokens": first(f"{_USAGE}.prompt_tokens_details.cached_tokens", f"{_MORE}.cache_read_input_tokens"),
        "cache_write_tokens": first(
            f"{_USAGE}.prompt_tokens_details.cache_creation_tokens",
            f"{_USAGE}.prompt_tokens_details.cache_write_tokens",
            f"{_MORE}.cache_creation_input_tokens",
        ),
        "reasoning_tokens": first(f"{_USAGE}.completion_tokens_details.reasoning_tokens"),
        "service_tier": first("$.cost_breakdown.service_tier"),
        "http_status": Source(Cell(f"regexp_extract({code}, '^[1-5][0-9][0-9]$')")),
    }
