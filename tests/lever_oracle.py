"""A policy's levers decided and priced request by request, in fractions: slow, plain, and without a ledger."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from sample_logs import write_csv

from aggcost import backtest, rules
from aggcost.baseline import Options
from aggcost.levers import Pair
from aggcost.policy import Cheapest, Policy, Route, Rule, Single, Split, Target, load_policy
from aggcost.report import Report
from aggcost.routes import Balance, Cascade

Row = dict[str, Any]
PRICES = """\
aggcost_prices: 1
currency: USD
source: {name: levers, checked: 2026-02-01}
providers:
  acme:
    models:
      large:
        rates:
          - prices: {input: "5.00", cache_read: "0.50", output: "15.00"}
            modes:
              batch: {prices: {input: "2.50", cache_read: "0.25", output: "7.50"}}
              flex: {prices: {input: "3.00", cache_read: "0.30", output: "9.00"}}
      small:
        limits: {context: 3000, max_output: 400}
        rates:
          - prices: {input: "0.30", cache_read: "0.30", output: "0.60"}
            tiers: [{when: {prompt_tokens: {gt: 1500}}, prices: {input: "0.45", cache_read: "0.45", output: "0.90"}}]
            modes: {batch: {prices: {input: "0.15", cache_read: "0.15", output: "0.30"}, tiers: []}}
  other:
    models:
      small:
        rates:
          - prices: {input: "0.20", cache_read: "0.20", output: "0.70"}
            modes: {batch: {prices: {input: "0.11", cache_read: "0.11", output: "0.33"}}}
