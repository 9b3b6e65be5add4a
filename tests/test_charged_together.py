"""Charges of several parts: exact sums in common units, and calls that are no requests of the log."""

from fractions import Fraction

from aggcost.charged_together import together, uncounted
from aggcost.rating import Charge, Charges


def charges(cost, whole, denominator, requests=6):
    row = Charge({"recorded": False}, None, (1, 2, 3, 4, 5, 6), requests, 1, cost, 0, ())  # type: ignore[arg-type]
    return Charges((row,), whole, denominator)


def test_parts_in_different_units_cost_together_what_they_cost_apart():
    found = together([charges(7, 3, 10), charges(5, 4, 15)]).total()
    assert found.cost_usd == Fraction(7, 30) + Fraction(5, 60)
    assert found.requests == Fraction(6, 3) + Fraction(6, 4)
    assert found.tokens["input"] == Fraction(1, 3) + Fraction(1, 4)


def test_calls_beside_the_requests_cost_and_count_none():
    found = together([charges(7, 1, 10), uncounted(charges(5, 1, 10))]).total()
    assert (found.cost_usd, found.requests) == (Fraction(12, 10), 6)
    assert found.tokens["output"] == 2 * charges(7, 1, 10).total().tokens["output"]


def test_what_has_no_price_stays_without_one():
    assert together([charges(None, 2, 10), charges(5, 3, 10)]).total().cost_usd == Fraction(5, 30)
