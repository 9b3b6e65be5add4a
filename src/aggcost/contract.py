"""The terms of a contract that stand beside a model's prices: discounts, uplifts, commitments and credits.

Discounts and uplifts change what a unit costs, last of all. Commitments and credits change no request's cost: they
are lines of a month, worked out from what an arm spends at the provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from aggcost.model_rates import ModelRates, Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What holds at one provider in `[from_s, to_s)` (epoch seconds UTC; None is open); `where` names its line."""

    provider: str
    from_s: int | None
    to_s: int | None
    where: str

    def holds(self, at_s: int | None) -> bool:
        """Return whether it holds at an instant; None is before every instant."""
        if at_s is None:
            return self.from_s is None
        return (self.from_s is None or self.from_s <= at_s) and (self.to_s is None or at_s < self.to_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment(Term):
    """A factor on every price of a provider, or of the models named (lower case)."""

    factor: Fraction
    models: tuple[str, ...] | None = None

    def means(self, rates: ModelRates) -> bool:
        """Return whether a model's prices are adjusted."""
        return self.provider == rates.provider and (self.models is None or rates.model.lower() in self.models)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment(Term):
    """US dollars a month that are owed whether they are used or not; usage above costs `overage` times its price."""

    name: str
    monthly_usd: Fraction
    overage: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit(Term):
    """US dollars of usage a month that are not charged; what is not used in its month is lost."""

    name: str
    monthly_usd: Fraction


_Named = TypeVar("_Named", Commitment, Credit)


@dataclass(frozen=True, slots=True)
class Contract:
    """Every term of one price source, or of several joined; of several that hold the first listed counts."""

    discounts: tuple[Adjustment, ...] = ()
    uplifts: tuple[Adjustment, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    credits: tuple[Credit, ...] = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every term."""
        return (*self.discounts, *self.uplifts, *self.commitments, *self.credits)

    def of(self, provider: str) -> Contract:
        """Return the terms of one provider."""
        return self._only(lambda term: term.provider == provider)

    def held(self, at_s: int) -> Contract:
        """Return the terms that hold at an instant."""
        return self._only(lambda term: term.holds(at_s))

    def _only(self, keep: Callable[[Term], bool]) -> Contract:
        return Contract(
            tuple(filter(keep, self.discounts)),
            tuple(filter(keep, self.uplifts)),
            tuple(filter(keep, self.commitments)),
            tuple(filter(keep, self.credits)),
        )


def joined(contracts: Iterable[Contract]) -> Contract:
    """Return several contracts as one, the first foremost; a commitment or credit replaces later ones of its name."""
    found = tuple(contracts)
    return Contract(
        tuple(one for contract in found for one in contract.discounts),
        tuple(one for contract in found for one in contract.uplifts),
        _by_name(contract.commitments for contract in found),
        _by_name(contract.credits for contract in found),
    )


def _by_name(sources: Iterable[tuple[_Named, ...]]) -> tuple[_Named, ...]:
    """Return the terms of the first source that has each name: one name may hold several spans of time."""
    kept: list[_Named] = []
    for source in sources:
        taken = {one.name for one in kept}
        kept.extend(one for one in source if one.name not in taken)
    return tuple(kept)


def contracted(rates: ModelRates, contract: Contract) -> ModelRates:
    """Return the rates with the contract's discounts and uplifts, whose dates cut periods where they begin and end."""
    kinds = [[one for one in kind if one.means(rates)] for kind in (contract.discounts, contract.uplifts)]
    if not any(kinds):
        return rates
    cuts = {instant for kind in kinds for one in kind for instant in (one.from_s, one.to_s) if instant is not None}
    pieces = (piece for period in rates.periods for piece in _pieces(period, sorted(cuts)))
    return replace(rates, periods=tuple(replace(piece, factor=_factor(kinds, piece.from_s)) for piece in pieces))


def _pieces(period: Period, cuts: Iterable[int]) -> Iterator[Period]:
    inner = [
        cut
        for cut in cuts
        if (period.from_s is None or cut > period.from_s) and (period.to_s is None or cut < period.to_s)
    ]
    for begin, end in pairwise((period.from_s, *inner, period.to_s)):
        yield replace(period, from_s=begin, to_s=end)


def _factor(kinds: Iterable[Iterable[Adjustment]], at_s: int | None) -> Fraction:
    factor = Fraction(1)
    for kind in kinds:
        factor *= next((one.factor for one in kind if one.holds(at_s)), Fraction(1))
    return factor


def as_of(rates: ModelRates, at_s: int) -> ModelRates:
    """Return the rates as they hold at an instant, for requests of any time; hours, days and months stay their own."""
    if not rates.periods:
        return rates
    held = tuple(
        replace(period, from_s=None, to_s=None)
        for period in rates.periods
        if (period.from_s is None or period.from_s <= at_s) and (period.to_s is None or at_s < period.to_s)
    )
    return replace(rates, periods=held or (_NEVER,))


# Ends where it begins: no request lies in it, and what has only this period has no price at its time.
_NEVER = Period(0, 0, {})
