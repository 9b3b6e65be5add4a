"""Reads the data of the package `genai-prices` into the price format of docs/prices.md.

Used when the shipped catalogue is built, never at run time. Only its data is used: its calculation
lets a later entry win where constraints overlap, and this module spells that out as periods.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from genai_prices import data, types

from aggcost.model_rates import STANDARD
from aggcost.money import plain

NAME = "genai-prices"
URL = "https://github.com/pydantic/genai-prices"
Tree = dict[str, Any]

_METERS: Mapping[str, str] = {
    "input_mtok": "input",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",  # the price of writes for five minutes, and of any other lifetime
    "cache_write_5m_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "input_audio",
    "input_image_mtok": "input_image",
    "input_video_mtok": "input_video",
    "cache_audio_read_mtok": "cache_read_audio",
    "cache_image_read_mtok": "cache_read_image",
    "output_mtok": "output",
    "output_reasoning_mtok": "reasoning",
    "output_audio_mtok": "output_audio",
    "output_image_mtok": "output_image",
    "output_video_mtok": "output_video",
    "requests_kcount": "requests",
}
# Units per call, with the number that a price is for.
_FEES: Mapping[str, tuple[str, int]] = {
    "web_searches_kcount": ("web_search", 1000),
    "storage_searches_kcount": ("file_search", 1000),
    "input_audio_hours": ("second_audio_in", 3600),
    "output_audio_hours": ("second_audio_out", 3600),
    "input_document_kpages": ("page", 1000),
    "input_mchars": ("char", 1_000_000),
}
# What its variants of a price are selected by, as service tiers. Others (`route`, `search_type`) are left out.
_SELECTORS = frozenset({"processing", "service_tier", "speed"})
_Prices = list[types.ConditionalPrice]
_ORDER = {meter: place for place, meter in enumerate(_METERS.values())}


def source() -> Tree:
    """Return where the data comes from: `digest` is the SHA-256 of the package's data module."""
    package = distribution(NAME)
    licence = next(file for file in package.files or () if file.name == "LICENSE")
    return {
        "name": NAME,
        "version": package.version,
        "url": URL,
        "digest": hashlib.sha256(Path(str(data.__file__)).read_bytes()).hexdigest(),
        "licence": "MIT",
        "licence_text": licence.read_text(),
    }


def providers() -> Tree:
    """Return every provider of the installed package, in the price format, by name."""
    return {provider.id: _provider(provider) for provider in sorted(data.providers, key=lambda one: one.id)}


def _provider(provider: types.Provider) -> Tree:
    tree: Tree = {}
    if provider.fallback_model_providers:
        tree["fallbacks"] = list(provider.fallback_model_providers)
    if provider.model_match is not None:
        tree["makes"] = clause(provider.model_match)
    return tree | {"models": {info.id: model(info) for info in provider.models}}


def model(info: types.ModelInfo) -> Tree:
    """Return one model: `also_priced` names the prices that no meter of this program can use."""
    tree: Tree = {"match": clause(info.match)}
    if info.context_window is not None:
        tree["limits"] = {"context": info.context_window}
    if info.deprecated:
        tree["deprecated"] = True
    entries = _entries(info)
    if other := sorted({key for entry in entries for key in _not_rated(entry.prices)}):
        tree["also_priced"] = other
    tree["rates"] = list(_rates(info, entries))
    return tree


def _not_rated(prices: types.ModelPrice) -> Iterable[str]:
    """Yield the prices that no meter here counts. One of audio, heard or made, may repeat that of heard audio."""
    stated = vars(prices)
    for key in stated:
        repeats = key == "audio_hours" and stated[key] == stated.get("input_audio_hours")
        if key not in _METERS and key not in _FEES and not repeats:
            yield key


def clause(logic: types.MatchLogic) -> Tree:
    """Return a match clause; names are compared in lower case, so they are kept in it (patterns as they are)."""
    match logic:
        case types.ClauseOr():
            return {"any": [clause(part) for part in logic.or_]}
        case types.ClauseAnd():
            return {"all": [clause(part) for part in logic.and_]}
        case types.ClauseRegex():
            return {"regex": logic.regex}
        case _:
            ((kind, text),) = vars(logic).items()
            return {kind: text.lower()}


def _entries(info: types.ModelInfo) -> _Prices:
    if isinstance(info.prices, types.ModelPrice):
        return [types.ConditionalPrice(prices=info.prices)]
    return list(info.prices)


def _rates(info: types.ModelInfo, entries: _Prices) -> Iterable[Tree]:
    """Yield the prices of each stretch of days between two changes of any price."""
    variants = [variant for variant in info.price_variants or () if _tier(variant) not in (None, STANDARD)]
    dated: list[types.ConditionalPrice | types.PriceVariant] = [*entries, *variants]
    changes = sorted({day for entry in dated if (day := _start_day(entry)) is not None})
    for first, last in zip([None, *changes], [*changes, None], strict=True):
        prices = _standard(info, entries, first)
        if not prices:
            continue
        effective = {"effective": {"from": _midnight(first), "to": _midnight(last)}} if changes else {}
        yield effective | prices | _modes(variants, first, tiered="tiers" in prices)


