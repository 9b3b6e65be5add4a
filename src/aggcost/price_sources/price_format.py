"""The price format of docs/prices.md: how a model is written, in a user's YAML and in the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aggcost.errors import did_you_mean
from aggcost.matching import CLAUSES, Clause
from aggcost.model_rates import STANDARD, ModelRates, Period, SourceInfo, WindowTariffs, utc_text
from aggcost.price_history import AliasSpan
from aggcost.price_sources.amounts import UNSUPPORTED, read_fees, read_per, read_prices
from aggcost.price_sources.schedule_format import read_schedules
from aggcost.strict_yaml import Node
from aggcost.tariff import Step, Tariff, overlay
from aggcost.windows import DAY_S, DAYS, Window

_Span = TypeVar("_Span", Period, AliasSpan)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?", re.ASCII)
_HOURS = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_DYNAMIC = "dynamic"
MODEL_KEYS = (
    "match", "deployments", "alias", "limits", "capabilities", "retired", "deprecated", "also_priced", "gaps", "rates",
)  # fmt: skip
_RATE_KEYS = ("effective", "per", "tiers", "modes", "windows", "regions", "fees", "schedule", "source")
_GAPS = ("unpriced", "below")


def read_model(provider: str, model: str, node: Node, source: SourceInfo) -> ModelRates:
    """Return the rates and facts that one model's mapping states; ConfigError with file and line."""
    fields = node.fields(optional=MODEL_KEYS)
    limits = fields["limits"].fields(optional=("context", "max_output")) if "limits" in fields else {}
    if "alias" in fields and "rates" in fields:
        raise fields["alias"].error("a name is either an alias or has rates of its own, not both")
    periods = tuple(_period(rate, source) for rate in fields["rates"].list()) if "rates" in fields else ()
    return ModelRates(
        provider=provider,
        model=model,
        source=source,
        periods=in_order(periods, f"{provider}/{model} has two prices at once", node),
        context_window=_count(limits.get("context")),
        max_output=_count(limits.get("max_output")),
        retired=read_day(fields.get("retired")),
        deprecated="deprecated" in fields and fields["deprecated"].boolean(),
        capabilities=_names(fields.get("capabilities")),
        not_rated=_names(fields.get("also_priced")) or (),
        gaps_below="gaps" in fields and fields["gaps"].choice(_GAPS) == "below",
    )


def read_alias(node: Node) -> tuple[AliasSpan, ...]:
    """Return what an alias means at which time, in order; empty where the model's mapping states none."""
    stated = node.given("alias")
    spans = tuple(_alias_span(span) for span in stated.list()) if stated is not None else ()
    return in_order(spans, "the alias means two models at once", stated) if stated is not None else ()


def read_row_source(node: Node | None, source: SourceInfo) -> SourceInfo | None:
    """Return where one row of a source comes from, or None where it does not say."""
    if node is None:
        return None
    fields = node.fields(optional=("url", "checked", "note"))
    return replace(
        source,
        url=fields["url"].text() if "url" in fields else source.url,
        checked=read_day(fields.get("checked")) or source.checked,
        note=fields["note"].text() if "note" in fields else None,
    )


def read_clause(node: Node) -> Clause:
    """Return a match clause, such as ``{any: [{equals: x}, {regex: y}]}``; its names in lower case."""
    fields = node.fields(optional=CLAUSES)
    if len(fields) != 1:
        raise node.error(f"expected one of {', '.join(CLAUSES)}")
    ((kind, value),) = fields.items()
    if kind in ("any", "all"):
        return Clause(kind, parts=tuple(read_clause(part) for part in value.list()))
    if kind != "regex":
        return Clause(kind, value.text().lower())
    try:
        re.compile(value.text())
    except re.error as problem:
        raise value.error(f"not a regular expression: {problem}") from None
    return Clause(kind, value.text())


def _alias_span(node: Node) -> AliasSpan:
    fields = node.fields(required=("model",), optional=("from", "to", "source"))
    begin, end = read_instant(fields.get("from")), read_instant(fields.get("to"))
    return AliasSpan(begin, end, fields["model"].text())


