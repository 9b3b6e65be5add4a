"""The month that `aggcost demo` replays: February 2026 of a support platform, made from a seed.

An article told of a monthly bill that routing cut from $10,000 to $2,100. Nobody has its log, so
this module makes one that gives the article's table honestly: the number of requests and tokens of
each line of work are exactly those of `LINES`, lengths and times are drawn around them, and no
dollar figure stands here. What the month costs follows from the prices of the project file.

How it is made:

* Lengths are lognormal, then scaled so that each line has its exact total (largest remainder); 15 %
  of the tokens are output.
* Latencies are placed, not drawn: quantiles of lognormal curves, dealt out at random. So the
  percentiles of all served requests, 890, 2,800 and 4,200 ms, do not depend on the seed.
* Conversations begin by a daily and weekly rhythm, have one to eight requests, and belong to one of
  5,000 users.
* 12,000 requests fail and are not billed: all that meet a provider's outage, bursts over a rate
  limit once a week, and some that no retry would mend. Served requests that would fall into an
  outage come at the same time on the next day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aggcost.usage import COLUMNS

SEED = 2026
START = datetime(2026, 2, 1, tzinfo=UTC)
DAYS = 28
OUTPUT_SHARE = 0.15
USERS = 5_000
LONGEST_CONVERSATION = 8

Array = np.ndarray[Any, Any]
Rows = Mapping[str, Array]  # one array a column, all of one length


@dataclass(frozen=True, slots=True)
class Curve:
    """A lognormal latency for a share of a line's requests; `sigma` is that of the logarithm."""

    share: float
    median_ms: int
    sigma: float


@dataclass(frozen=True, slots=True)
class Line:
    """Work of one kind: who serves it, for which team, how many requests, how long on average."""

    provider: str
    model: str
    task: str
    team: str
    requests: int
    mean_tokens: int
    latency: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """Minutes in which `failed` requests to a provider were answered with an error."""

    provider: str
    http_status: int
    first_minute: int
    minutes: int
    failed: int


# The three curves together have 890, 2,800 and 4,200 ms as p50, p95 and p99 of all served requests.
SMALL_TASK = (Curve(0.885, 962, 0.26), Curve(0.115, 3_217, 0.2514))
ANSWER = (Curve(1, 700, 0.24),)
REASONING = (Curve(1, 1_174, 0.41),)

GPT = ("openai", "gpt-4o")
CLAUDE = ("anthropic", "claude-3-5-sonnet-20241022")
GEMINI = ("google", "gemini-1.5-pro-002")

LINES = (
    Line(*GPT, "intent", "platform", 720_000, 350, SMALL_TASK),
    Line(*GPT, "entity", "platform", 32_000, 920, SMALL_TASK),
    Line(*GPT, "reasoning", "platform", 48_000, 2_470, REASONING),
    Line(*CLAUDE, "sentiment", "platform", 325_000, 500, SMALL_TASK),
    Line(*CLAUDE, "reasoning", "platform", 75_000, 500, REASONING),
    Line(*GEMINI, "responses", "platform", 593_750, 640, ANSWER),
    Line(*GEMINI, "responses", "direct-tenant", 6_250, 640, ANSWER),
)

