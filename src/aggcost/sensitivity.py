"""Which doubt matters most: every assumption moved between its bounds alone, by what it does to payback and saving.

The bounds are stated with each row, for whoever has better ones. A row is a reading of the same proposal, as in
`readings`; there a few are told in words, here each has two ends, so that they can be ranked (a tornado).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from aggcost.cashflow import Cashflow
from aggcost.proposal import Proposal
from aggcost.readings import months, usd
from aggcost.units import Months, Usd

_HALF, _ONE = Fraction(1, 2), Fraction(1)
_FEE_5_PERCENT, _LOST_20_PERCENT = Fraction(105, 100), Fraction(100, 80)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """One assumption at its kind and at its hard bound: the month's saving and the payback (None: never)."""

    name: str
    text: str
    kind: str
    hard: str
    savings_kind: Usd
    savings_hard: Usd
    payback_kind: Months | None
    payback_hard: Months | None


@dataclass(frozen=True, slots=True)
class CostRange:
    """An assumption about the requests with both of its ends: in words, and how much more a month costs there."""

    name: str
    text: str
    ends: tuple[str, str]
    more_usd: tuple[Usd, Usd]


@dataclass(frozen=True, slots=True)
class _Doubt:
    name: str
    text: str
    kind: str
    hard: str
    flow_kind: Cashflow
    flow_hard: Cashflow


def sensitivities(proposal: Proposal, ranges: Sequence[CostRange] = ()) -> tuple[Sensitivity, ...]:
    """Return the assumptions, the one that the payback hangs on most first; those without any effect are left out.

    Where nothing is invested these are only the `ranges`, since no payback hangs on anything.
    """
    invested = proposal.cashflow(hours_usd=Fraction(0)).investment > 0
    doubts = (*(_doubts(proposal) if invested else ()), *(_of_requests(proposal, one) for one in ranges))
    found = [_row(doubt) for doubt in doubts if doubt.flow_kind != doubt.flow_hard]
    return tuple(sorted(found, key=_order))


def _order(row: Sensitivity) -> tuple[bool, Fraction, Fraction, str]:
    swing = Fraction(0)
    if row.payback_kind is not None and row.payback_hard is not None:
        swing = Fraction(row.payback_hard) - Fraction(row.payback_kind)
    return row.payback_hard is not None, -swing, Fraction(row.savings_hard) - Fraction(row.savings_kind), row.name


def _row(doubt: _Doubt) -> Sensitivity:
    return Sensitivity(
        name=doubt.name,
        text=doubt.text,
        kind=doubt.kind,
        hard=doubt.hard,
        savings_kind=usd(doubt.flow_kind.monthly),
        savings_hard=usd(doubt.flow_hard.monthly),
        payback_kind=months(doubt.flow_kind.payback()),
        payback_hard=months(doubt.flow_hard.payback()),
    )


def _doubts(proposal: Proposal) -> Iterator[_Doubt]:
    cash = proposal.hours.cash
    stated = proposal.cashflow(hours_usd=cash)

    def scaled(hours: Fraction) -> Cashflow:
        return proposal.cashflow(hours_factor=hours, hours_usd=cash)

    def dearer(factor: Fraction) -> Cashflow:
        return proposal.cashflow(cost_factor=factor, hours_usd=cash)

    yield _Doubt("migration_hours", "hours of the migration", "half", "twice", scaled(_HALF), scaled(2 * _ONE))
    yield _Doubt("hourly_rate", "price of an hour", "2/3", "4/3", scaled(_ONE * 2 / 3), scaled(_ONE * 4 / 3))
    yield _Doubt("policy_cost", "what remains", "as stated", "+100 %", stated, dearer(2 * _ONE))
    yield _Doubt("router_fee", "a further router fee on what remains", "none", "5 %", stated, dearer(_FEE_5_PERCENT))
    yield _Doubt("lost_discount", "a discount lost on what remains", "none", "20 %", stated, dearer(_LOST_20_PERCENT))
    falling = replace(stated, growing=stated.growing * Fraction(70, 100), fixed=stated.fixed * Fraction(70, 100))
    yield _Doubt("list_prices", "list prices and traffic, both sides", "as today", "-30 %", stated, falling)
    yield from _overheads(proposal, stated)
    yield from _hours(proposal, stated)


def _of_requests(proposal: Proposal, one: CostRange) -> _Doubt:
    """Return what happens at the ends of an assumption about the requests: the cheaper end is the kind one."""
    stated = proposal.policy
    costs = [replace(stated, requests_usd=stated.requests_usd + more) for more in one.more_usd]
    flows = [replace(proposal, policy=cost).cashflow(hours_usd=proposal.hours.cash) for cost in costs]
    kind, hard = sorted(range(2), key=lambda end: one.more_usd[end])
    return _Doubt(one.name, one.text, one.ends[kind], one.ends[hard], flows[kind], flows[hard])


def _overheads(proposal: Proposal, stated: Cashflow) -> Iterator[_Doubt]:
    """Yield what happens if only half of the overheads' saving arrives: nothing in the log can prove it."""
    saved = Fraction(proposal.today.overheads_usd) - Fraction(proposal.policy.overheads_usd)
    if saved > 0:
        half = replace(stated, fixed=stated.fixed - saved / 2)
        yield _Doubt("overheads", "the saving on overheads", "all of it", "half of it", stated, half)


def _hours(proposal: Proposal, stated: Cashflow) -> Iterator[_Doubt]:
    hours = proposal.hours
    if hours.after:
        charged = replace(stated, fixed=stated.fixed - hours.cash - hours.after)
        yield _Doubt("upkeep", "remaining engineering hours", "not charged", "charged", stated, charged)
