"""Which groups of a log and a bill belong together, and what explains the difference of each pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from aggcost import variance
from aggcost.ratecard import RateCard
from aggcost.sides import Group, Key, Side
from aggcost.variance import DUPLICATES, PRICE, UNEXPLAINED, ZERO, Parts, Quantities, summed, units_of, usd_of, without


@dataclass(frozen=True, slots=True)
class Matched:
    """A provider, model and day of both sides; amounts in US dollars, parts of the bill minus the log.

    `stated` says that the bill's cost is its own, not its quantities at our rates.
    """

    provider: str | None
    model: str | None
    day: date
    log: Quantities
    bill: Quantities
    log_usd: Fraction
    bill_usd: Fraction
    stated: bool
    parts: Parts


@dataclass(frozen=True, slots=True)
class Matchup:
    """What both sides cover, and what only one of them does."""

    matched: tuple[Matched, ...]
    only_log: dict[Key, Group]
    only_bill: dict[Key, Group]


def match(log: Side, bill: Side, card: RateCard) -> Matchup:
    """Return the pairs of a log and a bill; each provider's days are those from its first to its last on the bill."""
    common = _common_days(log.groups, bill.groups)
    sides = _Sides(_inside(log.groups, common), _inside(bill.groups, common), log.repeats)
    coarse = _without_models(sides.log, sides.bill, card)
    stated = {key.provider for key, group in bill.groups.items() if group.stated_usd is not None}
    pairs: dict[Key, list[Key]] = {}
    for key in {**sides.log, **sides.bill}:
        pairs.setdefault(_row_key(key, coarse), []).append(key)
    matched = (_matched(row, keys, sides, coarse, stated=row.provider in stated) for row, keys in pairs.items())
    return Matchup(
        tuple(one for one in matched if one is not None),
        {key: group for key, group in log.groups.items() if key not in sides.log},
        {key: group for key, group in bill.groups.items() if key not in sides.bill},
    )


def _common_days(log: Mapping[Key, Group], bill: Mapping[Key, Group]) -> dict[str | None, tuple[date, date]]:
    """Return the first and last day to compare of each provider that both sides have.

    A log is one stream: what it lacks of a provider on a day inside it is missing. A bill may be several, one for each
    provider; where it states costs, it covers the days from the first to the last of them.
    """
    logged = [key.day for key in log if key.day is not None]
    providers = {key.provider for key in log} & {key.provider for key in bill}
    found = {}
    for provider in providers if logged else ():
        dated = {key: group for key, group in bill.items() if key.provider == provider and key.day is not None}
        costs = [key.day for key, group in dated.items() if group.stated_usd is not None and key.day is not None]
        billed = costs or [key.day for key in dated if key.day is not None]
        if billed:
            found[provider] = max(min(logged), min(billed)), min(max(logged), max(billed))
    return found


def _inside(groups: Mapping[Key, Group], common: Mapping[str | None, tuple[date, date]]) -> dict[Key, Group]:
    found = {}
    for key, group in groups.items():
        first, last = common.get(key.provider, (date.max, date.min))
        if key.day is not None and first <= key.day <= last:
            found[key] = group
    return found


@dataclass(frozen=True, slots=True)
class _Coarse:
    """What a bill leaves out, by provider.

    The bill's `costs`, and its `quantities`, name no model that the log could; those `counted` have quantities at all.
    """

    costs: frozenset[str | None]
    quantities: frozenset[str | None]
    counted: frozenset[str | None]


def _without_models(log: Mapping[Key, Group], bill: Mapping[Key, Group], card: RateCard) -> _Coarse:
    logged = {(key.provider, key.model) for key in log}
    costs: dict[str | None, bool] = {}
    quantities: dict[str | None, bool] = {}
    for key, group in bill.items():
        if group.used:
            quantities[key.provider] = quantities.get(key.provider, False) or key.model is not None
        if group.stated_usd is not None:
            known = key.model is not None and (
                bool(group.used)
                or (key.provider, key.model) in logged
                or card.resolve(key.provider, key.model).rates is not None
            )
            costs[key.provider] = costs.get(key.provider, False) or known
    nameless = frozenset(provider for provider, named in quantities.items() if not named)
    unknown = frozenset(provider for provider, known in costs.items() if not known)
    return _Coarse(nameless | unknown, nameless, frozenset(quantities))


def _row_key(key: Key, coarse: _Coarse) -> Key:
    return Key(key.provider, None, key.day) if key.provider in coarse.costs else key


@dataclass(frozen=True, slots=True)
class _Pair:
    """One model of one day: the log, the bill, and what of the log repeats the id of another request."""

    log: Quantities
    bill: Quantities
    again: Quantities

    def once(self) -> Quantities:
        """Return the log without its repeats, where that is nearer to the bill."""
        nearer = variance.nearer_without(self.bill, self.log, self.again)
        return without(self.log, self.again) if nearer else self.log


def _matched(row: Key, keys: Iterable[Key], sides: _Sides, coarse: _Coarse, *, stated: bool) -> Matched | None:
    if row.day is None:
        return None
    pairs = sides.pairs(sorted(keys, key=lambda key: key.model or ""), together=row.provider in coarse.quantities)
    whole = _together(pairs)
    billed_usd = sum((group.stated_usd or ZERO for key in keys if (group := sides.bill.get(key))), ZERO)
    log_usd, counted = usd_of(whole.log), row.provider in coarse.counted
    parts = Parts()
    expected = [variance.expected_usd(pair.bill, pair.once()) for pair in pairs]
    expected_usd = sum((usd for usd, _ in expected), ZERO)
    bill_usd = billed_usd if stated else expected_usd
    if counted:
        _explain(pairs, parts)
    elif abs(bill_usd - log_usd + usd_of(whole.again)) < abs(bill_usd - log_usd):
        parts.add(DUPLICATES, -usd_of(whole.again), units_of(whole.again))
    if counted and stated and units_of(whole.bill) and all(known for _, known in expected):
        parts.add(PRICE, billed_usd - expected_usd)
    parts.add(UNEXPLAINED, bill_usd - log_usd - sum(parts.usd.values(), ZERO))
    return Matched(row.provider, row.model, row.day, whole.log, whole.bill, log_usd, bill_usd, stated, parts)


def _together(pairs: Iterable[_Pair]) -> _Pair:
    listed = tuple(pairs)
    return _Pair(
        summed(pair.log for pair in listed), summed(pair.bill for pair in listed), summed(pair.again for pair in listed)
    )


def _explain(pairs: Iterable[_Pair], parts: Parts) -> None:
    """Count what explains the quantities of each model: repeats first, then the rest of the log against the bill."""
    for pair in pairs:
        once = pair.once()
        if once is not pair.log:
            parts.add(DUPLICATES, -usd_of(pair.again), units_of(pair.again))
        parts.merge(variance.explain(pair.bill, once))


@dataclass(frozen=True, slots=True)
class _Sides:
    """What is compared of the log and the bill, and all repeats of the log."""

    log: Mapping[Key, Group]
    bill: Mapping[Key, Group]
    repeats: Mapping[Key, Group]

    def pairs(self, keys: Iterable[Key], *, together: bool) -> tuple[_Pair, ...]:
        """Return a pair for each key, or one of all of them."""
        found = tuple(_Pair(_of(self.log, key), _of(self.bill, key), _of(self.repeats, key)) for key in keys)
        return (_together(found),) if together else found


def _of(side: Mapping[Key, Group], key: Key) -> Quantities:
    return side[key].used if key in side else {}
