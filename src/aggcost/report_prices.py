"""What is found when price tables are compared or checked, as plain values for the renderers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

FindingCode = Literal["unreadable", "overlap", "gap", "ended", "stale", "unchecked", "retired"]


@dataclass(frozen=True, slots=True)
class Price:
    """USD for `per` units of a meter in two tables, at one service tier and from one prompt size on."""

    service_tier: str
    from_tokens: int
    a: Decimal
    b: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """A meter of a model whose price differs; `prices` has the widest difference first.

    `percent` is that of the first price (None: from 0), `effect_usd` what B would add to the bill of the log (None:
    no log, or nothing of it has this model).
    """

    provider: str
    model: str
    meter: str
    per: int
    prices: tuple[Price, ...]
    percent: Decimal | None
    effect_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PriceDiff:
    """Two price tables compared: counts of models, and what differs by more than the threshold, widest first.

    `requests` are those of the log that both tables price, with what either makes of them; None without a log.
    """

    a: str
    b: str
    at: str
    threshold_percent: Decimal
    shared: int
    only_a: int
    only_b: int
    agree: int
    differences: tuple[Difference, ...]
    requests: int | None = None
    bill_a_usd: Decimal | None = None
    bill_b_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a price file, or about a model of a log, that deserves a look."""

    code: FindingCode
    severity: Literal["info", "warning", "error"]
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class PriceCheck:
    """What was checked (files, and models of a log), and what was found, worst first."""

    files: tuple[str, ...]
    models: int
    logged_models: int | None
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """2 where a file cannot be used, 1 where something is to be done, else 0."""
        severities = {finding.severity for finding in self.findings}
        return 2 if "error" in severities else 1 if "warning" in severities else 0
