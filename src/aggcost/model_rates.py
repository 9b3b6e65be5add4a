"""What one model of one provider costs, at any time, service tier, region and prompt size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from aggcost.errors import did_you_mean
from aggcost.months import month_grid_s, month_numbers
from aggcost.schedule import MonthlyPrices, Schedule, TierPrices, tier_prices
from aggcost.tariff import LinePrices, Prices, Rounding, Tariff
from aggcost.windows import IntArray, Window, coarsest_grid

STANDARD = "standard"
# Other words for the standard service tier; "default" is what OpenAI's responses say.
_STANDARD_WORDS = frozenset({"", STANDARD, "default"})
# In `regions`: every region that is not named beside it.
ANY_REGION = "*"
_NO_PERIOD, _NO_TIME = -1, -2

Index = np.ndarray[Any, np.dtype[np.int32]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
UnpricedReason = Literal[
    "unpriced_model", "unpriced_mode", "unpriced_period", "unpriced_usage", "unpriced_meter", "dynamic"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Where prices come from: `digest` is the SHA-256 of what was read, `checked` the day someone compared them.

    `note` says in words what a reader of the price should know, such as how a date is proved.
    """

    name: str
    version: str | None = None
    digest: str | None = None
    licence: str | None = None
    checked: date | None = None
    url: str | None = None
    note: str | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True)
