"""What a log used, for price tables: its bill under two of them, and its models with their last use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
from aggcost.price_check import Used
from aggcost.price_diff import shown_meter, widest_first
from aggcost.ratecard import Book, RateCard, RateLine
from aggcost.rating import Charge, Rates, all_of, rate
from aggcost.report_prices import Difference, PriceDiff

_Name = tuple[str, str]


def with_effect(diff: PriceDiff, a: Book, b: Book, options: Options) -> PriceDiff:
    """Return the differences of the models of a log, sorted by what they are worth on its bill."""
    charges = list(_charged_twice(options, RateCard([a]), RateCard([b])))
    effects: dict[tuple[str, str, str], Fraction] = {}
    for name, charge, line_a, line_b in charges:
        for meter, units, mine, theirs in zip(
            USAGE_KEYS, (*charge.tokens, charge.requests), line_a.prices, line_b.prices, strict=True
        ):
            if units and mine is not None and theirs is not None:
                key = (*name, shown_meter(meter))
                effects[key] = effects.get(key, Fraction(0)) + units * (theirs - mine)
    worth = [
        replace(one, effect_usd=settle(effects[key]))
        for one in diff.differences
        if (key := (one.provider, one.model, one.meter)) in effects
    ]
    return replace(
        diff,
        differences=tuple(sorted(worth, key=_dearest_first)),
        requests=sum(charge.requests for _, charge, _, _ in charges),
        bill_a_usd=_bill((charge, line) for _, charge, line, _ in charges),
        bill_b_usd=_bill((charge, line) for _, charge, _, line in charges),
    )


def _dearest_first(one: Difference) -> tuple[Decimal, bool, Decimal, str, str, str]:
    return -abs(one.effect_usd or Decimal(0)), *widest_first(one)


def _charged_twice(options: Options, a: RateCard, b: RateCard) -> Iterator[tuple[_Name, Charge, RateLine, RateLine]]:
    """Yield what the log used at prices that both tables have, by the model's name in A."""
    with open_engine(options.engine) as engine:
        usage = read_usage(engine, options.logs, options.read)
        cards = [(a, ()), (b, ())]
        cells = scanning.scan(engine, usage.table, conditions=(), cards=cards, by=(), zone=options.zone).cells
    mine, theirs = Rates(cells, a).as_logged(), Rates(cells, b).as_logged()
    shares = all_of(mine, cells)
    other = Dim(theirs.index[shares.cell], theirs.table)
    names = {name: cells.dims[name].take(shares.cell) for name in ("provider", "model")}
    for charge in rate(cells, shares, {**names, "other": other}).rows:
        line_b, found = charge.keys["other"], a.resolve(charge.keys["provider"], charge.keys["model"] or "").rates
        if isinstance(charge.line, RateLine) and isinstance(line_b, RateLine) and found is not None:
            yield (found.provider, found.model), charge, charge.line, line_b


def _bill(rows: Iterable[tuple[Charge, RateLine]]) -> Decimal:
    total = Fraction(0)
    for charge, line in rows:
        amounts = zip((*charge.tokens, charge.requests), line.prices, strict=True)
        total += sum((units * price for units, price in amounts if price is not None), Fraction(0))
    return settle(total)


def used_models(options: Options, card: RateCard) -> list[Used]:
    """Return the models of a log that have prices."""
    with open_engine(options.engine) as engine:
        usage = read_usage(engine, options.logs, options.read)
        cells = scanning.scan(engine, usage.table, conditions=(), cards=[(card, ())], by=(), zone=options.zone).cells
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
