"""The comparison of a policy with the month as logged: money, service, decisions, return."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from aggcost.finance import Roi
from aggcost.money import percent
from aggcost.report_bounds import Bounds
from aggcost.report_failover import Failover
from aggcost.report_in_order import InOrder
from aggcost.report_quality import Quality
from aggcost.units import Count, Label, Percent, Requests, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A row of a month's bill, by where requests came *from*; `savings` is `before` minus `after`."""

    name: str
    before: Usd | None
    after: Usd | None
    savings: Usd | None
    savings_percent: Percent | None
    label: Label = "recomputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A row of service quality; `change` is in percent, or in percentage points (`change_unit`)."""

    name: str
    before: Annotated[Decimal, "in `unit`"] | None
    after: Annotated[Decimal, "in `unit`"] | None
    change: Percent | None
    unit: Literal["ms", "percent", "requests", "minutes"]
    change_unit: Literal["percent", "points"] = "percent"
    label_before: Label | None
    label_after: Label | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The requests that one rule sent from one route to another, with their cost before and after.

    `share` is in percent of all requests; `before` and `after` are in the period. `refused` counts the
    requests of the rule that no route of it could take, and that stayed as logged.
    """

    rule: str
    requests: Requests
    share: Percent | None
    from_: str | None
    to: str | None
    before: Usd | None
    after: Usd | None
    refused: Requests = 0
    evidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertedPrice:
    """A price that the user states and the catalogue does not confirm, per million tokens."""

    provider: str
    model: str
    meter: str
    asserted: Usd
    catalogue: Usd | None
    difference_percent: Percent | None
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsInterval:
    """Where the requests' monthly saving of months like these lies: their mean, and the next single month.

    It says nothing of prices, quality or another model's answers. `autocorrelation` is that of neighbouring days.
    """

    mean: Usd
    low: Usd
    high: Usd
    next_low: Usd
    next_high: Usd
    confidence_percent: Count
    days: Count
    autocorrelation: Annotated[Decimal, "0 to 1, two decimals"]
    label: Label = "modelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A policy (`candidate`) against the month as logged (`baseline`).

    `kind` is ``prices`` where the candidate is no policy but other prices for the same usage; it has no `roi` and no
    `bounds`.

    `savings` is the requests' saving in the period. `components`, their `total`, the `outside` rows
    behind the overheads and `roi` are a month's, overheads and fixed fees included.
    `service_notes` say why figures of `service` are unknown, `interval_note` why there is no `interval`.
    `without_evidence_percent` is the share of all requests that moves without a stated evaluation.
    """

    baseline: str
    candidate: str
    savings: Usd | None
    savings_percent: Percent | None
    components: tuple[Component, ...]
    total: Component
    outside: tuple[Component, ...] = ()
    service: tuple[Service, ...] = ()
    service_notes: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    moved_requests: Requests = 0
    moved_percent: Percent | None = None
    without_evidence_percent: Percent | None = None
    asserted_prices: tuple[AssertedPrice, ...] = ()
    roi: Roi | None = None
    interval: SavingsInterval | None = None
    interval_note: str | None = None
    warnings: tuple[str, ...] = ()
    kind: Literal["policy", "prices"] = "policy"
    bounds: Bounds | None = None
    quality: Quality | None = None
    failover: Failover | None = None
    in_order: InOrder | None = None


def fold_components(rows: tuple[Component, ...], top: int) -> tuple[Component, ...]:
    """Return at most `top` rows: the dearest measured ones, the others in one, and what is assumed."""
    assumed = tuple(row for row in rows if row.label == "assumed")
    counted = tuple(row for row in rows if row.label != "assumed")
    room = top - len(assumed)
    if len(counted) <= room or room < 1:
        return rows
    dearest = sorted(counted, key=lambda row: (-max(row.before or Decimal(0), row.after or Decimal(0)), row.name))
    kept, rest = dearest[: room - 1], dearest[room - 1 :]
    return (*kept, _summed(f"other ({len(rest)})", rest), *assumed)


def _summed(name: str, rows: list[Component]) -> Component:
    before, after, savings = (_sum([getattr(row, key) for row in rows]) for key in ("before", "after", "savings"))
    share = None if savings is None or before is None else percent(savings, before)
    return Component(name=name, before=before, after=after, savings=savings, savings_percent=share)


def fold_decisions(rows: tuple[Decision, ...], top: int) -> tuple[Decision, ...]:
    """Return at most `top` rows, those with most requests first; the others summed as ``other (n)``."""
    largest = sorted(rows, key=lambda row: (-row.requests, row.rule))
    if len(rows) <= top:
        return rows
    rest = largest[top - 1 :]
    other = Decision(
        rule=f"other ({len(rest)})",
        requests=sum((row.requests for row in rest), 0),
        share=_sum([row.share for row in rest]),
        from_=None,
        to=None,
        before=_sum([row.before for row in rest]),
        after=_sum([row.after for row in rest]),
        refused=sum((row.refused for row in rest), 0),
    )
    return (*largest[: top - 1], other)


def _sum(amounts: list[Decimal | None]) -> Decimal | None:
    """Return the sum of the known amounts, or None where none is known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None
