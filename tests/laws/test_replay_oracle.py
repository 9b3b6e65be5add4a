"""The replay agrees with an oracle that takes one request after the other, on random small logs and policies."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from replay_oracle import Model, Oracle, Outcome, Policy, Request

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.config import Project
from aggcost.money import settle
from aggcost.policy import load_policy
from aggcost.report import Report

LOGS = int(os.environ.get("AGGCOST_ORACLE_LOGS", "160"))  # 1,000 take some minutes
BATCH = 20
START = datetime(2026, 2, 2, 9, tzinfo=UTC)
MODELS = {
    "acme/large": Model(
        {"input": Fraction(2), "cache_read": Fraction("0.5"), "output": Fraction(10)},
        above=4_000,
        dear={"input": Fraction(4), "cache_read": Fraction(1), "output": Fraction(15)},
    ),
    "acme/small": Model({"input": Fraction("0.15"), "cache_read": Fraction("0.15"), "output": Fraction("0.6")}),
    "beta/mid": Model(
        {"input": Fraction(1), "cache_read": Fraction("0.1"), "output": Fraction(4)}, context=6_000
    ),
    "gamma/tiny": Model(
        {"input": Fraction("0.05"), "cache_read": Fraction("0.05"), "output": Fraction("0.4")}, context=2_500
    ),
}  # fmt: skip
CONDITIONS = (
    "true", "task == 'chat'", "task == 'code' and input_tokens > 3000", "provider == 'acme'", "model == 'mid'",
    "output_tokens < 50 or cache_read_tokens > 500", "not task == 'chat'",
)  # fmt: skip
STATUSES = (200, 200, 200, 200, 200, 200, 429, 503, 504, 400)


def log(draw: random.Random) -> list[Request]:
    minutes = draw.randint(3, 12)
    down = (draw.choice(["acme", "beta"]), draw.randrange(minutes), draw.randint(1, 3))
    return [request(draw, minutes, down) for _ in range(draw.randint(10, 60))]


def request(draw: random.Random, minutes: int, down: tuple[str, int, int]) -> Request:
    provider, model = draw.choice(["acme/large", "acme/small", "beta/mid"]).split("/")
    minute = draw.randrange(minutes)
    failing = provider == down[0] and down[1] <= minute < down[1] + down[2]
    status = draw.choice((503, 503, 504, 200)) if failing else draw.choice(STATUSES)
    counted = status == 200 or draw.random() < 0.2
    return Request(
        minute=minute, second=draw.randrange(60), provider=provider, model=model, task=draw.choice(["chat", "code"]),
        input=draw.choice([100, 900, 2_400, 3_900, 5_000]) if counted else 0,
        cache_read=draw.choice([0, 0, 600]) if counted else 0,
        output=draw.choice([10, 60, 300]) if counted else 0,
        status=status, billable=counted,
    )  # fmt: skip


def policy(draw: random.Random, minutes: int) -> Policy:
    made = [rule(draw, f"r{number}") for number in range(draw.randint(0, 3))]
    found = Policy(
        made,
        {"route": draw.choice([None, None, *MODELS])},
        context=draw.random() < 0.8,
        discounts=[(draw.choice(["provider == 'beta'", "rule == 'r0'", "task == 'chat'"]), draw.choice([10, 40]))],
        fee_percent=Fraction(draw.choice(["0", "5.5"])),
        fee_on=draw.choice(["moved", "all"]),
    )
    if draw.random() < 0.3:
        return found
    failover = {
        "timeout_ms": 500, "retries": draw.randrange(3), "on": draw.choice([["429", "5xx", "timeout"], ["5xx"]]),
        "billed_percent": draw.choice([0, 0, 50]),
    }  # fmt: skip
    incidents = [incident(draw, minutes) for _ in range(draw.randrange(4))]
    return replace(found, failover=failover, gateway=draw.choice([None, "hub"]), incidents=incidents)


def rule(draw: random.Random, name: str) -> dict[str, Any]:
    routes = [*MODELS, None]
    target = draw.choice(
        [
            {"route": draw.choice(routes)},
            {"cheapest": draw.sample(routes, draw.randint(1, 3))},
            {"split": list(zip(draw.sample(routes, 2), draw.choice([(30, 70), (50, 50)]), strict=True))},
        ]
    )
    fallback = draw.sample(routes, draw.randrange(3))
    return {"name": name, "when": draw.choice(CONDITIONS), "fallback": fallback, **target}


def incident(draw: random.Random, minutes: int) -> dict[str, Any]:
    first = draw.randrange(minutes)
    who = draw.choice([{"provider": "beta"}, {"provider": "gamma", "model": "tiny"}, {"gateway": "hub"}])
    return {**who, "first": first, "end": first + draw.randint(1, 4)}


def named(route: str | None) -> str:
    return route or "as_logged"


def as_yaml(made: Policy) -> str:
    lines = ["policy: 1", "name: p", f"require: {{context: {str(made.context).lower()}}}", "rules:"]
    lines += [f'- {{name: {one["name"]}, when: "{one["when"]}", {target_yaml(one)}{fallback_yaml(one)}}}'
              for one in made.rules]  # fmt: skip
    lines[-1] = lines[-1] if made.rules else "rules: []"
    lines.append(f"otherwise: {named(made.otherwise['route'])}")
    lines += ["discounts:", *(f'- {{where: "{where}", percent: {percent}}}' for where, percent in made.discounts)]
    lines.append(f"fees: {{percent: {float(made.fee_percent)}, on: {made.fee_on}}}")
    if made.failover:
        stated = ", ".join(f"{key}: {value}" for key, value in made.failover.items() if key != "on")
        lines.append(f"failover: {{{stated}, on: [{', '.join(made.failover['on'])}]}}")
        lines += [f"gateway: {made.gateway}"] if made.gateway else []
        lines += ["incidents: [incidents.yaml]"]
    return "\n".join([*lines, ""])


def target_yaml(one: dict[str, Any]) -> str:
    if "route" in one:
        return f"route: {named(one['route'])}"
    if "cheapest" in one:
        return f"route: {{cheapest: [{', '.join(map(named, one['cheapest']))}]}}"
    return "split: {" + ", ".join(f"{named(route)}: {percent}" for route, percent in one["split"]) + "}"


def fallback_yaml(one: dict[str, Any]) -> str:
    return f", fallback: [{', '.join(map(named, one['fallback']))}]" if one["fallback"] else ""


def incidents_yaml(made: Policy) -> str:
    lines = []
    for one in made.incidents:
        who = ", ".join(f"{key}: {one[key]}" for key in ("provider", "model", "gateway") if key in one)
        first = (START + timedelta(minutes=one["first"])).isoformat()
        lines.append(f"- {{{who}, from: '{first}', minutes: {one['end'] - one['first']}}}")
    return "\n".join(["incidents:" if lines else "incidents: []", *lines, ""])


def prices_yaml() -> str:
    lines = ["aggcost_prices: 1", "currency: USD", "source: {name: oracle}", "providers:"]
    for provider in sorted({name.split("/")[0] for name in MODELS}):
        lines += [f"  {provider}:", "    models:"]
        for name, model in MODELS.items():
            if name.startswith(f"{provider}/"):
                lines += model_yaml(name.split("/")[1], model)
    return "\n".join([*lines, ""])


def model_yaml(name: str, model: Model) -> list[str]:
    def flow(prices: dict[str, Fraction]) -> str:
        return "{" + ", ".join(f'{meter}: "{float(price)}"' for meter, price in prices.items()) + "}"

    tiers = ""
    if model.above is not None:
        tiers = f", tiers: [{{when: {{prompt_tokens: {{gt: {model.above}}}}}, prices: {flow(model.dear)}}}]"
    limits = [] if model.context is None else [f"        limits: {{context: {model.context}}}"]
    return [f"      {name}:", *limits, f"        rates: [{{prices: {flow(model.prices)}{tiers}}}]"]


def csv(rows: list[Request]) -> str:
    lines = ["timestamp,provider,model,task,input_tokens,cache_read_tokens,output_tokens,latency_ms,status,billable"]
    for one in rows:
        time = (START + timedelta(minutes=one.minute, seconds=one.second)).isoformat()
        latency = 500 if one.status == 200 else ""
        lines.append(
            f"{time},{one.provider},{one.model},{one.task},{one.prompt},{one.cache_read},{one.output},{latency},"
            f"{one.status},{str(one.billable).lower()}"
        )
    return "\n".join([*lines, ""])


def simulated(folder: Path, rows: list[Request], made: Policy) -> Report:
    (folder / "log.csv").write_text(csv(rows))
    (folder / "prices.yaml").write_text(prices_yaml())
    (folder / "incidents.yaml").write_text(incidents_yaml(made))
    (folder / "policy.yaml").write_text(as_yaml(made))
    asked = Options(logs=(str(folder / "log.csv"),), project=Project.empty(), prices=(folder / "prices.yaml",))
    return backtest.simulate(asked, [load_policy(folder / "policy.yaml")])


def figures(report: Report) -> dict[str, Any]:
    (compared,), after = report.comparisons, report.arms[1]
    found: dict[str, Any] = {"cost": after.cost}
    requests: dict[str, Fraction] = {}
    for one in compared.decisions:
        name = "nobody" if one.to == "nobody/no live route" else one.to or "as logged"
        requests[name] = requests.get(name, Fraction(0)) + Fraction(one.requests)
    found["by_route"] = requests
    if compared.failover is not None:
        section = compared.failover
        found |= {
            "rescued": Fraction(section.rescued), "rescued_usd": section.rescued_cost,
            "lost": Fraction(section.lost), "diverted": Fraction(section.diverted),
            "down": (section.minutes_down_before, section.minutes_down_after),
        }  # fmt: skip
    return found


def expected(found: Outcome, made: Policy, billed: int) -> dict[str, Any]:
    cost = found.cost + found.rescued_usd + found.vain_usd
    shown: dict[str, Any] = {"cost": settle(cost) if billed or cost else None, "by_route": found.by_route}
    if made.failover:
        shown |= {
            "rescued": found.rescued, "rescued_usd": settle(found.rescued_usd), "lost": found.lost,
            "diverted": found.diverted, "down": (found.down_before, found.down_after),
        }  # fmt: skip
    return shown


@pytest.mark.parametrize("batch", range(LOGS // BATCH))
def test_the_replay_is_what_one_request_after_the_other_gives(tmp_path: Path, batch: int) -> None:
    for number in range(BATCH):
        draw = random.Random(batch * BATCH + number)
        rows = log(draw)
        made = policy(draw, 12)
        found = figures(simulated(tmp_path, rows, made))
        wanted = expected(Oracle(rows, made, MODELS).run(), made, sum(one.billed for one in rows))
        assert found == wanted, f"log {batch * BATCH + number}\n{as_yaml(made)}"
