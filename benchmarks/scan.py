"""A bare DuckDB scan: ``python scan.py FILE`` prints the seconds that the query alone takes.

It aggregates the columns that `simulate` reads, each with its type stated. What a cost tool must
do besides (strict casts, quarantine, grouping, prices, report) is what the ratio shows.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import duckdb

TEXTS = ("request_id", "provider", "model", "task", "status")
NUMBERS = ("input_tokens", "cache_read_tokens", "output_tokens", "latency_ms")
ALL = ("timestamp", "request_id", "provider", "model", "task", "user", *NUMBERS, "status")
TYPES = {"timestamp": "TIMESTAMP", **dict.fromkeys(NUMBERS, "BIGINT")}


def source(path: Path) -> str:
    """Return the table function that reads a file with stated types."""
    columns = ", ".join(f"'{name}': '{TYPES.get(name, 'VARCHAR')}'" for name in ALL)
    stated = f"columns = {{{columns}}}, auto_detect = false"
    match path.suffix:
        case ".csv":
            return f"read_csv('{path}', header = true, delim = ',', quote = '\"', {stated})"
        case ".jsonl":
            return f"read_json('{path}', format = 'newline_delimited', {stated})"
        case _:
            return f"read_parquet('{path}')"


def main() -> None:
    """Scan twice and print the shorter time."""
    path = Path(sys.argv[1])
    texts = ", ".join(f"max({name})" for name in ("timestamp", *TEXTS))
    numbers = ", ".join(f"sum({name})" for name in NUMBERS)
    connection = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
    seconds = []
    for _ in range(2):
        begin = time.perf_counter()
        connection.execute(f"select count(*), {texts}, {numbers} from {source(path)}").fetchall()
        seconds.append(time.perf_counter() - begin)
    print(min(seconds))


if __name__ == "__main__":
    main()
