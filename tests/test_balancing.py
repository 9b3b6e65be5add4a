"""Balancing by price by hand: the published example, rounding, and what is no candidate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lever_oracle import request, simulated

from aggcost.balancing import UNIT, weights

RULE = "rules: [{name: spread, when: true, route: {balance: [acme/large, acme/small, other/small]}}]"


@pytest.mark.parametrize(
    ("costs", "shares"),
    [
        ([1, 3], [900_000, 100_000]),  # nine times as likely, as OpenRouter's documentation has it
        ([1, 2, 3], [734_694, 183_673, 81_633]),  # 36/49, 9/49, 4/49
        ([2, 2, 2], [333_334, 333_333, 333_333]),
        ([5], [1_000_000]),
        ([0, 1], [1_000_000, 0]),
        ([0, 1, 0], [500_000, 0, 500_000]),
    ],
)
def test_shares_are_inverse_to_the_square_of_the_cost(costs: list[int], shares: list[int]) -> None:
    assert weights([Fraction(cost) for cost in costs]) == shares


@given(st.lists(st.fractions(min_value=0, max_value=1000, max_denominator=1000), min_size=1, max_size=8))
def test_shares_add_up_and_a_cheaper_route_has_no_smaller_one(costs: list[Fraction]) -> None:
    found = weights(costs)
    assert sum(found) == UNIT
    ordered = sorted(zip(costs, found, strict=True), key=lambda pair: (pair[0], -pair[1]))
    assert [share for _, share in ordered] == sorted(found, reverse=True)


def test_requests_spread_over_the_routes_that_take_them(tmp_path: Path) -> None:
    # 1,000 tokens in, none out: $0.005, $0.0003 and $0.0002; the squares' inverses are 1, 2,500/9 and 625 in 40,000.
    whole = 1 + Fraction(2500, 9) + 625
    (compared,) = simulated(tmp_path, [request(output_tokens=0)] * 10, RULE).comparisons
    found = {one.to: Fraction(one.requests) for one in compared.decisions}
    assert sum(found.values()) == 10
    for route, size in (("acme/large", Fraction(1)), ("acme/small", Fraction(2500, 9)), ("other/small", Fraction(625))):
        assert abs(found[route] - 10 * size / whole) <= Fraction(10, UNIT)


def test_a_route_that_a_prompt_does_not_fit_has_no_share(tmp_path: Path) -> None:
    (compared,) = simulated(tmp_path, [request(input_tokens=3001)], RULE).comparisons
    assert {one.to for one in compared.decisions} == {"acme/large", "other/small"}


def test_the_rule_is_an_assumption(tmp_path: Path) -> None:
    (line,) = [one for one in simulated(tmp_path, [request()], RULE).assumptions if "shares" in one.name]
    assert (line.name, line.value) == ("shares of routes in spread", "by 1 / cost², all of them stable")
