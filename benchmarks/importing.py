"""Importing beside a bare read: ``python importing.py KIND PATH`` prints the seconds of either, in one process.

The bare read is a DuckDB query that aggregates the fields that the import keeps, each with its type stated. Both are
done alternately, and the shortest of either counts: what is loaded once, on first use, is in neither.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from aggcost.engine import open_engine
from aggcost.importers import ReadOptions, read_usage

TIMES = 3
_USAGE = (
    "STRUCT(prompt_tokens BIGINT, completion_tokens BIGINT, total_tokens BIGINT, "
    "prompt_tokens_details STRUCT(cached_tokens BIGINT), completion_tokens_details STRUCT(reasoning_tokens BIGINT))"
)
_CHAT = (
    "SELECT count(*), max(id), max(created), max(model), max(service_tier), max(object), sum(usage.prompt_tokens), "
    "sum(usage.completion_tokens), sum(usage.prompt_tokens_details.cached_tokens), "
    "sum(usage.completion_tokens_details.reasoning_tokens) FROM read_json('{}', format = 'newline_delimited', "
    "columns = {{id: 'VARCHAR', created: 'BIGINT', model: 'VARCHAR', service_tier: 'VARCHAR', object: 'VARCHAR', "
    f"usage: '{_USAGE}'}}}})"
)
_SPEND = (
    "SELECT count(*), max(request_id), max(call_type), sum(spend), sum(prompt_tokens), sum(completion_tokens), "
    'max("startTime"), max("endTime"), max(model), max("user"), '
    "max(json_extract_string(metadata, ['$.usage_object.prompt_tokens_details.cached_tokens'])), max(cache_hit), "
    "max(team_id), max(custom_llm_provider), max(status) FROM read_csv('{}', header = true, delim = ',', "
    "auto_detect = false, quote = '\"', escape = '\"', columns = {{request_id: 'VARCHAR', call_type: 'VARCHAR', "
    "api_key: 'VARCHAR', spend: 'DECIMAL(38, 12)', total_tokens: 'BIGINT', prompt_tokens: 'BIGINT', "
    "completion_tokens: 'BIGINT', \"startTime\": 'TIMESTAMP', \"endTime\": 'TIMESTAMP', model: 'VARCHAR', "
    "\"user\": 'VARCHAR', metadata: 'VARCHAR', cache_hit: 'VARCHAR', team_id: 'VARCHAR', "
    "custom_llm_provider: 'VARCHAR', status: 'VARCHAR'}})"
)
BARE = {"chat": _CHAT, "spend": _SPEND}


def main() -> None:
    """Print the seconds of the import and of the bare read (null where there is none) as JSON."""
    kind, path = sys.argv[1], Path(sys.argv[2])
    times = int(sys.argv[3]) if len(sys.argv) > 3 else TIMES  # noqa: PLR2004 - the third argument
    connection = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
    query = BARE.get(kind, "").format(path)
    imported, bare = [], []
    for _ in range(times):
        imported.append(_seconds(lambda: _import(path)))
        if query:
            bare.append(_seconds(lambda: connection.execute(query).fetchall()))
    print(json.dumps({"import": min(imported), "bare": min(bare) if bare else None}))


def _import(path: Path) -> None:
    with open_engine(threads=2) as engine:
        read_usage(engine, [str(path)], ReadOptions())


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
