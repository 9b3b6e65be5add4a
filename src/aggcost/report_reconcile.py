"""The result of `aggcost reconcile`: a log and a bill side by side, and what explains their difference.

As in `report`: a neutral tree, a public contract, unknown is None. Differences are the bill minus the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aggcost.errors import Issue
from aggcost.report import SCHEMA_VERSION, Coverage, Input, Period, Prices
from aggcost.report_arms import Tokens
from aggcost.units import Count, Percent, TokenCount, Usd
from aggcost.variance import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one side says: `requests` and `tokens` are None where it counts none."""

    cost: Usd
    requests: Count | None
    tokens: Tokens | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a difference: its amount, its share of the difference, and the tokens it is about."""

    name: Kind
    amount: Usd
    share: Percent | None
    tokens: TokenCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A provider, model and day: both sides, the difference, and the parts that add up to it.

    `model` is None where the bill has no models; `key` names the row for people.
    """

    key: str
    provider: str | None
    model: str | None
    day: str
    log: Figures
    bill: Figures
    difference: Usd
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What only one side covers: a provider, or a day of it (None: all, or rows without a time)."""

    key: str
    side: Literal["log", "bill"]
    provider: str | None
    day: str | None
    cost: Usd
    requests: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A log held against a bill, over the days that both cover.

    `bill_basis` says whether the bill's costs are its own (``recorded``), its quantities at our rates (``rated``), or
    either by provider (``mixed``). `difference_percent` is of the bill; `rows` have the largest difference first.
    """

    schema_version: str = SCHEMA_VERSION
    command: Literal["reconcile"] = "reconcile"
    currency: str = "USD"
    inputs: tuple[Input, ...]
    bill_inputs: tuple[Input, ...]
    prices: Prices
    period: Period
    coverage: Coverage
    bill_coverage: Coverage
    log: Figures
    bill: Figures
    bill_basis: Literal["recorded", "rated", "mixed"]
    difference: Usd
    difference_percent: Percent | None
    tolerance_percent: Percent
    within_tolerance: bool
    parts: tuple[Part, ...]
    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...] = ()
    issues: tuple[Issue, ...] = ()
    next_commands: tuple[str, ...] = ()
