"""Whole files spoiled: delimiters, quotes, line ends, headers, JSON and column types that are not as they should be."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from polluter import Row, as_csv, as_jsonl

ROWS = 25
Files = Iterator[tuple[str, str, bytes]]  # what was done, the name of the file, its bytes


def spoiled_csv(rows: list[Row], seed: int) -> Files:
    """Yield CSV files of the rows, each spoiled in one way."""
    draw = random.Random(seed)
    text = as_csv(rows)
    lines = text.splitlines()
    at = draw.randrange(5, len(lines) - 5)

    def joined(changed: list[str], end: str = "\n") -> bytes:
        return "".join(line + end for line in changed).encode()

    def line(new: str) -> bytes:
        return joined([*lines[:at], new, *lines[at + 1 :]])

    def added(*new: str) -> bytes:
        return joined([*lines[:at], *new, *lines[at:]])

    def cell(column: str, change: Callable[[str], str]) -> bytes:
        position = lines[0].split(",").index(column)
        cells = lines[at].split(",")
        cells[position] = change(cells[position])
        return line(",".join(cells))

    def header(change: Callable[[str], str]) -> bytes:
        return joined([",".join(map(change, lines[0].split(","))), *lines[1:]])

    head = lines[0].split(",")
    plain = text.encode()
    made: dict[str, bytes] = {
        "a mark in front": codecs.BOM_UTF8 + plain,
        "two marks in front": codecs.BOM_UTF8 * 2 + plain,
        "a mark in the middle": added("\ufeff" + lines[at]).replace(joined([lines[at], lines[at]]), b""),
        "a mark before a row": line("\ufeff" + lines[at]),
        "utf-16": text.encode("utf-16"), "utf-16 without a mark": text.encode("utf-16-le"), "utf-32": text.encode("utf-32"),
        "crlf": joined(lines, "\r\n"), "cr": joined(lines, "\r"),
        "crlf and lf": "".join(one + draw.choice(("\n", "\r\n")) for one in lines).encode(),
        "cr among lf": "".join(one + ("\r" if number == at else "\n") for number, one in enumerate(lines)).encode(),
        "lf, and then cr": "".join(one + ("\r" if number > at else "\n") for number, one in enumerate(lines)).encode(),
        "cr cr lf": joined(lines, "\r\r\n"), "lf cr": joined(lines, "\n\r"),
        "line separators": joined(lines, "\u2028"), "next lines": joined(lines, "\u0085"), "form feeds": joined(lines, "\f\n"),
        "nul": plain[: len(plain) // 2] + b"\0" + plain[len(plain) // 2 :], "nul at the end": plain + b"\0" * 100, "ctrl-z": plain + b"\x1a",
        "no line end": plain.rstrip(), "many line ends": plain + b"\n" * 50, "blank lines": joined([part for one in lines for part in (one, "")]),
        "blank lines in front": b"\n\n" + plain, "lines of spaces": added("   ", "\t"), "spaces in front": b"  " + plain,
        "trailing delimiters": joined([f"{one}," for one in lines]), "trailing delimiter of the header": joined([f"{lines[0]},", *lines[1:]]),
        "trailing delimiters of the rows": joined([lines[0], *(f"{one}," for one in lines[1:])]), "trailing delimiter of a row": line(lines[at] + ","),
        "a delimiter too few": line(lines[at].replace(",", "", 1)), "a delimiter too many": line(lines[at].replace(",", ",,", 1)),
        "the last cell is missing": line(lines[at].rpartition(",")[0]), "the first cell is missing": line(lines[at].partition(",")[2]),
        "two cells too many": line(lines[at] + ",1,2"), "another delimiter in a row": line(lines[at].replace(",", ";")), "a tab for a comma": line(lines[at].replace(",", "\t", 1)),
        "a comment in front": b"# made by hand\n" + plain, "a comment": added("# made by hand"), "a comment with cells": added("# a,b,c"), "slashes": added("// nothing"),
        "a title": b"Usage of February\n" + plain, "a title with a comma": b"Usage, February\n" + plain, "sep=": b"sep=,\n" + plain,
        "the header again": added(lines[0]), "the header every five rows": joined([part for number, one in enumerate(lines[1:]) for part in ((lines[0], one) if number % 5 == 0 else (one,))]),
        "the header at the end": joined([*lines, lines[0]]), "a row of dashes": joined([lines[0], ",".join("---" for _ in head), *lines[1:]]), "no header": joined(lines[1:]),
        "a header alone": joined(lines[:1]), "nothing": b"", "blanks alone": b"\n  \n\n", "a second table": joined([*lines, "", "team,budget", "a,5", "b,6"]),
        "a second table of as many columns": joined([*lines, "", ",".join(f"x{n}" for n in range(len(head))), ",".join("7" for _ in head)]), "a total": joined([*lines, "Total" + "," * (len(head) - 1)]),
        "a total of tokens": joined([*lines, ",".join("Total" if name == "timestamp" else "99999" if "tokens" in name else "" for name in head)]),
        "cut in the middle": plain[: len(plain) - len(lines[-1]) // 2 - 1], "cut before the last cell": plain[: plain.rindex(b",")],
        "cut in the first cell": plain[: plain.rindex(b"\n", 0, len(plain) - 2) + 5], "cut in the header": plain[: len(lines[0]) // 2],
        "the file twice": plain + plain, "rows twice": joined([lines[0], *lines[1:], *lines[1:4]]),
        "an open quote": cell("model", '"{}'.format), "an open quote at the end": joined([*lines[:-1], lines[-1].replace("gpt", '"gpt')]), "a quote in the middle": cell("model", lambda one: one.replace("-", '"-', 1)), "a quote behind": cell("model", '{}"'.format),
        "doubled quotes": cell("model", '""{}""'.format), "quoted": cell("model", '"{}"'.format), "quoted and more": cell("model", '"{}"x'.format), "space and quoted": cell("model", ' "{}"'.format), "quoted count": cell("input_tokens", '"{}"'.format),
        "all quoted": joined([",".join(f'"{one}"' for one in each.split(",")) for each in lines]), "single quotes": joined([",".join(f"'{one}'" for one in each.split(",")) for each in lines]),
        "a whole row in quotes": line(f'"{lines[at]}"'), "every row in quotes": joined([f'"{one}"' for one in lines]), "a backslash before a quote": cell("model", '"{}\\"x"'.format), "a quoted delimiter": cell("provider", '"{},"'.format),
        "two stray quotes": joined([one.replace("openai", '"openai', 1) if number in (at, at + 2) else one for number, one in enumerate(lines)]),
        "two quotes that open": joined([one.replace(",gpt", ',"gpt', 1) if number in (at, at + 3) else one for number, one in enumerate(lines)]),
        "a stray quote and its end": joined([one.replace(",gpt", ',"gpt', 1) if number == at else one.replace(",openai", '",openai', 1) if number == at + 1 else one for number, one in enumerate(lines)]),
        "a line feed in quotes": cell("request_id", lambda one: f'"{one}\n"'), "a line feed without quotes": line(lines[at][:30] + "\n" + lines[at][30:]), "a carriage return in a cell": line(lines[at][:30] + "\r" + lines[at][30:]),
        "latin-1": line(lines[at].replace("openai", "op\u00e9nai")).decode().encode("latin-1"), "a broken byte": plain.replace(b"openai", b"open\xff", 1), "a broken byte in the header": b"\xff" + plain, "half a sign": plain + "é".encode()[:1],
        "upper case": header(str.upper), "title case": header(lambda one: one.replace("_", " ").title()), "dashes": header(lambda one: one.replace("_", "-")), "camel case": header(lambda one: one.title().replace("_", "")), "spaces": header(lambda one: f"  {one} "),
        "no-break spaces": header(lambda one: f"\u00a0{one}\u00a0"), "zero-width spaces": header(lambda one: f"\u200b{one}"), "soft hyphens": header(lambda one: one.replace("_", "\u00ad_")), "points": header(lambda one: one.replace("_", ".")),
        "synonyms": header(lambda one: {"input_tokens": "prompt_tokens", "output_tokens": "Completion Tokens", "timestamp": "created_at", "latency_ms": "duration_ms", "cost_usd": "spend"}.get(one, one)),
        "a name twice": header(lambda one: "input_tokens" if one == "output_tokens" else one), "a name twice but for its case": header(lambda one: "Input_Tokens" if one == "output_tokens" else one),
        "a synonym beside": joined([lines[0] + ",prompt_tokens", *(f"{one},7" for one in lines[1:])]), "a name missing": header(lambda one: "" if one == "provider" else one),
        "an unknown column": joined([lines[0] + ",note", *(f"{one},x" for one in lines[1:])]), "a column of nothing": joined([lines[0] + ",", *(f"{one}," for one in lines[1:])]),
        "columns turned round": joined([",".join(reversed(one.split(","))) for one in lines]), "semicolons": as_csv(rows, ";").encode(), "tabs": as_csv(rows, "\t").encode(), "bars": as_csv(rows, "|").encode(), "carets": as_csv(rows, "^").encode(), "colons": as_csv(rows, ":").encode(),
        "a space behind delimiters": joined([one.replace(",", ", ") for one in lines]), "aligned": joined([",".join(f"{cell:>24}" for cell in one.split(",")) for one in lines]),
        "gzip cut": gzip.compress(plain)[:-9], "gzip with more": gzip.compress(plain) + b"more", "gzip twice": gzip.compress(gzip.compress(plain)), "two members": gzip.compress(joined(lines[:9])) + gzip.compress(joined(lines[9:])), "gzip broken": gzip.compress(plain)[:60] + b"\0\0\0\0" + gzip.compress(plain)[64:],
        "html": b"<html><body><table>" + plain + b"</table></body></html>", "markdown": joined([f"| {one.replace(',', ' | ')} |" for one in lines]), "an error page": b'{"error": "not found"}\n', "shuffled": joined([lines[0], *draw.sample(lines[1:], len(lines) - 1)]),
    }  # fmt: skip
    yield from ((how, "log.csv", content) for how, content in made.items())


def spoiled_json(rows: list[Row], seed: int) -> Files:
    """Yield JSON files of the rows, each spoiled in one way."""
    draw = random.Random(seed)
    lines = as_jsonl(rows).splitlines()
    at = draw.randrange(5, len(lines) - 5)
    row = rows[at]

    def joined(changed: list[str], end: str = "\n") -> bytes:
        return "".join(line + end for line in changed).encode("utf-8", "surrogatepass")

    def line(new: str) -> bytes:
        return joined([*lines[:at], new, *lines[at + 1 :]])

    def added(*new: str) -> bytes:
        return joined([*lines[:at], *new, *lines[at:]])

    one, array = lines[at], "[" + ", ".join(lines) + "]"
    made: dict[str, bytes] = {
        "the key again, another value": line(one[:-1] + ', "input_tokens": 7}'), "the key before, another value": line('{"input_tokens": 8000001, ' + one[1:]),
        "the key again, null": line(one[:-1] + ', "input_tokens": null}'), "the key again, the same": line(one[:-1] + f', "input_tokens": {row["input_tokens"]}}}'), "the model again": line('{"model": "o1", ' + one[1:]),
        "the key again in every line": joined([f'{each[:-1]}, "output_tokens": 7}}' for each in lines]), "the key again in another case": line(one[:-1] + ', "Input_Tokens": 7}'), "keys in another case": joined([each.replace("input_tokens", "Input_Tokens") for each in lines]),
        "a key in another case in a line": line(one.replace("input_tokens", "INPUT_TOKENS")), "a key with a space": line(one.replace('"input_tokens"', '"input_tokens "')), "a key with a zero-width space": line(one.replace('"input_tokens"', '"input_tokens\u200b"')),
        "a synonym in a line": line(one.replace("input_tokens", "prompt_tokens")), "an escaped key": line(one.replace("input_tokens", "input\\u005ftokens")), "a trailing comma": line(one[:-1] + ",}"), "commas behind": joined([f"{each}," for each in lines]), "a comment": line(one + " // fine"), "a comment line": added("// fine"), "a block comment": line("/* x */" + one),
        "NaN": line(one.replace(str(row["input_tokens"]), "NaN", 1)), "Infinity": line(one.replace(str(row["input_tokens"]), "Infinity", 1)), "-Infinity": line(one.replace(str(row["input_tokens"]), "-Infinity", 1)), "leading zeros": line(one.replace(f": {row['input_tokens']}", f": 00{row['input_tokens']}", 1)),
        "plus": line(one.replace(f": {row['input_tokens']}", f": +{row['input_tokens']}", 1)), "hexadecimal": line(one.replace(f": {row['input_tokens']}", f": {hex(row['input_tokens'])}", 1)), "exponent": line(one.replace(f": {row['input_tokens']}", f": {row['input_tokens']}e0", 1)), "underscore": line(one.replace(f": {row['input_tokens']}", f": {row['input_tokens']:_}", 1)),
        "single quotes": line(one.replace('"', "'")), "no quotes": line(one.replace('"model"', "model")), "True": line(one.replace('"ok"', "True")), "undefined": line(one.replace('"ok"', "undefined")), "a lone surrogate": line(one.replace("gpt-4o", "gpt-4o\\ud83d")), "a raw surrogate": line(one.replace("gpt-4o", "gpt-4o\ud83d")), "an escaped nul": line(one.replace("gpt-4o", "gpt-4o\\u0000")),
        "a raw tab": line(one.replace("gpt-4o", "gpt\t4o")), "a bad escape": line(one.replace("gpt-4o", "gpt\\x4o")), "two on a line": line(one + one.replace(row["request_id"], "r900")), "two on a line with a space": joined([*lines[:at], f"{one} {lines[at + 1]}", *lines[at + 2 :]]), "an array on a line": line(f"[{one}]"), "an array of two on a line": joined([*lines[:at], f"[{one}, {lines[at + 1]}]", *lines[at + 2 :]]),
        "null on a line": added("null"), "a number on a line": added("5"), "a text on a line": added('"text"'), "an empty object": added("{}"), "an empty array": added("[]"), "blank lines": added("", "   "), "cut": joined(lines)[:-40], "cut in a number": joined(lines)[: joined(lines).rindex(b'"input_tokens"') + 18], "cut after an object": joined(lines)[:-1],
        "a cut line": line(one[:60]), "over two lines": line(one[:60].rpartition(",")[0] + ",\n" + one[len(one[:60].rpartition(",")[0]) + 1 :]), "a mark in front": codecs.BOM_UTF8 + joined(lines), "a mark in the middle": line("\ufeff" + one), "utf-16": joined(lines).decode().encode("utf-16"), "crlf": joined(lines, "\r\n"), "cr": joined(lines, "\r"), "record separators": joined(["\x1e" + each for each in lines]), "no line ends": joined(lines, ""), "spaces": joined([f"  {each}  " for each in lines]),
        "nul": joined(lines)[:500] + b"\0" + joined(lines)[500:], "a broken byte": line(one).replace(b"gpt-4o", b"gpt-\xff", at), "deep": line(one[:-1] + ', "x": ' + "[" * 900 + "]" * 900 + "}"), "very deep": line(one[:-1] + ', "x": ' + '{"a":' * 9000 + "1" + "}" * 9000 + "}"), "wrapped": joined([f'{{"usage": {each}}}' for each in lines]), "a wrapped line": line(f'{{"usage": {one}}}'), "prefixed": joined([f"2026-02-01 INFO {each}" for each in lines]), "a prefixed line": line(f"INFO {one}"), "a log line": added("2026-02-01 started"), "a quoted line": line(json.dumps(one)),
        "keys in another order": joined([json.dumps(dict(reversed(each.items()))) for each in rows]), "shuffled": joined(draw.sample(lines, len(lines))), "twice": joined(lines) * 2, "an array": array.encode(), "an array over lines": ("[\n" + ",\n".join(lines) + "\n]\n").encode(), "an array with a trailing comma": (array[:-1] + ",]").encode(), "an array cut": array[:-50].encode(), "an array without an end": array[:-1].encode(), "an array with more": (array + "x").encode(),
        "two arrays": (array + "\n" + array).encode(), "an array of arrays": f"[{array}]".encode(), "an array with null": f"[null, {array[1:]}".encode(), "an array with a text": f'["x", {array[1:]}'.encode(), "data": f'{{"data": {array}}}'.encode(), "data and more": f'{{"object": "list", "data": {array}, "has_more": true}}'.encode(), "rows": f'{{"rows": {array}}}'.encode(), "pretty": json.dumps(rows, indent=2).encode(), "objects over lines": "\n".join(json.dumps(each, indent=1) for each in rows).encode(),
        "an array with NaN": array.replace(str(row["input_tokens"]), "NaN", 1).encode(), "an array with a key again": array.replace(one, '{"input_tokens": 8000001, ' + one[1:]).encode(), "an array with a comment": array.replace(one, f"/* x */ {one}").encode(), "by id": json.dumps({each["request_id"]: each for each in rows}).encode(), "columns": json.dumps({name: [each[name] for each in rows] for name in rows[0]}).encode(),
    }  # fmt: skip
    yield from ((how, "log.jsonl", content) for how, content in made.items())


def spoiled_parquet(rows: list[Row], seed: int) -> Files:  # noqa: C901 - a list of cases
    """Yield Parquet files of the rows, each with a column of another type, or with one wrong value."""
    at = random.Random(seed).randrange(5, len(rows) - 5)

    def stored(**columns: Any) -> bytes:
        plain = {name: pa.array([row[name] for row in rows]) for name in rows[0]}
        told = pa.table(plain | columns)
        file = io.BytesIO()
        pq.write_table(told, file)
        return file.getvalue()

    counts = [row["input_tokens"] for row in rows]
    times = [datetime.fromisoformat(row["timestamp"]) for row in rows]
    costs = [Decimal(row["cost_usd"]) for row in rows]
    naive = [time.replace(tzinfo=None) for time in times]

    def one(values: list[Any], value: Any) -> list[Any]:
        return [*values[:at], value, *values[at + 1 :]]

    kinds = ("int16", "int32", "int64", "uint16", "uint32", "uint64", "float32", "float64", "string", "large_string", "decimal128(12, 2)", "decimal128(9, 0)", "decimal256(40, 3)")  # fmt: skip
    for kind in kinds:
        made = (
            pa.decimal128(12, 2)
            if kind.startswith("decimal128(12")
            else pa.decimal128(9, 0)
            if kind.startswith("decimal128")
            else pa.decimal256(40, 3)
            if kind.startswith("decimal256")
            else getattr(pa, kind)()
        )
        values: list[Any] = (
            [str(value) for value in counts]
            if "string" in kind
            else [Decimal(value) for value in counts]
            if "decimal" in kind
            else counts
        )
        yield f"counts as {kind}", "log.parquet", stored(input_tokens=pa.array(values, made))
    for how, value in (
        ("half", 5.5),
        ("nearly", 5.000001),
        ("nan", float("nan")),
        ("inf", float("inf")),
        ("negative", -5.0),
        ("huge", 1e30),
    ):
        yield (
            f"a float that is {how}",
            "log.parquet",
            stored(output_tokens=pa.array(one([float(row["output_tokens"]) for row in rows], value), pa.float64())),
        )
    for value in (-5, 10**13, 2**62):
        yield (
            f"an integer of {value}",
            "log.parquet",
            stored(output_tokens=pa.array(one([row["output_tokens"] for row in rows], value), pa.int64())),
        )
    for value in ("1_000", "0x10", "1e3", "5.5", " 5 5", "NaN", "-"):
        yield (
            f"a text of {value}",
            "log.parquet",
            stored(output_tokens=pa.array(one([str(row["output_tokens"]) for row in rows], value))),
        )
    yield "counts as truth", "log.parquet", stored(output_tokens=pa.array([True] * len(rows)))
    yield "counts in lists", "log.parquet", stored(output_tokens=pa.array([[value] for value in counts]))
    yield "counts in structs", "log.parquet", stored(output_tokens=pa.array([{"n": value} for value in counts]))
    yield (
        "counts as bytes",
        "log.parquet",
        stored(input_tokens=pa.array([str(value).encode() for value in counts], pa.binary())),
    )
    yield "counts in a dictionary", "log.parquet", stored(input_tokens=pa.array(counts).dictionary_encode())
    for unit in ("s", "ms", "us", "ns"):
        yield f"times in {unit}", "log.parquet", stored(timestamp=pa.array(naive, pa.timestamp(unit)))
        yield (
            f"times in {unit} with a zone",
            "log.parquet",
            stored(timestamp=pa.array(times, pa.timestamp(unit, "UTC"))),
        )
        yield (
            f"times in {unit} of Berlin",
            "log.parquet",
            stored(timestamp=pa.array(times, pa.timestamp(unit, "Europe/Berlin"))),
        )
        factor = {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9}[unit]
        numbers = [int(time.timestamp()) * factor for time in times]
        yield f"times as numbers in {unit}", "log.parquet", stored(timestamp=pa.array(numbers))
        yield (
            f"times as floats in {unit}",
            "log.parquet",
            stored(timestamp=pa.array([float(value) for value in numbers])),
        )
        yield f"times as text in {unit}", "log.parquet", stored(timestamp=pa.array([str(value) for value in numbers]))
        for other in ("s", "ms", "us", "ns"):
            if other != unit:
                new = one(numbers, int(times[at].timestamp()) * {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9}[other])
                yield f"times in {unit}, one in {other}", "log.parquet", stored(timestamp=pa.array(new))
    yield (
        "times of the day",
        "log.parquet",
        stored(timestamp=pa.array([time.time() for time in naive], pa.time64("us"))),
    )
    for how, kind in (
        ("floats", pa.float64()),
        ("decimals", pa.decimal128(20, 4)),
        ("wide decimals", pa.decimal256(60, 9)),
        ("texts", pa.string()),
    ):
        values = (
            [float(cost) for cost in costs]
            if how == "floats"
            else [str(cost) for cost in costs]
            if how == "texts"
            else costs
        )
        yield f"costs as {how}", "log.parquet", stored(cost_usd=pa.array(values, kind))
    for value in (float("nan"), float("inf"), 1e30):
        yield (
            f"a cost of {value}",
            "log.parquet",
            stored(cost_usd=pa.array(one([float(cost) for cost in costs], value))),
        )
    for name in ("model", "status", "provider", "request_id"):
        yield (
            f"{name} in a dictionary",
            "log.parquet",
            stored(**{name: pa.array([row[name] for row in rows]).dictionary_encode()}),
        )
        yield (
            f"{name} as bytes",
            "log.parquet",
            stored(**{name: pa.array([row[name].encode() for row in rows], pa.binary())}),
        )
        yield (
            f"{name} as large text",
            "log.parquet",
            stored(**{name: pa.array([row[name] for row in rows], pa.large_string())}),
        )
    yield "states as truth", "log.parquet", stored(status=pa.array([True] * len(rows)))
    yield "states as codes", "log.parquet", stored(status=pa.array([200] * len(rows)))
    whole = stored()
    yield "cut", "log.parquet", whole[: len(whole) // 2]
    yield "cut at the end", "log.parquet", whole[:-1]
    yield "broken in the middle", "log.parquet", whole[:200] + bytes(50) + whole[250:]
