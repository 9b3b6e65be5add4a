"""An oracle of the replay: one request after the other, in plain Python, from the words of docs/replay.md.

It shares no code with the replay but the reading of conditions (`rules.matches`, itself a reference). Costs are exact
fractions. It is written to be read, not to be fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from aggcost import rules

Route = str | None  # provider/model; None is as logged
TOKENS = ("input", "cache_read", "output")
FIRST_MINUTE = 0


@dataclass
class Request:
    """A row of a log; `input` are prompt tokens that no cache served. `minute` counts from the start of the log."""

    minute: int
    second: int
    provider: str
    model: str
    task: str
    input: int
    cache_read: int
    output: int
    status: int
    billable: bool
    session: str | None = None

    @property
    def prompt(self) -> int:
        return self.input + self.cache_read

    @property
    def failure(self) -> str | None:
        if self.status == 200:
            return None
        if self.status == 429:
            return "429"
        if self.status in (408, 504, 524):
            return "timeout"
        return "5xx" if self.status >= 500 else "other"

    @property
    def billed(self) -> bool:
        """A failed request without a token is not billed, whatever it says."""
        return self.billable and not (self.failure and not (self.input + self.cache_read + self.output))

    def fields(self) -> dict[str, object]:
        return {
            "provider": self.provider, "model": self.model, "task": self.task, "input_tokens": self.prompt,
            "cache_read_tokens": self.cache_read, "output_tokens": self.output, "session_id": self.session,
        }  # fmt: skip


@dataclass
class Model:
    """What a model costs and takes: USD per 1M tokens, dearer above a size of the prompt."""

    prices: dict[str, Fraction]
    above: int | None = None
    dear: dict[str, Fraction] = field(default_factory=dict)
    context: int | None = None

    def line(self, prompt: int) -> dict[str, Fraction]:
        return self.dear if self.above is not None and prompt > self.above else self.prices


@dataclass
class Policy:
    """A policy as the test made it up; texts are conditions."""

    rules: list[dict[str, Any]]
    otherwise: dict[str, Any]
    context: bool = True
    discounts: list[tuple[str, int]] = field(default_factory=list)
    fee_percent: Fraction = Fraction(0)
    fee_on: str = "moved"
    failover: dict[str, Any] | None = None
    gateway: str | None = None
    incidents: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Outcome:
    """What the oracle finds: money, and requests by what became of them."""

    cost: Fraction = Fraction(0)
    rescued_usd: Fraction = Fraction(0)
    vain_usd: Fraction = Fraction(0)
    by_route: dict[str, Fraction] = field(default_factory=dict)
    rescued: Fraction = Fraction(0)
    lost: Fraction = Fraction(0)
    diverted: Fraction = Fraction(0)
    down_before: int = 0
    down_after: int = 0


class Oracle:
    """Replays a log under a policy; `models` by route."""

    def __init__(self, log: list[Request], policy: Policy, models: dict[str, Model]) -> None:
        self.log, self.policy, self.models = log, policy, models
        self.found = Outcome()
        self.incidents = [*self._observed(), *policy.incidents]
        self.lost_states: set[frozenset[int]] = set()

    def run(self) -> Outcome:
        billed = [one for one in self.log if one.billed]
        stayed = self._send(billed, self._served)
        again = [
            one for one in self.log
            if self.policy.failover and one.failure in self.policy.failover["on"]
            and (not one.billed or stayed[id(one)] == 1)
        ]  # fmt: skip
        means = {id(one): self._like(one) for one in again}
        self._send(again, self._tried_again, means)
        tried = {id(one) for one in again}
        for one in self.log:
            if one.failure and id(one) not in tried:
                self.found.lost += stayed.get(id(one), 1)
                if self.policy.failover and one.failure in ("5xx", "timeout") and not one.billed:
                    self.lost_states.add(self._state(one.minute))
        self._minutes()
        return self.found

    # where requests go

    def _send(
        self,
        requests: list[Request],
        arrive: Callable[..., None],
        usage: dict[int, dict[str, int]] | None = None,
    ) -> dict[int, Fraction]:
        """Send requests down their chains; return which weight of each stays as logged."""
        groups: dict[Any, list[Request]] = {}
        decided: dict[int, tuple[int, dict[str, Any]]] = {}
        for one in requests:
            index, rule = self._rule(one)
            decided[id(one)] = (index, rule)
            if "cheapest" in rule:
                groups.setdefault(self._group(one, index, rule), []).append(one)
        ranked = {key: self._ranked(members, key, usage) for key, members in groups.items()}
        stayed: dict[int, Fraction] = {}
        for one in requests:
            index, rule = decided[id(one)]
            fallback = rule.get("fallback", [])
            unknown = usage is not None and not any(usage[id(one)].values())
            if "cheapest" in rule and unknown:  # what it would cost is not known
                chains = [(Fraction(1), list(fallback))]
            elif "cheapest" in rule:
                chains = [(Fraction(1), [*ranked[self._group(one, index, rule)], *fallback])]
            elif "split" in rule:
                chains = [(Fraction(percent, 100), [route, *fallback]) for route, percent in rule["split"]]
            else:
                chains = [(Fraction(1), [rule["route"], *fallback])]
            ends = [self._walk(one, chain) for _, chain in chains]
            for (weight, _), (end, waits) in zip(chains, ends, strict=True):
                arrive(one, weight, end, waits, rule, (usage or {}).get(id(one)))
            stayed[id(one)] = sum(
                (weight for (weight, _), (end, _) in zip(chains, ends, strict=True) if end is None), Fraction(0)
            )
        return stayed

    def _rule(self, one: Request) -> tuple[int, dict[str, Any]]:
        for index, rule in enumerate(self.policy.rules):
            if rules.matches(rules.parse(rule["when"], where="oracle"), one.fields()) is True:
                return index, rule
        return -1, self.policy.otherwise

    def _group(self, one: Request, index: int, rule: dict[str, Any]) -> Any:
        eligible = tuple(self._can(one, route) for route in rule["cheapest"])
        lines = tuple(tuple(sorted(self._line(one, route).items())) for route in rule["cheapest"])
        return index, eligible, lines

    def _ranked(self, members: Iterable[Request], key: Any, usage: dict[int, dict[str, int]] | None) -> list[Route]:
        index, eligible, _ = key
        rule = self.policy.rules[index] if index >= 0 else self.policy.otherwise
        costs = [
            (sum((self._usd(one, route, (usage or {}).get(id(one))) for one in members), Fraction(0)), place)
            for place, route in enumerate(rule["cheapest"]) if eligible[place]
        ]  # fmt: skip
        return [rule["cheapest"][place] for _, place in sorted(costs)]

    def _walk(self, one: Request, chain: list[Route]) -> tuple[Any, list[Route]]:
        """Return where a request ends ("nobody": nowhere), and the routes that did not answer on the way."""
        silent: list[Route] = []
        for route in chain:
            if not self._can(one, route):
                continue
            if self._answers(one, route):
                return route, silent
            silent.append(route)
        return ("nobody" if silent else None), silent

    def _can(self, one: Request, route: Route) -> bool:
        if route is None or not self.policy.context:
            return True
        context = self.models[route].context
        return context is None or one.prompt <= context

    def _answers(self, one: Request, route: Route) -> bool:
        failover = self.policy.failover
        if failover is None:
            return True
        if route is None:
            return one.failure not in failover["on"]
        provider, model = route.split("/")
        if any(self._hits(self.incidents[number], provider, model) for number in self._state(one.minute)):
            return False
        if one.failure in ("5xx", "timeout") and provider == one.provider:
            return False
        return not (one.failure == "429" and (provider, model) == (one.provider, one.model))

    def _hits(self, incident: dict[str, Any], provider: str, model: str) -> bool:
        if "gateway" in incident:
            return bool(incident["gateway"] == self.policy.gateway)
        return incident["provider"] == provider and incident.get("model") in (None, model)

    # what becomes of them

    def _served(self, one: Request, weight: Fraction, end: Any, waits: list[Route], rule: Any, _: Any) -> None:
        self._billed_in_vain(one, weight, waits, rule, None)
        name = end if end is not None else "as logged"
        self.found.by_route[name] = self.found.by_route.get(name, Fraction(0)) + weight
        if end == "nobody":
            self.found.lost += weight
            self.lost_states.add(self._state(one.minute))
            return
        if waits:
            self.found.diverted += weight
        self.found.cost += weight * self._charged(one, end, rule, None)

    def _tried_again(self, one: Request, weight: Fraction, end: Any, waits: list[Route], rule: Any, usage: Any) -> None:
        self._billed_in_vain(one, weight, waits, rule, usage)
        if end is None or end == "nobody":
            self.found.lost += weight
            if one.failure in ("5xx", "timeout"):
                self.lost_states.add(self._state(one.minute))
            return
        self.found.rescued += weight
        self.found.rescued_usd += weight * self._charged(one, end, rule, usage)

    def _billed_in_vain(self, one: Request, weight: Fraction, waits: list[Route], rule: Any, usage: Any) -> None:
        failover = self.policy.failover
        if failover is None or not failover.get("billed_percent"):
            return
        share = Fraction(failover["billed_percent"], 100) * (1 + failover["retries"])
        for route in waits:
            if route is not None:
                self.found.vain_usd += weight * share * self._charged(one, route, rule, usage)

    def _like(self, one: Request) -> dict[str, int]:
        """Return what a failed request would have used: its own tokens, else the mean of served ones like it."""
        if one.prompt + one.output:
            return {key: getattr(one, key) for key in TOKENS}
        for same in (("provider", "model", "task"), ("provider", "model")):
            alike = [
                other for other in self.log
                if other.billed and other.failure is None
                and all(getattr(other, key) == getattr(one, key) for key in same)
            ]  # fmt: skip
            if alike:
                return {key: round(Fraction(sum(getattr(a, key) for a in alike), len(alike))) for key in TOKENS}
        return dict.fromkeys(TOKENS, 0)

    # money

    def _line(self, one: Request, route: Route) -> dict[str, Fraction]:
        return self.models[route or f"{one.provider}/{one.model}"].line(one.prompt)

    def _usd(self, one: Request, route: Route, usage: dict[str, int] | None) -> Fraction:
        line = self._line(one, route)
        return sum((line[key] * (usage[key] if usage else getattr(one, key)) for key in TOKENS), Fraction(0)) / 10**6

    def _charged(self, one: Request, route: Route, rule: dict[str, Any], usage: dict[str, int] | None) -> Fraction:
        cost = self._usd(one, route, usage)
        seen = {**one.fields(), "rule": rule.get("name", "otherwise")}
        if route is not None:
            seen["provider"], seen["model"] = route.split("/")
        for where, percent in self.policy.discounts:
            if rules.matches(rules.parse(where, where="oracle", extra={"rule": "text"}), seen) is True:
                cost *= 1 - Fraction(percent, 100)
                break
        if route is not None or self.policy.fee_on == "all":
            cost *= 1 + self.policy.fee_percent / 100
        return cost

    # minutes

    def _observed(self) -> list[dict[str, Any]]:
        """Return the outages that the log shows, minutes in a row as one."""
        found: list[dict[str, Any]] = []
        for provider in sorted({one.provider for one in self.log}):
            for minute in range(1 + max(one.minute for one in self.log)):
                here = [one for one in self.log if one.provider == provider and one.minute == minute]
                failed = sum(one.failure in ("5xx", "timeout") for one in here)
                if failed < 3 or 2 * failed < len(here):
                    continue
                if found and found[-1]["provider"] == provider and found[-1]["end"] == minute:
                    found[-1]["end"] = minute + 1
                else:
                    found.append({"provider": provider, "first": minute, "end": minute + 1, "observed": True})
        return found

    def _state(self, minute: int) -> frozenset[int]:
        return frozenset(n for n, one in enumerate(self.incidents) if one["first"] <= minute < one["end"])

    def _minutes(self) -> None:
        minutes = [one.minute for one in self.log]
        for minute in range(min(minutes), max(minutes) + 1):
            state = self._state(minute)
            self.found.down_before += any(self.incidents[number].get("observed") for number in state)
            self.found.down_after += bool(state) and state in self.lost_states
