"""LiteLLM spend logs: the proxy's `LiteLLM_SpendLogs` table, as JSON, JSON lines or a CSV dump.

`prompt_tokens` contains cache reads and writes (the proxy adds them back for Anthropic), and
`completion_tokens` contains reasoning. Rows answered from the proxy's own cache were billed by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggcost.engine import identifier
from aggcost.importers.casts import Cell, count
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

_USAGE = "usage_object"
_MORE = "additional_usage_values"
_MEMBERS = (_USAGE, _MORE, "cost_breakdown", "error_information")
_PROMPT = "prompt_tokens_details"
_WRITTEN = f"{_PROMPT}.cache_creation_token_details"
_PATHS = {
    "cache_read_tokens": ((_USAGE, f"{_PROMPT}.cached_tokens"), (_MORE, "cache_read_input_tokens")),
    "cache_write_5m_tokens": tuple((name, f"{_WRITTEN}.ephemeral_5m_input_tokens") for name in (_USAGE, _MORE)),
    "cache_write_1h_tokens": tuple((name, f"{_WRITTEN}.ephemeral_1h_input_tokens") for name in (_USAGE, _MORE)),
    "cache_write_tokens": (
        (_USAGE, f"{_PROMPT}.cache_creation_tokens"),
        (_USAGE, f"{_PROMPT}.cache_write_tokens"),
        (_MORE, "cache_creation_input_tokens"),
    ),
    "reasoning_tokens": ((_USAGE, "completion_tokens_details.reasoning_tokens"),),
    "service_tier": (("cost_breakdown", "service_tier"),),
    "error_code": (("error_information", "error_code"),),
}


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
        found |= _from_metadata()
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


def prepared(sql: str, cells: Mapping[str, Cell]) -> str:
    """Return the table with what `metadata` holds as columns beside its own: each is worked out once a row.

    It is an object, or the text of one, which some exports encode a second time, and so are its members.
    """
    columns = {name.lower(): cell for name, cell in cells.items()}
    if "metadata" not in columns:
        return sql
    once = _decoded(f"TRY_CAST({columns['metadata'].sql} AS JSON)")
    whole = f"SELECT *, {_decoded(once)} AS {_inside('whole')} FROM {sql}"  # noqa: S608 - our own names throughout
    members = ", ".join(f"{_decoded(_inside('whole'), name)} AS {_inside(name)}" for name in _MEMBERS)
    values = ", ".join(f"{_first(paths)} AS {_inside(name)}" for name, paths in _PATHS.items())
    found = f"SELECT *, {values} FROM (SELECT *, {members} FROM ({whole}))"  # noqa: S608
    return f"(SELECT *, {_rest()} AS {_inside('rest')} FROM ({found}))"  # noqa: S608


def _inside(name: str) -> str:
    return identifier(f"metadata: {name}")


def _first(paths: Sequence[tuple[str, str]]) -> str:
    """Return the first of some members of members that is there, as text."""
    found = ", ".join(f"json_extract_string({_inside(member)}, '$.{path}')" for member, path in paths)
    return f"coalesce({found})"


def _decoded(value: str, member: str = "") -> str:
    """Return a JSON value, or a member of one, without the string it may be in; NULL where that holds no JSON."""
    path = f"$.{member}" if member else "$"
    return f"TRY_CAST(json_extract_string({value}, '{path}') AS JSON)"


def _rest() -> str:
    """Return what was written beyond 5m and 1h; parts of more than the total are no count, and quarantined."""
    total, *parts = (Cell(_inside(f"cache_write{kind}_tokens")) for kind in ("", "_5m", "_1h"))
    stated = " ".join(f"- coalesce({count(part)}, 0)" for part in parts)
    split = f"coalesce({', '.join(part.sql for part in parts)})"
    rest = f"coalesce(CAST({count(total)} {stated} AS VARCHAR), {total.sql})"
    return f"CASE WHEN {split} IS NULL THEN {total.sql} ELSE {rest} END"


def _from_metadata() -> dict[str, Source]:
    cells = {name: Cell(_inside(name)) for name in _PATHS}
    code = cells.pop("error_code").sql
    cells["http_status"] = Cell(f"regexp_extract({code}, '^[1-5][0-9][0-9]$')")
    cells["cache_write_tokens"] = Cell(_inside("rest"))
    return {field: Source(cell) for field, cell in cells.items()}