class RateLine:
    """USD per one unit, aligned with `meters.USAGE_KEYS`; None: the meter has no price.

    `extra` are the prices of those of `meters.EXTRA_KEYS` that are charged apart, `roundings` how units are counted.
    Where a contract has schedules, `prices` are those of their first tiers, and `monthly` is what the month may
    make of them.
    """

    prices: LinePrices
    source: str
    extra: Prices = field(default_factory=dict)
    roundings: Mapping[str, Rounding] = field(default_factory=dict)
    monthly: tuple[MonthlyPrices, ...] = ()

    @property
    def free(self) -> bool:
        """Whether tokens have a price and every price is zero."""
        tokens = [price for price in self.prices[:-1] if price is not None]
        return bool(tokens) and not any(tokens) and not self.prices[-1] and not any(self.extra.values())


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Why there is no price; never to be read as zero. `known` has the prices of what else was used."""

    reason: UnpricedReason
    detail: str
    known: RateLine | None = None


Line = RateLine | Unpriced


@dataclass(frozen=True, slots=True)
class WindowTariffs:
    """The complete tariffs, by service tier, that hold inside a window."""

    window: Window
    tariffs: Mapping[str, Tariff]


@dataclass(frozen=True, slots=True)
class Period:
    """Tariffs by service tier in `[from_s, to_s)` (epoch seconds UTC; None is open).

    Of several windows that hold at one instant the last one counts. `regions` multiply every price,
    `*` that of every region not named; then `schedules` change it with the month's volume, and the `factor` of a
    contract comes last. A `dynamic` period has no tariffs: its price is only known when a request is made. All its
    prices are of one source: `source`, None where that is the model's own. `amended_by` corrected when a service tier
    begins or what a region costs, not what is charged.
    """

    from_s: int | None
    to_s: int | None
    tariffs: Mapping[str, Tariff]
    windows: tuple[WindowTariffs, ...] = ()
    regions: Mapping[str, Fraction] = field(default_factory=dict)
    dynamic: bool = False
    source: SourceInfo | None = None
    amended_by: SourceInfo | None = None
    schedules: tuple[Schedule, ...] = ()
    factor: Fraction = Fraction(1)

    def multiplier(self, region: str) -> Fraction:
        """Return what the prices are multiplied with in a region (lower case; "" where it is unknown)."""
        anywhere = self.regions.get(ANY_REGION, Fraction(1)) if region else Fraction(1)
        return self.regions.get(region, anywhere)

    def tables(self) -> Iterator[Mapping[str, Tariff]]:
        """Yield the tariffs outside every window, then those of each window."""
        yield self.tariffs
        for window in self.windows:
            yield window.tariffs


@dataclass(frozen=True, slots=True)
class ModelRates:
    """The rates of a model, and its facts; an unknown fact is None.

    `periods` are in order of time and do not overlap. `not_rated` names what the source also
    prices and this program has no meter for (audio, images, searches). `gaps_below`: at times
    without a period, the prices of the next source hold.
    """

    provider: str
    model: str
    source: SourceInfo
    periods: tuple[Period, ...] = ()
    context_window: int | None = None
    max_output: int | None = None
    retired: date | None = None
    deprecated: bool = False
    capabilities: tuple[str, ...] | None = None
    not_rated: tuple[str, ...] = ()
    gaps_below: bool = False

    def source_of(self, period: Period) -> SourceInfo:
        """Return the one source of all prices of a period."""
        return period.source or self.source

    @property
    def cuts(self) -> tuple[int, ...]:
        """Prompt sizes in tokens where other prices begin (``gt: 200000`` is 200001), ascending."""
        tariffs = (tariff for period in self.periods for table in period.tables() for tariff in table.values())
        return tuple(sorted({size for tariff in tariffs for size in tariff.sizes}))

    @property
    def roundings(self) -> tuple[tuple[str, Rounding], ...]:
        """Every way in which some price counts the units of a request, with its meter."""
        tariffs = (tariff for period in self.periods for table in period.tables() for tariff in table.values())
        return tuple(dict.fromkeys(one for tariff in tariffs for one in tariff.roundings.items()))

    @property
    def instants(self) -> tuple[int, ...]:
        """Epoch seconds (UTC) at which prices change, ascending; windows apart."""
        ends = {instant for period in self.periods for instant in (period.from_s, period.to_s)}
        return tuple(sorted(instant for instant in ends if instant is not None))

    @property
    def dated(self) -> bool:
        """Whether the price depends on the time of the request."""
        bounded = any(period.from_s is not None or period.to_s is not None for period in self.periods)
        return bounded or self.windowed or bool(self.month_zones)

    @property
    def windowed(self) -> bool:
        """Whether some price depends on the hour of the day or the day of the week."""
        return any(period.windows for period in self.periods)

    @property
    def month_zones(self) -> tuple[str, ...]:
        """The time zones in whose calendar months some price depends on what was used."""
        return tuple(sorted({one.zone for period in self.periods for one in period.schedules}))

    @property
    def grid_s(self) -> int:
        """The coarsest grid (3600, 900, 60 or 1 seconds) on which every change of price lies."""
        windows = (priced.window.grid_s for period in self.periods for priced in period.windows)
        return min(coarsest_grid(self.instants), *windows, *map(month_grid_s, self.month_zones), 3600)

    @property
    def service_tiers(self) -> tuple[str, ...]:
        """The service tiers that have a price at some time, standard first."""
        names = {name for period in self.periods for name in period.tariffs}
        return tuple(sorted(names, key=lambda name: (name != STANDARD, name)))

    def lines(
        self, service_tier: str | None, region: str | None, starts: IntArray, prompts: IntArray
    ) -> tuple[list[Line], Index]:
        """Return the distinct lines of the rows and, for each row, its place in that list.

        `starts` are epoch seconds UTC, negative where unknown; `prompts` are prompt tokens, cache
        included; row i is (starts[i], prompts[i]). Work in Python is per distinct line, not per row.
        """
        table = _LineTable(self, service_tier, region, len(starts))
        if not self.periods:
            table.put_unpriced(slice(None), "unpriced_model", "has no token price")
            return table.found()
        which = _periods_at(self.periods, starts) if self.dated else np.zeros(len(starts), np.int64)
        for number in np.unique(which).tolist():
            rows = np.flatnonzero(which == number)
            if number == _NO_TIME:
                table.put_unpriced(rows, "unpriced_period", "has prices that depend on the time, which is unknown")
            elif number == _NO_PERIOD:
                table.put_unpriced(rows, "unpriced_period", "has no price at that time")
            elif self.periods[number].dynamic:
                table.put_unpriced(rows, "dynamic", "has a price that is only known when a request is made")
            else:
                _fill(table, self.periods[number], rows, starts[rows], prompts[rows])
        return table.found()


def _periods_at(periods: Sequence[Period], starts: IntArray) -> IntArray:
    """Return the place of the period that holds at each instant, or which of the negative codes says why none does."""
    first, last = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    begins = np.array([first if period.from_s is None else period.from_s for period in periods], np.int64)
    ends = np.array([last if period.to_s is None else period.to_s for period in periods], np.int64)
    which = np.searchsorted(begins, starts, side="right") - 1
    held = np.where((which >= 0) & (starts < ends[which]), which, _NO_PERIOD)
    return np.where(starts < 0, _NO_TIME, held)


def _fill(table: _LineTable, period: Period, rows: IntArray, starts: IntArray, prompts: IntArray) -> None:
    """Add the lines of one period: by window, by month where a schedule counts them, then by size of the prompt."""
    if not period.windows and not period.schedules:
        table.put(rows, period.tariffs, prompts, period)
        return
    which = np.zeros(len(rows), np.int64)
    for number, priced in enumerate(period.windows, start=1):
        which[priced.window.holds(starts)] = number
    for months, inside in _by_months(period.schedules, starts):
        for number, tariffs in enumerate(period.tables()):
            chosen = inside & (which == number)
            if chosen.any():
                table.put(rows[chosen], tariffs, prompts[chosen], period, months)


def _by_months(schedules: tuple[Schedule, ...], starts: IntArray) -> Iterator[tuple[tuple[int, ...], Mask]]:
    """Yield the months that rows lie in, one for each schedule, and which rows do."""
    if not schedules:
        yield (), np.ones(len(starts), np.bool_)
        return
    numbers = np.stack([month_numbers(starts, schedule.zone) for schedule in schedules])
    for months in np.unique(numbers, axis=1).T:
        yield tuple(months.tolist()), (numbers == months[:, None]).all(axis=0)


class _LineTable:
    """Collects distinct lines, and which of them each row uses."""

    def __init__(self, rates: ModelRates, service_tier: str | None, region: str | None, rows: int) -> None:
        self._rates = rates
        self._tier = canonical_tier(service_tier)
        self._region = (region or "").lower()
        self._lines: list[Line] = []
        self._index = np.zeros(rows, np.int32)

    def put(
        self,
        rows: IntArray,
        tariffs: Mapping[str, Tariff],
        prompts: IntArray,
        period: Period,
        months: tuple[int, ...] = (),
    ) -> None:
        tariff = tariffs.get(self._tier)
        if tariff is None:
            self._add(rows, self._without_tier())
            return
        if not tariff.steps:
            self._add(rows, self._line(tariff, 0, period, months))
            return
        step = np.searchsorted(np.array(tariff.sizes, np.int64), prompts, side="right")
        for number, from_tokens in enumerate((0, *tariff.sizes)):
            chosen = rows[step == number]
            if len(chosen):
                self._add(chosen, self._line(tariff, from_tokens, period, months))

    def put_unpriced(self, rows: Any, reason: UnpricedReason, why: str) -> None:
        if self._index[rows].size:
            self._add(rows, Unpriced(reason, f"{self._name} {why}"))

    def found(self) -> tuple[list[Line], Index]:
        return self._lines, self._index

    def _add(self, rows: Any, line: Line) -> None:
        self._index[rows] = len(self._lines)
        self._lines.append(line)

    def _line(self, tariff: Tariff, from_tokens: int, period: Period, months: tuple[int, ...]) -> Line:
        prices = tariff.at(from_tokens)
        if prices is None:
            return Unpriced(
                "unpriced_mode", f"{self._name}: {self._tier} is not offered from {from_tokens} prompt tokens"
            )
        if not prices:
            return Unpriced("unpriced_model", f"{self._name} has no token price")
        return self._rate_line(prices, tariff.roundings, period, months)

    def _rate_line(
        self, stated: Prices, roundings: Mapping[str, Rounding], period: Period, months: tuple[int, ...]
    ) -> RateLine:
        """Return the line of stated prices: times the region, by the months' schedules, times the contract's factor."""
        source = f"{self._rates.source_of(period)}: {self._name}"
        region = period.multiplier(self._region)
        found: TierPrices = tier_prices(stated, region * period.factor)
        before = tier_prices(stated, region)
        monthly = tuple(
            MonthlyPrices(source, schedule, month, before, schedule.prices(stated, region * period.factor))
            for schedule, month in zip(period.schedules, months, strict=True)
        )
        for one in monthly:
            found = one.first(found)
        return RateLine(found.base, source, found.extra, roundings, monthly)

    def _without_tier(self) -> Unpriced:
        known = self._rates.service_tiers
        missing = f"{self._name} has no price for service tier {self._tier!r}"
        if self._tier in known:
            return Unpriced("unpriced_mode", f"{missing} at that time")
        return Unpriced("unpriced_mode", f"{missing} (it has {_known_tiers(self._tier, known)})")

    @property
    def _name(self) -> str:
        return f"{self._rates.provider}/{self._rates.model}"


@lru_cache(maxsize=1024)
def _known_tiers(asked: str, known: tuple[str, ...]) -> str:
    """Return the service tiers that have a price, and the nearest one; the same few are asked for again and again."""
    near = did_you_mean(asked, known)
    return ", ".join(known) + (f"; {near}" if near else "")


def canonical_tier(service_tier: str | None) -> str:
    """Return a service tier as prices name it; unknown is standard."""
    lowered = (service_tier or "").strip().lower()
    return STANDARD if lowered in _STANDARD_WORDS else lowered


def utc_text(instant_s: int) -> str:
    """Return an instant as ISO 8601 with seconds, in UTC."""
    return datetime.fromtimestamp(instant_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_text(instant_s: int) -> str:
    """Return an instant as a date where it is midnight UTC, else as `utc_text`."""
    return utc_text(instant_s).removesuffix("T00:00:00Z")
