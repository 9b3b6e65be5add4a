"""Prices as text: what `aggcost prices` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from aggcost.meters import EXTRA_KEYS, PART_KEYS, PRICED, TOKEN_KEYS, UNIT_KEYS, USAGE_KEYS
from aggcost.model_rates import STANDARD, ModelRates, Period, SourceInfo, day_text, utc_text
from aggcost.money import plain, settle
from aggcost.output.clean import clean, visible
from aggcost.ratecard import Resolution
from aggcost.schedule import Schedule
from aggcost.tariff import LinePrices, Prices, Rounding, Tariff, extra_prices, line_prices
from aggcost.windows import DAYS, Window

_UNKNOWN = "-"
_FACTS = {
    "context_window": "context",
    "max_output": "longest output",
    "capabilities": "abilities",
    "retired": "retirement",
}
Stated = Mapping[str, SourceInfo]  # which source states a fact, by its name
_SHOWN = {
    "input": "input",
    "cache_read": "cached",
    "cache_write_5m": "write 5m",
    "cache_write_1h": "write 1h",
    "output": "output",
}


@dataclass(frozen=True, slots=True)
class PriceRow:
    """Prices of one service tier, window, prompt size and span of time, and the one source of all of them.

    `prices` is None where the tier is not offered at that size. `extra` are the prices of what is charged apart,
    `roundings` how its units are counted.
    """

    service_tier: str
    window: Window | None
    from_tokens: int
    from_s: int | None
    to_s: int | None
    prices: LinePrices | None
    extra: Prices
    roundings: Mapping[str, Rounding]
    source: SourceInfo


def price_rows(rates: ModelRates, at_s: int | None = None) -> list[PriceRow]:
    """Return every price of a model, or those of the period that holds at an instant, without repeating any."""
    periods = [period for period in rates.periods if at_s is None or _holds(period, at_s)]
    rows = [row for period in periods for row in _period_rows(period, rates.source_of(period))]
    rows.sort(key=lambda row: (row.service_tier != STANDARD, row.service_tier))
    return _joined(rows)


def _holds(period: Period, at_s: int) -> bool:
    return (period.from_s is None or period.from_s <= at_s) and (period.to_s is None or at_s < period.to_s)


def _period_rows(period: Period, source: SourceInfo) -> Iterator[PriceRow]:
    windows = [None, *(priced.window for priced in period.windows)]
    for window, tariffs in zip(windows, period.tables(), strict=True):
        for tier, tariff in tariffs.items():
            for size, prices, extra in _sizes(tariff, period.factor):
                yield PriceRow(tier, window, size, period.from_s, period.to_s, prices, extra, tariff.roundings, source)


def _sizes(tariff: Tariff, factor: Fraction) -> Iterator[tuple[int, LinePrices | None, Prices]]:
    """Yield the prompt sizes at which a price really changes, with the prices from there on."""
    before: tuple[LinePrices | None, Prices] = ((), {})
    for size in (0, *tariff.sizes):
        stated = tariff.at(size)
        found = (None, {}) if stated is None else (line_prices(stated, factor), extra_prices(stated, factor))
        if found != before:
            yield size, *found
        before = found


def _joined(rows: Sequence[PriceRow]) -> list[PriceRow]:
    """Join the rows of a price that the next period repeats."""
    kept: list[PriceRow] = []
    for row in rows:
        earlier = next((one for one in kept if replace(row, from_s=one.from_s, to_s=row.from_s) == one), None)
        if earlier is None or row.from_s is None:
            kept.append(row)
        else:
            kept[kept.index(earlier)] = replace(earlier, to_s=row.to_s)
    return kept


def model_table(found: Resolution, at_s: int | None = None, stated: Stated | None = None) -> str:
    """Return the prices of one model as a table; `found` must have rates."""
    rates = found.rates
    if rates is None:
        return ""
    rows = price_rows(rates, at_s)
    if not rows:
        return "\n".join(
            [
                *_facts(found, rates),
                *_stated(rates, stated or {}),
                "",
                "no price" + (" at that time" if rates.periods else ""),
                "",
            ]
        )
    dated, windowed = rates.instants != (), any(row.window for row in rows)
    requests = any(row.prices and row.prices[-1] for row in rows)
    extra = [key for key in EXTRA_KEYS if any(key in row.extra for row in rows)]
    flat = [
        key for key in extra if key in UNIT_KEYS and len(rows) > 1 and len({_extra_text(row, key) for row in rows}) == 1
    ]
    fees = ", ".join(f"{_extra_heading(key)}: {_extra_text(rows[0], key)}" for key in flat)
    extra = [key for key in extra if key not in flat]
    several = len({str(row.source) for row in rows}) > 1
    heading = [
        "tier", *(["source"] if several else []), *(["from", "to"] if dated else []), *(["window"] if windowed else []),
        "prompt",
    ]  # fmt: skip
    body = [
        [
            clean(row.service_tier),
            *([clean(row.source.name)] if several else []),
            *([_day(row.from_s), _day(row.to_s)] if dated else []),
            *([_window_text(row.window)] if windowed else []),
            f"{row.from_tokens:,}+" if row.from_tokens else "any",
            *_amounts(row.prices, requests=requests),
            *(_extra_text(row, key) for key in extra),
        ]
        for row in rows
    ]
    numbers = [*_SHOWN.values(), *(["1,000 requests"] if requests else []), *map(_extra_heading, extra)]
    lines = _aligned([[*heading, *numbers], *body], left=len(heading) - 1)
    about = [*_facts(found, rates), *_stated(rates, stated or {}), *([f"USD for {fees}"] if fees else [])]
    return "\n".join([*about, "", "USD per million tokens", "", *lines, ""])


def model_json(found: Resolution, at_s: int | None = None, stated: Stated | None = None) -> str:
    """Return the prices of one model as JSON; decimals are text."""
    rates = found.rates
    if rates is None:
        return ""
    tree = {"schema_version": "1", "command": "prices show", "currency": "USD", "read_as": found.how} | _head(rates)
    tree["facts_from"] = {name: str(source) for name, source in (stated or {}).items()}
    tree["prices"] = [_row_tree(row) for row in price_rows(rates, at_s)]
    return json.dumps(tree, indent=2) + "\n"


def models_table(models: Sequence[ModelRates]) -> str:
    """Return one line a model: its standard price of the latest period, for the smallest prompts."""
    body = [
        [clean(one.provider), clean(one.model), _count(one.context_window), *_latest(one), clean(str(one.source))]
        for one in models
    ]
    heading = ["provider", "model", "context", "input", "output", "source"]
    return "\n".join(["USD per million tokens, standard, latest", "", *_aligned([heading, *body], left=2), ""])


def models_json(models: Sequence[ModelRates]) -> str:
    """Return the models with their facts and every price as JSON."""
    listed = [_head(one) | {"prices": [_row_tree(row) for row in price_rows(one)]} for one in models]
    tree = {"schema_version": "1", "command": "prices list", "currency": "USD", "models": listed}
    return json.dumps(tree, indent=2) + "\n"


def _facts(found: Resolution, rates: ModelRates) -> Iterator[str]:
    yield f"{visible(rates.provider)}/{visible(rates.model)} ({visible(found.how)})"
    facts = [
        f"context {_count(rates.context_window)}",
        *([f"output at most {rates.max_output:,}"] if rates.max_output else []),
        *([f"retired {rates.retired}"] if rates.retired else []),
        *(["deprecated"] if rates.deprecated else []),
        f"prices of {visible(' and '.join(_sources(rates)))}",
    ]
    yield ", ".join(facts)
    for name in dict.fromkeys(str(period.amended_by) for period in rates.periods if period.amended_by):
        yield f"dates of service tiers, or regions, by {visible(name)}"
    for name, multiplier in sorted({pair for period in rates.periods for pair in period.regions.items()}):
        yield f"region {visible(name)}: times {plain(settle(multiplier))}"
    for factor in sorted({period.factor for period in rates.periods} - {Fraction(1)}):
        yield f"contract: list price times {plain(settle(factor))}, in the prices below"
    for schedule in dict.fromkeys(one for period in rates.periods for one in period.schedules):
        yield visible(_schedule_text(schedule))
    if rates.not_rated:
        yield f"not rated: {visible(', '.join(rates.not_rated))}"


def _stated(rates: ModelRates, stated: Stated) -> Iterator[str]:
    """Yield what the model can do, and which source states which facts."""
    if rates.capabilities is not None:
        yield f"abilities: {visible(', '.join(rates.capabilities)) or 'none'}"
    by_source: dict[SourceInfo, list[str]] = {}
    for name, source in stated.items():
        by_source.setdefault(source, []).append(_FACTS[name])
    for source, names in by_source.items():
        day = f" of {source.checked}" if source.checked else ""
        yield f"{', '.join(names)} by {visible(str(source))}{day}"


def _sources(rates: ModelRates) -> list[str]:
    """Return the sources of the prices in order of time, or what the model comes from where it has none."""
    return list(dict.fromkeys(str(rates.source_of(period)) for period in rates.periods)) or [str(rates.source)]


def _schedule_text(schedule: Schedule) -> str:
    """Return where the tiers of a schedule end: the prices below are the rate's own, before it."""
    ends = [f"up to {_whole(tier.up_to)}" for tier in schedule.tiers if tier.up_to is not None]
    meters = "" if schedule.meters == USAGE_KEYS else f" of {', '.join(schedule.meters)}"
    return f"monthly tiers, {schedule.kind}, {schedule.over}{meters}: {', '.join([*ends, 'above'])} ({schedule.zone})"


