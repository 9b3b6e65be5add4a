"""Limits and caches of `simulate` agree with an oracle that takes one request after the other, on random small logs."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from in_order_oracle import AS_LOGGED, CACHE, NOBODY, PICO, Cache, Limit, Oracle, Price, PromptCache, Request, Split

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.config import Project
from aggcost.money import settle
from aggcost.policy import load_policy

LOGS = int(os.environ.get("AGGCOST_ORDER_LOGS", "24"))  # six policies each
POLICIES = 6
START = datetime(2026, 1, 31, 23, 50, 0, 250_000, tzinfo=UTC)  # ten minutes before the end of a month
PRICES = {
    "acme/one": Price(Fraction(2), Fraction("0.5"), Fraction(10)),
    "beta/two": Price(Fraction(1), Fraction("0.1"), Fraction(4), Fraction("1.25")),
    "gamma/three": Price(Fraction(3), Fraction("0.3"), Fraction(3)),
}
CHAINS = (
    [AS_LOGGED], ["beta/two", AS_LOGGED], ["beta/two", "gamma/three"], ["gamma/three", "beta/two", AS_LOGGED],
    ["acme/one"], [AS_LOGGED, "gamma/three"], ["gamma/three"],
)  # fmt: skip


def log(draw: random.Random) -> list[Request]:
    span_us = draw.choice([50, 500, 3_000]) * 10**6
    start_us = round(START.timestamp() * 10**6)
    prompts = [None, *"abcde"[: draw.randint(1, 5)]]
    times = sorted({start_us, *(start_us + draw.randrange(span_us) for _ in range(draw.randint(0, 90)))})
    return [
        Request(
            us=us, name=draw.choice(["acme/one", "beta/two"]), task=draw.choice("xyz"), user=draw.choice([None, "u", "v"]),
            session=draw.choice([None, "s", "t"]), prompt=draw.choice(prompts), input=draw.choice([100, 700, 2_000]),
            read=draw.choice([0, 0, 600]), output=draw.choice([1, 50]), failed=draw.random() < 0.1,
            id=draw.choice([None, f"r{us}"]),
        )
        for us in times
    ]  # fmt: skip


def limit(draw: random.Random) -> Limit:
    sizes = {"requests_per_minute": (1, 9), "tokens_per_minute": (900, 9_000), "requests_per_day": (3, 40)}
    kinds = draw.sample([*sizes, "budget_pico"], draw.randint(1, 3))
    when_full = draw.choice(["spill", "queue", "reject"])
    return Limit(
        **{kind: draw.randint(*sizes[kind]) for kind in kinds if kind in sizes},
        budget_pico=draw.randint(1, 60) * PICO // 1_000 if "budget_pico" in kinds else None,
        per=draw.choice(["day", "month"]), window=draw.choice(["sliding", "minute"]), when_full=when_full,
        max_wait_s=draw.choice([1, 20, 90]) if when_full == "queue" else 0,
    )  # fmt: skip


def oracle(draw: random.Random, scale: int) -> Oracle:
    chains: dict[str, list[str] | Split] = {task: draw.choice(CHAINS) for task in "xyz"}
    used = sorted({name for chain in chains.values() for name in chain})
    if draw.random() < 0.4:
        one, other = draw.sample([AS_LOGGED, *PRICES], 2)
        percent = draw.choice([20, 50, 75])
        chains["z"] = Split([(one, percent), (other, 100 - percent)], draw.choice([[], ["gamma/three"], [AS_LOGGED]]))
        used = sorted({one, other, *chains["x"], *chains["y"]})
    limits = {name: limit(draw) for name in draw.sample(used, draw.randint(0, min(3, len(used))))}
    if isinstance(chains["z"], Split):  # without a limit there a split stays a weight
        limits.setdefault(chains["z"].parts[0][0], limit(draw))
    cache = None
    if draw.random() < 0.6:
        key = draw.choice([("prompt",), ("prompt",), ("user",), ("prompt", "session_id"), ("task",)])
        cache = Cache(draw.choice([5, 60, 3_600]), draw.choice([None, None, 1, 3]), draw.choice([None, "x"]), key)
    mode = draw.choice(["as_logged", "as_logged", "cold", "simulated", "simulated"])
    return Oracle(
        chains, limits, cache, PromptCache(mode, draw.choice([20, 300]), draw.choice([0, 700])), PRICES, scale
    )


def as_yaml(made: Oracle, name: str) -> str:
    lines = ["policy: 1", f"name: {name}", "rules:"]
    for task, target in made.chains.items():
        if isinstance(target, Split):
            rest = target.fallback
            to = f"split: {{{', '.join(f'{route}: {percent}' for route, percent in target.parts)}}}"
        else:
            to, rest = f"route: {target[0]}", target[1:]
        behind = f", fallback: [{', '.join(rest)}]" if rest else ""
        lines.append(f"- {{name: {task}, when: task == '{task}', {to}{behind}}}")
    if made.limits:
        lines += ["limits:", *(f"  {route}: {{{stated(one)}}}" for route, one in made.limits.items())]
    if made.cache is not None:
        kept = f", capacity: {made.cache.capacity}" if made.cache.capacity else ""
        where = f", where: task == '{made.cache.task}'" if made.cache.task else ""
        keys = ", ".join(made.cache.key)
        lines.append(f"response_cache: {{ttl: {made.cache.ttl_s}s{kept}{where}, key: [{keys}]}}")
    prompts = made.prompts
    lines.append(f"prompt_cache: {{mode: {prompts.mode}, ttl: {prompts.ttl_s}s, minimum_tokens: {prompts.minimum}}}")
    return "\n".join([*lines, ""])


def stated(one: Limit) -> str:
    given = {field.name: getattr(one, field.name) for field in fields(one)}
    parts = [f"{key}: {given[key]}" for key in list(given)[:3] if given[key] is not None]
    if one.budget_pico is not None:
        parts.append(f'budget: {{usd: "{Decimal(one.budget_pico) / PICO:f}", per: {one.per}}}')
    parts += [f"window: {one.window}", f"when_full: {one.when_full}"]
    return ", ".join([*parts, *([f"max_wait_s: {one.max_wait_s}"] if one.max_wait_s else [])])


def prices_yaml() -> str:
    lines = ["aggcost_prices: 1", "currency: USD", "source: {name: oracle}", "providers:"]
    for name, price in PRICES.items():
        provider, model = name.split("/")
        write = "" if price.write is None else f', cache_write_5m: "{float(price.write)}"'
        rates = (
            f'input: "{float(price.input)}", cache_read: "{float(price.read)}", output: "{float(price.output)}"{write}'
        )
        lines.append(f"  {provider}: {{models: {{{model}: {{rates: [{{prices: {{{rates}}}}}]}}}}}}")
    return "\n".join([*lines, ""])


def row(one: Request) -> str:
    time = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=one.us)).isoformat()
    shown = [one.user, one.session, one.prompt, one.input + one.read, one.read, one.output, 500 if one.failed else 200]
    return ",".join(
        ["" if value is None else str(value) for value in (time, one.id, *one.name.split("/"), one.task, *shown)]
    )


HEADER = "timestamp,request_id,provider,model,task,user,session_id,prompt,input_tokens,cache_read_tokens,output_tokens,status"


@pytest.mark.parametrize("seed", range(LOGS))
def test_each_request_fares_as_the_oracle_says(seed, tmp_path):
    draw = random.Random(seed)
    requests, scale = log(draw), draw.choice([1, 1, 1, 2])
    made = [oracle(draw, scale) for _ in range(POLICIES)]
    (tmp_path / "prices.yaml").write_text(prices_yaml())
    shuffled = draw.sample(requests, len(requests))
    (tmp_path / "log.csv").write_text("\n".join([HEADER, *map(row, shuffled), ""]))
    policies = []
    for number, one in enumerate(made):
        path = tmp_path / f"p{number}.yaml"
        path.write_text(as_yaml(one, f"p{number}"))
        policies.append(load_policy(path))
    asked = Options(logs=(str(tmp_path / "log.csv"),), project=Project.empty(), prices=(tmp_path / "prices.yaml",))
    report = backtest.simulate(
        Options(logs=asked.logs, project=asked.project, prices=asked.prices, scale=scale), policies
    )
    for number, one in enumerate(made):
        told = one.run(requests)
        compare(report, number, one, list(zip(requests, told, strict=True)), as_yaml(one, "p"))


def compare(report, number, made, told, text):
    arm, compared = report.arms[number + 1], report.comparisons[number]
    found: Counter[str] = Counter()
    for decision in compared.decisions:
        found[decision.to or AS_LOGGED] += decision.requests
    assert found == Counter(one.to for _, one in told), text
    assert arm.cost == settle(sum((one.usd for _, one in told), Fraction(0))), text
    in_order = compared.in_order
    if in_order is None:
        assert not made.limits, text
        assert made.cache is None, text
        return
    assert in_order.rejected == sum(one.to == NOBODY for _, one in told), text
    for shown in in_order.limits:
        route = shown.route or AS_LOGGED
        refused = [one for _, one in told if any(name == route for name, _ in one.refused)]
        shares = AS_LOGGED not in made.limits
        there = [one for request, one in told
                 if one.to == route or (shares and one.to == AS_LOGGED and request.name == route)]  # fmt: skip
        waited = [one.waited_s for one in there if one.waited_s]
        asked = len(there) + len(refused)
        assert shown.spilled == len(refused), text
        assert (shown.waited, shown.longest_wait_s) == (len(waited), max(waited, default=0)), text
        assert shown.spilled_percent == (settle_percent(len(refused), asked) if asked else None), text
        assert {one.to or AS_LOGGED: one.requests for one in shown.went_to} == Counter(one.to for one in refused), text
    cache = in_order.response_cache
    if made.cache is not None:
        hits = [one for _, one in told if one.to == CACHE]
        assert cache.hits == len(hits), text
        assert cache.false_hits == sum(one.answer == "another" for one in hits), text
        assert cache.saved == settle(sum((one.saved for one in hits), Fraction(0))), text


def settle_percent(part: int, whole: int) -> Decimal:
    return Decimal(round(Fraction(part * 100 * 10**6, whole))) / 10**6