def _standard(info: types.ModelInfo, entries: _Prices, day: date | None) -> Tree:
    """Return the standard prices from `day` on, with the windows of the entries that override them."""
    base = max((place for place, entry in enumerate(entries) if _holds(entry, day)), default=0)
    tree = _price_set(entries[base].prices)
    if not vars(entries[base].prices) and info.id.endswith(":free"):
        tree = {"prices": {"input": "0", "output": "0"}}  # the table leaves zeros out; the name states them
    windows = [_window(entry, tree) for entry in entries[base + 1 :] if _is_daily(entry)]
    return tree | {"windows": windows} if windows else tree


def _window(entry: types.ConditionalPrice, base: Tree) -> Tree:
    daily = entry.constraint
    if not isinstance(daily, types.TimeOfDateConstraint):
        raise TypeError(f"not a time of day: {daily!r}")
    hours = f"{_utc(daily.start_time)}-{_utc(daily.end_time)}"
    own = _price_set(entry.prices, flat="tiers" in base)
    missing = {*base.get("prices", ()), *base.get("fees", ())} - {*own["prices"], *own.get("fees", ())}
    if missing:
        raise ValueError(f"a window without a price for {sorted(missing)} cannot be written")
    return {"tz": "UTC", "hours": [hours], **own}


def _modes(variants: Sequence[types.PriceVariant], day: date | None, *, tiered: bool) -> Tree:
    """Return the prices of each other service tier; of several variants the first that prices a meter counts."""
    modes: dict[str, Tree] = {}
    for name in dict.fromkeys(_tier(variant) for variant in variants):
        active = [variant.prices for variant in variants if _tier(variant) == name and _holds(variant, day)]
        merged = {key: price for prices in reversed(active) for key, price in vars(prices).items()}
        if name and (own := _price_set(types.ModelPrice(**merged), flat=tiered)):
            modes[name] = own
    return {"modes": modes} if modes else {}


def _tier(variant: types.PriceVariant) -> str | None:
    """Return the service tier that selects a variant, or None where it is selected by something else."""
    ((selector, value),) = variant.when.items()
    if selector not in _SELECTORS:
        return None
    return STANDARD if value == "default" else value


def _price_set(prices: types.ModelPrice, *, flat: bool = False) -> Tree:
    """Return `prices`, `tiers` and `fees`; `flat` says so where there are no tiers but the standard price has some."""
    stated = {_METERS[key]: price for key, price in vars(prices).items() if key in _METERS and price is not None}
    stated = dict(sorted(stated.items(), key=lambda item: _ORDER[item[0]]))
    fees = {meter: {"price": plain(price), "per": per} for meter, price, per in _fees(prices)}
    if not stated and not fees:
        return {}
    sizes = sorted(
        {tier.start for price in stated.values() if isinstance(price, types.TieredPrices) for tier in price.tiers}
    )
    tree: Tree = {"prices": {meter: _text(meter, _price_at(price, -1)) for meter, price in stated.items()}}
    if sizes or flat:
        tree["tiers"] = [_tier_prices(stated, size) for size in sizes]
    return tree | {"fees": fees} if fees else tree


def _fees(prices: types.ModelPrice) -> Iterable[tuple[str, Decimal, int]]:
    for key, (meter, per) in _FEES.items():
        price = vars(prices).get(key)
        if isinstance(price, types.TieredPrices):
            raise TypeError(f"{key} depends on the size of the prompt")
        if price is not None:
            yield meter, price, per


def _tier_prices(stated: Mapping[str, Decimal | types.TieredPrices], size: int) -> Tree:
    prices = {
        meter: _text(meter, _price_at(price, size))
        for meter, price in stated.items()
        if isinstance(price, types.TieredPrices)
    }
    return {"when": {"prompt_tokens": {"gt": size}}, "prices": prices}


def _price_at(price: Decimal | types.TieredPrices, size: int) -> Decimal:
    """Return the price of a request that exceeds `size` but no greater threshold."""
    if isinstance(price, Decimal):
        return price
    return next((tier.price for tier in reversed(price.tiers) if tier.start <= size), price.base)


def _text(meter: str, price: Decimal) -> str | Tree:
    return {"price": plain(price), "per": 1000} if meter == "requests" else plain(price)


def _start_day(entry: types.ConditionalPrice | types.PriceVariant) -> date | None:
    return entry.constraint.start_date if isinstance(entry.constraint, types.StartDateConstraint) else None


def _is_daily(entry: types.ConditionalPrice) -> bool:
    return isinstance(entry.constraint, types.TimeOfDateConstraint)


def _holds(entry: types.ConditionalPrice | types.PriceVariant, day: date | None) -> bool:
    """Return whether an entry without a time of day holds from midnight of `day` (None: before every date)."""
    if entry.constraint is None:
        return True
    start = _start_day(entry)
    return start is not None and day is not None and start <= day


def _midnight(day: date | None) -> str | None:
    return None if day is None else f"{day.isoformat()}T00:00:00Z"


def _utc(moment: time) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.combine(date(1970, 1, 1), aware).astimezone(UTC).strftime("%H:%M")