def _whole(amount: Fraction) -> str:
    return f"{settle(amount).normalize():,f}"


def _head(rates: ModelRates) -> dict[str, Any]:
    return {
        "provider": rates.provider,
        "model": rates.model,
        "context_window": rates.context_window,
        "max_output": rates.max_output,
        "capabilities": None if rates.capabilities is None else list(rates.capabilities),
        "retired": None if rates.retired is None else rates.retired.isoformat(),
        "deprecated": rates.deprecated,
        "not_rated": list(rates.not_rated),
        "source": _source_tree(rates.source) | {"digest": rates.source.digest},
        "amended_by": [
            _source_tree(one) for one in dict.fromkeys(period.amended_by for period in rates.periods) if one
        ],
    }


def _source_tree(source: SourceInfo) -> dict[str, Any]:
    return {
        "name": source.name,
        "version": source.version,
        "url": source.url,
        "checked": None if source.checked is None else source.checked.isoformat(),
        "note": source.note,
    }


def _row_tree(row: PriceRow) -> dict[str, Any]:
    prices = None if row.prices is None else dict(zip(USAGE_KEYS, row.prices, strict=True))
    return {
        "service_tier": row.service_tier,
        "from": None if row.from_s is None else utc_text(row.from_s),
        "to": None if row.to_s is None else utc_text(row.to_s),
        "window": None if row.window is None else _window_text(row.window),
        "prompt_tokens_from": row.from_tokens,
        "usd_per_mtok": prices
        and {key: _amount(prices[key], 1_000_000) for key in TOKEN_KEYS}
        | {key: _extra_amount(row, key) for key in PART_KEYS if key in row.extra},
        "usd_per_1000_requests": prices and _amount(prices["requests"], 1000),
        "fees": {key: _fee_tree(row, key) for key in UNIT_KEYS if key in row.extra},
        "source": _source_tree(row.source),
    }


