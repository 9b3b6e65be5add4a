"""A clean log, and thousands of ways in which logs are spoiled, each with what it must not become.

A spoiled cell may be read as what it means, or be set aside; a spoiled file may be read, set aside in part with a word
about it, or be refused. What is read must be what the clean log says.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

FIRST = datetime(2026, 2, 1, 10, tzinfo=UTC)
COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens", "reasoning_tokens", "requests")
DURATIONS = ("latency_ms", "ttft_ms")
Row = dict[str, Any]
ANY = object()  # of a cell whose row must be set aside, whatever its value


@dataclass(frozen=True)
class Spoiled:
    """A row with one cell spoiled: `means` is what the cell may be read as (ANY: nothing), None an empty one."""

    row: Row
    column: str
    how: str
    means: Any


def clean_rows(seed: int, count: int) -> list[Row]:
    """Return rows whose spellings are all plain; input counts are large enough for any part of them."""
    draw = random.Random(seed)
    return [
        {
            "timestamp": (FIRST + timedelta(seconds=61 * number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "request_id": f"r{number}",
            "provider": "openai",
            "model": draw.choice(("gpt-4o", "gpt-4o-mini")),
            "input_tokens": draw.randrange(5_000, 9_000),
            "cache_read_tokens": draw.randrange(1_000, 2_000),
            "cache_write_5m_tokens": draw.randrange(1_000, 2_000),
            "output_tokens": draw.randrange(1_000, 3_000),
            "reasoning_tokens": draw.randrange(1_000),
            "requests": draw.randrange(1, 2_000),
            "latency_ms": draw.randrange(1_000, 9_000),
            "ttft_ms": draw.randrange(100, 900),
            "status": "ok",
            "cost_usd": f"{draw.randrange(1, 10**6)}.{draw.randrange(1, 100):02d}",
        }
        for number in range(count)
    ]


def answer(row: Row) -> Row:
    """Return the canonical columns of a row, its spellings all plain."""
    told = {name: row[name] for name in (*COUNTS, *DURATIONS)}
    told = {name: None if value is None else int(value) for name, value in told.items()}
    found = {
        "input": None
        if told["input_tokens"] is None
        else told["input_tokens"] - (told["cache_read_tokens"] or 0) - (told["cache_write_5m_tokens"] or 0),
        "cache_read": told["cache_read_tokens"], "cache_write_5m": told["cache_write_5m_tokens"],
        "output": told["output_tokens"], "reasoning": told["reasoning_tokens"], "request_count": told["requests"],
        "latency_ms": told["latency_ms"], "ttft_ms": told["ttft_ms"], "model": row["model"], "status": row["status"],
    }  # fmt: skip
    time = row["timestamp"]
    found["ts"] = None if time is None else datetime.fromisoformat(time).astimezone(UTC).replace(tzinfo=None)
    found["recorded_cost"] = None if row["cost_usd"] is None else Decimal(row["cost_usd"])
    return found


def _other_digits(text: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(sign)) if sign.isdigit() else sign for sign in text)


def _count_spellings(value: int) -> Iterator[tuple[str, Any, Any]]:
    """Yield (how, spelling, what it may be read as) of a whole number."""
    plain = str(value)
    same = {
        "underscore": f"{value:_}", "comma": f"{value:,}", "apostrophe": f"{value:,}".replace(",", "'"),
        "dot for thousands": f"{value / 1000:.3f}", "space for thousands": f"{value:,}".replace(",", " "),
        "exponent": f"{value}e0", "exponent of 3": f"{value / 1000:g}e3", "capital exponent": f"{value}E+0",
        "hexadecimal": hex(value), "octal": oct(value), "binary": bin(value), "plus": f"+{value}",
        "spaces": f" {value} ", "tab": f"\t{value}", "no-break space": f"{value}\u00a0", "thin space": f"\u2009{value}",
        "zero-width space": f"{value}\u200b", "mark": f"\ufeff{value}", "point": f"{value}.0", "points": f"{value}.000",
        "point alone": f"{value}.", "leading zeros": f"000{value}", "full-width": _other_digits(plain, "\uff10"),
        "arabic": _other_digits(plain, "\u0660"), "devanagari": _other_digits(plain, "\u0966"), "quoted": f"'{value}'",
        "formula": f"={value}", "with a unit": f"{value} tokens", "with a letter": f"{value}k", "in brackets": f"({value})",
        "about": f"~{value}", "currency": f"${value}", "percent": f"{value}%", "with a line feed": f"{value}\n",
    }  # fmt: skip
    yield from ((how, text, value) for how, text in same.items() if text != plain)
    none = {
        "minus": f"-{value}", "unicode minus": f"\u2212{value}", "half": f"{value}.5", "nearly": f"{value}.0001", "nan": "NaN",
        "infinite": "inf", "-infinite": "-Infinity", "superscript": f"{value}\u00b2", "fraction": f"{value}\u00bd", "too many": "10000000000000",
        "more than 64 bits": "9223372036854775808", "more than 128 bits": "9" * 40, "two numbers": f"{value} {value}",
        "a sum": f"{value}+1", "a word": "many", "none in words": "none", "nil": "nil", "n/a": "n/a", "dash": "-", "question": "?",
        "true": "true", "false": "false", "null": "null", "list": f"[{value}]", "object": f'{{"n": {value}}}', "date": "2026-02-01",
        "roman": "\u2167", "nothing but a sign": "+", "nothing but a point": ".", "e": "e5", "range": f"{value}-{value + 1}",
    }  # fmt: skip
    yield from ((how, text, ANY) for how, text in none.items())
    yield from (("empty", "", None), ("blank", "   ", None))


def _time_spellings(value: str) -> Iterator[tuple[str, Any, Any]]:
    time = datetime.fromisoformat(value)
    same = {
        "day first": f"{time:%d/%m/%Y %H:%M:%S}", "month first": f"{time:%m/%d/%Y %H:%M:%S}", "dots": f"{time:%d.%m.%Y %H:%M}",
        "short year": f"{time:%y-%m-%dT%H:%M:%SZ}", "epoch": f"{time.timestamp():.0f}", "epoch ms": f"{time.timestamp() * 1000:.0f}",
        "lower-case z": value.lower(), "lower-case t": value.replace("T", "t"), "space": value.replace("T", " "),
        "east": f"{time + timedelta(hours=5, minutes=30):%Y-%m-%dT%H:%M:%S}+05:30", "west": f"{time - timedelta(hours=8):%Y-%m-%dT%H:%M:%S}-08:00",
        "short offset": f"{time + timedelta(hours=2):%Y-%m-%d %H:%M:%S}+02", "offset without colon": f"{time + timedelta(hours=2):%Y-%m-%dT%H:%M:%S}+0200",
        "micros": value.replace("Z", ".000000Z"), "nanos": value.replace("Z", ".000000000Z"), "comma": value.replace("Z", ",000Z"),
        "UTC": value.replace("Z", " UTC"), "GMT": value.replace("Z", " GMT"), "EST": f"{time - timedelta(hours=5):%Y-%m-%d %H:%M:%S} EST",
        "rfc 2822": f"{time:%a, %d %b %Y %H:%M:%S +0000}", "basic": f"{time:%Y%m%dT%H%M%SZ}", "slashes": f"{time:%Y/%m/%d %H:%M:%SZ}",
        "spaces": f"  {value} ", "no-break space": value.replace("T", "\u00a0"), "zero-width": f"\u200b{value}", "full-width": _other_digits(value, "\uff10"),
        "minus signs": value.replace("-", "\u2212"), "afternoon": f"{time:%Y-%m-%d %I:%M:%S %p}", "week date": f"{time:%G-W%V-%uT%H:%M:%SZ}",
        "day of year": f"{time:%Y-%jT%H:%M:%SZ}", "ends twice": f"{value}Z", "long offset": value.replace("Z", "+00:00:00"),
        "zone in brackets": value.replace("Z", "+00:00[Etc/UTC]"), "zone name": value.replace("Z", " Europe/London"), "unpadded": f"{time:%Y}-2-1T{time:%H:%M:%SZ}" if time.day == 1 else f"{time:%Y}-2-{time.day}T{time:%H:%M:%SZ}",
    }  # fmt: skip
    yield from ((how, text, value) for how, text in same.items())
    day = f"{time:%Y-%m-%d}"
    none = {
        "no such day": "2026-02-30T00:00:00Z", "month 13": "2026-13-01T00:00:00Z", "hour 25": f"{day}T25:00:00Z", "minute 60": f"{day}T10:60:00Z",
        "second 61": f"{day}T10:00:61Z", "leap second": f"{day}T23:59:60Z", "24:30": f"{day}T24:30:00Z", "offset of a day": f"{day}T10:00:00+24:00", "far future": "9999-12-31T00:00:00Z", "year of five digits": "12026-02-01T00:00:00Z", "before Christ": "-0044-03-15T00:00:00Z",
        "year 0": "0000-01-01T00:00:00Z", "year 1": "0001-01-01T00:00:00Z", "zeros": "0000-00-00 00:00:00", "word": "yesterday", "now": "now", "infinity": "infinity", "epoch in words": "epoch", "nan": "NaN",
        "null": "null", "dash": "-", "time alone": f"{time:%H:%M:%S}", "year alone": "2026", "month alone": "2026-02", "negative": "-1", "list": f'["{value}"]', "two": f"{value} {value}",
    }  # fmt: skip
    yield from ((how, text, ANY) for how, text in none.items())
    midnight = (time.replace(hour=0, minute=0, second=0) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield ("24:00", f"{day}T24:00:00Z", midnight)
    yield ("1970", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z")
    yield ("empty", "", None)


def _cost_spellings(value: str) -> Iterator[tuple[str, Any, Any]]:
    number = Decimal(value)
    same = {
        "dollar": f"${value}", "euro": f"\u20ac{value}", "dollar behind": f"{value} $", "code": f"USD {value}", "code behind": f"{value}USD", "commas": f"{number:,}.", "commas alone": f"{number:,}",
        "decimal comma": value.replace(".", ","), "german": f"{number:,}".replace(",", "_").replace(".", ",").replace("_", "."), "swiss": f"{number:,}".replace(",", "'"), "underscore": f"{number:,}".replace(",", "_"),
        "exponent": f"{number.scaleb(2)}e-2".replace("E+", "e") if "E" not in str(number.scaleb(2)) else f"{value}e0", "capital": f"{value}E0", "plus": f"+{value}", "spaces": f" {value} ", "no-break space": f"\u00a0{value}", "zero-width": f"{value}\u200b", "leading zeros": f"00{value}",
        "trailing zeros": f"{value}0000", "full-width": _other_digits(value, "\uff10"), "arabic": _other_digits(value, "\u0660"), "quoted": f"'{value}'", "formula": f"={value}", "tab": f"\t{value}",
    }  # fmt: skip
    yield from ((how, text, value) for how, text in same.items() if text != value)
    none = {
        "in brackets": f"({value})", "minus behind": f"{value}-", "nan": "NaN", "inf": "inf", "-inf": "-Infinity", "cents": f"{value}\u00a2", "two points": f"{value}.0", "two numbers": f"{value} {value}", "word": "free", "null": "null", "dash": "-", "n/a": "n/a", "hexadecimal": "0x1p3",
        "true": "true", "list": f"[{value}]", "huge": "9" * 40, "huge exponent": "1e99", "superscript": f"{value}\u00b2", "fraction": "\u00bd", "percent": f"{value}%", "sum": f"{value}+1", "thousands of dollars": f"{value}k",
    }  # fmt: skip
    yield from ((how, text, ANY) for how, text in none.items())
    yield ("empty", "", None)


def _status_spellings(_: str) -> Iterator[tuple[str, Any, Any]]:
    for text in (
        "OK",
        "Ok",
        " ok ",
        "success",
        "SUCCESS",
        "Succeeded",
        "200",
        "201",
        "200 ",
        "true",
        "TRUE",
        "done",
        "completed",
        "ok\u00a0",
        "ok\u200b",
        "200.0",
        "2xx",
        "HTTP 200",
        "200 OK",
        "\uff12\uff10\uff10",
        "'ok'",
        "ok.",
        "ok\n",
    ):
        yield (f"as {text!r}", text, "ok")
    for text in (
        "okay?",
        "0",
        "1",
        "600",
        "99",
        "2000",
        "-200",
        "null",
        "-",
        "?",
        "unknown",
        "ok/error",
        "ok error",
        "[ok]",
        "nan",
        "pending",
    ):
        yield (f"as {text!r}", text, ANY)
    yield ("empty", "", None)


def _duration_spellings(value: int) -> Iterator[tuple[str, Any, Any]]:
    for how, text, means in _count_spellings(value):
        if how not in ("half", "nearly", "dot for thousands", "exponent of 3"):  # fractions of a millisecond are fine
            yield how, text, means
    yield ("seconds", f"{value}s", ANY)
    yield ("minutes", "00:01:30", ANY)
    yield ("iso", "PT1.5S", ANY)


SPELLINGS: dict[str, Callable[[Any], Iterator[tuple[str, Any, Any]]]] = {
    **dict.fromkeys(COUNTS, _count_spellings),
    **dict.fromkeys(DURATIONS, _duration_spellings),
    "timestamp": _time_spellings,
    "cost_usd": _cost_spellings,
    "status": _status_spellings,
}


def spoiled_texts(seed: int) -> list[Spoiled]:
    """Return a row for each spelling of each column."""
    how_many = sum(len(list(spell(one))) for one, spell in _examples())
    rows = iter(clean_rows(seed, how_many + 50))
    found = []
    for column, spell in SPELLINGS.items():
        number = len(list(spell(clean_rows(seed, 1)[0][column])))
        for index in range(number):
            row = next(rows)
            listed = list(spell(row[column]))
            if index < len(listed):
                how, text, means = listed[index]
                found.append(Spoiled(row | {column: text}, column, how, _meant(row, column, means)))
    return found


def _examples() -> Iterator[tuple[Any, Callable[[Any], Iterator[tuple[str, Any, Any]]]]]:
    row = clean_rows(0, 1)[0]
    return ((row[column], spell) for column, spell in SPELLINGS.items())


def _meant(row: Row, column: str, means: Any) -> Any:
    if means is ANY or (means is None and column == "requests"):
        return ANY
    return answer(row | {column: means})


TYPED: tuple[tuple[str, Any, bool], ...] = (
    ("true", True, False), ("false", False, False), ("list", [5], False), ("empty list", [], False), ("object", {"n": 5}, False),
    ("empty object", {}, False), ("fraction", 5.5, False), ("negative", -5, False), ("huge", 10**30, False), ("too many", 10**13, False),
    ("tiny", 1e-7, False), ("nested", {"a": {"b": [1, {"c": 2}]}}, False), ("list of a number and null", [None, 5], False),
)  # fmt: skip


def spoiled_types(seed: int) -> list[Spoiled]:
    """Return a row of JSON for each wrong type in each column of numbers, and of right values as other types."""
    rows = iter(clean_rows(seed, 400))
    found = []
    for column in (*COUNTS, *DURATIONS, "timestamp", "cost_usd", "status"):
        numeric = column not in ("timestamp", "status")
        for how, value, _ in TYPED:
            if column in (*DURATIONS, "cost_usd") and how in ("fraction", "tiny", "huge", "too many", "negative"):
                continue
            if column == "status" and how in ("true", "false"):
                continue  # these are states
            row = next(rows)
            found.append(Spoiled(row | {column: value}, column, how, ANY))
        row = next(rows)
        if numeric:
            as_text = row[column] if column == "cost_usd" else str(row[column])
            found.append(Spoiled(row | {column: as_text}, column, "as text", answer(row)))
            row = next(rows)
            if column != "cost_usd":
                found.append(Spoiled(row | {column: float(row[column])}, column, "as a float", answer(row)))
        row = next(rows)
        found.append(Spoiled(row | {column: None}, column, "null", _meant(row, column, None)))
        row = next(rows)
        missing = {name: value for name, value in row.items() if name != column}
        found.append(Spoiled(missing, column, "missing", _meant(row, column, None)))
    return found


def as_csv(rows: list[Row], delimiter: str = ",") -> str:
    text = io.StringIO()
    made = csv.DictWriter(text, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    made.writeheader()
    made.writerows(rows)
    return text.getvalue()


def as_jsonl(rows: list[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