def _period(node: Node, source: SourceInfo) -> Period:
    fields = node.fields(required=("prices",), optional=_RATE_KEYS)
    own_source = read_row_source(fields.get("source"), source)
    begin, end = read_effective(fields.get("effective"))
    if fields["prices"].content == _DYNAMIC:
        return Period(begin, end, {}, dynamic=True, source=own_source)
    per = read_per(fields)
    standard = _tariff(fields, per)
    modes = fields["modes"].mapping() if "modes" in fields else {}
    own = {name: _mode(mode, standard, per) for name, mode in modes.items()}
    windows = fields["windows"].list() if "windows" in fields else []
    return Period(
        begin,
        end,
        {STANDARD: standard, **{name: overlay(standard, tariff) for name, tariff in own.items()}},
        tuple(_window(window, standard, own, per) for window in windows),
        read_regions(fields.get("regions")),
        source=own_source,
        schedules=read_schedules(fields, lambda prices: read_prices(prices, per)[0], read_zone),
    )


def read_effective(node: Node | None) -> tuple[int | None, int | None]:
    """Return the epoch seconds of `from` and of `to`, which is not part of the time; None is open."""
    fields = node.fields(optional=("from", "to")) if node is not None else {}
    begin, end = read_instant(fields.get("from")), read_instant(fields.get("to"))
    if node is not None and begin is not None and end is not None and begin >= end:
        raise node.error("`from` must be before `to`, and `to` is not part of the period")
    return begin, end


def _mode(node: Node, standard: Tariff, per: int | None) -> Tariff:
    fields = node.fields(required=("prices",), optional=("tiers", "per", "fees"))
    return _own_tariff(node, fields, standard, per)


def _window(node: Node, standard: Tariff, modes: Mapping[str, Tariff], per: int | None) -> WindowTariffs:
    """Return a window with complete tariffs; what both it and a service tier price, it must state for that tier."""
    fields = node.fields(required=("hours", "prices"), optional=("tz", "days", "tiers", "per", "modes", "fees"))
    per = read_per(fields, per)
    own = _own_tariff(node, fields, standard, per)
    inside = overlay(standard, own)
    stated = fields["modes"].mapping() if "modes" in fields else {}
    tariffs = {STANDARD: inside}
    for name, mode in modes.items():
        both = sorted(own.prices.keys() & mode.prices.keys())
        if name in stated:
            tariffs[name] = overlay(overlay(inside, mode), _mode(stated[name], inside, per))
        elif both:
            raise node.error(
                f"this window and the service tier {name!r} both price {', '.join(both)}",
                hint=f"state what holds for both, inside the window: modes: {{{name}: {{prices: ...}}}}",
            )
        else:
            tariffs[name] = overlay(inside, mode)
    if extra := sorted(stated.keys() - modes.keys()):
        raise stated[extra[0]].error(f"service tier {extra[0]!r} has no prices outside the window")
    return WindowTariffs(_when(fields), tariffs)


def _own_tariff(node: Node, fields: Mapping[str, Node], standard: Tariff, per: int | None) -> Tariff:
    """Return the prices of a service tier or window; sizes that the standard prices know must be answered."""
    own = _tariff(fields, read_per(fields, per), standard)
    tiered = {meter for step in standard.steps for meter in step.prices or ()}
    if "tiers" not in fields and (both := sorted(tiered & own.prices.keys())):
        raise node.error(
            f"the standard price of {', '.join(both)} depends on the prompt size: say here what larger prompts cost",
            hint="add `tiers`, or `tiers: []` for one price at any size, or `tiers: unsupported`",
        )
    return own


def _tariff(fields: Mapping[str, Node], per: int | None, standard: Tariff | None = None) -> Tariff:
    """Return the stated prices; ``tiers: unsupported`` ends the offer where the standard steps begin."""
    prices, roundings = read_prices(fields["prices"], per)
    if "fees" in fields:
        fees, more = read_fees(fields["fees"], prices)
        prices, roundings = {**prices, **fees}, {**roundings, **more}
    tiers = fields.get("tiers")
    if tiers is None:
        return Tariff(prices, roundings=roundings)
    if not tiers.is_list:
        if standard is None or not standard.steps or tiers.text() != UNSUPPORTED:
            raise tiers.error("expected a list of tiers (`unsupported` only where the standard price has tiers)")
        return Tariff(prices, (Step(standard.steps[0].from_tokens, None),), roundings)
    steps = sorted((_step(tier, per) for tier in tiers.list()), key=lambda step: step.from_tokens)
    for lower, upper in pairwise(steps):
        if lower.from_tokens == upper.from_tokens:
            raise tiers.error(f"two tiers begin at {upper.from_tokens} prompt tokens")
    return Tariff(prices, tuple(steps), roundings)


