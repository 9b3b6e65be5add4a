"""The result of `aggcost audit`: the costs that a log records, beside ours, and what explains the difference.

As in `report`: a neutral tree, a public contract, unknown is None. Differences are recorded minus rated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aggcost.errors import Issue
from aggcost.report import SCHEMA_VERSION, Coverage, Input, Period, Prices
from aggcost.report_arms import Tokens
from aggcost.units import Count, Percent, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Requests whose recorded cost one cause gives (``unexplained``: none does); `detail` says it in words."""

    name: str
    detail: str
    requests: Count
    recorded: Usd
    rated: Usd
    difference: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedModel:
    """The requests of a logged provider and model: how many agree within the tolerance, and what explains the rest."""

    key: str
    provider: str | None
    model: str
    requests: Count
    agree: Count
    agree_percent: Percent | None
    recorded: Usd
    rated: Usd
    difference: Usd
    causes: tuple[Explained, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OddRequest:
    """A request that no cause explains; `explanation` names the price that gives its recorded cost, if one does."""

    key: str
    file: str | None
    line: Count | None
    time: str | None
    request_id: str | None
    provider: str | None
    model: str
    tokens: Tokens
    recorded: Usd
    rated: Usd
    difference: Usd
    explanation: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Recorded against rated cost of the requests that have both, request by request.

    `requests` counts them, `without_recorded` the billed ones that record no cost. `models` and `odd` have the largest
    difference first.
    """

    schema_version: str = SCHEMA_VERSION
    command: Literal["audit"] = "audit"
    currency: str = "USD"
    inputs: tuple[Input, ...]
    prices: Prices
    period: Period
    coverage: Coverage
    tolerance_percent: Percent
    requests: Count
    without_recorded: Count
    agree: Count
    agree_percent: Percent | None
    recorded: Usd
    rated: Usd
    difference: Usd
    difference_percent: Percent | None
    causes: tuple[Explained, ...]
    models: tuple[AuditedModel, ...]
    odd: tuple[OddRequest, ...]
    issues: tuple[Issue, ...] = ()
    next_commands: tuple[str, ...] = ()
