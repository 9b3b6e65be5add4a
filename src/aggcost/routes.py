"""Where a request may be sent: routes, the targets of a rule, and how a policy file writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aggcost.names import canonical_provider
from aggcost.strict_yaml import Node
from aggcost.usage import SERVICE_TIERS

AS_LOGGED = "as_logged"
_WHOLE_PERCENT = 100
_PERCENTILES: Sequence[str] = ("p50", "p95", "p99")
CAP_KEYS: Sequence[str] = ("max_p95_ms", "max_cost")  # `caps` reads them
_TARGET_NOT_YET = ("sticky", "shadow")


@dataclass(frozen=True, slots=True)
class Route:
    """A model at a provider, where needed in a region and a service tier. None as a route means as logged."""

    provider: str
    model: str
    region: str | None = None
    service_tier: str | None = None

    @classmethod
    def parse(cls, text: str) -> Route:
        """Return the route of ``provider/model``; a model name may hold further slashes. ValueError otherwise."""
        provider, _, model = text.strip().partition("/")
        if not provider.strip() or not model.strip():
            raise ValueError(f"{text!r} is not a route")
        return cls(canonical_provider(provider), model.strip())

    def __str__(self) -> str:
        terms = ", ".join(term for term in (self.region, self.service_tier) if term is not None)
        return f"{self.provider}/{self.model}" + (f" ({terms})" if terms else "")


# Where requests end that no provider serves: nothing is paid there.
UNSERVED = Route("nobody", "no live route")
RESPONSE_CACHE = Route("nobody", "response cache")
UNPAID = frozenset({UNSERVED, RESPONSE_CACHE})


@dataclass(frozen=True, slots=True)
class Single:
    """Everything goes to one route; None is as logged."""

    route: Route | None


@dataclass(frozen=True, slots=True)
class Cheapest:
    """Everything goes to the eligible route that costs least."""

    routes: tuple[Route | None, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """Fixed percentages go to several routes; they add up to 100. `sticky`: decided once for a whole session."""

    parts: tuple[tuple[Route | None, Decimal], ...]
    sticky: bool = False

    @property
    def percents(self) -> tuple[Decimal, ...]:
        """Return the percentages in the order of the parts."""
        return tuple(percent for _, percent in self.parts)


@dataclass(frozen=True, slots=True)
class Balance:
    """Everything spreads over the eligible routes, inversely to the square of what they cost."""

    routes: tuple[Route | None, ...]


@dataclass(frozen=True, slots=True)
class Cascade:
    """Every request calls the first route; of what calls a route, `escalate` percent go on to the next."""

    routes: tuple[Route | None, ...]
    escalate: tuple[Decimal, ...]

    @property
    def reached(self) -> tuple[Decimal, ...]:
        """Return which percentage of the requests calls each route but the first."""
        found = [Decimal(_WHOLE_PERCENT)]
        for percent in self.escalate:
            found.append(found[-1] * percent / _WHOLE_PERCENT)
        return tuple(found[1:])


Target = Single | Cheapest | Split | Balance | Cascade


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """What a policy asserts of a route's service; None is not asserted."""

    p50_ms: int | None = None
    p95_ms: int | None = None
    p99_ms: int | None = None
    availability_percent: Decimal | None = None


def targets_of(target: Target) -> tuple[Route | None, ...]:
    """Return the routes a target may choose."""
    match target:
        case Single(route):
            return (route,)
        case Cheapest(routes) | Balance(routes) | Cascade(routes, _):
            return routes
        case Split(parts):
            return tuple(route for route, _ in parts)


def read_route(node: Node) -> Route | None:
    """Return a route written ``provider/model``, ``as_logged``, or as a mapping."""
    if not node.is_mapping:
        return _named(node, node.text())
    fields = node.fields(required=("provider", "model"), optional=("region", "service_tier", *CAP_KEYS))
    tier = node.given("service_tier")
    region = node.given("region")
    return Route(
        canonical_provider(fields["provider"].text()),
        fields["model"].text().strip(),
        None if region is None else region.text(),
        None if tier is None else tier.choice(SERVICE_TIERS),
    )


def read_routes(node: Node) -> tuple[Route | None, ...]:
    """Return a list of routes, none twice."""
    routes = tuple(read_route(item) for item in node.list())
    if not routes:
        raise node.error("expected at least one route")
    _check_once(node, routes)
    return routes


