"""The one price that, if it were wrong, would give a recorded cost."""

from __future__ import annotations

from fractions import Fraction

import pytest

from aggcost.implied import implied_price, in_words

PRICES = {"input": Fraction(125, 10**8), "output": Fraction(1, 10**5)}


def test_a_price_of_999_per_token():
    """10,023 tokens at $1.25 per million are 0.01252875; what is left of the bill is 10 x 999."""
    found = implied_price(Fraction("9990.01252875"), {"input": 10_023, "output": 10}, PRICES)
    assert found == ("output", Fraction(999))
    assert in_words(*found) == "a price of $999 per output token ($999000000 per 1M) gives this figure"


def test_a_rounded_bill_still_shows_its_price():
    assert implied_price(Fraction("9990.012529"), {"input": 10_023, "output": 10}, PRICES) == ("output", Fraction(999))


@pytest.mark.parametrize(
    ("recorded", "units"),
    [
        ("0.0314159265", {"input": 10_023, "output": 10}),  # no price of few digits
        ("0.05", {"input": 10_023, "output": 10}),  # so coarse that any price fits
        ("0.001", {"input": 0, "output": 0}),
        ("0", {"input": 10_023, "output": 10}),
    ],
)
def test_no_price_is_named_where_chance_could_explain_it(recorded, units):
    assert implied_price(Fraction(recorded), units, PRICES) is None


def test_the_price_of_the_card_is_no_explanation():
    assert implied_price(Fraction("0.0125"), {"input": 10_000, "output": 0}, PRICES) is None