def _fee_tree(row: PriceRow, meter: str) -> dict[str, Any]:
    """Return the price of a number of units, and how many are billed at least, and by how many."""
    found: dict[str, Any] = {"price": _extra_amount(row, meter), "per": PRICED[meter].per}
    if meter in row.roundings:
        rounding, scale = row.roundings[meter], PRICED[meter].scale
        found["minimum"] = plain(settle(Fraction(rounding.minimum, scale)))
        found["round_up"] = plain(settle(Fraction(rounding.step, scale)))
    return found


def _extra_amount(row: PriceRow, meter: str) -> str | None:
    return _amount(row.extra[meter], PRICED[meter].per * PRICED[meter].scale)


def _extra_heading(meter: str) -> str:
    return meter.replace("_", " ") if meter in PART_KEYS else f"{PRICED[meter].per:,} {meter}"


def _extra_text(row: PriceRow, meter: str) -> str:
    """Return a price, with what is billed at least."""
    amount = _extra_amount(row, meter) if meter in row.extra else None
    least = row.roundings[meter].minimum if amount and meter in row.roundings else 0
    at_least = f", at least {plain(settle(Fraction(least, PRICED[meter].scale)))}" if least else ""
    return f"{amount or _UNKNOWN}{at_least}"


def _latest(rates: ModelRates) -> tuple[str, str]:
    """Return input and output price of the standard tier in the last period, as text."""
    tariff = rates.periods[-1].tariffs.get(STANDARD) if rates.periods else None
    if tariff is None:
        return _UNKNOWN, _UNKNOWN
    prices = dict(zip(USAGE_KEYS, line_prices(tariff.prices, rates.periods[-1].factor), strict=True))
    return _amount(prices["input"], 1_000_000) or _UNKNOWN, _amount(prices["output"], 1_000_000) or _UNKNOWN


def _amounts(prices: LinePrices | None, *, requests: bool) -> list[str]:
    """Return the prices of the columns; `-` is no price, and a size that is not offered has none at all."""
    by_key = dict(zip(USAGE_KEYS, prices or [None] * len(USAGE_KEYS), strict=True))
    tokens = [_amount(by_key[key], 1_000_000) or _UNKNOWN for key in _SHOWN]
    return [*tokens, *([_amount(by_key["requests"], 1000) or _UNKNOWN] if requests else [])]


def _amount(price: Fraction | None, units: int) -> str | None:
    return None if price is None else plain(settle(price * units))


def _count(tokens: int | None) -> str:
    return _UNKNOWN if tokens is None else f"{tokens:,}"


def _day(instant_s: int | None) -> str:
    return _UNKNOWN if instant_s is None else day_text(instant_s)


def _window_text(window: Window | None) -> str:
    if window is None:
        return _UNKNOWN
    days = "" if len(window.days) == len(DAYS) else ",".join(DAYS[day] for day in sorted(window.days)) + " "
    hours = ",".join(f"{_clock(begin)}-{_clock(end)}" for begin, end in window.hours_s)
    return f"{days}{hours} {window.zone}"


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}"


def _aligned(rows: Sequence[Sequence[str]], *, left: int) -> Iterator[str]:
    """Yield rows as lines: the first `left` columns to the left, numbers to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [
            text.ljust(width) if place < left else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