def read_target(node: Node) -> Target:
    """Return what stands at ``route:`` or ``otherwise:``: a route, ``{cheapest: [...]}`` or ``{split: ...}``."""
    if not node.is_mapping or "model" in node.mapping():
        return Single(read_route(node))
    refuse_not_yet(node, _TARGET_NOT_YET)
    fields = node.fields(
        optional=("cheapest", "split", "balance", "cascade", "escalate", "provider", "model", *CAP_KEYS)
    )
    named = fields.keys() - {*CAP_KEYS}
    if named == {"cheapest"}:
        return Cheapest(read_routes(fields["cheapest"]))
    if named == {"split"}:
        return read_split(fields["split"])
    if named == {"balance"}:
        return Balance(read_routes(fields["balance"]))
    if named == {"cascade", "escalate"}:
        return _cascade(fields["cascade"], fields["escalate"])
    raise node.error(
        "expected provider/model, {cheapest: [...]} or {split: {...}}",
        hint="or {balance: [...]}, or {cascade: [...], escalate: 12 %}",
    )


def _cascade(routes: Node, escalate: Node) -> Cascade:
    steps = read_routes(routes)
    percents = tuple(_percent(item) for item in (escalate.list() if escalate.is_list else [escalate]))
    if len(percents) != len(steps) - 1:
        raise escalate.error(
            f"{len(steps)} routes escalate {len(steps) - 1} times, and {len(percents)} shares are stated"
        )
    return Cascade(steps, percents)


def _percent(node: Node) -> Decimal:
    """Return a percentage, written with or without its sign."""
    return _weight(Node(node.text().removesuffix("%").strip(), node.source, node.line))


def read_split(node: Node) -> Split:
    """Return a split written ``{route: percent}``, or as a list of ``{route: ..., percent: ...}``."""
    if node.is_list:
        entries = [item.fields(required=("route", "percent")) for item in node.list()]
        parts = tuple((read_route(entry["route"]), _weight(entry["percent"])) for entry in entries)
    else:
        parts = tuple((_named(weight, name), _weight(weight)) for name, weight in node.mapping().items())
    _check_once(node, [route for route, _ in parts])
    total = sum((percent for _, percent in parts), Decimal(0))
    if total != _WHOLE_PERCENT:
        raise node.error(f"the percentages of a split add up to 100, these to {total}")
    return Split(parts)


def read_of_routes(node: Node) -> dict[Route, Node]:
    """Return what is stated of routes, by route."""
    found: dict[Route, Node] = {}
    for name, stated in node.mapping().items():
        route = _named(stated, name)
        if route is None or route in found:
            raise stated.error("as_logged has the service of the log" if route is None else f"{route} stands twice")
        found[route] = stated
    return found


def read_service_levels(node: Node, beside: Sequence[str] = ()) -> dict[Route, ServiceLevel]:
    """Return the asserted service of routes, by route; others read the keys that stand `beside` it."""
    levels = {route: _service_level(stated, beside) for route, stated in read_of_routes(node).items()}
    return {route: level for route, level in levels.items() if level != ServiceLevel()}


def refuse_not_yet(node: Node, names: Sequence[str]) -> None:
    """Refuse, by its name, what a later version will read: ignoring it would change the meaning of the file."""
    for name in names:
        if name in node.mapping():
            raise node.mapping()[name].error(f"not supported yet: {name}")


def _service_level(node: Node, beside: Sequence[str]) -> ServiceLevel:
    node.fields(optional=("latency_ms", "availability", *beside))
    latency, availability = node.given("latency_ms"), node.given("availability")
    stated = {} if latency is None else _percentiles(latency)
    up = None if availability is None else availability.decimal(minimum=0, maximum=100)
    return ServiceLevel(stated.get("p50"), stated.get("p95"), stated.get("p99"), up)


def _percentiles(node: Node) -> Mapping[str, int]:
    fields = node.fields(required=("p50",), optional=("p95", "p99"))
    stated = {name: fields[name].integer(minimum=1) for name in _PERCENTILES if name in fields}
    if list(stated.values()) != sorted(stated.values()):
        raise node.error("p50, p95 and p99 must not fall")
    return stated


def _named(node: Node, text: str) -> Route | None:
    if text.strip() == AS_LOGGED:
        return None
    try:
        return Route.parse(text)
    except ValueError as problem:
        raise node.error(str(problem), hint="write provider/model, such as openai/gpt-4o, or as_logged") from None


def _weight(node: Node) -> Decimal:
    percent = node.decimal(minimum=0, maximum=100)
    if not percent:
        raise node.error("a part of 0 % is no part; leave it out")
    return percent


def _check_once(node: Node, routes: Sequence[Route | None]) -> None:
    for position, route in enumerate(routes):
        if route in routes[:position]:
            raise node.error(f"{route or AS_LOGGED} stands twice")
