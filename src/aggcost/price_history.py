"""How several sources make one history of prices: spans of time, aliases, and corrections of dates and regions.

At any instant all prices of a model are of one source. A correction moves no price: it says since when
a service tier has been offered at the price that its source states, or what a region costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, pairwise

from aggcost.matching import Clause
from aggcost.meters import CACHE_WRITE, TOKEN_KEYS
from aggcost.model_rates import STANDARD, ModelRates, Period, SourceInfo
from aggcost.tariff import Prices, Tariff

_TOKEN_PRICES = frozenset((*TOKEN_KEYS, CACHE_WRITE.key))


@dataclass(frozen=True, slots=True)
class AliasSpan:
    """What a name means in `[from_s, to_s)` (epoch seconds UTC; None is open): a model of the same provider."""

    from_s: int | None
    to_s: int | None
    model: str


@dataclass(frozen=True, slots=True)
class TierStart:
    """Since when a provider has offered a service tier at the price that a source records only later.

    `recorded_s` are the instants (epoch seconds UTC) at which the source begins to record it: a tier that
    begins at any other time is left as it is.
    """

    provider: str
    tier: str
    from_s: int
    recorded_s: frozenset[int]
    source: SourceInfo


@dataclass(frozen=True, slots=True)
class RegionalPrices:
    """What the prices of some models of a provider are multiplied with, by region."""

    provider: str
    models: Clause
    regions: Mapping[str, Fraction]
    source: SourceInfo


Amendment = TierStart | RegionalPrices


def clipped(period: Period, from_s: int | None, to_s: int | None) -> Period | None:
    """Return the part of a period inside `[from_s, to_s)`, or None where there is none."""
    begin = period.from_s if from_s is None else from_s if period.from_s is None else max(from_s, period.from_s)
    end = period.to_s if to_s is None else to_s if period.to_s is None else min(to_s, period.to_s)
    if begin is not None and end is not None and begin >= end:
        return None
    return replace(period, from_s=begin, to_s=end)


def with_gaps_filled(upper: ModelRates, lower: ModelRates) -> ModelRates:
    """Return `upper` with the periods of `lower` at the times that it leaves open; each period keeps its source."""
    if not lower.periods:
        return upper
    gaps = list(_gaps(upper.periods))
    below = [part for period in _sourced(lower) for gap in gaps if (part := clipped(period, *gap))]
    periods = _by_time(chain(_sourced(upper), below))
    not_rated = tuple(dict.fromkeys((*upper.not_rated, *lower.not_rated)))
    return replace(upper, periods=periods, source=lower.source_of(periods[-1]), not_rated=not_rated)


def spliced(alias: str, parts: Sequence[tuple[AliasSpan, ModelRates]]) -> ModelRates:
    """Return the rates of an alias: those of each model in the time that the alias means it, facts of the last."""
    latest = parts[-1][1]
    periods = [
        part
        for span, rates in parts
        for period in _sourced(rates)
        if (part := clipped(period, span.from_s, span.to_s)) is not None
    ]
    return replace(latest, model=alias, periods=_by_time(periods))


def amended(rates: ModelRates, amendments: Sequence[Amendment]) -> ModelRates:
    """Return the rates with the amendments that concern them."""
    for one in amendments:
        if one.provider != rates.provider:
            continue
        if isinstance(one, TierStart):
            rates = replace(rates, periods=_backdated(rates.periods, one))
        elif one.models.covers(rates.model.lower()):
            periods = tuple(_in_regions(period, one) for period in rates.periods)
            rates = replace(rates, periods=periods)
    return rates


def _in_regions(period: Period, prices: RegionalPrices) -> Period:
    if period.regions:
        return period
    return replace(period, regions=prices.regions, amended_by=prices.source)


def _backdated(periods: tuple[Period, ...], start: TierStart) -> tuple[Period, ...]:
    """Return the periods with the tier in the earlier ones too, for as long as the standard price was the same."""
    first = _recorded_from(periods, start)
    if first is None:
        return periods
    recorded = periods[first]
    place = first
    while place and _same_offer(periods[place - 1], recorded) and periods[place - 1].to_s == periods[place].from_s:
        place -= 1
    earlier = (part for period in periods[place:first] for part in _offering(period, recorded, start))
    return (*periods[:place], *earlier, *periods[first:])


def _recorded_from(periods: tuple[Period, ...], start: TierStart) -> int | None:
    """Return the place of the period with which the source begins to record the tier, or None."""
    for place in range(1, len(periods)):
        begins = start.tier in periods[place].tariffs and start.tier not in periods[place - 1].tariffs
        if begins and periods[place].from_s in start.recorded_s:
            return place
    return None


def _offering(period: Period, recorded: Period, start: TierStart) -> Iterator[Period]:
    """Yield a period with the tier from the day on that it was offered, and without it before."""
    before = clipped(period, None, start.from_s)
    after = clipped(period, start.from_s, None)
    if before is not None:
        yield before
    if after is not None:
        tariffs = {**after.tariffs, start.tier: recorded.tariffs[start.tier]}
        yield replace(after, tariffs=tariffs, amended_by=start.source)


def _same_offer(period: Period, recorded: Period) -> bool:
    """Return whether two periods charge the same for tokens on the standard tier; never where hours matter."""
    if period.windows or recorded.windows:
        return False
    own, other = period.tariffs.get(STANDARD), recorded.tariffs.get(STANDARD)
    return own is not None and other is not None and _token_prices(own) == _token_prices(other)


def _token_prices(tariff: Tariff) -> list[tuple[int, Prices | None]]:
    steps = [(0, tariff.prices), *((step.from_tokens, step.prices) for step in tariff.steps)]
    return [(size, _only_tokens(prices)) for size, prices in steps]


def _only_tokens(prices: Prices | None) -> Prices | None:
    return None if prices is None else {key: price for key, price in prices.items() if key in _TOKEN_PRICES}


def _sourced(rates: ModelRates) -> Iterator[Period]:
    """Yield the periods, each with its source: they are about to leave the model whose source was theirs."""
    for period in rates.periods:
        yield replace(period, source=rates.source_of(period))


def _gaps(periods: Sequence[Period]) -> Iterator[tuple[int | None, int | None]]:
    if not periods:
        yield None, None
        return
    if periods[0].from_s is not None:
        yield None, periods[0].from_s
    for earlier, later in pairwise(periods):
        if earlier.to_s != later.from_s:
            yield earlier.to_s, later.from_s
    if periods[-1].to_s is not None:
        yield periods[-1].to_s, None


def _by_time(periods: Iterator[Period] | list[Period]) -> tuple[Period, ...]:
    return tuple(sorted(periods, key=lambda period: (period.from_s is not None, period.from_s or 0)))
