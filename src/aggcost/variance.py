"""Why a bill differs from a log: quantities compared meter by meter, in exact fractions of US dollars.

Both sides are quantities at our rates. What a price per unit explains is linear, so the parts of a difference add up
to it whatever they are; where a rate is not known, nothing is said, and the caller is left with a rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

from aggcost.meters import PROMPT_KEYS, TOKEN_KEYS, UNIT_KEYS
from aggcost.model_rates import STANDARD

Kind = Literal["missing_requests", "extra_requests", "price", "cache", "service_tier", "duplicates", "unexplained"]
MISSING: Final = "missing_requests"
EXTRA: Final = "extra_requests"
PRICE: Final = "price"
CACHE: Final = "cache"
TIER: Final = "service_tier"
DUPLICATES: Final = "duplicates"
UNEXPLAINED: Final = "unexplained"
KINDS: tuple[Kind, ...] = (MISSING, EXTRA, PRICE, CACHE, TIER, DUPLICATES, UNEXPLAINED)
REQUESTS = "requests"
_COUNTED = (REQUESTS, *UNIT_KEYS)  # what is no token
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Measured:
    """Units of a meter, how many of them have a price, and what those cost in US dollars."""

    units: int = 0
    priced: int = 0
    usd: Fraction = ZERO

    def __add__(self, other: Measured) -> Measured:
        return Measured(self.units + other.units, self.priced + other.priced, self.usd + other.usd)

    def __sub__(self, other: Measured) -> Measured:
        return Measured(self.units - other.units, self.priced - other.priced, self.usd - other.usd)

    @property
    def rate(self) -> Fraction | None:
        """US dollars a unit on the average; None where no unit has a price."""
        return self.usd / self.priced if self.priced else None


NOTHING = Measured()
UNKNOWN_TIER = ""
Slot = tuple[str, str]
Quantities = Mapping[Slot, Measured]
"""What was used, by service tier and meter."""


@dataclass(slots=True)
class Parts:
    """What explains a difference (bill minus log): US dollars and tokens by kind."""

    usd: dict[Kind, Fraction] = field(default_factory=dict)
    tokens: dict[Kind, int] = field(default_factory=dict)

    def add(self, kind: Kind, usd: Fraction, tokens: int = 0) -> None:
        """Count an amount towards a kind."""
        self.usd[kind] = self.usd.get(kind, ZERO) + usd
        self.tokens[kind] = self.tokens.get(kind, 0) + tokens

    def merge(self, other: Parts) -> None:
        """Count everything that another one has."""
        for kind, usd in other.usd.items():
            self.add(kind, usd, other.tokens[kind])


def summed(several: Iterable[Quantities]) -> dict[Slot, Measured]:
    """Return quantities added up."""
    found: dict[Slot, Measured] = {}
    for one in several:
        for slot, measured in one.items():
            found[slot] = found.get(slot, NOTHING) + measured
    return found


def without(whole: Quantities, part: Quantities) -> dict[Slot, Measured]:
    """Return quantities less some of them."""
    return {slot: measured - part.get(slot, NOTHING) for slot, measured in whole.items()}


def usd_of(used: Quantities) -> Fraction:
    """Return what the quantities cost at our rates; those without a price cost nothing here."""
    return sum((one.usd for one in used.values()), ZERO)


def units_of(used: Quantities, meters: Iterable[str] = TOKEN_KEYS) -> int:
    """Return the units of some meters, all tokens by default."""
    wanted = frozenset(meters)
    return sum(one.units for (_, meter), one in used.items() if meter in wanted)


def nearer_without(bill: Quantities, log: Quantities, repeats: Quantities) -> bool:
    """Return whether the log comes nearer to the tokens of the bill where its repeats are left out."""
    gap = units_of(log) - units_of(bill)
    return bool(repeats) and abs(gap - units_of(repeats)) < abs(gap)


def expected_usd(bill: Quantities, log: Quantities) -> tuple[Fraction, bool]:
    """Return what the bill's quantities cost at our rates, and whether all of them have one."""
    bill, log = _aligned(bill, log)
    rates = {slot: _rate(slot, bill, log) for slot, one in bill.items() if one.units}
    known = sum((rate * bill[slot].units for slot, rate in rates.items() if rate is not None), ZERO)
    return known, None not in rates.values()


