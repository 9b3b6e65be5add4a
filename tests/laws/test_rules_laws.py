"""Laws of the condition language: whatever evaluates a condition says what the slow reference says."""

from __future__ import annotations

import json
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggcost import rules
from aggcost.rules import FIELDS, WEEKDAYS, Atom, Condition, atom_cuts, atom_truth
from aggcost.rules_tree import Mask
from aggcost.usage import COLUMNS, STATUSES

T = TypeVar("T")
Row = dict[str, Any]
Texts = st.SearchStrategy[str]

WORDS = [
    "a",
    "A",
    "aB",
    "ab",
    "b",
    "ä",
    "Äa",
    "%",
    "a%b",
    "_",
    "it's",
    'say "a"',
    "",
    " ",
    "x-ai",
    "xai",
    "openai",
    "日本",
]
NUMBERS = [0, 1, 2, 7_999, 8_000, 8_001, 10**12, 5 * 10**12]
ZONES: list[tzinfo] = [
    UTC,
    *map(ZoneInfo, ("Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu")),
]
# Seconds around which clocks change: Berlin and St John's in spring, Lord Howe in autumn and spring.
CHANGES = [
    datetime.fromisoformat(time)
    for time in ("2026-03-29T01:00", "2026-03-08T05:30", "2026-04-04T15:00", "2025-10-04T15:30")
]
START = datetime.fromisoformat("2024-01-01")
PROMPT = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write_other")
TEXT = [name for name, kind in FIELDS.items() if kind == "text" and name != "weekday"]
NUMERIC = [name for name, kind in FIELDS.items() if kind == "number"]
TAGS = ["tags.feature", "tags.x_1", "tags.absent"]


# -- random requests -------------------------------------------------------------------------------


def maybe(chance: random.Random, make: Callable[[], T]) -> T | None:
    return None if chance.random() < 0.2 else make()


def random_row(chance: random.Random) -> Row:
    row: Row = {name: maybe(chance, lambda: chance.choice(WORDS)) for name in TEXT}
    row["status"] = maybe(chance, lambda: chance.choice(STATUSES))
    row |= {name: maybe(chance, lambda: chance.choice(NUMBERS)) for name in (*PROMPT, "output", "latency_ms")}
    row["ts"] = maybe(chance, lambda: random_time(chance))
    row["tags"] = maybe(chance, lambda: random_tags(chance))
    return row


def random_time(chance: random.Random) -> datetime:
    if chance.random() < 0.5:
        return chance.choice(CHANGES) + timedelta(microseconds=chance.choice([-1_000_001, -1, 0, 1, 999_999]))
    return START + timedelta(microseconds=chance.randrange(3 * 365 * 86_400 * 10**6))


def random_tags(chance: random.Random) -> str:
    names = [name.removeprefix("tags.") for name in TAGS[:2] if chance.random() < 0.7]
    return json.dumps({name: maybe(chance, lambda: chance.choice(WORDS)) for name in names}, ensure_ascii=False)


def fields_of(row: Row, zone: tzinfo) -> Row:
    """What the reference sees of a row of the canonical table, made without the code under test."""
    fields = {name: row[name] for name in (*TEXT, "latency_ms")}
    fields["input_tokens"] = None if row["input"] is None else sum(row[name] or 0 for name in PROMPT)
    fields["cache_read_tokens"], fields["output_tokens"] = row["cache_read"], row["output"]
    if row["ts"] is not None:
        local = row["ts"].replace(tzinfo=UTC).astimezone(zone)
        fields["hour"], fields["weekday"] = local.hour, WEEKDAYS[local.weekday()]
    tags = json.loads(row["tags"] or "{}")
    return fields | {f"tags.{name}": value for name, value in tags.items()}


CHANCE = random.Random(2026)
ROWS = [random_row(CHANCE) for _ in range(300)]
SEEN = {zone: [fields_of(row, zone) for row in ROWS] for zone in ZONES}


USAGE = ibis.table({column.name: column.type for column in COLUMNS} | {"n": "int64"}, name="usage")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    columns = {name: [row.get(name) for row in ROWS] for name in USAGE.columns} | {"n": range(len(ROWS))}
    types = {name: kind.to_pyarrow() for name, kind in USAGE.schema().items()}
    with duckdb.connect(config={"threads": 1}) as opened:
        opened.register("usage", pa.table({name: pa.array(columns[name], types[name]) for name in columns}))
        yield opened


# -- random conditions -----------------------------------------------------------------------------


def quoted(word: str) -> str:
    return f'"{word}"' if "'" in word else f"'{word}'"


literals = st.sampled_from([word for word in WORDS if not ("'" in word and '"' in word)]).map(quoted)
numbers = st.sampled_from(NUMBERS).map(str)
text_fields = st.sampled_from([name for name in TEXT if name != "status"] + TAGS)
number_fields = st.sampled_from(NUMERIC)
orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
membership = st.sampled_from(["in", "not in"])