"""
# USD a million tokens: uncached input, cached input, output.
_PRICES = {
    ("acme", "large", "standard"): ("5.00", "0.50", "15.00"),
    ("acme", "large", "batch"): ("2.50", "0.25", "7.50"),
    ("acme", "large", "flex"): ("3.00", "0.30", "9.00"),
    ("acme", "small", "standard"): ("0.30", "0.30", "0.60"),
    ("acme", "small", "batch"): ("0.15", "0.15", "0.30"),
    ("other", "small", "batch"): ("0.11", "0.11", "0.33"),
    ("other", "small", "standard"): ("0.20", "0.20", "0.70"),
}
_LONG = {("acme", "small", "standard"): (1500, ("0.45", "0.45", "0.90"))}
_CONTEXT = {("acme", "small"): 3000}
_OUTPUT = {("acme", "small"): 400}
MODELS = (("acme", "large"), ("acme", "small"), ("other", "small"))
TASKS = ("chat", "nightly", "extract", "")


def log(seed: int, count: int) -> list[Row]:
    """Return a seeded log of served requests; some have no session, some no id either."""
    draw = random.Random(seed)
    return [_row(draw, number) for number in range(count)]


def _row(draw: random.Random, number: int) -> Row:
    provider, model = draw.choice(MODELS)
    prompt = draw.choice([0, 1, 1340, 1500, 1501, 2999, 3000, 3001, draw.randrange(5000)])
    return {
        "timestamp": f"2026-02-{draw.randrange(1, 20):02}T{draw.randrange(24):02}:00:00Z",
        "request_id": draw.choice([f"r{number}", f"r{number}", ""]),
        "session_id": draw.choice([f"s{draw.randrange(20)}", f"s{draw.randrange(20)}", ""]),
        "provider": provider,
        "model": model,
        "task": draw.choice(TASKS),
        "service_tier": draw.choice(["", "", "", "batch"]),
        "input_tokens": prompt,
        "cache_read_tokens": draw.randrange(prompt + 1),
        "output_tokens": draw.choice([0, 199, 200, 201, 400, 401, draw.randrange(900)]),
        "latency_ms": draw.randrange(100, 5000),
    }


@dataclass(frozen=True)
class Call:
    """A share of a request at a route (None: as logged); `beside` names a call that does not serve it."""

    weight: Fraction
    route: Route | None
    beside: str | None = None


def calls(policy: Policy, row: Row, rows: Sequence[Row]) -> Iterator[Call]:
    """Yield every call that a request of a log leads to."""
    for call in _decided(policy, row, rows):
        yield _waited(policy, row, call)


def _waited(policy: Policy, row: Row, call: Call) -> Call:
    """Return the call in a tier that waits, where the policy lets it wait and the model is sold so."""
    logged = Route(row["provider"], row["model"])
    route = call.route or logged
    wait = next((one for one in policy.levers.waiting if rules.matches(one.where, view(row)) is True), None)
    if wait is None or (route.service_tier or row["service_tier"]) in ("batch", "flex"):
        return call
    if (route.provider, route.model, wait.tier) not in _PRICES:
        return call
    return replace(call, route=replace(route, service_tier=wait.tier))


def _rule(policy: Policy, row: Row) -> Rule | None:
    return next((one for one in policy.rules if rules.matches(one.when, view(row)) is True), None)


def _decided(policy: Policy, row: Row, rows: Sequence[Row]) -> Iterator[Call]:
    rule = _rule(policy, row)
    alike = [capped(policy, one) for one in rows if _rule(policy, one) is rule]
    row = capped(policy, row)
    target: Target = policy.otherwise if rule is None else rule.target
    match target:
        case Single(route):
            yield from _chain(policy, row, Fraction(1), (route, *_fallback(rule)))
        case Split() if target.sticky and rule is not None and (row["session_id"] or row["request_id"]):
            yield from _chain(policy, row, Fraction(1), (_part(rule.name, target, row), *_fallback(rule)))
        case Cascade(routes, escalate):
            yield from _cascade(
                policy, row, Fraction(1), list(zip(routes, (*escalate, None), strict=True)), _fallback(rule)
            )
        case Cheapest(routes) | Balance(routes):
            found = _by_price(policy, row, alike, routes)
            spread = isinstance(target, Balance) and found
            weights = balanced(list(found.values())) if spread else [Fraction(1)]
            for weight, route in zip(weights, found or [None], strict=False):
                yield from _chain(policy, row, weight, (route, *_fallback(rule)) if found else _fallback(rule))
        case Split(parts):
            for route, percent in parts:
                yield from _chain(policy, row, Fraction(percent) / 100, (route, *_fallback(rule)))


def view(row: Row) -> Mapping[str, Any]:
    """Return a request as conditions see it: nothing is missing, not empty."""
    return {name: None if value == "" else value for name, value in row.items()}


def _cascade(
    policy: Policy,
    row: Row,
    weight: Fraction,
    steps: list[tuple[Route | None, Decimal | None]],
    fallback: tuple[Route | None, ...],
) -> Iterator[Call]:
    (route, percent), *further = steps
    if percent is None:
        yield from _chain(policy, row, weight, (route, *fallback))
    elif route is not None and not fits(policy, row, route):
        yield from _cascade(policy, row, weight, further, fallback)
    else:
        escalated = weight * Fraction(percent) / 100
        yield Call(weight - escalated, route)
        yield Call(escalated, route, beside="escalated first answers")
        yield from _cascade(policy, row, escalated, further, fallback)


def _by_price(
    policy: Policy, row: Row, alike: Sequence[Row], routes: Sequence[Route | None]
) -> dict[Route | None, Fraction]:
    """Return what the requests that are priced like this one cost on each route that fits, cheapest first."""

    def sort(one: Row) -> tuple[Any, ...]:
        named = [route for route in routes if route is not None]
        sizes = [_step(scaled(policy, one, route), route) for route in named]
        ratios = [_pair(policy, one, route) for route in named]
        own = (one["model"], _step(one, Route(one["provider"], one["model"]))) if None in routes else ()
        fit = [fits(policy, one, route) for route in named]
        return one["provider"], one["service_tier"], tuple(sizes), tuple(map(id, ratios)), own, tuple(fit)

    same = [one for one in alike if sort(one) == sort(row)]
    costs = {
        route: sum((price_usd(scaled(policy, one, route), route) for one in same), Fraction(0))
        for route in routes
        if route is None or fits(policy, row, route)
    }
    return dict(sorted(costs.items(), key=lambda item: item[1]))


def balanced(costs: Sequence[Fraction]) -> list[Fraction]:
    """Return shares by the inverse square of costs, in millionths that add up to one."""
    if not all(costs):
        ideal = [Fraction(not cost) / costs.count(Fraction(0)) for cost in costs]
    else:
        total = sum(1 / cost**2 for cost in costs)
        ideal = [1 / cost**2 / total for cost in costs]
    found = [math.floor(share * 10**6) for share in ideal]
    left = sorted(range(len(costs)), key=lambda place: found[place] - ideal[place] * 10**6)
    for place in left[: 10**6 - sum(found)]:
        found[place] += 1
    return [Fraction(share, 10**6) for share in found]


def capped(policy: Policy, row: Row) -> Row:
    """Return the request with its answer cut where the policy caps it."""
    cap = next((one for one in policy.levers.caps if rules.matches(one.where, view(row)) is True), None)
    return row if cap is None else row | {"output_tokens": min(row["output_tokens"], cap.tokens)}


def _fallback(rule: Rule | None) -> tuple[Route | None, ...]:
    return () if rule is None else rule.fallback


def _chain(policy: Policy, row: Row, weight: Fraction, chain: tuple[Route | None, ...]) -> Iterator[Call]:
    yield Call(weight, next((route for route in chain if route is None or fits(policy, row, route)), None))


def fits(policy: Policy, row: Row, route: Route) -> bool:
    """Return whether a request's prompt and answer, in whole tokens of the route, fit its model."""
    row = scaled(policy, row, route)
    place = (route.provider, route.model)
    window, longest = _CONTEXT.get(place), _OUTPUT.get(place)
    return not (
        (window is not None and math.floor(row["input_tokens"]) > window)
        or (longest is not None and math.floor(row["output_tokens"]) > longest)
    )


