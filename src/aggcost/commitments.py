"""What a contract adds to a month beside its requests: shortfalls and overages of commitments, and credits.

They are worked out from what an arm spends at the provider, after discounts and before the fees of a router: a policy
that moves usage elsewhere leaves today's commitment unused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from aggcost.break_even import ZERO, shortfall
from aggcost.conditions import local_time
from aggcost.contract import Commitment, Contract
from aggcost.ledger import Cells, Dim
from aggcost.money import settle
from aggcost.months import month_of, month_start_s
from aggcost.period import whole_months
from aggcost.ratecard import RateCard
from aggcost.rating import Shares, rate
from aggcost.scanning import Ledgers

SPENT_BY = ("provider", "model", "counted")


@dataclass(frozen=True, slots=True)
class Used:
    """What was used of one provider in a month, and its cost; what has no price costs nothing here."""

    cost_usd: Fraction = ZERO
    requests: Fraction = ZERO
    tokens: Fraction = ZERO

    def __add__(self, other: Used) -> Used:
        """Return both together."""
        return Used(self.cost_usd + other.cost_usd, self.requests + other.requests, self.tokens + other.tokens)

    def times(self, factor: Fraction) -> Used:
        """Return a multiple."""
        return Used(self.cost_usd * factor, self.requests * factor, self.tokens * factor)


@dataclass(frozen=True, slots=True)
class MonthUsed:
    """A month that counts: the instant at which the contract's terms must hold, and what was used by provider."""

    at_s: int
    by_provider: Mapping[str, Used] = field(default_factory=dict)

    def of(self, provider: str) -> Used:
        """Return what was used of a provider."""
        return self.by_provider.get(provider, Used())


def months_used(
    cells: Cells, shares: Shares, keys: Mapping[str, Dim], ledgers: Ledgers, card: RateCard
) -> tuple[MonthUsed, ...]:
    """Return the calendar months that the log covers, or the one month that its days are taken for.

    `keys` are those of `SPENT_BY`, for each share. Nothing is returned without a complete day, or without a contract.
    """
    span = ledgers.span
    if span.factor is None or not card.contract.terms:
        return ()
    zone = str(ledgers.zone)
    whole = sorted(month_of(day) for day in span.counted if day.day == 1) if whole_months(sorted(span.counted)) else []
    starts = ledgers.cells.dims["start_s"].map(lambda start_s: _month(start_s, ledgers))
    found = rate(cells, shares, {**keys, "month": starts.take(shares.cell)})
    sums: dict[int, dict[str, Used]] = {month: {} for month in whole or [0]}
    for (provider, model, counted, month), totals in found.by_all((*SPENT_BY, "month")).items():
        if counted:
            seller = provider or _seller(card, model)
            used = Used(totals.cost_usd, totals.requests, sum(totals.tokens.values(), ZERO))
            by_provider = sums[month if whole else 0]
            by_provider[seller] = by_provider.get(seller, Used()) + used
    if whole:
        return tuple(MonthUsed(_terms_at(card, month_start_s(month, zone)), used) for month, used in sums.items())
    scaled = {name: used.times(span.factor) for name, used in sums[0].items()}
    return (MonthUsed(_terms_at(card, span.edges_s()[0]), scaled),)


def _month(start_s: int | None, ledgers: Ledgers) -> int | None:
    local = local_time(start_s, ledgers.zone)
    return None if local is None else month_of(local.date())


def _seller(card: RateCard, model: str | None) -> str:
    """Return who sells a model of a log that names no provider; nobody where that is not known."""
    rates = card.resolve(None, model).rates if model else None
    return "" if rates is None else rates.provider


def _terms_at(card: RateCard, at_s: int) -> int:
    return at_s if card.at_s is None else card.at_s


def mean_used(months: Sequence[MonthUsed], provider: str) -> Used:
    """Return what the mean month uses of a provider."""
    return sum((month.of(provider) for month in months), Used()).times(Fraction(1, len(months)))


def monthly_lines(contract: Contract, months: Sequence[MonthUsed]) -> dict[str, Decimal]:
    """Return the lines of the mean month, US dollars by name; credits are negative."""
    lines: dict[str, Fraction] = {}
    for month in months:
        for name, amount in _lines(contract, month):
            lines[name] = lines.get(name, ZERO) + amount / len(months)
    return {name: settle(amount) for name, amount in lines.items()}


def _lines(contract: Contract, month: MonthUsed) -> list[tuple[str, Fraction]]:
    found: list[tuple[str, Fraction]] = []
    for one in contract.commitments:
        if one.holds(month.at_s):
            found += _committed(one, month.of(one.provider).cost_usd)
    left = {name: used.cost_usd for name, used in month.by_provider.items()}
    for credit in contract.credits:
        if credit.holds(month.at_s):
            taken = min(credit.monthly_usd, left.get(credit.provider, ZERO))
            left[credit.provider] = left.get(credit.provider, ZERO) - taken
            found.append((credit.name, -taken))
    return found


def _committed(one: Commitment, used_usd: Fraction) -> list[tuple[str, Fraction]]:
    beyond = used_usd - one.monthly_usd
    lines = [(f"{one.name}: shortfall", shortfall(beyond))]
    if one.overage != 1:
        lines.append((f"{one.name}: overage", (one.overage - 1) * max(beyond, ZERO)))
    return lines
