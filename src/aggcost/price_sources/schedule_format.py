"""Reads the schedules of a rate: prices that change with what is used in a calendar month."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import cast

from aggcost.errors import did_you_mean
from aggcost.meters import CACHE_WRITE, PRICED, USAGE_KEYS
from aggcost.schedule import Kind, Over, Schedule, Tier
from aggcost.strict_yaml import Node
from aggcost.tariff import Prices

KINDS = ("graduated", "volume")
COUNTED = ("tokens", "requests", "usd")
# What else makes one rate several prices; a schedule multiplies them all, but cannot name them one by one.
_OTHER_PRICES = ("tiers", "modes", "windows")

_COUNTABLE = (*USAGE_KEYS, CACHE_WRITE.key)

ReadPrices = Callable[[Node], Prices]
ReadZone = Callable[[Node], str]


def read_schedules(rate: Mapping[str, Node], prices: ReadPrices, zone: ReadZone) -> tuple[Schedule, ...]:
    """Return what the key `schedule` of a rate states, one schedule or a list; ConfigError names the line."""
    node = rate.get("schedule")
    if node is None:
        return ()
    items = node.list() if node.is_list else (node,)
    found = tuple(_schedule(item, rate, prices, zone) for item in items)
    ruled: set[str] = set()
    for item, schedule in zip(items, found, strict=True):
        if both := sorted(ruled & set(schedule.meters)):
            raise item.error(
                f"two schedules price {', '.join(both)}", hint="say with `meters` which of them prices what"
            )
        ruled |= set(schedule.meters)
    return found


def _schedule(node: Node, rate: Mapping[str, Node], prices: ReadPrices, zone: ReadZone) -> Schedule:
    fields = node.fields(required=("kind", "tiers"), optional=("per", "tz", "over", "meters"))
    if "per" in fields:
        fields["per"].choice(("month",))
    over = fields["over"].choice(COUNTED) if "over" in fields else "tokens"
    meters = _meters(fields.get("meters"))
    tiers = tuple(_tier(item, over, prices) for item in fields["tiers"].list())
    _check_order(fields["tiers"], tiers)
    for item, tier in zip(fields["tiers"].list(), tiers, strict=True):
        _check_prices(item, tier, rate, meters, over)
    return Schedule(
        kind=cast("Kind", fields["kind"].choice(KINDS)),
        over=cast("Over", over),
        zone=zone(fields["tz"]) if "tz" in fields else "UTC",
        meters=meters,
        tiers=tiers,
    )


def _meters(node: Node | None) -> tuple[str, ...]:
    """Return the meters that are counted and priced: all of them, or those named (`cache_write` is every kind)."""
    if node is None:
        return USAGE_KEYS
    found: set[str] = set()
    for item in node.list():
        name = item.text()
        if name not in _COUNTABLE:
            raise item.error(f"unknown meter {name!r}", hint=did_you_mean(name, _COUNTABLE) or ", ".join(_COUNTABLE))
        found |= set(_named(name))
    if not found:
        raise node.error("expected at least one meter")
    return tuple(key for key in USAGE_KEYS if key in found)


def _tier(node: Node, over: str, prices: ReadPrices) -> Tier:
    fields = node.fields(optional=("up_to", "prices", "multiply"))
    if "prices" in fields and "multiply" in fields:
        raise node.error("a tier has either `prices` or `multiply`")
    multiply = fields["multiply"].decimal(minimum=0) if "multiply" in fields else 1
    own = prices(fields["prices"]) if "prices" in fields else {}
    return Tier(_up_to(fields.get("up_to"), over), tuple(own.items()), Fraction(multiply))


def _up_to(node: Node | None, over: str) -> Fraction | None:
    if node is None or node.is_null:
        return None
    amount = Fraction(node.decimal()) if over == "usd" else Fraction(node.integer())
    if amount <= 0:
        raise node.error("a tier ends above 0")
    return amount


def _check_order(node: Node, tiers: tuple[Tier, ...]) -> None:
    if not tiers or tiers[-1].up_to is not None:
        raise node.error("the last tier has no `up_to`: it prices everything above the others")
    for item, tier in zip(node.list()[:-1], tiers[:-1], strict=True):
        if tier.up_to is None:
            raise item.error("only the last tier has no `up_to`")
    for item, (lower, upper) in zip(node.list()[1:], pairwise(tiers[:-1]), strict=False):
        if lower.up_to is not None and upper.up_to is not None and upper.up_to <= lower.up_to:
            raise item.error("the tiers must be in ascending order of `up_to`")


def _check_prices(node: Node, tier: Tier, rate: Mapping[str, Node], meters: tuple[str, ...], over: str) -> None:
    """Refuse prices of a tier that would leave open which price is meant."""
    if not tier.prices:
        return
    if over == "usd":
        raise node.error("a schedule over usd has no prices of its own", hint="write `multiply`")
    if others := [key for key in _OTHER_PRICES if key in rate]:
        raise node.error(
            f"prices in a tier of a schedule, beside {', '.join(others)}: which of them counts is not said",
            hint="write `multiply`, which changes every price of the rate",
        )
    if meters != USAGE_KEYS and (extra := [key for key, _ in tier.prices if not set(_named(key)) & set(meters)]):
        raise node.error(f"the schedule does not price {', '.join(extra)}", hint="add it to `meters`")


def _named(meter: str) -> tuple[str, ...]:
    """Return the base meters that a price is about."""
    if meter == CACHE_WRITE.key:
        return tuple(key for key in USAGE_KEYS if meter in PRICED[key].ancestors)
    return (PRICED[meter].within or meter,)
