"""Other readings of a proposal: without what was not replayed, with what was left out, with less luck.

The first is always the cost of requests alone, because that is the part that the log can prove.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from aggcost.cashflow import Cashflow
from aggcost.money import percent, round_half_even
from aggcost.proposal import PLACES, WEEKS_A_MONTH, Proposal
from aggcost.units import Months, Percent, Usd

_FEE_5_PERCENT = Fraction(105, 100)
_PLUS_50_PERCENT = Fraction(150, 100)
# What the proposal may have left out, as a factor on the month's cost that remains.
_HARDER: tuple[tuple[str, str, Fraction], ...] = (
    ("fee_5_percent", "a further 5 % router fee on what remains", _FEE_5_PERCENT),
    ("lost_discount_10_percent", "a 10 % volume discount lost on what remains", Fraction(100, 90)),
    ("lost_discount_20_percent", "a 20 % volume discount lost on what remains", Fraction(100, 80)),
    ("policy_cost_plus_50_percent", "what remains costs 50 % more", _PLUS_50_PERCENT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The same proposal read another way; `text` says which, for people."""

    name: str
    text: str
    monthly_savings: Usd
    payback_months: Months | None
    investment: Usd
    roi_percent: Percent | None


def readings(proposal: Proposal) -> Iterator[Reading]:
    """Yield the other readings: what was replayed first, then kinder, then harder ones."""
    cash = proposal.hours.cash
    api = replace(proposal.cashflow(hours_usd=Fraction(0)), fixed=proposal.contract_saved)
    yield _reading("api_only", "API cost alone", api, proposal.horizon_months)
    yield from _hours_readings(proposal)
    for name, text, factor in _HARDER:
        yield _reading(name, text, proposal.cashflow(cost_factor=factor, hours_usd=cash), proposal.horizon_months)
    worst = proposal.cashflow(
        cost_factor=_PLUS_50_PERCENT * _FEE_5_PERCENT,
        hours_factor=Fraction(3, 2),
        hours_usd=-(proposal.hours.after or Fraction(0)),
    )
    text = "half more migration hours, cost +50 %, a 5 % fee, remaining hours charged"
    yield _reading("all_together", text, worst, proposal.horizon_months)


def _hours_readings(proposal: Proposal) -> Iterator[Reading]:
    """Yield the readings that engineering hours and the length of the project allow."""
    hours = proposal.hours
    if hours.saved is not None and hours.count_as == "cash":
        flow = proposal.cashflow(hours_usd=Fraction(0))
        yield _reading("without_hours", "without the engineering hours", flow, proposal.horizon_months)
    elif hours.saved:
        flow = proposal.cashflow(hours_usd=hours.saved)
        yield _reading("hours_as_cash", "engineering hours saved counted as cash", flow, proposal.horizon_months)
    if hours.after:
        flow = proposal.cashflow(hours_usd=-hours.after)
        yield _reading("hours_charged", "remaining engineering hours charged", flow, proposal.horizon_months)
    if proposal.weeks:
        flow = proposal.cashflow(hours_usd=hours.cash)
        text = "counted from the start of the project"
        yield _reading("from_project_start", text, flow, proposal.horizon_months, proposal.weeks / WEEKS_A_MONTH)


def _reading(name: str, text: str, flow: Cashflow, horizon_months: int, delay: Fraction = Fraction(0)) -> Reading:
    payback = flow.payback()
    return Reading(
        name=name,
        text=text,
        monthly_savings=usd(flow.monthly),
        payback_months=None if payback is None else months(payback + delay),
        investment=usd(flow.investment),
        roi_percent=roi_percent(flow, horizon_months),
    )


def roi_percent(flow: Cashflow, horizon_months: int) -> Percent | None:
    """Return (savings of the horizon - investment) / investment, or None where nothing is invested."""
    return percent(flow.net(horizon_months), flow.investment) if flow.investment > 0 else None


def usd(amount: Fraction) -> Usd:
    """Return dollars with at most 6 decimals."""
    return round_half_even(amount, PLACES)


def months(duration: Fraction | None) -> Months | None:
    """Return months with at most 6 decimals; None stays None."""
    return None if duration is None else round_half_even(duration, PLACES)
