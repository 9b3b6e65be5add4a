"""Tables of times: the parts of an arm's requests turned into percentiles by route, with what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from aggcost import holdout, service
from aggcost.money import round_half_even
from aggcost.percentiles import PERCENTILES, UNIT, Distribution
from aggcost.report_latency import BackTest, BackTested, Percentile, RouteLatency
from aggcost.service import Part
from aggcost.timing import Measure

_DECIMALS = 6


def route_latencies(measure: Measure, parts: Sequence[Part]) -> tuple[RouteLatency, ...]:
    """Return the times of all requests, then those of each route, most requests first; nothing without parts."""
    if not parts:
        return ()
    routes = dict.fromkeys(part.route for part in parts)
    rows = [_row(measure, route, [part for part in parts if part.route == route]) for route in routes]
    ranked = sorted(rows, key=lambda row: (-row.n, row.route or ""))
    return (_row(measure, None, parts), *ranked)


def back_tests(tests: Iterable[holdout.BackTest], zone: ZoneInfo) -> tuple[BackTest, ...]:
    """Return the back-tests as sections of a report, times local to `zone`."""
    return tuple(_tested(test, zone) for test in tests)


def _tested(test: holdout.BackTest, zone: ZoneInfo) -> BackTest:
    days = (None, None) if test.cut.days is None else test.cut.days
    figures = tuple(
        BackTested(
            name=name,
            predicted=_ms(predicted),
            actual=_ms(test.actual_ms[name]),
            error_percent=test.error_percent(name),
        )
        for name, predicted in test.predicted_ms.items()
    )
    return BackTest(
        name=f"{test.measure} of {test.route}", route=str(test.route), measure=test.measure,
        from_=datetime.fromtimestamp(test.cut.at_s, UTC).astimezone(zone).isoformat(timespec="minutes"),
        days=days[0], days_predicted=days[1], fitted=test.fitted, n=test.n, percentiles=figures, withheld=test.failed,
    )  # fmt: skip


def _row(measure: Measure, route: str | None, parts: Sequence[Part]) -> RouteLatency:
    label, (fitted, support) = service.weakest(parts), service.rests_on(parts)
    found: tuple[Percentile, ...] = ()
    together = service.distribution(parts)
    if together is not None:
        # What a model says is no surer than the rows behind it; what is asserted has no interval at all.
        tellers = {"measured": together.n, "modelled": min(together.n, fitted or 0), "assumed": 0}[label]
        found = tuple(_percentile(name, together, tellers) for name in PERCENTILES)
    return RouteLatency(
        name=f"{measure} of {route or 'all routes'}", route=route,
        measure=measure, n=sum(part.requests for part in parts) // UNIT, label=label, percentiles=found,
        fitted=fitted, support_percent=support,
    )  # fmt: skip


def _percentile(name: str, times: Distribution, tellers: int) -> Percentile:
    value = times.named(name)
    low, high = (None, None) if value is None else times.interval(name, tellers)
    return Percentile(name=name, value=_ms(value), low=_ms(low), high=_ms(high))


def _ms(value: Fraction | None) -> Decimal | None:
    return None if value is None else round_half_even(value, _DECIMALS)
