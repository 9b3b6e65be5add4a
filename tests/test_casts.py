"""Casts by hand: what each cell is worth, and what is refused."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from reading_logs import columns, read

from aggcost.engine import open_engine, quoted
from aggcost.errors import InputError, UsageError
from aggcost.importers import casts
from aggcost.importers.casts import Cell


@pytest.fixture(scope="module")
def value():
    """Return ``value(cast, text)``: what a cast makes of a text."""
    with open_engine(threads=1) as engine:
        yield lambda cast, text, *more: engine.rows(f"SELECT {cast(Cell(quoted(text)), *more)}")[0][0]


COUNTS = {
    "12": 12, "0": 0, " 5 ": 5, "5.0": 5, "5.": None, "007": 7, "1000000000000": 10**12,
    "1000000000001": None, "1234567890123456": None, "12.7": None, "1e3": None, "0x10": None, "1_000": None,
    "1,000": None, "-1": None, "+1": None, "": None, "nan": None, "١٢": None, "true": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), COUNTS.items())
def test_counts_are_digits(value, text, expected):
    assert value(casts.count, text) == expected


AMOUNTS = {
    "1.3e-05": Decimal("0.000013"), "5": Decimal(5), "-2.5": Decimal("-2.5"), ".5": Decimal("0.5"), " 1.25 ": Decimal("1.25"),
    "0.000000000001": Decimal("0.000000000001"), "$5": None, "1,000": None, "NaN": None, "inf": None, "5 USD": None, "": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), AMOUNTS.items())
def test_money_is_a_plain_number(value, text, expected):
    assert value(casts.money, text) == expected


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1.5", "s", 1500),
        ("1500", None, 1500),
        ("2.5", None, 2),
        ("3.5", "ms", 4),
        ("1500", "us", 2),
        ("-1", None, None),
        ("99999999999999999999", None, None),
        ("9223372036854775807", None, None),
        ("1e20", "s", None),
        ("1000000000000", "ms", 10**12),
        ("1000000000", "s", 10**12),
        ("1000000000.001", "s", None),
    ],
)
def test_durations_are_whole_milliseconds_half_to_even(value, text, unit, expected):
    assert value(casts.milliseconds, text, unit) == expected


def test_a_duration_has_a_known_unit():
    with pytest.raises(UsageError, match="s, ms or us"):
        casts.milliseconds(Cell("c0"), "hours")


NOON = datetime(2026, 2, 1, 12, 0, 0)  # noqa: DTZ001 - canonical times are UTC without a zone
TIMES = {
    "2026-02-01T12:00:00Z": NOON, "2026-02-01 12:00:00 UTC": NOON, "2026-02-01T17:30:00+05:30": NOON,
    "2026-02-01T17:30:00+0530": NOON, "2026-02-01T10:00:00-02": NOON, "2026-02-01T12:00Z": NOON,
    "2026-02-01T12:00:00.1234567Z": NOON.replace(microsecond=123456),
    "2026-02-01T12:00:00": None, "02/01/2026 12:00": None, "2026-02-30T12:00:00Z": None, "noon": None, "": None,
    "0000-02-01T12:00:00Z": None, "2026-02-01T24:00:00Z": datetime(2026, 2, 2), "2026-02-01T24:30:00Z": None,  # noqa: DTZ001
    "2026-02-01T24:00Z": datetime(2026, 2, 2), "2026-02-01T12:00:00+02:00Z": None, "2026-02-01T12:00:00.1234567891Z": None,  # noqa: DTZ001
    "2026-02-01T12:00:60Z": None,
    "2026-02-01T12:00:00+25:00": None, "2026-02-01T12:00:00+05:60": None, "2026-02-01Z": None, "infinity": None, "3000-01-01T00:00:00Z": None,
}  # fmt: skip


EPOCHS = [
    ("1769947200", "s", NOON), ("1769947200.0000019", "s", NOON.replace(microsecond=1)),
    ("1769947200000", "ms", NOON), ("1769947200000999999", "ns", NOON.replace(microsecond=999)), ("0", "s", datetime(1970, 1, 1)),  # noqa: DTZ001
    ("1769947200000", "s", None), ("99999999999999999999", "ns", None), ("1e20", "us", None), ("-1", "s", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "unit", "expected"), EPOCHS)
def test_numbers_count_from_1970_in_their_unit(value, text, unit, expected):
    assert value(casts.epoch, text, unit) == expected


@pytest.mark.parametrize(("text", "expected"), TIMES.items())
def test_times_with_a_zone(value, text, expected):
    assert value(casts.timestamp, text, None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01 12:00:00", datetime(2026, 7, 1, 10)),  # noqa: DTZ001
        ("2026-02-01 13:00:00.5", NOON.replace(microsecond=500_000)),
        ("2026-02-01", datetime(2026, 1, 31, 23)),  # noqa: DTZ001
        ("2026-02-01T12:00:00Z", NOON),
    ],
)
def test_times_without_one_are_read_where_the_user_says(value, text, expected):
    assert value(casts.timestamp, text, "Europe/Berlin") == expected


STATES = {
    "ok": "ok", "Success": "ok", " 200 ": "ok", "304": "ok", "error": "error", "404": "error", "429": "error", "503": "error",
    "timeout": "error", "rate_limited": "error", "cancelled": "cancelled", "canceled": "cancelled", "blocked": "rejected",
    "": None, "99": None, "perhaps": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), STATES.items())
def test_states(value, text, expected):
    assert value(casts.status, text) == expected


@pytest.mark.parametrize(("text", "expected"), [("429", 429), ("rate_limited", 429), ("timeout", 408), ("ok", None)])
def test_http_codes(value, text, expected):
    assert value(casts.http_status, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("TRUE", True), ("0", False), ("no", False), ("maybe", None), ("", None)]
)
def test_yes_and_no(value, text, expected):
    assert value(casts.yes, text) is expected


@pytest.mark.parametrize("factor", [1, 10**3, 10**6, 10**9])
def test_the_unit_of_epoch_times_is_decided_by_the_column(tmp_path, factor):
    seconds = 1_769_947_200  # 2026-02-01T12:00:00Z
    log = columns(tmp_path, timestamp=[str(seconds * factor), str((seconds + 1) * factor)], input_tokens=["1", "2"])
    assert read(log).values("ts") == [NOON, NOON.replace(second=1)]


def test_mixed_units_are_refused(tmp_path):
    log = columns(tmp_path, timestamp=["1769947200", "1769947200000"], input_tokens=["1", "2"])
    with pytest.raises(InputError, match="the unit is not clear") as caught:
        read(log)
    assert "--map timestamp=COLUMN:s" in caught.value.hint


def test_seconds_since_the_log_began(tmp_path):
    log = columns(tmp_path, timestamp=["0", "1.25"], input_tokens=["1", "2"])
    with pytest.raises(InputError, match="the unit is not clear"):
        read(log)
    first, second = read(log, mapping={"timestamp": "timestamp:s"}).values("ts")
    assert (second - first).total_seconds() == 1.25


def test_times_without_a_zone_are_refused(tmp_path):
    log = columns(tmp_path, timestamp=["2026-02-01T12:00:00Z", "2026-02-01 12:00:00"], input_tokens=["1", "2"])
    with pytest.raises(InputError, match="times without a zone") as caught:
        read(log)
    assert caught.value.exit_code == 2
    assert "--tz" in caught.value.hint
    assert read(log, timezone="UTC").values("ts") == [NOON, NOON]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01T12:00:00", "2026-07-01T10:00:00"),
        ("2026-02-01", "2026-01-31T23:00:00"),
        ("2026-03-29T02:30:00", None),  # the clock went from 02:00 to 03:00
        ("2026-03-29T03:00:00", "2026-03-29T01:00:00"),
        ("2026-10-25T02:30:00", "2026-10-25T01:30:00"),  # it happened twice: the later, standard time
        ("2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00"),
    ],
)
def test_clocks_of_a_zone(value, text, utc):
    assert value(casts.timestamp, text, "Europe/Berlin") == (utc and datetime.fromisoformat(utc))