def _step(node: Node, per: int | None) -> Step:
    fields = node.fields(required=("when", "prices"))
    when = fields["when"].fields(required=("prompt_tokens",))
    comparison = when["prompt_tokens"].fields(optional=("gt", "ge"))
    if len(comparison) != 1:
        raise when["prompt_tokens"].error("expected `gt` (more than) or `ge` (at least) and a number of tokens")
    ((operator, size),) = comparison.items()
    prices, roundings = read_prices(fields["prices"], per)
    if roundings:
        raise fields["prices"].error("a minimum holds whatever the size of the prompt: state it outside `tiers`")
    return Step(size.integer(minimum=0) + (operator == "gt"), prices)


def _when(fields: Mapping[str, Node]) -> Window:
    zone = read_zone(fields["tz"]) if "tz" in fields else "UTC"
    days = fields["days"].list() if "days" in fields else None
    numbers = range(7) if days is None else [_weekday(day) for day in days]
    return Window(zone, frozenset(numbers), tuple(_hours(hours) for hours in fields["hours"].list()))


def read_zone(node: Node) -> str:
    """Return the name of a time zone that exists."""
    try:
        return ZoneInfo(node.text()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise node.error(f"unknown time zone {node.text()!r}", hint="use an IANA name such as Asia/Shanghai") from None


def _weekday(node: Node) -> int:
    day = node.text().lower()
    if day not in DAYS:
        raise node.error(f"unknown day {day!r}; expected {', '.join(DAYS)}", hint=did_you_mean(day, DAYS))
    return DAYS.index(day)


def _hours(node: Node) -> tuple[int, int]:
    """Return the seconds of the day of ``09:00-12:00``; ``24:00`` may end it, and it may wrap midnight."""
    found = _HOURS.fullmatch(node.text())
    hour1, minute1, hour2, minute2 = (int(part) for part in found.groups()) if found else (-1, 0, 0, 0)
    begin, end = hour1 * 3600 + minute1 * 60, hour2 * 3600 + minute2 * 60
    if found is None or begin >= DAY_S or end > DAY_S or begin == end:
        raise node.error(f"expected hours such as 09:00-12:00, read {node.text()!r}")
    return begin, end


def read_regions(node: Node | None) -> Mapping[str, Fraction]:
    """Return what prices are multiplied with, by region in lower case."""
    regions = node.mapping() if node is not None else {}
    return {name.lower(): _multiplier(region) for name, region in regions.items()}


def _multiplier(node: Node) -> Fraction:
    factor = node.fields(required=("multiply",))["multiply"]
    if factor.decimal() <= 0:
        raise factor.error("a multiplier must be more than 0")
    return Fraction(factor.decimal())


def read_instant(node: Node | None) -> int | None:
    """Return epoch seconds of a date (midnight UTC) or of a date and time with its zone; None for null."""
    if node is None or node.is_null:
        return None
    if not _INSTANT.fullmatch(node.text()):
        raise node.error(f"expected a date, or a time with its zone such as 2026-03-05T00:00:00Z, read {node.text()!r}")
    try:
        moment = datetime.fromisoformat(node.text())
    except ValueError as problem:
        raise node.error(f"no such time: {node.text()!r} ({problem})") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def read_day(node: Node | None) -> date | None:
    """Return a date, or None where it is absent or null."""
    if node is None or node.is_null:
        return None
    try:
        return date.fromisoformat(node.text())
    except ValueError:
        raise node.error(f"expected a date such as 2026-12-31, read {node.text()!r}") from None


def _count(node: Node | None) -> int | None:
    return None if node is None or node.is_null else node.integer(minimum=1)


def _names(node: Node | None) -> tuple[str, ...] | None:
    return None if node is None or node.is_null else tuple(item.text() for item in node.list())


def in_order(spans: tuple[_Span, ...], what: str, node: Node) -> tuple[_Span, ...]:
    """Return the spans by time; ConfigError that begins with `what` where two of them overlap, naming both."""
    ordered = tuple(sorted(spans, key=lambda span: (span.from_s is not None, span.from_s or 0)))
    for earlier, later in pairwise(ordered):
        if earlier.to_s is None or later.from_s is None or later.from_s < earlier.to_s:
            raise node.error(f"{what}: {_span(earlier)} and {_span(later)}")
    return ordered


def _span(span: Period | AliasSpan) -> str:
    begin = "the beginning" if span.from_s is None else utc_text(span.from_s)
    end = "open end" if span.to_s is None else utc_text(span.to_s)
    return f"[{begin}, {end})"
