"""What two price tables disagree on, as text: `aggcost prices diff`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from aggcost.model_rates import STANDARD
from aggcost.money import plain
from aggcost.output.blocks import Column, Table, cells, name_column
from aggcost.output.clean import visible
from aggcost.output.figures import change, dollars
from aggcost.output.grid import lines_of
from aggcost.report_prices import Difference, Price, PriceDiff

SHOWN = 20


def diff_table(diff: PriceDiff, width: int = 80) -> str:
    """Return the widest differences, or those that are worth most on the log, as a table."""
    return "".join(f"{line}\n" for line in _lines(diff, width))


def _lines(diff: PriceDiff, width: int) -> Iterator[str]:
    models = len({(one.provider, one.model) for one in diff.differences})
    yield f"A  {visible(diff.a)}"
    yield f"B  {visible(diff.b)}"
    yield f"{diff.shared:,} models in both ({diff.only_a:,} only in A, {diff.only_b:,} only in B); at {diff.at}"
    yield f"{diff.agree:,} of them agree within {plain(diff.threshold_percent)} %"
    if diff.requests is not None:
        yield (
            f"the log: {diff.requests:,} requests with a price in both: "
            f"{dollars(diff.bill_a_usd)} by A, {dollars(diff.bill_b_usd)} by B"
        )
    if diff.differences:
        yield ""
        yield from (line.plain.rstrip() for line in lines_of(_table(diff), width))
        yield "USD per million tokens (requests: per thousand)"
    if (hidden := len(diff.differences) - SHOWN) > 0:
        yield f"{hidden:,} more of {models:,} models: --format json lists all, --threshold PERCENT shows fewer"
    if diff.requests is None and diff.differences:
        yield "next: aggcost prices diff A B LOG sorts them by their effect on a log's bill"


def _table(diff: PriceDiff) -> Table:
    with_effect = diff.requests is not None
    columns = (
        name_column("model"),
        Column("meter", "left"),
        Column("where", "left"),
        Column("A"),
        Column("B"),
        Column("change", "right"),
        *([Column("on the bill")] if with_effect else []),
    )
    rows = tuple(_row(one, with_effect=with_effect) for one in diff.differences[:SHOWN])
    return Table(columns, rows)


def _row(one: Difference, *, with_effect: bool) -> Any:
    price = one.prices[0]
    others = len(one.prices) - 1
    return cells(
        f"{one.provider}/{one.model}",
        one.meter,
        f"{_place(price)} +{others}".strip() if others else _place(price),
        plain(price.a),
        plain(price.b),
        "from 0" if one.percent is None else change(one.percent),
        *([_signed(one.effect_usd)] if with_effect else []),
    )


def _place(price: Price) -> str:
    tier = "" if price.service_tier == STANDARD else price.service_tier
    size = f"{price.from_tokens:,}+" if price.from_tokens else ""
    return f"{tier} {size}".strip()


def _signed(amount: Decimal | None) -> str:
    if amount is None:
        return "-"
    sign = "-" if amount < 0 else "+" if amount > 0 else ""
    return f"{sign}{dollars(abs(amount)).removeprefix('$')}"


def diff_json(diff: PriceDiff) -> str:
    """Return every difference as JSON; decimals are text."""
    tree = {
        "schema_version": "1",
        "command": "prices diff",
        "currency": "USD",
        "a": diff.a,
        "b": diff.b,
        "at": diff.at,
        "threshold_percent": plain(diff.threshold_percent),
        "models": {"shared": diff.shared, "agree": diff.agree, "only_a": diff.only_a, "only_b": diff.only_b},
        "log": None if diff.requests is None else _log(diff),
        "differences": [_difference(one) for one in diff.differences],
    }
    return json.dumps(tree, indent=2) + "\n"


def _log(diff: PriceDiff) -> dict[str, Any]:
    bills = {"bill_a": diff.bill_a_usd, "bill_b": diff.bill_b_usd}
    return {"requests": diff.requests} | {name: _text(amount) for name, amount in bills.items()}


def _difference(one: Difference) -> dict[str, Any]:
    prices = [
        {
            "service_tier": price.service_tier,
            "prompt_tokens_from": price.from_tokens,
            "a": plain(price.a),
            "b": plain(price.b),
        }
        for price in one.prices
    ]
    return {
        "provider": one.provider,
        "model": one.model,
        "meter": one.meter,
        "per": one.per,
        "percent": _text(one.percent),
        "effect": _text(one.effect_usd),
        "prices": prices,
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)
