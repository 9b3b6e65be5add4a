"""Price files checked: prices at once, gaps, old prices, and models of a log that are retired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

from aggcost.errors import ConfigError
from aggcost.model_rates import ModelRates, utc_text
from aggcost.price_book import Book
from aggcost.price_sources import tables
from aggcost.ratecard import RateCard
from aggcost.report_prices import Finding, FindingCode, PriceCheck


@dataclass(frozen=True, slots=True)
class Used:
    """A model that a log used, and the time of its last request (epoch seconds, None: unknown)."""

    rates: ModelRates
    last_s: int | None


_ORDER = {"error": 0, "warning": 1, "info": 2}


def price_check(
    files: Sequence[Path], *, today: date, stale_days: int, used: Sequence[Used] | None = None
) -> PriceCheck:
    """Return what is wrong with price files, and which models that a log used have retired."""
    books, findings = _opened(files)
    models = 0
    for path, book in books:
        findings += _age(path, book, today, stale_days)
        for rates in RateCard([book]).models():
            models += 1
            findings += _times(path, rates, today)
    findings += _shadowed(books)
    for one in used or ():
        findings += _retired(one)
    findings.sort(key=lambda one: (_ORDER[one.severity], one.where, one.message))
    return PriceCheck(tuple(map(str, files)), models, None if used is None else len(used), tuple(findings))


def _opened(files: Sequence[Path]) -> tuple[list[tuple[Path, Book]], list[Finding]]:
    """Return the files that can be used, and why the others cannot: two prices at once, or worse."""
    books, findings = [], []
    for path in files:
        try:
            book = tables.read(path)
            RateCard([book]).models()
        except ConfigError as problem:
            code: FindingCode = "overlap" if " at once" in problem.message else "unreadable"
            findings.append(Finding(code, "error", str(path), problem.message))
        else:
            books.append((path, book))
    return books, findings


def _age(path: Path, book: Book, today: date, stale_days: int) -> Iterator[Finding]:
    checked = book.source.checked
    if checked is None:
        yield Finding("unchecked", "info", str(path), "does not say when its prices were checked (source: checked)")
    elif (days := (today - checked).days) > stale_days:
        yield Finding("stale", "warning", str(path), f"checked {days} days ago, on {checked}")


def _times(path: Path, rates: ModelRates, today: date) -> Iterator[Finding]:
    """Yield the times without a price: between two periods, and after the last one."""
    name = f"{rates.provider}/{rates.model}"
    for earlier, later in pairwise(rates.periods):
        if earlier.to_s is not None and later.from_s is not None and earlier.to_s < later.from_s:
            gap = f"no price from {utc_text(earlier.to_s)} to {utc_text(later.from_s)}"
            yield Finding("gap", "warning", str(path), f"{name}: {gap}")
    end_s = rates.periods[-1].to_s if rates.periods else None
    if end_s is not None and end_s <= _midnight(today):
        yield Finding("ended", "warning", str(path), f"{name}: no price since {utc_text(end_s)}")


def _shadowed(books: Sequence[tuple[Path, Book]]) -> Iterator[Finding]:
    """Yield the models that an earlier file already prices: the first one counts."""
    first: dict[tuple[str, str], Path] = {}
    for path, book in books:
        for rates in RateCard([book]).models():
            key = rates.provider, rates.model.lower()
            if not rates.periods:
                continue
            if key in first and first[key] != path:
                said = f"{rates.provider}/{rates.model}: {first[key]} prices it too, and counts"
                yield Finding("overlap", "warning", str(path), said)
            first.setdefault(key, path)


def _retired(one: Used) -> Iterator[Finding]:
    rates, last_s = one.rates, one.last_s
    if rates.retired is None or last_s is None or last_s < _midnight(rates.retired):
        return
    said = f"retired on {rates.retired}, last used {utc_text(last_s)}"
    yield Finding("retired", "warning", f"{rates.provider}/{rates.model}", said)


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
