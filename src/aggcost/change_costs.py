"""What a change costs besides the requests: discounts, fees, overheads, migration and upkeep.

These are statements of the user, not measurements: the report labels what follows from them as assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

from aggcost import rules
from aggcost.rules import Condition
from aggcost.strict_yaml import Node, check_unique
from aggcost.units import Usd

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Discount:
    """A percentage off the cost of the arm's requests that match `where` (None: all of them)."""

    where: Condition | None
    percent: Decimal
    line: int


@dataclass(frozen=True, slots=True)
class Fees:
    """What the router takes: a percentage of the requests it moved (or of all), and an amount a month."""

    percent: Decimal = _ZERO
    monthly: Usd = _ZERO
    on: Literal["moved", "all"] = "moved"


@dataclass(frozen=True, slots=True)
class Overhead:
    """A monthly cost that no request shows."""

    name: str
    monthly_usd: Decimal


@dataclass(frozen=True, slots=True)
class Migration:
    """The one-off effort of the change."""

    hours: Decimal = _ZERO
    hourly_rate_usd: Decimal = _ZERO
    one_off_usd: Decimal = _ZERO
    weeks: Decimal = _ZERO
    parallel_run_monthly_usd: Decimal = _ZERO
    ramp_months: Decimal = _ZERO


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Engineering hours that keep it running; `capacity` is reported beside the savings, `cash` inside them."""

    hours_per_week: Decimal
    hourly_rate_usd: Decimal | None = None
    count_as: Literal["capacity", "cash"] = "capacity"


def read_discounts(node: Node | None) -> tuple[Discount, ...]:
    """Return the discounts of a policy; their conditions may also name the `rule` that decided."""
    return () if node is None else tuple(_discount(item) for item in node.list())


def read_fees(node: Node | None) -> Fees:
    """Return the fees of a policy; none where nothing is stated."""
    if node is None:
        return Fees()
    node.fields(optional=("percent", "monthly", "on"))
    on = node.given("on")
    applies = "moved" if on is None else on.choice(("moved", "all"))
    return Fees(_amount(node, "percent"), _amount(node, "monthly"), cast("Literal['moved', 'all']", applies))


def read_overheads(node: Node | None) -> tuple[Overhead, ...]:
    """Return the monthly costs outside the logs, each name once."""
    items = [] if node is None else [item.fields(required=("name", "monthly")) for item in node.list()]
    check_unique(item["name"] for item in items)
    return tuple(Overhead(item["name"].text(), item["monthly"].decimal(minimum=0)) for item in items)


def read_migration(node: Node | None) -> Migration | None:
    """Return the one-off effort; hours need a rate, or they would silently cost nothing."""
    if node is None:
        return None
    node.fields(optional=("hours", "hourly_rate", "one_off", "weeks", "parallel_run_monthly", "ramp_months"))
    if _amount(node, "hours") and node.given("hourly_rate") is None:
        raise node.error("migration hours need an hourly_rate")
    return Migration(
        hours=_amount(node, "hours"),
        hourly_rate_usd=_amount(node, "hourly_rate"),
        one_off_usd=_amount(node, "one_off"),
        weeks=_amount(node, "weeks"),
        parallel_run_monthly_usd=_amount(node, "parallel_run_monthly"),
        ramp_months=_amount(node, "ramp_months"),
    )


def read_upkeep(node: Node | None) -> Upkeep | None:
    """Return the engineering hours a week; a policy without a rate uses that of the project file."""
    if node is None:
        return None
    fields = node.fields(required=("hours_per_week",), optional=("hourly_rate", "count_as"))
    rate, kind = node.given("hourly_rate"), node.given("count_as")
    counted = "capacity" if kind is None else kind.choice(("capacity", "cash"))
    return Upkeep(
        fields["hours_per_week"].decimal(minimum=0),
        None if rate is None else rate.decimal(minimum=0),
        cast("Literal['capacity', 'cash']", counted),
    )


def read_condition(node: Node, **extra: rules.FieldType) -> Condition:
    """Return the condition that a file states; its errors name the line."""
    return rules.parse(node.text(), where=node.where, extra=extra)


def _discount(node: Node) -> Discount:
    fields = node.fields(required=("percent",), optional=("where",))
    where = node.given("where")
    condition = None if where is None else read_condition(where, rule="text")
    return Discount(condition, fields["percent"].decimal(minimum=0, maximum=100), node.line)


def _amount(node: Node, key: str) -> Decimal:
    """Return a number that is not negative, 0 where nothing is stated."""
    given = node.given(key)
    return _ZERO if given is None else given.decimal(minimum=0)
