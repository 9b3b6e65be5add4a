"""The report: everything a command found out, as one neutral tree.

Every output format is rendered from this tree and from nothing else; the JSON format *is* the tree.
Field names are a public contract (`schema_version`): fields may be added, never renamed or removed.
Unknown is None, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from aggcost.budget import BudgetResult
from aggcost.errors import Issue
from aggcost.report_arms import Arm, Tokens
from aggcost.report_compare import Comparison
from aggcost.report_contract import ContractFigures, ReachedTier
from aggcost.report_latency import BackTest
from aggcost.units import Count, Percent, Requests, Usd

SCHEMA_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A file that was read; `records` counts what it holds before anything was set aside.

    `read_as` says how it was read, in words: format, dialect, what its tokens contain, units.
    """

    path: str
    sha256: str
    format: str
    bytes: Count
    records: Count
    read_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Where prices came from, in words, and the digest of all of them together."""

    source: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time that the log covers: half-open, ISO 8601 in `timezone`.

    `name` is for people (``February 2026``); `basis` says how a month's figures were made of it
    (``calendar month``, ``mean of 20 complete days x 30.4375``). Under 14 days they are `indicative`.
    """

    from_: str | None
    to: str | None
    days: Count
    timezone: str
    indicative: bool
    name: str
    basis: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """What records that repeat others used and cost, rated like any request; `requests` is more where rows sum several.

    `cost` is None where none of them has a price, `recorded_cost` where the log states none. `unpriced` counts those
    without a price, `not_billed` those that are never billed (failed without tokens, answered from a cache).
    """

    records: Count = 0
    requests: Count = 0
    tokens: Tokens = field(default_factory=Tokens)
    cost: Usd | None = Decimal(0)
    recorded_cost: Usd | None = Decimal(0)
    unpriced: Count = 0
    not_billed: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedBy(Repeats):
    """The duplicates of one format that one key or reason dropped, in words."""

    key: str
    format: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates(Repeats):
    """What was dropped as duplicate, in no total of the report, and which key of which format dropped it."""

    by: tuple[DroppedBy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What became of every record: the counts from `priced` to `filtered` add up to `records`.

    `priced_percent` is the priced and free share of the tokens that are billed. `tokens` are all that
    entered; `unpriced_models` are ``provider/model`` as logged, the reasons stand in the issues. `duplicates` says
    what the `duplicate` records used and would have cost. Of the records that are kept, `repeats` have the request id
    of another one and `retries` are attempts after the first: None where the log has neither ids nor attempts.
    """

    records: Count
    priced: Count
    free: Count
    unpriced: Count
    not_billed: Count
    quarantined: Count
    duplicate: Count
    filtered: Count
    tokens: Tokens
    unpriced_models: tuple[str, ...]
    priced_percent: Percent | None = None
    duplicates: Duplicates = field(default_factory=Duplicates)
    repeats: Repeats | None = field(default_factory=Repeats)
    retries: Repeats | None = field(default_factory=Repeats)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """A bill beside our figure: `gap` is the bill minus the cost of the period."""

    amount: Usd
    gap: Usd | None
    gap_percent: Percent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What this size of spend usually calls for, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """Something the log does not say: the value used, who says so (file:line), and its plausible range.

    `requests` is how many rest on it, None where it is not about requests.
    """

    name: str
    value: str
    source: str
    range: str | None = None
    requests: Requests | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of one command; `arms[0]` is the month as logged, then one arm a policy.

    `backtest` says how well the modelled times tell the last days of the log itself.
    """

    schema_version: str = SCHEMA_VERSION
    command: Literal["analyze", "simulate", "check"]
    currency: str = "USD"
    inputs: tuple[Input, ...]
    prices: Prices
    period: Period
    coverage: Coverage
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...] = ()
    budgets: tuple[BudgetResult, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    issues: tuple[Issue, ...] = ()
    invoice: Invoice | None = None
    advice: Advice | None = None
    next_commands: tuple[str, ...] = ()
    contracts: tuple[ContractFigures, ...] = ()
    tiers: tuple[ReachedTier, ...] = ()
    backtest: tuple[BackTest, ...] = ()
