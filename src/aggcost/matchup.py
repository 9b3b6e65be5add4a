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
    inside = {name: _inside(groups, common) for name, groups in (("log", log.groups), ("bill", bill.groups))}
    coarse = _without_models(inside["log"], inside["bill"], card)
    stated = {key.provider for key, group in bill.groups.items() if group.stated_usd is not None}
    pairs: dict[Key, list[Key]] = {}
    for key in {**inside["log"], **inside["bill"]}:
        pairs.setdefault(_row_key(key, coarse), []).append(key)
    matched = (
        _matched(row, keys, (inside["log"], inside["bill"], log.repeats), stated=row.provider in stated, coarse=coarse)
        for row, keys in pairs.items()
    )
    return Matchup(
        tuple(one for one in matched if one is not None),
        {key: group for key, group in log.groups.items() if key not in inside["log"]},
        {key: group for key, group in bill.groups.items() if key not in inside["bill"]},
    )


def _common_days(log: Mapping[Key, Group], bill: Mapping[Key, Group]) -> dict[str | None, tuple[date, date]]:
    """Return the first and last day to compare of each provider that both sides have.

    A log is one stream: what it lacks of a provider on a day inside it is missing. A bill may be several, one for each
    provider.
    """
    logged = [key.day for key in log if key.day is not None]
    providers = {key.provider for key in log} & {key.provider for key in bill}
    found = {}
    for provider in providers if logged else ():
        billed = [key.day for key in bill if key.provider == provider and key.day is not None]
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


def _matched(
    row: Key,
    keys: Iterable[Key],
    sides: tuple[Mapping[Key, Group], Mapping[Key, Group], Mapping[Key, Group]],
    *,
    stated: bool,
    coarse: _Coarse,
) -> Matched | None:
    if row.day is None:
        return None
    triples = [tuple(_of(side, key) for side in sides) for key in sorted(keys, key=lambda key: key.model or "")]
    if row.provider in coarse.quantities:
        triples = [tuple(summed(column) for column in zip(*triples, strict=True))]
    billed = sum((group.stated_usd or ZERO for key in keys if (group := sides[1].get(key))), ZERO)
    logs, bills, repeated = (summed(column) for column in zip(*triples, strict=True))
    expected = [variance.expected_usd(bill, log) for log, bill, _ in triples]
    bill_usd = billed if stated else sum((usd for usd, _ in expected), ZERO)
    parts = Parts()
    log_usd = usd_of(logs)
    if row.provider in coarse.counted:
        for log, bill, again in triples:
            _explain(log, bill, again, parts)
        if stated and units_of(bills) and all(known for _, known in expected):
            parts.add(PRICE, billed - sum((usd for usd, _ in expected), ZERO))
    elif abs(bill_usd - log_usd + usd_of(repeated)) < abs(bill_usd - log_usd):
        parts.add(DUPLICATES, -usd_of(repeated), units_of(repeated))
    parts.add(UNEXPLAINED, bill_usd - log_usd - sum(parts.usd.values(), ZERO))
    return Matched(row.provider, row.model, row.day, logs, bills, log_usd, bill_usd, stated, parts)


def _of(side: Mapping[Key, Group], key: Key) -> Quantities:
    return side[key].used if key in side else {}


def _explain(log: Quantities, bill: Quantities, again: Quantities, parts: Parts) -> None:
    """Count what explains the quantities of one model: repeats first, then the rest of the log against the bill."""
    if variance.nearer_without(bill, log, again):
        parts.add(DUPLICATES, -usd_of(again), units_of(again))
        log = without(log, again)
    parts.merge(variance.explain(bill, log))
