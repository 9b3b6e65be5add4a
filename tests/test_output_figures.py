"""Numbers for eyes: hand-written pairs, because a rounding nobody looked at is a wrong report."""

from __future__ import annotations

from decimal import Decimal

import pytest

from aggcost.output import figures
from aggcost.output.sparkline import sparkline


def _dec(text):
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [("2100", "$2,100"), ("2100.49", "$2,100"), ("-247", "-$247"), ("47.608895", "$47.61"), ("1.005", "$1.00"),
     ("0.0042889", "$0.0043"), ("0.5", "$0.50"), ("0", "$0"), ("10247", "$10,247"), (None, "n/a"), ("7", "$7"),
     ("0.00000012", "$0.00000012")],
)  # fmt: skip
def test_dollars(number, text):
    assert figures.dollars(_dec(number)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [("100", "100 %"), ("99.999", "99.99 %"), ("99.4", "99.40 %"), ("98.6", "99 %"), ("52.8", "53 %"),
     ("3.44", "3.4 %"), ("0.667", "0.67 %"), ("0", "0 %"), ("1085", "1,085 %"), (None, "n/a")],
)  # fmt: skip
def test_percentage(number, text):
    assert figures.percentage(_dec(number)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [("-79", "-79 %"), ("3.2", "+3.2 %"), ("0", "0 %"), ("-0.42", "-0.42 %"), ("1150", "+1,150 %"), (None, "n/a")],
)
def test_change(number, text):
    assert figures.change(_dec(number)) == text


def test_change_in_points():
    assert figures.change(Decimal("0.510912"), "pts") == "+0.51 pts"


@pytest.mark.parametrize(
    ("number", "text"),
    [("40", "40.0 %"), ("0.347", "0.3 %"), ("0.01", "<0.1 %"), ("0", "0.0 %"), ("1085", "1,085.0 %"), (None, "n/a")],
)
def test_share(number, text):
    assert figures.share(_dec(number)) == text


def test_counts():
    assert figures.count(1_800_000) == "1,800,000"
    assert figures.count(Decimal("1500.50")) == "1,500.5"
    assert figures.count(Decimal("720000.00")) == "720,000"
    assert figures.count(None) == "n/a"


@pytest.mark.parametrize(("number", "text"), [("5", "5.00"), ("0.075", "0.075"), ("0.2", "0.20"), (None, "n/a")])
def test_prices_keep_their_decimals(number, text):
    assert figures.price(_dec(number)) == text


def test_a_column_adds_up_to_its_total():
    amounts = [Decimal("0.335")] * 3 + [Decimal(1)]
    assert figures.money_column(amounts, Decimal("2.005"), 2) == ["0.34", "0.33", "0.33", "1.00", "2.00"]


def test_a_column_below_a_dollar_is_shown_in_millionths():
    amounts = [Decimal("0.0000015"), None, Decimal("0.5")]
    places = figures.decimals(amounts)
    assert figures.money_column(amounts, Decimal("0.5000015"), places) == ["0.000002", "n/a", "0.500000", "0.500002"]
    assert figures.decimals([Decimal("1.5")], amounts) == 2


def test_a_column_of_nothing_is_in_cents():
    assert figures.decimals([None, Decimal(0)]) == 2
    assert figures.money_column([Decimal(0)], None, 2) == ["0.00", "n/a"]


def test_nothing_is_shown_as_minus_zero():
    assert figures.amount(Decimal("-0.001")) == "0.00"


@pytest.mark.parametrize(("tokens", "text"), [(0, "0.0"), (200_000, "0.200"), (984_000_000, "984.0")])
def test_millions(tokens, text):
    assert figures.millions(tokens) == text


def test_sparkline_stands_on_zero_and_marks_what_is_unknown():
    assert sparkline([Decimal(0), Decimal(4), None, Decimal(8)]) == "▁▅?█"
    assert sparkline([Decimal(0), Decimal(0)]) == "▁▁"
    assert sparkline([None]) == "?"
