"""LiteLLM's price table: `model_prices_and_context_window.json`, USD per token in fields that spell out what for.

Meaning of the fields, read in LiteLLM's `litellm_core_utils/llm_cost_calc`: `_above_200k_tokens` is a prompt of more
than 200,000 tokens and prices the whole request (xAI: at least), `_above_1hr` is the lifetime of a cache write,
`_batches`, `_flex` and `_priority` are service tiers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aggcost.price_sources.draft import Amount, Conversion, Draft, PriceSet, Stated, WindowDraft
from aggcost.windows import DAYS

NAME = "litellm"
TITLE = "LiteLLM, model_prices_and_context_window.json"
RULE = "an object whose entries have litellm_provider"

_FIELD = re.compile(
    r"(?P<base>.+?)(?P<hour>_above_1hr)?(?:_above_(?P<size>\d+)k_tokens)?"
    r"(?:_(?P<tier>batches|flex|priority|ultrafast|balanced))?"
)
_TOKENS: Mapping[str, str] = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "input_audio",
    "output_cost_per_audio_token": "output_audio",
    "cache_read_input_audio_token_cost": "cache_read_audio",
    "input_cost_per_image_token": "input_image",
    "output_cost_per_image_token": "output_image",
    "cache_read_input_image_token_cost": "cache_read_image",
    "input_cost_per_video_token": "input_video",
    "output_cost_per_video_token": "output_video",
}
# What counts something else than tokens: the meter, for how many units, and in which `mode` of model (None: in any).
_UNITS: Mapping[str, tuple[str, int, str | None]] = {
    "input_cost_per_request": ("requests", 1, None),
    "output_cost_per_image": ("image", 1, None),
    "ocr_cost_per_page": ("page", 1, None),
    "input_cost_per_character": ("char", 1, None),
    "code_interpreter_cost_per_session": ("session", 1, None),
    "file_search_cost_per_1k_calls": ("file_search", 1000, None),
    "input_cost_per_second": ("second_audio_in", 1, "audio_transcription"),
    "output_cost_per_second": ("second_video", 1, "video_generation"),
}
_SEARCH = "search_context_cost_per_query"
_SAME = frozenset({"input_cost_per_token_cache_hit"})  # an older name of cache_read_input_token_cost
_TIERS = {"batches": "batch"}
_LATER = ("vertex_ai", "azure_ai")
_PROVIDERS: Mapping[str, str] = {
    "text-completion-openai": "openai",
    "azure_text": "azure",
    "bedrock_mantle": "aws",
    "cohere_chat": "cohere",
    "codestral": "mistral",
    "text-completion-codestral": "mistral",
}
_CAPABILITIES: Mapping[str, str] = {
    "supports_function_calling": "tools",
    "supports_response_schema": "json_schema",
    "supports_vision": "vision",
}
_REGION = re.compile(r"regional_processing_uplift_multiplier_(\w+)")
_HOURS = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", re.ASCII)
_DAY_MINUTES = 24 * 60
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EXAMPLE = "sample_spec"


def detect(document: Any) -> bool:
    """Return whether a document is LiteLLM's table."""
    if not isinstance(document, dict):
        return False
    return any(isinstance(facts, dict) and "litellm_provider" in facts for facts in document.values())


def convert(document: Any, to: Conversion) -> None:
    """Add every model of the table; a provider's own interface comes before others that sell the same name."""
    entries = [(key, facts) for key, facts in document.items() if key != _EXAMPLE]
    for key, entry in sorted(entries, key=lambda entry: _is_later(entry[1])):
        facts = to.mapping(entry, key)
        if "litellm_provider" not in facts:
            to.note(key, "left out: it names no provider")
            continue
        vendor = str(facts["litellm_provider"])
        to.add(_provider(vendor), key.removeprefix(f"{vendor}/"), _model(key, facts, to), key)


def _is_later(facts: Any) -> bool:
    return isinstance(facts, dict) and str(facts.get("litellm_provider")).startswith(_LATER)


def _provider(vendor: str) -> str:
    if vendor.startswith("vertex_ai"):
        return "google"
    return _PROVIDERS.get(vendor, vendor.removesuffix("-embedding-models"))


def _model(key: str, facts: Mapping[str, Any], to: Conversion) -> Draft:
    draft = Draft(
        context=to.tokens(facts.get("max_input_tokens"), f"{key}.max_input_tokens"),
        max_output=to.tokens(facts.get("max_output_tokens"), f"{key}.max_output_tokens"),
        capabilities=capabilities(facts),
        retired=retirement(facts),
    )
    operator = "ge" if facts["litellm_provider"] == "xai" else "gt"
    for name, value in facts.items():
        if "cost" in name and name not in _SAME and value is not None:
            _put(draft, facts, name, operator, to, key)
    _put_ranges(draft, facts.get("tiered_pricing"), to, f"{key}.tiered_pricing")
    _put_windows(draft, facts.get("off_peak_pricing"), to, f"{key}.off_peak_pricing")
    _put_regions(draft, facts, to, key)
    return draft


def capabilities(facts: Mapping[str, Any]) -> list[str] | None:
    """Return what a model can do, None where the table says nothing of it."""
    if not any(flag in facts for flag in _CAPABILITIES):
        return None
    return [word for flag, word in _CAPABILITIES.items() if facts.get(flag) is True]


def retirement(facts: Mapping[str, Any]) -> str | None:
    """Return the day a model ends, None where the table has no date."""
    day = facts.get("deprecation_date")
    return day if isinstance(day, str) and _DAY.fullmatch(day) else None


