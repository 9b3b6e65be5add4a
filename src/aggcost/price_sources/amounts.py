"""Prices of meters as the price format writes them: an amount, for how many units, and how few are billed.

Prices of tokens are for the `per` of what holds them, else for a million. What counts something else than tokens says
itself how many units a price is for: nothing is usual there.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from aggcost.meters import PRICED, REQUESTS, UNIT_KEYS
from aggcost.strict_yaml import Node
from aggcost.tariff import Prices, Rounding

UNSUPPORTED = "unsupported"
Roundings = dict[str, Rounding]


def read_per(fields: Mapping[str, Node], outer: int | None = None) -> int | None:
    """Return the units that token prices are stated for, or None for the usual number of each meter."""
    return fields["per"].integer(minimum=1) if "per" in fields else outer


def read_prices(node: Node, per: int | None) -> tuple[Prices, Roundings]:
    """Return the prices of one quantity by meter, in USD, and how units are rounded; ConfigError with file and line."""
    stated = node.fields(optional=tuple(PRICED))
    prices = {meter: _price(meter, price, None if meter in UNIT_KEYS else per) for meter, price in stated.items()}
    return prices, _roundings(stated)


def read_fees(node: Node, prices: Prices) -> tuple[Prices, Roundings]:
    """Return the prices of units per call (searches, images, seconds), which `prices` must not state, too."""
    stated = node.fields(optional=UNIT_KEYS)
    for meter in stated:
        if meter in prices:
            raise stated[meter].error(f"{meter} already has a price under `prices`")
    return {meter: _price(meter, price, None) for meter, price in stated.items()}, _roundings(stated)


def _price(meter: str, node: Node, per: int | None) -> Fraction | None:
    """Return USD per one quantity, or None for `unsupported`; requests have a `per` of their own, 1,000."""
    counts_units = meter in UNIT_KEYS
    if node.is_mapping:
        billed = ("minimum", "round_up") if counts_units else ()
        fields = node.fields(required=("price",), optional=("per", *billed))
        node, per = fields["price"], read_per(fields, None if meter == REQUESTS.key else per)
    elif meter == REQUESTS.key:
        per = None
    if node.text() == UNSUPPORTED:
        return None
    price = node.decimal()
    if price < 0:
        raise node.error(f"a price cannot be negative: {price}")
    if counts_units and per is None:
        raise node.error(
            f"say how many units of {meter} this is the price of",
            hint=f'{meter}: {{price: "{node.text()}", per: {PRICED[meter].per}}}',
        )
    return Fraction(price) / ((per or PRICED[meter].per) * PRICED[meter].scale)


def _roundings(stated: Mapping[str, Node]) -> Roundings:
    found = {}
    for meter, node in stated.items():
        fields = node.mapping() if node.is_mapping else {}
        minimum = _quantity(meter, fields["minimum"]) if "minimum" in fields else 0
        step = _quantity(meter, fields["round_up"]) if "round_up" in fields else 1
        if (minimum, step) != (0, 1):
            found[meter] = Rounding(minimum, step)
    return found


def _quantity(meter: str, node: Node) -> int:
    """Return a positive number of units as a quantity: whole units, or as fine as the meter counts."""
    quantity = Fraction(node.decimal()) * PRICED[meter].scale
    if quantity <= 0 or quantity.denominator != 1:
        raise node.error(f"expected a number of units of {meter} above 0, found {node.text()!r}")
    return int(quantity)
