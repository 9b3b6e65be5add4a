"""Arms of a report: charges, service and time turned into the figures of one side of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from aggcost.holdout import BackTest
from aggcost.latency_tables import route_latencies
from aggcost.money import percent, settle
from aggcost.rating import Charges, Totals
from aggcost.report_arms import Arm, Day, Failures, Group, Latency, Minute, Tokens, ranked
from aggcost.service import Part, Percentiles, percentiles_of
from aggcost.units import Label, Requests

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Times:
    """How long requests take, and wait for their first token, by route; without parts where the log does not say.

    `withheld` are the back-tests of routes whose model says too little of the log's own last days.
    """

    latency: tuple[Part, ...] = ()
    first_token: tuple[Part, ...] = ()
    withheld: tuple[BackTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """How an arm serves: times, failed and served requests, and how the failures are known.

    `failures` are by class where the log shows them; None is unknown. `unseen` says of which routes what is
    missing in the log (``requests``, ``latencies``, ``sizes``: too few rows with tokens and a latency).
    """

    times: Times
    failures: Mapping[str, Fraction] | None
    failed: Fraction | None
    served: Fraction
    failed_label: Label | None
    worst_minutes: tuple[Minute, ...] = ()
    unseen: Mapping[str, str] = field(default_factory=dict)
    waiting: Fraction = Fraction(0)

    @property
    def latency(self) -> Percentiles | None:
        """Return the percentiles of the latencies of all requests, None where they are not known."""
        return percentiles_of(self.times.latency)

    @property
    def first_token(self) -> Percentiles | None:
        """Return the percentiles of the times to the first token of all requests that have one."""
        return percentiles_of(self.times.first_token)

    @property
    def successful_percent(self) -> Decimal | None:
        """Return the share of requests that succeeded, in percent."""
        return None if self.failed is None else percent(self.served, self.served + self.failed)


@dataclass(frozen=True, slots=True)
class Month:
    """How charges become a month's: `factor` x the charges of the counted days; None without such a day."""

    factor: Fraction | None

    def of(self, charges: Charges, name: str, value: Any) -> Fraction | None:
        """Return a month's cost of the charges whose key `name` has this value."""
        return self._cost(charges.total(lambda charge: charge.keys["counted"] and charge.keys[name] == value))

    def all(self, charges: Charges) -> Fraction | None:
        """Return a month's cost of all charges."""
        return self._cost(charges.total(lambda charge: charge.keys["counted"]))

    def _cost(self, totals: Totals) -> Fraction | None:
        return None if self.factor is None else totals.cost_usd * self.factor


def arm(
    name: str,
    charges: Charges,
    service: Service,
    *,
    monthly_usd: Decimal | None,
    fields: Iterable[str],
    sessions: int | None = None,
) -> Arm:
    """Return the arm that these charges make; `fields` are the keys to break it down by."""
    recorded = any(charge.keys["recorded"] and charge.cost is not None for charge in charges.rows)
    sums = charges.total()
    cost = settle(sums.cost_usd) if sums.has_price else None
    rated = sums.priced + sums.free
    complete = cost is not None and not sums.has_unpriced  # part of a cost over all requests would flatter
    return Arm(
        name=name,
        policy_digest=None,
        cost=cost,
        cost_monthly=monthly_usd,
        recorded_cost=settle(sums.recorded_usd) if recorded else None,
        variance=settle(sums.rated_recorded_usd - sums.recorded_usd) if recorded else None,
        variance_percent=percent(sums.rated_recorded_usd - sums.recorded_usd, sums.recorded_usd) if recorded else None,
        requests=count(sums.requests),
        tokens=tokens(sums.tokens),
        per_request=each(sums.cost_usd, rated),
        per_1000_requests=each(sums.cost_usd * 1000, rated),
        per_successful_request=each(sums.cost_usd, service.served) if complete else None,
        per_conversation=each(sums.cost_usd, Fraction(sessions)) if sessions and complete else None,
        sessions=sessions,
        blended_per_mtok=each(sums.cost_usd * MILLION, sum(sums.tokens.values()) - sums.unpriced_tokens),
        unpriced_percent=percent(sums.unpriced_tokens, sum(sums.tokens.values())),
        by={field: groups(charges.by(field), cost) for field in fields},
        latency_ms=latency(service.latency),
        latencies=(
            *route_latencies("latency", service.times.latency),
            *route_latencies("ttft", service.times.first_token),
        ),
        failed=None if service.failed is None else count(service.failed),
        failures=_failures(service.failures),
        worst_minutes=service.worst_minutes,
        successful_percent=service.successful_percent,
        days=_days(charges),
        units={meter: count(number) for meter, number in sums.units.items()},
    )


def each(usd: Fraction, of: Fraction) -> Decimal | None:
    """Return dollars per one, rounded once to 1e-12; None of nothing."""
    return settle(usd / of) if of else None


def count(number: Fraction) -> Requests:
    """Return a weighted count: an integer where it is whole."""
    return int(number) if number.denominator == 1 else settle(number)


def tokens(sums: Mapping[str, Fraction]) -> Tokens:
    """Return tokens by kind, those written to a cache together; shares of a token are rounded half-even."""
    writes = sum(sums[key] for key in ("cache_write_5m", "cache_write_1h", "cache_write_other"))
    return Tokens(
        input=round(sums["input"]),
        cache_read=round(sums["cache_read"]),
        cache_write=round(writes),
        output=round(sums["output"]),
    )


def groups(found: Mapping[Any, Totals], cost_usd: Decimal | None) -> tuple[Group, ...]:
    """Return the groups of a breakdown, dearest first."""
    rows = (
        Group(
            key=None if key is None else str(key),
            cost=settle(sums.cost_usd) if sums.has_price else None,
            requests=count(sums.requests),
            tokens=tokens(sums.tokens),
            unpriced=count(sums.unpriced),
        )
        for key, sums in found.items()
    )
    return ranked(tuple(rows), cost_usd)


def latency(found: Percentiles | None) -> Latency | None:
    """Return percentiles in whole milliseconds."""
    if found is None:
        return None
    whole = [None if ms is None else round(ms) for ms in (found.p50_ms, found.p95_ms, found.p99_ms)]
    return Latency(
        p50=whole[0], p95=whole[1], p99=whole[2], n=found.n, label=found.label,
        fitted=found.fitted_rows, support_percent=found.support_percent,
    )  # fmt: skip


def _failures(found: Mapping[str, Fraction] | None) -> tuple[Failures, ...]:
    shown = ((kind, number) for kind, number in (found or {}).items() if number)
    return tuple(Failures(class_=kind, requests=round(number)) for kind, number in shown)  # type: ignore[arg-type]


def _days(charges: Charges) -> tuple[Day, ...]:
    found = {day: sums for day, sums in charges.by("day").items() if day is not None}
    return tuple(
        Day(
            day=day.isoformat(),
            cost=settle(found[day].cost_usd) if found[day].has_price else None,
            requests=count(found[day].requests),
        )
        for day in sorted(found)
    )
