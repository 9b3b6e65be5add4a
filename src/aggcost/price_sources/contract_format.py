"""Reads the contract of a user's price file: discounts, uplifts, commitments and credits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

from aggcost.contract import Adjustment, Commitment, Contract, Credit, Term
from aggcost.months import months_touched
from aggcost.names import canonical_provider
from aggcost.price_sources.price_format import read_effective
from aggcost.strict_yaml import Node

CONTRACT_KEYS = ("discounts", "uplifts", "commitments", "credits")


def read_contract(fields: Mapping[str, Node]) -> Contract:
    """Return the terms that a price file states; ConfigError with file and line."""
    return Contract(
        discounts=tuple(_adjustment(item, -1) for item in _items(fields, "discounts")),
        uplifts=tuple(_adjustment(item, 1) for item in _items(fields, "uplifts")),
        commitments=_one_at_a_time(_items(fields, "commitments")),
        credits=tuple(_credit(item) for item in _items(fields, "credits")),
    )


def _items(fields: Mapping[str, Node], key: str) -> Sequence[Node]:
    node = fields.get(key)
    return () if node is None or node.is_null else node.list()


def _term(fields: Mapping[str, Node], node: Node) -> dict[str, Any]:
    from_s, to_s = read_effective(fields.get("effective"))
    return {"provider": canonical_provider(fields["provider"].text()), "from_s": from_s, "to_s": to_s,
            "where": node.where}  # fmt: skip


def _adjustment(node: Node, sign: int) -> Adjustment:
    fields = node.fields(required=("provider", "percent"), optional=("models", "effective"))
    percent = fields["percent"].decimal(minimum=0, maximum=100 if sign < 0 else None)
    named = None if "models" not in fields else tuple(item.text().strip().lower() for item in fields["models"].list())
    if named == ():
        raise fields["models"].error("expected at least one model", hint="without `models` every model is meant")
    return Adjustment(**_term(fields, node), factor=1 + sign * Fraction(percent) / 100, models=named)


def _commitment(node: Node) -> Commitment:
    fields = node.fields(required=("name", "provider", "monthly"), optional=("overage", "effective"))
    overage = (
        fields["overage"].fields(required=("multiply",))["multiply"].decimal(minimum=0) if "overage" in fields else 1
    )
    return Commitment(
        **_term(fields, node),
        name=fields["name"].text(),
        monthly_usd=Fraction(fields["monthly"].decimal(minimum=0)),
        overage=Fraction(overage),
    )


def _one_at_a_time(items: Sequence[Node]) -> tuple[Commitment, ...]:
    """Return the commitments; two on one provider at once would each count the whole of its usage."""
    found = tuple(_commitment(item) for item in items)
    for (_, earlier), (node, later) in combinations(zip(items, found, strict=True), 2):
        if earlier.provider == later.provider and _overlap(earlier, later):
            raise node.error(
                f"{later.name!r} and {earlier.name!r} are both committed to {later.provider} at one time",
                hint="state one commitment of their sum, or when each holds (`effective`)",
            )
    return found


def _overlap(one: Term, other: Term) -> bool:
    begins_in_time = one.to_s is None or other.from_s is None or other.from_s < one.to_s
    return begins_in_time and (other.to_s is None or one.from_s is None or one.from_s < other.to_s)


def _credit(node: Node) -> Credit:
    """Return a credit by the month; one for a stretch of time is spread over the months that it touches."""
    fields = node.fields(required=("name", "provider"), optional=("monthly", "total", "effective"))
    term = _term(fields, node)
    if ("monthly" in fields) == ("total" in fields):
        raise node.error("a credit has either `monthly` or a `total` for the whole of its time")
    if "monthly" in fields:
        return Credit(**term, name=fields["name"].text(), monthly_usd=Fraction(fields["monthly"].decimal(minimum=0)))
    if term["from_s"] is None or term["to_s"] is None:
        raise node.error("a total needs `effective` with `from` and `to`: it is spread over the months between")
    months = months_touched(term["from_s"], term["to_s"])
    total = Fraction(fields["total"].decimal(minimum=0))
    return Credit(**term, name=fields["name"].text(), monthly_usd=total / months)