def _aligned(bill: Quantities, log: Quantities) -> tuple[Quantities, Quantities]:
    """Return both in the same terms: what a bill does not tell (tiers, requests, searches) is as the log has it."""
    if {tier for tier, _ in bill} == {UNKNOWN_TIER}:
        names = dict.fromkeys((tier for tier, _ in log), UNKNOWN_TIER)
    else:
        names = {UNKNOWN_TIER: STANDARD}
    bill, log = _retiered(bill, names), _retiered(log, names)
    untold = [meter for meter in _COUNTED if units_of(bill) and not units_of(bill, (meter,))]
    bill = {**bill, **{slot: one for slot, one in log.items() if slot[1] in untold}}
    return bill, log


def _retiered(used: Quantities, names: Mapping[str, str]) -> Quantities:
    return summed({(names.get(tier, tier), meter): one} for (tier, meter), one in used.items())


def _rate(slot: Slot, bill: Quantities, log: Quantities) -> Fraction | None:
    """Return our rate of a unit: as the log's requests had it, whose prompts and hours are known; else the bill's."""
    found = log.get(slot, NOTHING).rate
    return bill.get(slot, NOTHING).rate if found is None else found


def explain(bill: Quantities, log: Quantities) -> Parts:
    """Return which part of the difference between two quantities at our rates is which."""
    parts = Parts()
    bill, log = _aligned(bill, log)
    gaps = {}
    for meter in (*TOKEN_KEYS, *_COUNTED):
        gap = _across_tiers(meter, bill, log, parts)
        if gap is not None:
            gaps[meter] = gap
    _across_the_cache({meter: gap for meter, gap in gaps.items() if meter in PROMPT_KEYS}, parts)
    for meter, gap in gaps.items():
        if meter not in PROMPT_KEYS:
            _left(gap, 0 if meter in _COUNTED else abs(gap.units), parts)
    return parts


@dataclass(frozen=True, slots=True)
class _Gap:
    """Units that one side has more of (the bill where positive), and their rate in US dollars."""

    units: int
    rate: Fraction


def _across_tiers(meter: str, bill: Quantities, log: Quantities, parts: Parts) -> _Gap | None:
    """Count what stands in another service tier on the bill, and return what remains of a meter."""
    slots = [(tier, meter) for tier in sorted({tier for tier, one in (*bill, *log) if one == meter})]
    gaps = []
    for slot in slots:
        units = bill.get(slot, NOTHING).units - log.get(slot, NOTHING).units
        rate = _rate(slot, bill, log)
        if units and rate is None:
            return None
        if units and rate is not None:
            gaps.append(_Gap(units, rate))
    return _paired(gaps, TIER, parts, tokens=meter not in _COUNTED)


def _across_the_cache(gaps: Mapping[str, _Gap], parts: Parts) -> None:
    """Count the prompt tokens that the two sides split otherwise into cached and fresh ones, and what remains."""
    left = _paired([gap for gap in gaps.values() if gap.units], CACHE, parts, tokens=True)
    if left is not None:
        _left(left, abs(left.units), parts)


def _paired(gaps: list[_Gap], kind: Kind, parts: Parts, *, tokens: bool) -> _Gap | None:
    """Set units that one side has more of against those that the other has; return what has no counterpart."""
    above, below = _mean([gap for gap in gaps if gap.units > 0]), _mean([gap for gap in gaps if gap.units < 0])
    moved = min(above.units, -below.units)
    if moved:
        parts.add(kind, moved * (above.rate - below.rate), moved if tokens else 0)
    units = above.units + below.units
    return _Gap(units, above.rate if units > 0 else below.rate) if units else None


def _mean(gaps: list[_Gap]) -> _Gap:
    units = sum(gap.units for gap in gaps)
    usd = sum((gap.units * gap.rate for gap in gaps), ZERO)
    return _Gap(units, usd / units if units else ZERO)


def _left(gap: _Gap, tokens: int, parts: Parts) -> None:
    parts.add(MISSING if gap.units > 0 else EXTRA, gap.units * gap.rate, tokens)
