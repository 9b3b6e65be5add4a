"""How slow and how dear a route may be for the requests of a rule, as a policy states it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aggcost.routes import CAP_KEYS, Route, read_route
from aggcost.strict_yaml import Node
from aggcost.units import Usd


@dataclass(frozen=True, slots=True)
class Caps:
    """The p95 latency of a route in milliseconds, and the mean cost of a request; None is no limit."""

    max_p95_ms: int | None = None
    max_cost_usd: Usd | None = None

    def tightened(self, other: Caps) -> Caps:
        """Return the lower limit of each."""
        p95_ms = [ms for ms in (self.max_p95_ms, other.max_p95_ms) if ms is not None]
        cost_usd = [usd for usd in (self.max_cost_usd, other.max_cost_usd) if usd is not None]
        return Caps(min(p95_ms, default=None), min(cost_usd, default=None))


def read_caps(rule: Node) -> Mapping[Route, Caps]:
    """Return the limits of a rule, by route: those of the rule, of its target, and of the route itself together."""
    of_rule = _stated(rule)
    found: dict[Route, Caps] = {}
    for node, route, caps in (*_of_target(rule.given("route")), *_of_split(rule.given("split")), *_of_fallback(rule)):
        if found.setdefault(route, caps) != caps:
            hint = "a rule asks a route once: state the limits on the rule, or leave the route out of the fallback"
            raise node.error(f"{route} stands twice in this rule, with other limits", hint=hint)
    if not found and of_rule != Caps():
        raise rule.error("this rule limits routes and names none", hint="as_logged takes every request")
    tight = {route: caps.tightened(of_rule) for route, caps in found.items()}
    return {route: caps for route, caps in tight.items() if caps != Caps()}


def read_target_caps(target: Node | None) -> Mapping[Route, Caps]:
    """Return the limits of the routes of a target that stands alone, as ``otherwise:`` does."""
    return {route: caps for _, route, caps in _of_target(target) if caps != Caps()}


_Limited = tuple[Node, Route, Caps]
_LISTS = ("cheapest", "balance", "cascade")


def _of_target(node: Node | None) -> Iterator[_Limited]:
    if node is None:
        return
    if not node.is_mapping or "model" in node.mapping():
        yield from _of_route(node, Caps())
        return
    own = _stated(node)
    for several in (node.given(key) for key in ("cheapest", "balance", "cascade")):
        for item in () if several is None else several.list():
            yield from _of_route(item, own)
    for limited, route, caps in _of_split(node.given("split")):
        yield limited, route, caps.tightened(own)


def _of_split(node: Node | None) -> Iterator[_Limited]:
    if node is not None and node.is_list:
        for item in node.list():
            yield from _of_route(item.mapping()["route"], Caps())
    elif node is not None:
        for name, weight in node.mapping().items():
            yield from _of_route(Node(name, weight.source, weight.line), Caps())


def _of_fallback(rule: Node) -> Iterator[_Limited]:
    fallback = rule.given("fallback")
    for item in () if fallback is None else fallback.list():
        yield from _of_route(item, Caps())


def _of_route(node: Node, beside: Caps) -> Iterator[_Limited]:
    route = read_route(node)
    if route is not None:
        yield node, route, (_stated(node) if node.is_mapping else Caps()).tightened(beside)


def _stated(node: Node) -> Caps:
    p95, cost = (node.given(key) for key in CAP_KEYS)
    return Caps(None if p95 is None else p95.integer(minimum=1), None if cost is None else cost.decimal(minimum=0))
