"""A budget passes at its limit, breaks a cent above it, and is never passed by a value that is missing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from aggcost.budget import judge


@dataclass(frozen=True)
class Budget:
    name: str = "total"
    limit_usd: Decimal = Decimal(2500)
    per: str = "month"
    on: str = "run_rate"


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("2499.99", "ok"),
        ("2500", "ok"),
        ("2500.000", "ok"),
        ("2500.000000000001", "broken"),
        ("2500.01", "broken"),
        ("0", "ok"),
        ("NaN", "unknown"),
        ("Infinity", "unknown"),
        ("sNaN", "unknown"),
    ],
)
def test_status(value, status):
    (found,) = judge([Budget()], {"total": Decimal(value)})
    assert found.status == status


def test_a_missing_value_never_passes():
    for values in ({}, {"total": None}, {"other": Decimal(1)}):
        (found,) = judge([Budget()], values)
        assert (found.status, found.value) == ("unknown", None)


def test_a_value_that_is_no_number_is_reported_as_unknown():
    (found,) = judge([Budget()], {"total": Decimal("NaN")})
    assert found.value is None


def test_budgets_keep_their_order_and_what_they_say():
    found = judge([Budget("b", Decimal(1), "day", "actual"), Budget("a")], {"a": Decimal(3000), "b": Decimal("0.5")})
    assert [(one.name, one.limit, one.per, one.on, one.status) for one in found] == [
        ("b", 1, "day", "actual", "ok"),
        ("a", 2500, "month", "run_rate", "broken"),
    ]
