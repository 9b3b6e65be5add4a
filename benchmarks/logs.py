"""The logs that the benchmark reads: generated once under benchmarks/data, the same on every machine."""

from __future__ import annotations

from pathlib import Path

import duckdb

DATA = Path(__file__).parent / "data"
TIMES = "%Y-%m-%dT%H:%M:%S.%gZ"
FORMATS = {
    "parquet": "format parquet",
    "csv": f"format csv, header, timestampformat '{TIMES}'",
    "jsonl": f"format json, timestampformat '{TIMES}'",
}

# Eleven columns, as a gateway exports them. hash() stands in for chance: no seed, no state.
_ROWS = """
select timestamp '2026-02-01' + to_microseconds(i * (2419200000000 // {rows})) as timestamp,
    format('req-{{:08d}}', i) as request_id,
    ['openai', 'openai', 'anthropic', 'google'][1 + (hash(i * 7) % 4)::int] as provider,
    ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4-5', 'gemini-2.5-flash'][1 + (hash(i * 7) % 4)::int] as model,
    ['intent', 'entity', 'sentiment', 'reasoning'][1 + (hash(i * 11) % 4)::int] as task,
    format('user-{{:04d}}', (hash(i * 13) % 5000)::bigint) as user,
    (50 + hash(i * 17) % 4000)::bigint as input_tokens,
    (hash(i * 19) % 50)::bigint as cache_read_tokens,
    (1 + hash(i * 23) % 800)::bigint as output_tokens,
    (200 + hash(i * 29) % 5000)::bigint as latency_ms,
    case when hash(i * 31) % 200 = 0 then 'error' else 'ok' end as status
from range({rows}) as numbers(i)
"""


# What a service logs beside: sessions, prompts of which a third come again, two outages, and bursts over a rate limit.
_SERVICE = """
with numbers as (select i, i * (2419200000000 // {rows}) as us from range({rows}) as numbers(i)),
drawn as (select *, us // 60000000 as minute, (hash(i * 7) % 4)::int as who from numbers)
select timestamp '2026-02-01' + to_microseconds(us) as timestamp,
    format('req-{{:08d}}', i) as request_id,
    format('session-{{:07d}}', (i // 40) * 8 + hash(i) % 8) as session_id,
    ['openai', 'openai', 'anthropic', 'google'][1 + who] as provider,
    ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4-5', 'gemini-2.5-flash'][1 + who] as model,
    ['intent', 'entity', 'sentiment', 'reasoning'][1 + (hash(i * 11) % 4)::int] as task,
    (50 + hash(i * 17) % 4000)::bigint as input_tokens,
    (1 + hash(i * 23) % 800)::bigint as output_tokens,
    (200 + hash(i * 29) % 5000)::bigint as latency_ms,
    case when who < 2 and minute between 13000 and 13170 or who = 2 and minute between 27000 and 27040 then 503
         when who < 2 and minute % 10080 < 20 and hash(i * 31) % 2 = 0 then 429
         when hash(i * 37) % 4000 = 0 then 400 else 200 end as status,
    case when hash(i * 41) % 3 = 0 then format('faq {{:05d}}', (hash(i * 43) % 20000)::bigint)
         else format('question {{:09d}}', i) end as prompt
from drawn
"""


def service(rows: int) -> Path:
    """Return the Parquet log of a service with so many requests, made where it is not there, and warm in the cache."""
    path = DATA / f"service-{rows}.parquet"
    if not path.exists():
        _make(_SERVICE.format(rows=rows), "parquet", path)
    _warm(path)
    return path


def log(rows: int, file_format: str) -> Path:
    """Return the log of so many rows in a format, made if it is not there, and warm in the page cache."""
    path = DATA / f"{rows}.{file_format}"
    if not path.exists():
        _make(_ROWS.format(rows=rows), file_format, path)
    _warm(path)
    return path


def _make(rows: str, file_format: str, path: Path) -> None:
    DATA.mkdir(exist_ok=True)
    unfinished = path.with_suffix(".part")
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"copy ({rows}) to '{unfinished}' ({FORMATS[file_format]})")
    unfinished.replace(path)


def _warm(path: Path) -> None:
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass
