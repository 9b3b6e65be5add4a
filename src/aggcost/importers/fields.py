"""The public fields of a log: what people call them, and how each becomes canonical columns.

The token fields are those of the contract: `input_tokens` is the total prompt, cache included,
`output_tokens` the completion, reasoning included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aggcost.engine import identifier, quoted
from aggcost.errors import InputError, UsageError, did_you_mean
from aggcost.importers import casts, contained
from aggcost.importers.casts import Cell

BLOCKS = "prefix_blocks"
# Field -> header names (lower case) that mean it, the most exact first.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "timestamp": ("timestamp", "ts", "time", "created_at", "created", "start_time", "starttime", "started_at", "date"),
    "request_id": ("request_id", "requestid", "id", "call_id", "generation_id"),
    "session_id": ("session_id", "sessionid", "conversation_id", "thread_id"),
    "parent_id": ("parent_id", "parent_request_id"),
    "attempt": ("attempt", "attempt_number"),
    "provider": ("provider", "provider_name", "custom_llm_provider"),
    "model": ("model", "model_name", "model_id"),
    "task": ("task", "task_type", "use_case"),
    "user": ("user", "user_id", "end_user"),
    "team": ("team", "team_id", "project"),
    "tags": ("tags", "labels"),
    "service_tier": ("service_tier", "tier"),
    "region": ("region",),
    "operation": ("operation", "call_type", "endpoint"),
    "status": ("status", "status_code", "http_status", "outcome"),
    "http_status": ("http_status", "status_code", "http_code"),
    "latency_ms": (
        "latency_ms",
        "latency",
        "duration_ms",
        "duration",
        "total_latency_ms",
        "latency_s",
        "latency_seconds",
        "duration_s",
        "duration_seconds",
    ),
    "ttft_ms": ("ttft_ms", "ttft", "time_to_first_token_ms", "ttft_s"),
    "requests": ("requests", "request_count", "num_requests"),
    "grain": ("grain",),
    "input_tokens": ("input_tokens", "prompt_tokens", "tokens_in", "tokens_prompt", "context_tokens"),
    "cache_read_tokens": ("cache_read_tokens", "cached_tokens", "cache_read_input_tokens", "cached_input_tokens"),
    "cache_write_5m_tokens": ("cache_write_5m_tokens", "ephemeral_5m_input_tokens"),
    "cache_write_1h_tokens": ("cache_write_1h_tokens", "ephemeral_1h_input_tokens"),
    "cache_write_tokens": ("cache_write_tokens", "cache_creation_input_tokens", "cache_write_input_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens", "tokens_out", "tokens_completion", "generated_tokens"),
    "reasoning_tokens": ("reasoning_tokens",),
    "input_audio_tokens": ("input_audio_tokens", "audio_input_tokens", "prompt_audio_tokens"),
    "input_image_tokens": ("input_image_tokens", "image_input_tokens", "prompt_image_tokens"),
    "input_video_tokens": ("input_video_tokens", "video_input_tokens", "prompt_video_tokens"),
    "cache_read_audio_tokens": ("cache_read_audio_tokens", "cached_audio_tokens", "input_cached_audio_tokens"),
    "cache_read_image_tokens": ("cache_read_image_tokens", "cached_image_tokens", "input_cached_image_tokens"),
    "output_audio_tokens": ("output_audio_tokens", "audio_output_tokens", "completion_audio_tokens"),
    "output_image_tokens": ("output_image_tokens", "image_output_tokens", "completion_image_tokens"),
    "output_video_tokens": ("output_video_tokens", "video_output_tokens", "completion_video_tokens"),
    "web_searches": ("web_searches", "web_search_requests", "web_search_calls", "web_search_count"),
    "file_searches": ("file_searches", "file_search_requests", "file_search_calls", "file_search_count"),
    "audio_in_seconds": ("audio_in_seconds", "audio_input_seconds", "input_audio_seconds"),
    "audio_out_seconds": ("audio_out_seconds", "audio_output_seconds", "output_audio_seconds"),
    "video_seconds": ("video_seconds", "output_video_seconds"),
    # Columns called images, pages, characters and sessions are seldom what is billed.
    "billed_images": ("billed_images",),
    "billed_pages": ("billed_pages",),
    "billed_characters": ("billed_characters",),
    "billed_sessions": ("billed_sessions",),
    "cost_usd": ("cost_usd", "cost", "total_cost", "spend", "response_cost"),
    "billable": ("billable",),
    "prompt": ("prompt",),
    "prefix_blocks": (BLOCKS,),
    "block_tokens": ("block_tokens",),
}
_UNITS = dict.fromkeys(("latency_s", "latency_seconds", "duration_s", "duration_seconds", "ttft_s"), "s")
TOKENS = contained.PROMPT
SECONDS = ("audio_in_seconds", "audio_out_seconds", "video_seconds")
BILLED = (*TOKENS, "output_tokens", "requests", "grain", "service_tier", "billable", "cost_usd")
_TEXTS = (
    "request_id",
    "session_id",
    "parent_id",
    "task",
    "user",
    "team",
    "tags",
    "service_tier",
    "region",
    "operation",
)
TAG = "tags."
_LISTED = 30


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field comes from: a cell of the log, with the unit the user or the format states."""

    cell: Cell
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the user or the format says about a log beyond its columns; None: each row tells what its input excludes."""

    zone: str | None
    time_unit: str | None
    input_excludes_cache: bool | None


def by_header(
    names: Sequence[str], cells: Mapping[str, Cell], mapping: Mapping[str, str], shown: str
) -> dict[str, Source]:
    """Return the fields that headers and `--map` name; InputError for a mapped column that does not exist."""
    taken = {target.rpartition(":")[0] if _has_unit(target, names) else target for target in mapping.values()}
    found = _by_synonym([name for name in names if name not in taken], cells)
    for name in names:
        if name.lower().startswith(TAG) and len(name) > len(TAG) and name not in taken:
            found[TAG + name[len(TAG) :]] = Source(cells[name])
    for name, target in mapping.items():
        found[known(name)] = _mapped(name, target, names, cells, shown)
    return found


def _by_synonym(names: Sequence[str], cells: Mapping[str, Cell]) -> dict[str, Source]:
    """Return the fields that headers name, each by the first of its synonyms that is there."""
    free: dict[str, list[str]] = {}
    for name in names:
        free.setdefault(bare(name), []).append(name)
    found = {}
    for name, synonyms in SYNONYMS.items():
        present = [one for one in synonyms if bare(one) in free]
        if present:
            columns = [cells[column] for one in present for column in free[bare(one)]]
            cell = _first_of(columns) if name in (*TOKENS, "output_tokens") else columns[0]
            found[name] = Source(cell, _UNITS.get(present[0]))
    if found.get("status") == found.get("http_status"):
        found.pop("http_status", None)  # one column of codes is a status, and its codes are read from it
    return found


def _first_of(columns: Sequence[Cell]) -> Cell:
    """Return the first column that a row has: logs that were put together name the same tokens in several ways."""
    if len(columns) == 1 or any(cell.kind != "text" for cell in columns):
        return columns[0]
    return Cell(f"coalesce({', '.join(cell.sql for cell in columns)})")


def bare(name: str) -> str:
    """Return a header without what people vary: case, spaces, dashes, underscores."""
    return "".join(filter(str.isalnum, name)).lower()


def is_header(names: Sequence[str]) -> bool:
    """Return whether one of these names is a field's: then all are names, else they may be the cells of a first row."""
    return any(bare(name) in _BARE for name in names)


