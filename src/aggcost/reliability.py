"""Reliability: which requests failed, and how many would fail under a policy.

Requests that stay fail as observed. Requests that move fail at the rate that follows from the
availability the policy asserts for the route, or else at the rate the log has seen on that route;
where neither exists the number is unknown. Failover on errors is not replayed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from aggcost import service
from aggcost.arms import Service, Times
from aggcost.errors import ConfigError
from aggcost.hedged import Group, groups, late
from aggcost.integers import Mask, total
from aggcost.ledger import FAILURE_CLASSES, NOT_BILLED, USAGE, Cells
from aggcost.movement import at_once
from aggcost.policy import Policy, Route, ServiceLevel
from aggcost.replay import Routed
from aggcost.report_arms import Minute
from aggcost.room import in_queue
from aggcost.routes import UNPAID, UNSERVED
from aggcost.scales import Scaling
from aggcost.scanning import Ledgers
from aggcost.units import Label
from aggcost.waiting import awaited_routes


def failing(cells: Cells) -> Mask:
    """Return the cells of requests that failed."""
    return cells.dims["failure"].mask(lambda failure: failure is not None)


def service_as_logged(ledgers: Ledgers, worst_minutes: tuple[Minute, ...] = ()) -> Service:
    """Return how the log was served: observed latencies and failures by class."""
    cells = ledgers.cells
    tried = cells.dims["outcome"].mask(lambda outcome: outcome in (USAGE, NOT_BILLED))
    requests = cells.sums["requests"]
    dim = cells.dims["failure"]
    lost = {kind: Fraction(total(requests[tried & dim.where(kind)])) for kind in FAILURE_CLASSES}
    served = Fraction(total(requests[_usage(cells) & ~failing(cells)]))
    times = Times(service.observed(ledgers.latencies), service.observed(ledgers.first_tokens))
    return Service(times, lost, sum(lost.values(), Fraction(0)), served, "measured", worst_minutes)


def service_after(policy: Policy, ledgers: Ledgers, routed: Routed, failed: Routed, scaling: Scaling) -> Service:
    """Return how requests would be served; `failed` are the failed, unbilled ones, routed alike."""
    if all(route is None for route in (*routed.routes, *failed.routes)) and not hedged(policy, routed):
        return service_as_logged(ledgers)
    cells = ledgers.cells
    times = times_after(policy, ledgers, routed, scaling)
    unseen = _unseen(policy, ledgers, (routed, failed))
    everything = sum((one.requests(cells) for one in (routed, failed)), Fraction(0))
    lost = Fraction(0)
    found: set[Label] = set()
    for one in (routed, failed):
        for position, route in enumerate(one.routes):
            number, label = _lost(cells, one, one.route == position, route, policy.service_levels)
            if number is None:
                return Service(times, None, None, everything, None, unseen=unseen)
            lost += number
            found.add(label)
    return Service(times, None, lost, everything - lost, _weakest(found), unseen=unseen)


def times_after(
    policy: Policy, ledgers: Ledgers, routed: Routed, scaling: Scaling, rescued: Routed | None = None
) -> Times:
    """Return how long the requests and those rescued would take, and wait for their first token."""
    seen, cells, levels = ledgers.foresight, ledgers.cells, policy.service_levels
    routed = in_queue(routed, cells)
    latency = {} if seen is None else seen.expected("latency", cells, routed, scaling)
    first_token = {} if seen is None else seen.expected("ttft", cells, routed, scaling)
    failed = {} if seen is None else seen.withheld("latency")
    beside = service.Beside(rescued, hedged(policy, routed))
    return Times(
        service.replayed(ledgers.latencies, cells, routed, levels, latency, beside),
        service.replayed(ledgers.first_tokens, cells, routed, levels, first_token),
        tuple(test for route, test in failed.items() if route in latency and not policy.asserts_latency(route)),
    )


def hedged(policy: Policy, routed: Routed) -> tuple[Group, ...]:
    """Return the shares that hedges of the policy are for."""
    return tuple(groups(policy, routed, at_once(routed)))


def second_shares(policy: Policy, ledgers: Ledgers, routed: Routed, scaling: Scaling) -> list[Group]:
    """Return the hedges with the share of requests that each calls a second time.

    ConfigError where it is not known how long the first call takes.
    """
    seen = ledgers.foresight
    latency = {} if seen is None else seen.expected("latency", ledgers.cells, routed, scaling)
    found = []
    for group in hedged(policy, routed):
        first = service.first_calls(ledgers.latencies, ledgers.cells, routed, group, policy.service_levels, latency)
        if first.ms is None:
            rule = policy.rules[group.rule]
            raise ConfigError(
                f"{policy.path}:{rule.line}: how many requests of {rule.name!r} a hedge calls for is not known: "
                f"the log has no latencies of {group.route}",
                hint=f"routes: {{{group.route}: {{latency_ms: {{p50: ..., p95: ...}}}}}}",
            )
        found.append(replace(group, late=late((first.ms, first.weights), group.hedge.after_ms)))
    return found


def _unseen(policy: Policy, ledgers: Ledgers, both: Sequence[Routed]) -> Mapping[str, str]:
    """Return what the log lacks of each route that requests move to, and that the policy does not assert."""
    used = dict.fromkeys(route for one in both for route in one.routes)
    awaited = {route for one in both for route in awaited_routes(one)}
    found = {}
    for route in used:
        level = None if route is None else policy.service_levels.get(route)
        if (
            route is None
            or route in UNPAID
            or (level is not None and level.availability_percent is not None and level.p50_ms is not None)
        ):
            continue
        if _observed_rate(ledgers.cells, route) is None:
            found[str(route)] = "requests"
        elif route not in awaited:
            continue
        elif not policy.asserts_latency(route) and not service.seen(route, ledgers.latencies).any():
            found[str(route)] = "latencies"
        elif not policy.asserts_latency(route) and (
            ledgers.foresight is None or route not in ledgers.foresight.latency
        ):
            found[str(route)] = "sizes"
    return found


def _weakest(labels: Collection[Label]) -> Label:
    order: tuple[Label, ...] = ("assumed", "modelled", "measured")
    return next((label for label in order if label in labels), "measured")


def _lost(
    cells: Cells, routed: Routed, mask: Mask, route: Route | None, levels: Mapping[Route, ServiceLevel]
) -> tuple[Fraction | None, Label]:
    """Return how many of these requests fail on a route, and how that is known."""
    if route is None:
        return routed.requests(cells, mask & failing(cells)[routed.cell]), "measured"
    if route in UNPAID:
        return (routed.requests(cells, mask) if route == UNSERVED else Fraction(0)), "modelled"
    level = levels.get(route)
    if level is not None and level.availability_percent is not None:
        return routed.requests(cells, mask) * (100 - Fraction(level.availability_percent)) / 100, "assumed"
    observed = _observed_rate(cells, route)
    return (None if observed is None else routed.requests(cells, mask) * observed), "modelled"


def _observed_rate(cells: Cells, route: Route) -> Fraction | None:
    """Return the share of failed requests that the log has seen on a route, None where it saw none."""
    seen = cells.dims["provider"].where(route.provider)
    seen &= cells.dims["model"].where(route.model)
    seen &= cells.dims["outcome"].mask(lambda outcome: outcome in (USAGE, NOT_BILLED))
    requests = total(cells.sums["requests"][seen])
    return Fraction(total(cells.sums["requests"][seen & failing(cells)]), requests) if requests else None


def _usage(cells: Cells) -> Mask:
    return cells.dims["outcome"].where(USAGE)
