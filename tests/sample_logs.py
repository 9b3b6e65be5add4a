"""Small logs with a known answer: seeded rows, the files that hold them, and prices to rate them by hand."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

Row = dict[str, Any]
FIRST = datetime(2026, 2, 1, tzinfo=UTC)
TASKS = ("intent", "entity", "sentiment", None)

PRICES = """\
aggcost_prices: 1
currency: USD
source: {name: sample contract, checked: 2026-02-01}
providers:
  acme:
    models:
      large:
        limits: {context: 6000}
        rates:
          - effective: {to: 2026-02-03T00:30:00Z}
            prices: {input: "5.00", cache_read: "0.50", output: "15.00"}
          - effective: {from: 2026-02-03T00:30:00Z}
            prices: {input: "2.50", cache_read: "1.25", output: "10.00"}
            tiers:
              - {when: {prompt_tokens: {gt: 4000}}, prices: {input: "5.00", output: "20.00"}}
      small:
        limits: {context: 3000}
        rates: [{prices: {input: "0.15", output: "0.60"}}]
  other:
    models:
      tiny:
        rates: [{prices: {input: "0.0375", cache_read: "0", output: "0.333333", requests: {price: "0.25", per: 1000}}}]
"""


def random_rows(seed: int, count: int = 200, days: int = 5) -> list[Row]:
    """Return requests of a few models; some fields missing, some requests failed."""
    draw = random.Random(seed)
    return [_row(draw, number, days) for number in range(count)]


def _row(draw: random.Random, number: int, days: int) -> Row:
    prompt = draw.choice([0, 1, 800, 2999, 3000, 3001, 4000, 4001, 5999, 6001, draw.randrange(8000)])
    failed = draw.random() < 0.1
    return {
        "timestamp": (FIRST + timedelta(seconds=draw.randrange(days * 86_400))).isoformat().replace("+00:00", "Z"),
        "request_id": f"r{number}",
        "provider": draw.choice(["acme", "acme", "other"]),
        "model": None,
        "task": draw.choice(TASKS),
        "user": f"u{draw.randrange(12)}",
        "input_tokens": 0 if failed else prompt,
        "cache_read_tokens": 0 if failed else draw.randrange(prompt + 1),
        "output_tokens": 0 if failed else draw.randrange(600),
        "latency_ms": draw.randrange(100, 5000),
        "status": "error" if failed else "ok",
    }


def with_models(rows: Sequence[Row], seed: int) -> list[Row]:
    """Return the rows with a model of their provider, now and then one that nobody prices."""
    draw = random.Random(seed)
    known = {"acme": ["large", "small"], "other": ["tiny"]}
    return [
        {**row, "model": draw.choice([*known[row["provider"]], *known[row["provider"]], "unheard"])} for row in rows
    ]


def sample(seed: int, count: int = 200, *, unpriced: bool = False) -> list[Row]:
    """Return a seeded log; every model has a price unless `unpriced`."""
    rows = with_models(random_rows(seed, count), seed)
    return rows if unpriced else [row for row in rows if row["model"] != "unheard"]


def write_csv(rows: Sequence[Row], path: Path) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    plain = text.getvalue().encode()
    path.write_bytes(gzip.compress(plain) if path.suffix == ".gz" else plain)
    return path


def write_jsonl(rows: Sequence[Row], path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_prices(folder: Path) -> Path:
    path = folder / "prices.yaml"
    path.write_text(PRICES)
    return path


def price_usd(row: Row, provider: str, model: str) -> Fraction | None:
    """Return what the row costs at a model of PRICES, worked out by hand; None where it has no price."""
    fresh, cached, out = row["input_tokens"] - row["cache_read_tokens"], row["cache_read_tokens"], row["output_tokens"]
    if (provider, model) == ("acme", "small"):
        return Fraction((fresh + cached) * 15 + out * 60, 100_000_000)
    if (provider, model) == ("other", "tiny"):
        per_million = fresh * Fraction("0.0375") + out * Fraction("0.333333")
        return per_million / 1_000_000 + Fraction("0.00025")
    if (provider, model) != ("acme", "large"):
        return None
    if row["timestamp"] < "2026-02-03T00:30:00":
        rates = ("5.00", "0.50", "15.00")
    elif row["input_tokens"] > 4000:
        rates = ("5.00", "1.25", "20.00")
    else:
        rates = ("2.50", "1.25", "10.00")
    return (
        sum((Fraction(rate) * tokens for rate, tokens in zip(rates, (fresh, cached, out), strict=True)), Fraction(0))
        / 1_000_000
    )