def listed(names: Sequence[str]) -> str:
    """Return names for a message; only their number where nothing says that they are names, not what a log holds."""
    if not is_header(names):
        return f"{len(names):,} of its first line" if len(names) > 1 else "the one of its first line"
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


_BARE = frozenset(bare(name) for synonyms in SYNONYMS.values() for name in synonyms)


def _has_unit(target: str, names: Sequence[str]) -> bool:
    return target not in names and target.rpartition(":")[0] in names


def _mapped(name: str, target: str, names: Sequence[str], cells: Mapping[str, Cell], shown: str) -> Source:
    column, unit = (
        (target.rpartition(":")[0], target.rpartition(":")[2]) if _has_unit(target, names) else (target, None)
    )
    if column not in names:
        inside = _member(column, cells)
        if inside is not None:
            return Source(inside)
        raise InputError(
            f"{shown}: --map {name}={target}: no column {column!r} among {listed(names)}",
            hint=did_you_mean(column, names),
        )
    return Source(cells[column], unit)


def _member(path: str, cells: Mapping[str, Cell]) -> Cell | None:
    """Return a member of a column that holds JSON objects: ``usage.prompt_tokens``; None where no column is meant."""
    column, *members = path.split(".")
    if column not in cells or not all(members) or not members:
        return None
    text = cells[column].text
    inside = "".join("." + identifier(member) for member in members)
    return Cell(f"CASE WHEN json_valid({text}) THEN json_extract_string({text}, {quoted('$' + inside)}) END")


def known(name: str) -> str:
    """Return the name of a field of the contract; UsageError for another one, with the nearest."""
    if name in SYNONYMS or name.startswith(TAG):
        return name
    raise UsageError(f"unknown field {name!r}: one of {', '.join(SYNONYMS)}", hint=did_you_mean(name, SYNONYMS))