def _put(draft: Draft, facts: Mapping[str, Any], name: str, operator: str, to: Conversion, key: str) -> None:
    """Put one field into the prices that it belongs to, or among the others."""
    where, value = f"{key}.{name}", facts[name]
    if name == _SEARCH:
        _put_search(draft, value, to, where)
        return
    field = _FIELD.fullmatch(name)
    base = field["base"] if field else name
    if field is None or base not in _TOKENS:
        meter, per, mode = _UNITS.get(name, ("", 1, None))
        if not meter or mode not in (None, facts.get("mode")):
            draft.others.add(name)
        else:
            draft.rate.standard.prices[meter] = Amount(to.usd(value, where), per)
        return
    tier = field["tier"]
    into = _sized(draft.rate.mode(_TIERS.get(tier, tier)) if tier else draft.rate.standard, field["size"], operator)
    into["cache_write_1h" if field["hour"] else _TOKENS[base]] = Amount(to.usd(value, where), 1)


def _sized(prices: PriceSet, thousands: str | None, operator: str) -> Stated:
    return prices.prices if thousands is None else prices.tier(operator, int(thousands) * 1000)


def _put_search(draft: Draft, value: Any, to: Conversion, where: str) -> None:
    """Put the price of a search where it does not depend on how much is searched."""
    sizes = {to.usd(usd, f"{where}.{size}") for size, usd in to.mapping(value, where).items()}
    if len(sizes) == 1:
        draft.rate.standard.prices["web_search"] = Amount(sizes.pop() * 1000, 1000)
    else:
        draft.others.add(_SEARCH)


def _put_ranges(draft: Draft, ranges: Any, to: Conversion, where: str) -> None:
    """Put prices by range of the prompt: above the first number, up to the second."""
    for number, entry in enumerate(to.items(ranges, where) if ranges else ()):
        place = f"{where}[{number}]"
        facts = to.mapping(entry, place)
        if "range" not in facts:
            draft.others.add("tiered_pricing")
            continue
        above = to.tokens(facts["range"][0], f"{place}.range")
        into = draft.rate.standard.tier("gt", above) if above else draft.rate.standard.prices
        into.update(to.stated(facts, _TOKENS, 1, place))


def _put_windows(draft: Draft, off_peak: Any, to: Conversion, where: str) -> None:
    """Put the hours at which other prices hold: hours are UTC, weekdays those of a zone."""
    if not off_peak:
        return
    facts = to.mapping(off_peak, where)
    prices = to.stated(facts, _TOKENS, 1, where)
    zone = facts.get("weekday_timezone", "UTC")
    ahead = _minutes_ahead(zone)
    if ahead is None or draft.rate.modes:
        to.note(where, "left out: a zone with summer time, or service tiers beside prices by the hour")
        return
    for number, window in enumerate(to.items(facts.get("windows"), f"{where}.windows")):
        place = f"{where}.windows[{number}]"
        spans = to.mapping(window, place).get("hours_utc")
        hours = [
            part
            for span in ([spans] if isinstance(spans, str) else to.items(spans, place))
            for part in _local(str(span), ahead, to, place)
        ]
        days = [DAYS[day - 1] for day in window.get("weekdays", range(1, 8))]
        draft.rate.windows.append(WindowDraft({"tz": zone, "days": days, "hours": hours}, PriceSet(prices)))


def _minutes_ahead(zone: str) -> int | None:
    """Return how far a zone is ahead of UTC all year, None where that changes or nobody knows the zone."""
    try:
        offsets = {datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7)}
    except (ZoneInfoNotFoundError, ValueError):
        return None
    offset = offsets.pop()
    return None if offsets or offset is None else int(offset.total_seconds()) // 60


def _local(span: str, ahead: int, to: Conversion, where: str) -> list[str]:
    """Return hours of UTC on the clock of a zone, cut at its midnight: every day answers for its own hours."""
    found = _HOURS.fullmatch(span)
    if found is None:
        raise to.error(where, f"expected hours such as 10:00-12:00, found {span!r}")
    hour1, minute1, hour2, minute2 = (int(part) for part in found.groups())
    begin, end = hour1 * 60 + minute1, hour2 * 60 + minute2
    minutes = (end - begin) % _DAY_MINUTES or _DAY_MINUTES
    begin = (begin + ahead) % _DAY_MINUTES
    end = begin + minutes
    parts = [(begin, end)] if end <= _DAY_MINUTES else [(begin, _DAY_MINUTES), (0, end - _DAY_MINUTES)]
    return [f"{_clock(first)}-{_clock(last)}" for first, last in parts]


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _put_regions(draft: Draft, facts: Mapping[str, Any], to: Conversion, key: str) -> None:
    """Put what a region costs more; an uplift of every region but the global one cannot be written."""
    for name, factor in facts.items():
        if region := _REGION.fullmatch(name):
            draft.rate.regions[region[1]] = to.number(factor, f"{key}.{name}")
    own = facts.get("provider_specific_entry")
    if isinstance(own, dict) and "us" in own:
        draft.rate.regions["us"] = to.number(own["us"], f"{key}.provider_specific_entry.us")
    if isinstance(own, dict) and "fast" in own:
        draft.others.add("fast (times the standard price)")
    if "regional_endpoint_uplift_multiplier" in facts:
        draft.others.add("regional endpoints (times the global price)")
