"""The canonical request table: one row a request, disjoint meters, nulls for what is unknown.

Every importer produces these columns and every command reads them. `convert` writes the same table
as Parquet. A table just read has `issue` beside them (``column:reason`` of a row that cannot be used, else null).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the canonical table: its Ibis type, and its meaning with unit."""

    name: str
    type: str
    meaning: str


_TOKENS = "int64"
COLUMNS: tuple[Column, ...] = (
    Column("ts", "timestamp(6)", "start of the request, UTC, without zone; null is unknown"),
    Column("request_id", "string", "the log's own id of the request"),
    Column("session_id", "string", "conversation or agent session"),
    Column("parent_id", "string", "id of the request that caused this one"),
    Column("attempt", "int64", "1 for the first try, 2 for its first retry"),
    Column("provider", "string", "who served and bills it, by the catalogue's name"),
    Column("model", "string", "model as logged"),
    Column("task", "string", "what the request was for"),
    Column("user", "string", "who caused it"),
    Column("team", "string", "who owns the cost"),
    Column("tags", "string", "further labels, a JSON object as text"),
    Column("service_tier", "string", "standard, batch, flex, priority, fast; null counts as standard"),
    Column("region", "string", "pricing region"),
    Column("operation", "string", "chat, responses, embeddings and so on"),
    Column("status", "string", "ok, error, cancelled or rejected"),
    Column("http_status", "int64", "HTTP status code, where the log has one"),
    Column("latency_ms", "int64", "whole time of the request, milliseconds"),
    Column("ttft_ms", "int64", "time to the first token, milliseconds"),
    Column("request_count", "int64", "1; more for a row that sums several requests; never null"),
    Column("grain", "string", "request or bucket"),
    Column("input", _TOKENS, "prompt tokens that were neither read from nor written to a cache"),
    Column("cache_read", _TOKENS, "prompt tokens read from the provider's cache"),
    Column("cache_write_5m", _TOKENS, "prompt tokens written to the cache for five minutes"),
    Column("cache_write_1h", _TOKENS, "prompt tokens written to the cache for an hour"),
    Column("cache_write_other", _TOKENS, "prompt tokens written to the cache, lifetime unknown"),
    Column("output", _TOKENS, "completion tokens, reasoning included"),
    Column("reasoning", _TOKENS, "the part of output that was reasoning"),
    Column("prompt_hash", "string", "hash of the prompt, where one was logged; the prompt is never kept"),
    Column("recorded_cost", "decimal(38, 12)", "cost as the log states it, in `currency`"),
    Column("currency", "string", "ISO 4217 code of recorded_cost"),
    Column("billable", "boolean", "false where the provider was not called or does not bill the row"),
    Column("source_file", "string", "file the row was read from"),
    Column("source_line", "int64", "line in that file, where the reader knows it"),
)  # fmt: skip
COLUMN_NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)
# What few logs count: a table has these columns where its log tells any such quantity. Null is not told.
OPTIONAL: tuple[Column, ...] = (
    Column("input_audio", _TOKENS, "the part of input that was audio"),
    Column("input_image", _TOKENS, "the part of input that was images"),
    Column("input_video", _TOKENS, "the part of input that was video"),
    Column("cache_read_audio", _TOKENS, "the part of cache_read that was audio"),
    Column("cache_read_image", _TOKENS, "the part of cache_read that was images"),
    Column("output_audio", _TOKENS, "the part of output that was audio"),
    Column("output_image", _TOKENS, "the part of output that was images"),
    Column("output_video", _TOKENS, "the part of output that was video"),
    Column("web_search", "int64", "searches of the web"),
    Column("file_search", "int64", "searches of stored files"),
    Column("image", "int64", "images that were made, where they are billed by the piece"),
    Column("second_audio_in", "int64", "audio that was heard, in milliseconds"),
    Column("second_audio_out", "int64", "audio that was made, in milliseconds"),
    Column("second_video", "int64", "video that was made, in milliseconds"),
    Column("page", "int64", "pages that were read, where they are billed by the piece"),
    Column("char", "int64", "characters, where they are billed instead of tokens"),
    Column("session", "int64", "sessions of a tool, where they are billed by the piece"),
)
OPTIONAL_NAMES: tuple[str, ...] = tuple(column.name for column in OPTIONAL)
# What fewer logs tell: what a prompt begins with. A table has these columns where its log does; nothing adds them up.
PREFIX: tuple[Column, ...] = (
    Column(
        "prefix_blocks", "array<int64>", "ids of the blocks of the prompt, in their order; equal ids, equal prefixes"
    ),
    Column("block_tokens", _TOKENS, "tokens a block; the last one of a prompt may have fewer"),
    Column("source_row", "int64", "place of the row in its file, which decides between requests of one time"),
)
# Times to the nanosecond, in rows that state a fraction of a millisecond; those in milliseconds are these, rounded.
FINE: tuple[Column, ...] = (
    Column("latency_ns", "int64", "whole time of the request, nanoseconds; null where latency_ms says it all"),
    Column("ttft_ns", "int64", "time to the first token, nanoseconds; null where ttft_ms says it all"),
)
TOLD: tuple[Column, ...] = (*OPTIONAL, *PREFIX, *FINE)
TOLD_NAMES: tuple[str, ...] = tuple(column.name for column in TOLD)

MAX_TOKENS_A_ROW = 10**12
STATUSES: tuple[str, ...] = ("ok", "error", "cancelled", "rejected")
SERVICE_TIERS: tuple[str, ...] = ("standard", "batch", "flex", "priority", "fast")