def assumed(values: Mapping[str, str]) -> dict[str, Source]:
    """Return the fields that `--assume` states, as constants."""
    return {known(name): Source(Cell(quoted(value))) for name, value in values.items()}


def columns(found: Mapping[str, Source], meaning: Meaning) -> tuple[dict[str, str], dict[str, str]]:
    """Return the canonical columns as SQL, and for each checked field its value as SQL (NULL where bad).

    The columns name the values by `value_name`: each is worked out once a row, and looked at twice.
    """
    checked = {name: value for name, source in found.items() if (value := _value(name, source, meaning))}
    values = {name: identifier(value_name(name)) for name in checked}
    made = {name: f"CAST({found[name].cell.text} AS VARCHAR)" for name in _TEXTS if name in found}
    made |= {name: found[name].cell.text for name in ("provider", "model") if name in found}
    tags = {name: source for name, source in found.items() if name.startswith(TAG)}
    if tags:
        pairs = ", ".join(f"{quoted(name.removeprefix(TAG))}, {source.cell.text}" for name, source in tags.items())
        made["tags"] = f"CAST({_with_column(found.get('tags'))}json_object({pairs})) AS VARCHAR)"
    for name, column in _COLUMN_OF.items():
        if name in values:
            made[column] = values[name]
    for name, column in _FINE.items():
        if name in values and (fine := casts.nanoseconds(found[name].cell, found[name].unit, values[name])):
            made[column] = fine
    if "status" in found:
        made.setdefault("http_status", casts.http_status(found["status"].cell))
    if "prompt" in found:
        made["prompt_hash"] = f"left(sha256({found['prompt'].cell.text}), 32)"
    made |= contained.columns(values, excludes_cache=meaning.input_excludes_cache)
    return made, checked


def value_name(name: str) -> str:
    """Return the name of the column that holds the value of a checked field."""
    return f"value of {name}"


def _with_column(tags: Source | None) -> str:
    """Return what begins a merge of a column of labels with columns of single labels."""
    text = "NULL" if tags is None else tags.cell.text
    return f"json_merge_patch(CASE WHEN json_valid({text}) THEN {text} ELSE '{{}}' END, "


_COLUMN_OF = {
    "timestamp": "ts", "attempt": "attempt", "status": "status", "http_status": "http_status",
    "latency_ms": "latency_ms", "ttft_ms": "ttft_ms", "requests": "request_count", "grain": "grain",
    "cache_read_tokens": "cache_read", "cache_write_5m_tokens": "cache_write_5m",
    "cache_write_1h_tokens": "cache_write_1h", "cache_write_tokens": "cache_write_other",
    "output_tokens": "output", "reasoning_tokens": "reasoning", "cost_usd": "recorded_cost", "billable": "billable",
    "cache_read_audio_tokens": "cache_read_audio", "cache_read_image_tokens": "cache_read_image",
    "output_audio_tokens": "output_audio", "output_image_tokens": "output_image",
    "output_video_tokens": "output_video", "web_searches": "web_search", "file_searches": "file_search",
    "audio_in_seconds": "second_audio_in", "audio_out_seconds": "second_audio_out", "video_seconds": "second_video",
    "billed_images": "image", "billed_pages": "page", "billed_characters": "char", "billed_sessions": "session",
    BLOCKS: BLOCKS, "block_tokens": "block_tokens",
}  # fmt: skip
_FINE = {"latency_ms": "latency_ns", "ttft_ms": "ttft_ns"}
_COUNTS = (
    *TOKENS, "output_tokens", "reasoning_tokens", *contained.PARTS, "web_searches", "file_searches", "billed_images",
    "billed_pages", "billed_characters", "billed_sessions", "requests", "attempt", "http_status", "block_tokens",
)  # fmt: skip

_CASTS: Mapping[str, Callable[[Cell], str]] = {
    "status": casts.status, "grain": casts.grain, "cost_usd": casts.money, "billable": casts.yes,
    BLOCKS: casts.block_ids,
    **dict.fromkeys(_COUNTS, casts.count),
}  # fmt: skip


WHOLE_NUMBERS = frozenset({"latency_ms", "ttft_ms", *(name for name, cast in _CASTS.items() if cast is casts.count)})


def _value(name: str, source: Source, meaning: Meaning) -> str:
    if name == "timestamp":
        unit = source.unit or meaning.time_unit
        return casts.epoch(source.cell, unit) if unit else casts.timestamp(source.cell, meaning.zone)
    if name in ("latency_ms", "ttft_ms"):
        return casts.milliseconds(source.cell, source.unit)
    if name in SECONDS:
        return casts.milliseconds(source.cell, source.unit or "s")
    cast = _CASTS.get(name)
    return "" if cast is None else cast(source.cell)