def _part(name: str, split: Split, row: Row) -> Route | None:
    told = f"{name}\0{row['session_id'] or row['request_id']}".encode()
    hashed = Fraction(int(hashlib.md5(told, usedforsecurity=False).hexdigest()[:8], 16), 2**32)
    end = Fraction(0)
    for route, percent in split.parts:
        end += Fraction(percent) / 100
        if hashed < end:
            return route
    raise AssertionError(hashed)


def cost_usd(policy: Policy, row: Row, rows: Sequence[Row]) -> Fraction:
    """Return what a request of a log and all calls that it leads to cost under a policy."""
    used = capped(policy, row)
    found = [(call, scaled(policy, used, call.route)) for call in calls(policy, row, rows)]
    return sum((call.weight * price_usd(one, call.route) for call, one in found), Fraction(0))


def scaled(policy: Policy, row: Row, route: Route | None) -> Row:
    """Return the request in the tokens of a route's model, in fractions."""
    pair = None if route is None else _pair(policy, row, route)
    if pair is None:
        return row
    prompt, answer = pair.tokens.value, pair.tokens.value * pair.answer.value
    return row | {
        "input_tokens": row["input_tokens"] * prompt,
        "cache_read_tokens": row["cache_read_tokens"] * prompt,
        "output_tokens": row["output_tokens"] * answer,
    }


def _pair(policy: Policy, row: Row, route: Route) -> Pair | None:
    logged, target = (row["provider"], row["model"]), (route.provider, route.model)
    for pair in policy.levers.pairs if logged != target else ():
        from_any = pair.source is None or (pair.source.provider, pair.source.model) == logged
        if from_any and (pair.target.provider, pair.target.model) == target:
            return pair
    return None


def _step(row: Row, route: Route) -> bool:
    """Return whether a prompt is past the size where some tier of the model's prices changes."""
    place = (route.provider, route.model, "standard")
    return place in _LONG and math.floor(row["input_tokens"]) > _LONG[place][0]


def _is_long(row: Row, route: Route | None) -> bool:
    tier = row["service_tier"] or "standard"
    place = (row["provider"], row["model"], tier)
    if route is not None:
        place = (route.provider, route.model, route.service_tier or tier)
    return place in _LONG and math.floor(row["input_tokens"]) > _LONG[place][0]


def price_usd(row: Row, route: Route | None) -> Fraction:
    """Return the price of a whole request at a route."""
    tier = row["service_tier"] or "standard"
    place = (row["provider"], row["model"], tier)
    if route is not None:
        place = (route.provider, route.model, route.service_tier or tier)
    prices = _PRICES[place]
    if _is_long(row, route):
        prices = _LONG[place][1]
    quantities = (row["input_tokens"] - row["cache_read_tokens"], row["cache_read_tokens"], row["output_tokens"])
    return sum((Fraction(price) * n for price, n in zip(prices, quantities, strict=True)), Fraction(0)) / 1_000_000


def simulated(folder: Path, rows: list[Row], *texts: str) -> Report:
    """Return the report of policies, given by their text, on a log."""
    (folder / "prices.yaml").write_text(PRICES, encoding="utf-8")
    found = []
    for number, text in enumerate(texts):
        path = folder / f"policy{number}.yaml"
        path.write_text(f"policy: 1\n{text}\n", encoding="utf-8")
        found.append(load_policy(path))
    options = Options(logs=(str(write_csv(rows, folder / "log.csv")),), prices=(folder / "prices.yaml",), threads=1)
    return backtest.simulate(options, found)


def request(**fields: Any) -> Row:
    """Return a plain request of the large model."""
    plain = {
        "timestamp": "2026-02-01T00:00:00Z", "request_id": "r", "session_id": "s", "provider": "acme",
        "model": "large", "task": "chat", "service_tier": "", "input_tokens": 1000, "cache_read_tokens": 0,
        "output_tokens": 100, "latency_ms": 500,
    }  # fmt: skip
    return plain | fields
