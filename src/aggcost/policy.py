"""A policy: where requests go, and what the change costs. Whatever it leaves out stays as it is today."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from aggcost import in_order, levers, shipped
from aggcost.caps import Caps, read_caps, read_target_caps
from aggcost.change_costs import (
    Discount,
    Fees,
    Migration,
    Overhead,
    Upkeep,
    read_condition,
    read_discounts,
    read_fees,
    read_migration,
    read_overheads,
    read_upkeep,
)
from aggcost.errors import ConfigError, did_you_mean
from aggcost.evidence import Evidence, read_evidence
from aggcost.failover import Failover, read_failover
from aggcost.hedge import Hedge, read_hedge
from aggcost.in_order import InOrder, read_in_order
from aggcost.levers import Levers, read_levers
from aggcost.requirements import (
    FACT_KEYS,
    Requirements,
    StatedFacts,
    check_words,
    read_needs,
    read_requirements,
    read_stated,
)
from aggcost.routes import (
    CAP_KEYS,
    Cheapest,
    Route,
    ServiceLevel,
    Single,
    Split,
    Target,
    read_of_routes,
    read_routes,
    read_service_levels,
    read_split,
    read_target,
    refuse_not_yet,
    targets_of,
)
from aggcost.rules import Condition
from aggcost.strict_yaml import Node, check_unique, load

__all__ = [
    "Cheapest",
    "Discount",
    "Fees",
    "Migration",
    "Overhead",
    "Policy",
    "Route",
    "Rule",
    "ServiceLevel",
    "Single",
    "Split",
    "Target",
    "Upkeep",
    "find_policy",
    "load_policy",
]

FOLDER = "policies"
OTHERWISE = "otherwise"
_TAKEN = {OTHERWISE: "what no rule matches", levers.PROCESSING: "requests that wait where they were logged"}
_SUFFIXES = (".yaml", ".yml")
_KEYS = ("name", "rules", OTHERWISE, "require", "prices", "discounts", "fees", "overheads", "migration", "upkeep",
         "routes", "failover", "gateway", "incidents", "outcomes", *levers.KEYS, *in_order.KEYS)  # fmt: skip
_NOT_YET = ("cache",)


@dataclass(frozen=True, slots=True)
class Rule:
    """Requests that match `when` go to `target`, and where that is refused along `fallback`.

    They need the abilities of `needs`, where it is not None, instead of those that the policy requires, and `caps` say
    how slow and how dear each route may be for them.
    """

    name: str
    when: Condition
    target: Target
    fallback: tuple[Route | None, ...]
    evidence: str | None
    line: int
    needs: tuple[str, ...] | None = None
    caps: Mapping[Route, Caps] = field(default_factory=dict)
    hedge: Hedge | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole proposal. The first rule that matches decides; `digest` covers the file and its price files.

    `given` is what finds the file again: a path, or the name of a policy in a folder that is looked in. With `anew`
    its prices hold for every request, moved or not, and with `at_s` (epoch seconds UTC) as they are at that instant.
    `gateway` stands before all its routes, and `incidents` are the files that say when something was down.
    """

    name: str
    rules: tuple[Rule, ...]
    otherwise: Target
    require: Requirements
    prices: tuple[Path, ...]
    discounts: tuple[Discount, ...]
    fees: Fees
    overheads: tuple[Overhead, ...]
    migration: Migration | None
    upkeep: Upkeep | None
    service_levels: Mapping[Route, ServiceLevel]
    path: Path
    given: str
    digest: str
    anew: bool = False
    at_s: int | None = None
    failover: Failover | None = None
    gateway: str | None = None
    incidents: tuple[Path, ...] = ()
    stated: Mapping[Route, StatedFacts] = field(default_factory=dict)
    levers: Levers = field(default_factory=Levers)
    otherwise_caps: Mapping[Route, Caps] = field(default_factory=dict)
    evidence: Evidence | None = None
    in_order: InOrder = field(default_factory=InOrder)

    @property
    def pricing(self) -> tuple[tuple[Path, ...], bool, int | None]:
        """What its prices depend on: policies with equal ones share a rate card."""
        return self.prices, self.anew, self.at_s

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every route that the policy may choose, each once."""
        return tuple(route for route in _named(self.rules, self.otherwise) if route is not None)

    def asserts_latency(self, route: Route) -> bool:
        """Return whether the policy states how long requests take on a route."""
        level = self.service_levels.get(route)
        return level is not None and level.p50_ms is not None


def load_policy(path: Path, given: str | None = None) -> Policy:
    """Return the policy of a file, `given` by this path or name; ConfigError or RuleError with file and line."""
    root = load(path)
    refuse_not_yet(root, _NOT_YET)
    root.fields(required=("policy",), optional=_KEYS)["policy"].version("1")
    name, otherwise = root.given("name"), root.given(OTHERWISE)
    rules = _rules(root.given("rules"))
    target: Target = Single(None) if otherwise is None else read_target(otherwise)
    changed = read_levers(root, _named(rules, target))
    prices = _files(root.given("prices"), path.parent, "price file")
    incidents = _files(root.given("incidents"), path.parent, "incident file")
    failover, gateway = _failover(root)
    evidence = read_evidence(root.given("outcomes"), path.parent)
    require, stated = read_requirements(root.given("require")), read_stated(root.given("routes"))
    check_words(root.given("require"), require, stated.values())
    return Policy(
        name=path.stem if name is None else name.text(),
        rules=rules,
        otherwise=target,
        require=require,
        prices=prices,
        discounts=read_discounts(root.given("discounts")),
        fees=read_fees(root.given("fees")),
        overheads=read_overheads(root.given("overheads")),
        migration=read_migration(root.given("migration")),
        upkeep=read_upkeep(root.given("upkeep")),
        service_levels=_service_levels(root.given("routes"), rules, target),
        path=path,
        given=str(path) if given is None else given,
        digest=_digest(path, *prices, *incidents, *(() if evidence is None else (evidence.path,))),
        failover=failover,
        gateway=gateway,
        incidents=incidents,
        stated=stated,
        levers=changed,
        otherwise_caps=read_target_caps(otherwise),
        evidence=evidence,
        in_order=read_in_order(root, _named(rules, target)),
    )


def repricing(name: str, prices: tuple[Path, ...], at_s: int | None) -> Policy:
    """Return the policy that moves nothing and prices everything anew: by these files over today's prices."""
    path = prices[0] if prices else Path()
    return Policy(
        name=name,
        rules=(),
        otherwise=Single(None),
        require=Requirements(context=False),
        prices=prices,
        discounts=(),
        fees=Fees(),
        overheads=(),
        migration=None,
        upkeep=None,
        service_levels={},
        path=path,
        given=str(path),
        digest=_digest(*prices) if prices else "",
        anew=True,
        at_s=at_s,
    )


