"""What a log used, for price tables: its bill under two of them, and its models with their last use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from aggcost import scanning
from aggcost.baseline import Options
from aggcost.engine import open_engine
from aggcost.importers import read_usage
from aggcost.ledger import USAGE, Dim
from aggcost.meters import USAGE_KEYS
from aggcost.money import settle
from aggcost.needs import Needs
from aggcost.policy import Route
from aggcost.price_book import Book
from aggcost.price_check import Used
from aggcost.price_diff import shown_meter, widest_first
from aggcost.ratecard import RateCard, RateLine
from aggcost.rating import Charge, Charges, Rates, all_of, rate
from aggcost.report_prices import Difference, PriceDiff

_Name = tuple[str, str]


def with_effect(diff: PriceDiff, a: Book, b: Book, options: Options) -> PriceDiff:
    """Return the differences of the models of a log, sorted by what they are worth on its bill.

    Tokens and requests have an effect each; parts that a table prices apart (audio, searches) are in the bills only.
    """
    card = RateCard([a])
    mine, theirs = _charged(options, card, RateCard([b]))
    effects: dict[tuple[str, str, str], Fraction] = {}
    for charge in mine.rows:
        rates = card.resolve(charge.keys["provider"], charge.keys["model"] or "").rates
        if rates is not None and _both(charge):
            for meter, usd in _effects(charge):
                key = rates.provider, rates.model, shown_meter(meter)
                effects[key] = effects.get(key, Fraction(0)) + usd
    worth = [
        replace(one, effect_usd=settle(effects[key]))
        for one in diff.differences
        if (key := (one.provider, one.model, one.meter)) in effects
    ]
    return replace(
        diff,
        differences=tuple(sorted(worth, key=_dearest_first)),
        requests=int(mine.total(_both).requests),
        bill_a_usd=settle(mine.total(_both).cost_usd),
        bill_b_usd=settle(theirs.total(_both).cost_usd),
    )


def _charged(options: Options, a: RateCard, b: RateCard) -> tuple[Charges, Charges]:
    """Return the charges of a log under either card, each with the line of the other one as the key `other`."""
    with open_engine(options.engine) as engine:
        usage = read_usage(engine, options.logs, options.read)
        cards: list[tuple[RateCard, tuple[Route, ...]]] = [(a, ()), (b, ())]
        cells = scanning.scan(engine, usage.table, needs=Needs(), cards=cards, by=(), zone=options.zone).cells
    lines = Rates(cells, a).as_logged(), Rates(cells, b).as_logged()
    found = []
    for mine, theirs in (lines, lines[::-1]):
        shares = all_of(mine, cells)
        names = {name: cells.dims[name].take(shares.cell) for name in ("provider", "model")}
        found.append(rate(cells, shares, {**names, "other": Dim(theirs.index[shares.cell], theirs.table)}))
    return found[0], found[1]


def _both(charge: Charge) -> bool:
    return isinstance(charge.line, RateLine) and isinstance(charge.keys["other"], RateLine)


def _effects(charge: Charge) -> Iterator[tuple[str, Fraction]]:
    """Yield by meter what the other line would add."""
    if not isinstance(charge.line, RateLine):
        return
    prices = zip(charge.line.prices, charge.keys["other"].prices, strict=True)
    for meter, units, (mine, theirs) in zip(USAGE_KEYS, (*charge.tokens, charge.requests), prices, strict=True):
        if units and mine is not None and theirs is not None:
            yield meter, units * (theirs - mine)


def _dearest_first(one: Difference) -> tuple[Decimal, bool, Decimal, str, str, str]:
    return -abs(one.effect_usd or Decimal(0)), *widest_first(one)


def used_models(options: Options, card: RateCard) -> list[Used]:
    """Return the models of a log that have prices."""
    with open_engine(options.engine) as engine:
        usage = read_usage(engine, options.logs, options.read)
        cells = scanning.scan(engine, usage.table, needs=Needs(), cards=[(card, ())], by=(), zone=options.zone).cells
    cells = cells.select(cells.dims["outcome"].where(USAGE))
    provider, model = cells.dims["provider"], cells.dims["model"]
    found: dict[_Name, Used] = {}
    names = zip(provider.codes.tolist(), model.codes.tolist(), cells.sums["last_s"].tolist(), strict=True)
    for owner, name, last_s in names:
        rates = card.resolve(provider.values[owner], model.values[name] or "").rates
        if rates is not None:
            name_read = rates.provider, rates.model
            known = found[name_read].last_s if name_read in found else None
            found[name_read] = Used(rates, last_s if known is None else max(known, last_s))
    return list(found.values())