def listed(values: Texts) -> Texts:
    return st.lists(values, min_size=1, max_size=3).map(lambda found: f"[{', '.join(found)}]")


def spaced(*parts: Texts) -> Texts:
    return st.tuples(*parts).map(" ".join)


def called(name: str, subject: Texts) -> Texts:
    return st.tuples(subject, literals).map(lambda pair: f"{name}({pair[0]}, {pair[1]})")


tests = st.one_of(
    spaced(text_fields, st.sampled_from(["==", "!="]), literals),
    spaced(text_fields, membership, listed(literals)),
    spaced(number_fields, orders, numbers),
    spaced(numbers, st.sampled_from(["<", "<="]), number_fields, st.sampled_from(["<", "<="]), numbers),
    spaced(number_fields, membership, listed(numbers)),
    spaced(st.sampled_from(["weekday", "weekday()"]), membership, listed(st.sampled_from(WEEKDAYS).map(quoted))),
    spaced(st.just("status"), st.sampled_from(["==", "!="]), st.sampled_from(STATUSES).map(quoted)),
    spaced(text_fields.map("lower({})".format), st.just("=="), st.sampled_from(["'a'", "'ab'", "'ä'", "'äa'"])),
    called("starts_with", text_fields),
    called("ends_with", text_fields),
    called("contains", text_fields),
    st.sampled_from([*FIELDS, *TAGS]).map("is_missing({})".format),
    st.sampled_from(["true", "false"]),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' and '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
    ),
    max_leaves=6,
).map(lambda text: rules.parse(text, where="law"))


# -- laws ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_engine_reads_every_field_as_the_reference_does(
    connection: duckdb.DuckDBPyConnection, zone: tzinfo
) -> None:
    names = [*FIELDS, *TAGS]
    columns = {f"c{number}": rules.field_column(USAGE, name, zone) for number, name in enumerate(names)}
    query = ibis.to_sql(USAGE.select("n", **columns).order_by("n"), dialect="duckdb")
    for expected, answer in zip(SEEN[zone], connection.execute(query).fetchall(), strict=True):
        assert dict(zip(names, answer[1:], strict=True)) == {name: expected.get(name) for name in names}


LOWER = [
    rules.parse(f"lower({name}) == '{word}'", where="law") for name in ("task", "user") for word in ("ab", "äa", "Äa")
]


@settings(max_examples=50, deadline=None)
@example(batch=LOWER, zone=UTC)
@given(batch=st.lists(conditions, min_size=1, max_size=8), zone=st.sampled_from(ZONES))
def test_the_engine_says_what_the_reference_says(
    connection: duckdb.DuckDBPyConnection, batch: list[Condition], zone: tzinfo
) -> None:
    columns = {f"c{number}": rules.to_ibis(condition, USAGE, zone) for number, condition in enumerate(batch)}
    query = ibis.to_sql(USAGE.select("n", **columns).order_by("n"), dialect="duckdb")
    answers = connection.execute(query).fetchall()
    for number, condition in enumerate(batch):
        expected = [rules.matches(condition, row) for row in SEEN[zone]]
        found = [answer[number + 1] for answer in answers]
        wrong = [index for index, answer in enumerate(found) if answer is not expected[index]]
        assert not wrong, f"{condition.text}: {found[wrong[0]]} for {SEEN[zone][wrong[0]]}"


@settings(max_examples=100, deadline=None)
@given(condition=conditions, zone=st.sampled_from(ZONES))
def test_arrays_say_what_the_reference_says(condition: Condition, zone: tzinfo) -> None:
    rows = SEEN[zone][:60]

    def truth(atom: Atom) -> tuple[Mask, Mask]:
        answers = [atom_truth(atom, row.get(atom.field)) for row in rows]
        return np.array([answer is True for answer in answers]), np.array([answer is None for answer in answers])

    true, unknown = (np.broadcast_to(mask, len(rows)) for mask in rules.combine(condition, truth))
    expected = [rules.matches(condition, row) for row in rows]
    assert [None if missing else bool(yes) for yes, missing in zip(true, unknown, strict=True)] == expected


@settings(max_examples=100, deadline=None)
@given(condition=conditions, value=st.sampled_from(NUMBERS) | st.integers(0, 10**13))
def test_a_number_and_the_bound_below_it_pass_the_same_tests(condition: Condition, value: int) -> None:
    bounds = rules.cuts([condition])
    for atom in condition.atoms:
        if atom.is_number:
            below = (0, *bounds[atom.field])[bisect_right(bounds[atom.field], value)]
            assert atom_truth(atom, value) == atom_truth(atom, below)
            assert set(atom_cuts(atom)) <= set(bounds[atom.field])


@settings(max_examples=100, deadline=None)
@given(condition=conditions)
def test_the_text_of_a_test_parses_to_the_same_test(condition: Condition) -> None:
    for atom in condition.atoms:
        assert rules.parse(atom.text, where="law").atoms == (atom,)
