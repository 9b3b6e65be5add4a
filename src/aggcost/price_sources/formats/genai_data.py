"""The data of genai-prices (`prices/new_data/v2/data.json`): USD per million tokens, with match clauses and dates.

Of several entries of a model the last one counts that holds: from a day on, or between two times of a day. A `start`
of a tier is a number of tokens above which the whole request has its price. The shipped catalogue is the same data,
from the package: see `genai_prices`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from aggcost.price_sources.draft import MTOK, Amount, Conversion, Draft, PriceSet, RateDraft, Tree, WindowDraft

NAME = "genai-prices"
TITLE = "genai-prices, prices/new_data/v2/data.json"
RULE = "a list of providers, each with api_pattern and models"

# How the table writes what a meter counts: its price is for so many units.
_METERS: Mapping[str, tuple[str, int]] = {
    "input_mtok": ("input", MTOK),
    "cache_read_mtok": ("cache_read", MTOK),
    "cache_write_mtok": ("cache_write", MTOK),
    "cache_write_5m_mtok": ("cache_write_5m", MTOK),
    "cache_write_1h_mtok": ("cache_write_1h", MTOK),
    "output_mtok": ("output", MTOK),
    "output_reasoning_mtok": ("reasoning", MTOK),
    "input_audio_mtok": ("input_audio", MTOK),
    "output_audio_mtok": ("output_audio", MTOK),
    "cache_audio_read_mtok": ("cache_read_audio", MTOK),
    "input_image_mtok": ("input_image", MTOK),
    "output_image_mtok": ("output_image", MTOK),
    "cache_image_read_mtok": ("cache_read_image", MTOK),
    "input_video_mtok": ("input_video", MTOK),
    "output_video_mtok": ("output_video", MTOK),
    "requests_kcount": ("requests", 1000),
    "web_searches_kcount": ("web_search", 1000),
    "storage_searches_kcount": ("file_search", 1000),
    "input_audio_hours": ("second_audio_in", 3600),
    "output_audio_hours": ("second_audio_out", 3600),
}
_SELECTORS = frozenset({"processing", "service_tier", "speed"})
_CLAUSES = {"or": "any", "and": "all"}


def detect(document: Any) -> bool:
    """Return whether a document is the data of genai-prices."""
    if not isinstance(document, list) or not document:
        return False
    return all(isinstance(one, dict) and {"id", "api_pattern", "models"} <= one.keys() for one in document)


def convert(document: Any, to: Conversion) -> None:
    """Add every model of every provider."""
    for provider in document:
        for facts in to.items(provider["models"], f"{provider['id']}.models"):
            where = f"{provider['id']}.models.{facts.get('id')}"
            if not isinstance(facts.get("id"), str):
                raise to.error(where, "a model without an id")
            to.add(provider["id"], facts["id"], _model(facts, to, where), where)


def _model(facts: Mapping[str, Any], to: Conversion, where: str) -> Draft:
    entries = _entries(facts.get("prices"), to, f"{where}.prices")
    variants = _variants(facts, to, where)
    draft = Draft(
        rates=list(_rates(entries, variants, to, f"{where}.prices")),
        match=clause(facts.get("match"), to, f"{where}.match"),
        context=to.tokens(facts.get("context_window"), f"{where}.context_window"),
        deprecated=facts.get("deprecated") is True,
    )
    draft.others.update(key for entry in entries for key in entry["prices"] if key not in _METERS)
    return draft


def clause(logic: Any, to: Conversion, where: str) -> Tree | None:
    """Return a match clause in the price format."""
    if logic is None:
        return None
    parts = to.mapping(logic, where)
    if len(parts) != 1:
        raise to.error(where, "expected one clause")
    ((kind, value),) = parts.items()
    if kind in _CLAUSES:
        return {_CLAUSES[kind]: [clause(part, to, where) for part in to.items(value, where)]}
    return {kind: value if kind == "regex" else str(value).lower()}


def _entries(prices: Any, to: Conversion, where: str) -> list[Mapping[str, Any]]:
    if isinstance(prices, list):
        return [to.mapping(entry, where) for entry in prices]
    return [{"prices": to.mapping(prices, where)}]


def _variants(facts: Mapping[str, Any], to: Conversion, where: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the variants that a service tier selects, by its name."""
    found = []
    for variant in facts.get("price_variants") or ():
        ((selector, value),) = to.mapping(variant["when"], where).items()
        if selector in _SELECTORS and value not in ("default", "standard"):
            found.append((str(value), variant))
    return found


def _rates(
    entries: Sequence[Mapping[str, Any]], variants: Sequence[tuple[str, Mapping[str, Any]]], to: Conversion, where: str
) -> Iterator[RateDraft]:
    """Yield the prices of each stretch of days between two changes of any price."""
    days = sorted({day for entry in (*entries, *(one for _, one in variants)) if (day := _start(entry))})
    for first, last in pairwise((None, *days, None)):
        base = max((place for place, entry in enumerate(entries) if _holds(entry, first)), default=None)
        if base is None:
            continue
        rate = RateDraft(_prices(entries[base], to, where), from_day=first, to_day=last)
        for name, variant in reversed(variants):  # the first that prices a meter counts
            if _holds(variant, first):
                own = _prices(variant, to, where)
                rate.mode(name).prices.update(own.prices)
                rate.mode(name).tiers.update(own.tiers)
        for entry in entries[base + 1 :]:
            if _is_daily(entry):
                rate.windows.append(WindowDraft(_hours(entry), _prices(entry, to, where)))
        yield rate


def _prices(entry: Mapping[str, Any], to: Conversion, where: str) -> PriceSet:
    """Return the prices of an entry, and what changes past each start of a tier."""
    found = PriceSet()
    for key, value in to.mapping(entry["prices"], where).items():
        if key not in _METERS:
            continue
        meter, per = _METERS[key]
        place = f"{where}.{key}"
        tiered = to.mapping(value, place) if isinstance(value, dict) else {"base": value, "tiers": []}
        found.prices[meter] = Amount(to.usd(tiered["base"], place), per)
        for tier in tiered["tiers"]:
            size = to.tokens(tier["start"], f"{place}.tiers") or 0
            found.tier("gt", size)[meter] = Amount(to.usd(tier["price"], f"{place}.tiers"), per)
    return found


def _start(entry: Mapping[str, Any]) -> str | None:
    day = (entry.get("constraint") or {}).get("start_date")
    return None if day is None else str(day)


def _is_daily(entry: Mapping[str, Any]) -> bool:
    return "start_time" in (entry.get("constraint") or {})


def _holds(entry: Mapping[str, Any], day: str | None) -> bool:
    """Return whether an entry holds from midnight of `day` on (None: before every date), at any hour."""
    if not entry.get("constraint"):
        return True
    start = _start(entry)
    return start is not None and day is not None and start <= day


def _hours(entry: Mapping[str, Any]) -> Tree:
    daily = entry["constraint"]
    return {"tz": "UTC", "hours": [f"{daily['start_time'][:5]}-{daily['end_time'][:5]}"]}