_DAY = 24 * 60
# In working hours; failures in proportion to the minutes and to the provider's traffic.
OUTAGES = (
    Incident("openai", 503, 9 * _DAY + 13 * 60, 170, 5_087),  # Tuesday 10, 13:00
    Incident("anthropic", 503, 18 * _DAY + 15 * 60, 40, 599),  # Thursday 19, 15:00
    Incident("google", 503, 24 * _DAY + 10 * 60, 32, 718),  # Wednesday 25, 10:00
)
RATE_LIMITS = tuple(  # every Wednesday at 14:00
    Incident("openai", 429, (3 + 7 * week) * _DAY + 14 * 60, 20, 1_299) for week in range(DAYS // 7)
)
NOT_RETRIABLE = 400  # requests answered with HTTP 400, at any time

# Conversations that begin by hour of the day (UTC), in relation to each other.
DAY_SHAPE = (4, 3, 3, 3, 4, 5, 7, 10, 13, 15, 16, 16, 15, 16, 16, 15, 14, 12, 10, 9, 8, 7, 6, 5)
WEEKEND = 0.6  # of a working day's traffic

_OK = 200  # HTTP
_GAP_US = 40_000_000  # the longest pause between two requests of a conversation
_MINUTE_US = 60_000_000
_DAY_US = _DAY * _MINUTE_US
_MONTH_US = DAYS * _DAY_US
_ARROW = {
    "string": pa.string(),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "timestamp(6)": pa.timestamp("us"),
    "decimal(38, 12)": pa.decimal128(38, 12),
}


def write_month(path: Path, seed: int = SEED) -> Path:
    """Write the month as canonical Parquet (the columns of `aggcost.usage`) and return its path."""
    # plain Parquet types: a reader need not know that texts were dictionaries here
    pq.write_table(month(seed), path, compression="zstd", row_group_size=131_072, store_schema=False)
    return path


def month(seed: int = SEED) -> pa.Table:
    """Return the month's 1,812,000 requests in order of time; the same for the same seed."""
    random = np.random.default_rng(seed)
    served = _served(random)
    failed = _failed(random, served)
    rows = {name: np.concatenate([served[name], failed[name]]) for name in served}
    order = np.argsort(rows["us"], kind="stable")
    return _table({name: values[order] for name, values in rows.items()})


def _served(random: np.random.Generator) -> Rows:
    """Return the served requests, line after line, with their conversations dealt over all lines."""
    line = np.repeat(np.arange(len(LINES)), [one.requests for one in LINES])
    conversation, user, us = _conversations(random, len(line))
    tokens, output = np.concatenate([_lengths(random, one) for one in LINES], axis=1)
    return {
        "line": line,
        "conversation": conversation,
        "user": user,
        "us": _outside_outages(us, line),
        "input": tokens - output,
        "output": output,
        "latency_ms": np.concatenate([_latencies(random, one) for one in LINES]),
        "http_status": np.full(len(line), _OK),
    }


def _conversations(random: np.random.Generator, requests: int) -> tuple[Array, Array, Array]:
    """Return for each request its conversation, user, and time in microseconds from the start."""
    sizes = random.integers(1, LONGEST_CONVERSATION + 1, requests)
    sizes = sizes[: np.searchsorted(np.cumsum(sizes), requests) + 1]
    conversation = np.repeat(np.arange(len(sizes)), sizes)[:requests]
    place = np.arange(requests) - (np.cumsum(sizes) - sizes)[conversation]
    us = (
        _begins(random, len(sizes))[conversation]
        + place * _GAP_US
        - random.integers(0, _GAP_US, requests) * (place > 0)
    )
    user = (USERS * random.random(len(sizes)) ** 2).astype(np.int64)  # some ask much more often than others
    dealt = random.permutation(requests)
    return conversation[dealt], user[conversation][dealt], us[dealt]


def _begins(random: np.random.Generator, conversations: int) -> Array:
    """Return when each conversation begins, in microseconds: by hour of the day and day of the week."""
    days = np.array([WEEKEND if (START.weekday() + day) % 7 in {5, 6} else 1 for day in range(DAYS)])
    hours = np.outer(days, DAY_SHAPE).ravel()
    hour = np.searchsorted(np.cumsum(hours) / hours.sum(), random.random(conversations))
    us = hour * 60 * _MINUTE_US + random.integers(0, 60 * _MINUTE_US, conversations)
    begins: Array = np.minimum(us, _MONTH_US - LONGEST_CONVERSATION * _GAP_US)
    return begins


def _outside_outages(us: Array, line: Array) -> Array:
    """Return the times with those inside an outage of the line's provider moved to the next day."""
    for outage in OUTAGES:
        begin = outage.first_minute * _MINUTE_US
        inside = (us >= begin) & (us < begin + outage.minutes * _MINUTE_US)
        us = np.where(inside & np.isin(line, _lines_of(outage.provider)), us + _DAY_US, us)
    return us


def _lines_of(provider: str) -> list[int]:
    return [index for index, line in enumerate(LINES) if line.provider == provider]


def _lengths(random: np.random.Generator, line: Line) -> Array:
    """Return two rows: the tokens of each request of a line, and how many of them are output."""
    total = line.requests * line.mean_tokens
    tokens = exact_parts(random.lognormal(0, 0.5, line.requests), total)
    output = exact_parts(tokens * random.uniform(0.5, 1.5, line.requests), round(OUTPUT_SHARE * total))
    return np.stack([tokens, output])


def exact_parts(weights: Array, total: int) -> Array:
    """Return whole numbers in proportion to `weights` that add up to `total` (largest remainder)."""
    exact = weights * (total / weights.sum())
    parts: Array = np.floor(exact).astype(np.int64)
    missing = total - int(parts.sum())
    parts[np.argpartition(parts - exact, missing)[:missing]] += 1
    return parts


def _latencies(random: np.random.Generator, line: Line) -> Array:
    """Return the latency of each request of a line in ms: the quantiles of its curves, shuffled."""
    counts = exact_parts(np.array([curve.share for curve in line.latency]), line.requests)
    placed = [_quantiles(curve, int(count)) for curve, count in zip(line.latency, counts, strict=True)]
    return random.permutation(np.concatenate(placed))


def _quantiles(curve: Curve, count: int) -> Array:
    """Return `count` evenly spaced quantiles of a curve in ms, ascending."""
    points = np.linspace(0, 1, 4_001)[1:-1]
    normal = np.array([NormalDist().inv_cdf(point) for point in points])
    score = np.interp((np.arange(count) + 0.5) / count, points, normal)
    latency_ms: Array = np.rint(curve.median_ms * np.exp(curve.sigma * score)).astype(np.int64)
    return latency_ms


def _failed(random: np.random.Generator, served: Rows) -> Rows:
    """Return the failed requests: a line's share of each incident follows its share of the traffic."""
    everywhere = [
        Incident(provider, 400, 0, DAYS * _DAY, failed)
        for provider, failed in _shares(NOT_RETRIABLE, sorted({line.provider for line in LINES})).items()
    ]
    parts = [_incident(random, served, one) for one in (*OUTAGES, *RATE_LIMITS, *everywhere)]
    return {name: np.concatenate([part[name] for part in parts]) for name in served}


def _shares(total: int, providers: Sequence[str]) -> dict[str, int]:
    requests = [sum(LINES[index].requests for index in _lines_of(provider)) for provider in providers]
    return dict(zip(providers, exact_parts(np.array(requests), total).tolist(), strict=True))


def _incident(random: np.random.Generator, served: Rows, incident: Incident) -> Rows:
    """Return the requests that failed in an incident; each belongs to a conversation that there is."""
    count = incident.failed
    lines = _lines_of(incident.provider)
    per_line = exact_parts(np.array([LINES[index].requests for index in lines]), count)
    one_of = random.integers(0, len(served["line"]), count)
    minutes = random.integers(0, incident.minutes * _MINUTE_US, count)
    nothing = np.zeros(count, np.int64)
    return {
        "line": np.repeat(lines, per_line),
        "conversation": served["conversation"][one_of],
        "user": served["user"][one_of],
        "us": incident.first_minute * _MINUTE_US + minutes,
        "input": nothing,
        "output": nothing,
        "latency_ms": nothing,
        "http_status": np.full(count, incident.http_status),
    }


def _table(rows: Rows) -> pa.Table:
    """Return the canonical table, repeated texts as dictionaries; what this log does not know is null."""
    count = len(rows["us"])
    ok = rows["http_status"] == _OK
    always = np.zeros(count, np.int32)
    known = {
        "ts": pa.array(rows["us"] + int(START.timestamp()) * 1_000_000, pa.timestamp("us")),
        "request_id": _numbered("req-", np.arange(count)),
        "session_id": _numbered("conv-", np.arange(rows["conversation"].max() + 1)).take(
            pa.array(rows["conversation"])
        ),
        "user": _text(rows["user"], _numbered("user-", np.arange(USERS))),
        **{
            name: _text(rows["line"], [getattr(line, name) for line in LINES])
            for name in ("provider", "model", "task", "team")
        },
        "operation": _text(always, ["chat"]),
        "status": _text(ok, ["error", "ok"]),
        "http_status": pa.array(rows["http_status"]),
        "latency_ms": pa.array(rows["latency_ms"], mask=~ok),
        "request_count": pa.array(always + np.int64(1)),
        "grain": _text(always, ["request"]),
        "input": pa.array(rows["input"]),
        "output": pa.array(rows["output"]),
        "billable": pa.array(ok),
    }
    return pa.table({column.name: known.get(column.name, pa.nulls(count, _ARROW[column.type])) for column in COLUMNS})


def _numbered(prefix: str, numbers: Array) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 7, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def _text(codes: Array, values: Any) -> pa.Array:
    """Return a column of texts: for each row the value that its code stands for."""
    return pa.DictionaryArray.from_arrays(codes.astype(np.int32), values)