def _named(rules: tuple[Rule, ...], otherwise: Target) -> tuple[Route | None, ...]:
    """Return every route that rules and `otherwise` name, each once, in their order."""
    named = [route for rule in rules for route in (*targets_of(rule.target), *rule.fallback)]
    hedges = [rule.hedge.route for rule in rules if rule.hedge is not None]
    return tuple(dict.fromkeys((*named, *targets_of(otherwise), *hedges)))


def find_policy(name: str, start: Path) -> Path:
    """Return the file of a policy: `name` as a path, else under ``start/policies``, else shipped with aggcost."""
    if Path(name).is_file():
        return Path(name)
    folders = (start / FOLDER, shipped.policies())
    for folder in folders:
        for candidate in (folder / name, *(folder / f"{name}{suffix}" for suffix in _SUFFIXES)):
            if candidate.is_file():
                return candidate
    known = sorted({found.stem for folder in folders for found in _policies(folder)})
    raise ConfigError(
        f"no policy {name!r}: neither a file, nor in {folders[0]}, nor shipped",
        hint=did_you_mean(name, known) or f"known policies: {', '.join(known)}",
    )


def _policies(folder: Path) -> Iterator[Path]:
    """Yield the policies of a folder; price files may lie beside them."""
    for path in sorted(folder.glob("*.y*ml")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        if any(line.startswith("policy:") for line in lines):
            yield path


def _rules(node: Node | None) -> tuple[Rule, ...]:
    items = () if node is None else node.list()
    found = tuple(_rule(item, f"rule {number}") for number, item in enumerate(items, 1))
    check_unique(name for item in items if (name := item.given("name")) is not None)
    return found


def _rule(node: Node, default_name: str) -> Rule:
    refuse_not_yet(node, _NOT_YET)
    known = ("name", "route", "split", "sticky", "fallback", "evidence", "needs", "hedge", *CAP_KEYS)
    fields = node.fields(required=("when",), optional=known)
    name, fallback, evidence = node.given("name"), node.given("fallback"), node.given("evidence")
    if name is not None and name.text() in _TAKEN:
        raise name.error(f"{name.text()!r} names {_TAKEN[name.text()]}; call this rule something else")
    return Rule(
        name=default_name if name is None else name.text(),
        when=read_condition(fields["when"]),
        target=_target(node),
        fallback=() if fallback is None else read_routes(fallback),
        evidence=None if evidence is None else evidence.text(),
        line=node.line,
        needs=read_needs(node.given("needs")),
        caps=read_caps(node),
        hedge=read_hedge(node.given("hedge")),
    )


def _target(node: Node) -> Target:
    route, split = node.given("route"), node.given("split")
    if route is not None and split is None:
        if (stated := node.given("sticky")) is not None:
            raise stated.error("only a `split` can be sticky: a route always takes the same requests")
        return read_target(route)
    if split is not None and route is None:
        return replace(read_split(split), sticky=_is_sticky(node))
    raise node.error("a rule has either a `route` or a `split`", hint="`route: as_logged` leaves requests as they are")


def _is_sticky(rule: Node) -> bool:
    stated = rule.given("sticky")
    return stated is not None and bool(stated.choice(("session",)))


def _failover(root: Node) -> tuple[Failover | None, str | None]:
    """Return what happens when a route fails, and the gateway before all routes."""
    failover, gateway = read_failover(root.given("failover")), root.given("gateway")
    for key in ("gateway", "incidents"):
        node = root.given(key)
        if node is not None and failover is None:
            raise node.error(f"`{key}` says who may fail: state `failover`, too", hint="failover: {timeout_ms: 1000}")
    return failover, None if gateway is None else gateway.text()


def _files(node: Node | None, folder: Path, what: str) -> tuple[Path, ...]:
    items = () if node is None else node.list()
    for item in items:
        if not (folder / item.text()).is_file():
            raise item.error(f"there is no {what} {folder / item.text()}")
    return tuple(folder / item.text() for item in items)


def _service_levels(node: Node | None, rules: tuple[Rule, ...], otherwise: Target) -> Mapping[Route, ServiceLevel]:
    """Return the asserted service of routes; a route that no rule names is a slip of the pen."""
    if node is None:
        return {}
    used = _named(rules, otherwise)
    for route in read_of_routes(node):
        if route not in used:
            names = [str(one) for one in used if one is not None]
            hint = did_you_mean(str(route), names) or f"routes: {', '.join(sorted(names))}"
            raise node.error(f"no rule sends anything to {route}", hint=hint)
    return read_service_levels(node, FACT_KEYS)


def _digest(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
