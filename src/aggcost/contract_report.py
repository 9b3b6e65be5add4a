"""What a report says of contracts: break-even volumes, reached tiers, and what of it rests on part of a month."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from aggcost.baseline import Baseline
from aggcost.break_even import ZERO, MonthTerms, break_even_usd
from aggcost.candidates import Candidate
from aggcost.commitments import MonthUsed, Used, mean_used, monthly_lines
from aggcost.contract import Adjustment, Commitment, Contract, Credit, Term
from aggcost.errors import Issue
from aggcost.model_rates import day_text
from aggcost.money import plain, settle
from aggcost.months import month_name, month_start_s
from aggcost.period import Span
from aggcost.ratecard import RateCard
from aggcost.rating import Rates
from aggcost.reached import Reached
from aggcost.report import Assumption
from aggcost.report_contract import ContractFigures, ReachedTier
from aggcost.what_if import rates_of

_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class ContractNotes:
    """What there is to say of the contracts of one arm."""

    figures: tuple[ContractFigures, ...]
    tiers: tuple[ReachedTier, ...]
    issues: tuple[Issue, ...]


def of_baseline(base: Baseline) -> ContractNotes:
    """Return the notes on the month as logged."""
    card = base.rates.card
    listed = base.listed(Rates(base.ledgers.cells, card.without_contract())) if base.used else ()
    return _notes(base.arm.name, base, contract_figures(base.arm.name, card, listed, base.used), base.tiers)


def of_candidate(base: Baseline, found: Candidate) -> ContractNotes:
    """Return the notes on a policy, or on other prices."""
    name, card = found.policy.name, found.rates.card
    listed: tuple[MonthUsed, ...] = ()
    if found.used:
        cells = base.ledgers.cells
        today = Rates(cells, base.rates.card.without_contract())
        at_list = rates_of(found.policy, card.without_contract(), today)
        listed = found.listed(at_list, base.ledgers)
    return _notes(name, base, contract_figures(name, card, listed, found.used), found.tiers)


def _notes(arm: str, base: Baseline, figures: tuple[ContractFigures, ...], tiers: tuple[Reached, ...]) -> ContractNotes:
    return ContractNotes(figures, reached_tiers(arm, tiers), partial_months(tiers, base.ledgers.span))


def reached_tiers(arm: str, tiers: Iterable[Reached]) -> tuple[ReachedTier, ...]:
    """Return the tiers that an arm reached, by rate and month."""
    return tuple(
        ReachedTier(
            arm=arm,
            rate=one.owner,
            month=month_name(one.month),
            kind=one.schedule.kind,
            over=one.schedule.over,
            quantity=settle(one.quantity),
            tier=one.tier + 1,
            tiers=len(one.schedule.tiers),
        )
        for one in tiers
    )


def partial_months(tiers: Iterable[Reached], span: Span) -> tuple[Issue, ...]:
    """Return an issue where a tier was reached on a part of its month."""
    partial = sorted({(one.month, one.schedule.zone) for one in tiers if not _covered(one, span)})
    if not partial:
        return ()
    months = ", ".join(dict.fromkeys(month_name(month) for month, _ in partial))
    return (
        Issue(
            code="tier_of_partial_month",
            severity="warning",
            count=len(partial),
            message=f"monthly tiers were reached on what is logged of {months}, which is not the whole month",
            hint="a whole month may reach a further tier: give a log that covers it",
        ),
    )


def _covered(one: Reached, span: Span) -> bool:
    """Return whether the log has traffic in the first and the last hour of the month, as for its days."""
    if span.first is None or span.last is None:
        return False
    begin, end = (month_start_s(month, one.schedule.zone) for month in (one.month, one.month + 1))
    return span.first.timestamp() < begin + _HOUR_S and span.last.timestamp() >= end - _HOUR_S


def contract_figures(
    arm: str, card: RateCard, listed: Sequence[MonthUsed], used: Sequence[MonthUsed]
) -> tuple[ContractFigures, ...]:
    """Return the arm's month at each provider with a contract in force; `listed` is its usage at list prices."""
    if not used:
        return ()
    held = card.contract.held(used[-1].at_s)
    providers = dict.fromkeys(term.provider for term in held.terms)
    return tuple(_figures(arm, name, card.contract.of(name), (listed, used)) for name in providers)


def _figures(
    arm: str, provider: str, contract: Contract, months: tuple[Sequence[MonthUsed], Sequence[MonthUsed]]
) -> ContractFigures:
    listed, used = months
    at_list, bought = mean_used(listed, provider), mean_used(used, provider)
    held = contract.held(used[-1].at_s)
    paid = settle(bought.cost_usd) + sum(monthly_lines(contract, used).values(), Decimal(0))
    even = _break_even(held, at_list, bought)
    return ContractFigures(
        arm=arm,
        provider=provider,
        terms=tuple(map(term_text, held.terms)),
        list_monthly=settle(at_list.cost_usd),
        contract_monthly=paid,
        cheaper=paid < settle(at_list.cost_usd),
        break_even_monthly=None if even is None else settle(even),
        break_even_requests=None if even is None else _at_mix(at_list.requests, at_list, even),
        break_even_tokens=None if even is None else _at_mix(at_list.tokens, at_list, even),
    )


def _break_even(held: Contract, at_list: Used, bought: Used) -> Fraction | None:
    """Return the break-even at the mix of an arm; without usage it is known only where no price is adjusted."""
    adjusted = bool(held.discounts or held.uplifts)
    if not at_list.cost_usd and adjusted:
        return None
    return break_even_usd(
        MonthTerms(
            factor=bought.cost_usd / at_list.cost_usd if at_list.cost_usd else Fraction(1),
            committed_usd=sum((one.monthly_usd for one in held.commitments), ZERO),
            overage=held.commitments[0].overage if held.commitments else Fraction(1),
            credit_usd=sum((one.monthly_usd for one in held.credits), ZERO),
        )
    )


def _at_mix(units: Fraction, at_list: Used, even_usd: Fraction) -> int | None:
    """Return how many requests or tokens cost `even_usd` at list prices, rounded up."""
    return math.ceil(units / at_list.cost_usd * even_usd) if at_list.cost_usd else None


def contract_assumptions(contract: Contract) -> list[Assumption]:
    """Return the terms of a contract, which nobody but the user states."""
    return [
        Assumption(name=f"contract with {term.provider}", value=term_text(term), source=term.where)
        for term in contract.terms
    ]


def term_text(term: Term) -> str:
    """Return a term in words: ``15 % off gpt-4o, from 2026-03-01``."""
    spans = [f"{word} {day_text(instant)}" for word, instant in (("from", term.from_s), ("to", term.to_s)) if instant]
    return ", ".join([_what(term), *spans])


def _what(term: Term) -> str:
    match term:
        case Adjustment(factor=factor, models=models):
            change = plain(settle(abs(factor - 1) * 100))
            return (
                f"{change} % {'off' if factor <= 1 else 'on'} {'every model' if models is None else ', '.join(models)}"
            )
        case Commitment(name=name, monthly_usd=amount, overage=overage):
            beyond = "" if overage == 1 else f", above it times {plain(settle(overage))}"
            return f"{name}: {plain(settle(amount))} USD a month committed{beyond}"
        case Credit(name=name, monthly_usd=amount):
            return f"{name}: {plain(settle(amount))} USD a month credited"
    raise TypeError(f"not a term of a contract: {term!r}")
