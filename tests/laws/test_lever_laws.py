"""The levers of a policy, replayed on cells, cost to the last digit what a request-by-request oracle says."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from lever_oracle import PRICES, cost_usd, log
from sample_logs import write_csv

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.money import settle
from aggcost.policy import load_policy

ROUTES = ("acme/large", "acme/small", "other/small", "as_logged")
CONDITIONS = (
    "true", "task == 'nightly'", "task == 'chat'", "task in ['chat', 'extract']", "is_missing(task)",
    "input_tokens > 1500", "output_tokens >= 200", "provider == 'acme' and model == 'large'",
)  # fmt: skip


@st.composite
def splits(draw: st.DrawFn) -> str:
    routes = draw(st.lists(st.sampled_from(ROUTES), min_size=2, max_size=4, unique=True))
    first = draw(st.lists(st.integers(1, 300), min_size=len(routes) - 1, max_size=len(routes) - 1))
    percents = [Fraction(one, 10) for one in first]
    percents.append(100 - sum(percents))
    parts = ", ".join(f"{route}: {float(percent)}" for route, percent in zip(routes, percents, strict=True))
    return f"split: {{{parts}}}" + draw(st.sampled_from(["", ", sticky: session"]))


@st.composite
def lists(draw: st.DrawFn) -> str:
    routes = draw(st.lists(st.sampled_from(ROUTES), min_size=1, max_size=3, unique=True))
    return f"route: {{{draw(st.sampled_from(['cheapest', 'balance']))}: [{', '.join(routes)}]}}"


@st.composite
def cascades(draw: st.DrawFn) -> str:
    routes = draw(st.lists(st.sampled_from(ROUTES), min_size=2, max_size=3, unique=True))
    percents = [draw(st.sampled_from(["12 %", "7.5", "100"])) for _ in routes[1:]]
    return f"route: {{cascade: [{', '.join(routes)}], escalate: [{', '.join(percents)}]}}"


@st.composite
def policies(draw: st.DrawFn) -> str:
    rules = []
    for number in range(draw(st.integers(1, 3))):
        where = draw(st.sampled_from(CONDITIONS))
        target = draw(splits() | st.sampled_from(ROUTES).map(lambda route: f"route: {route}") | lists() | cascades())
        fallback = draw(st.sampled_from(["", ", fallback: [other/small]"]))
        rules.append(f'- {{name: rule-{number}, when: "{where}", {target}{fallback}}}')
    named = [route for route in ROUTES[:3] if any(route in rule for rule in rules)]
    levers = draw(st.just([]) | _lists("assume", pairs(named))) if named else []
    levers += [*draw(st.just([]) | _lists("max_tokens", caps())), *draw(st.just([]) | _lists("processing", waiting()))]
    return "\n".join(["policy: 1", "name: drawn", "rules:", *rules, *levers, ""])


def _lists(key: str, items: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(items, min_size=1, max_size=2).map(lambda lines: [f"{key}:", *(f"- {line}" for line in lines)])


@st.composite
def pairs(draw: st.DrawFn, named: list[str]) -> str:
    source = draw(st.sampled_from(["", *(f"from: {route}, " for route in ROUTES[:3])]))
    tokens, answer = draw(st.sampled_from(["1.12", "0.9", "1", "2"])), draw(st.sampled_from(["1.3", "0.75", "1"]))
    answer = draw(st.sampled_from([answer, f"{{value: {answer}, low: 0.5, high: 2}}"]))
    return f"{{{source}to: {draw(st.sampled_from(named))}, token_ratio: {tokens}, answer_ratio: {answer}}}"


@st.composite
def caps(draw: st.DrawFn) -> str:
    where, tokens = draw(st.sampled_from(CONDITIONS)), draw(st.sampled_from([1, 199, 200, 350, 400]))
    return f'{{where: "{where}", tokens: {tokens}}}'


@st.composite
def waiting(draw: st.DrawFn) -> str:
    where, tier = draw(st.sampled_from(CONDITIONS)), draw(st.sampled_from(["batch", "flex"]))
    return f'{{where: "{where}", tier: {tier}, delay: 24h}}'


def options(folder: Path, log_file: Path) -> Options:
    prices = folder / "prices.yaml"
    prices.write_text(PRICES, encoding="utf-8")
    return Options(logs=(str(log_file),), prices=(prices,), threads=1)


# A failing example is told as it is: each takes an engine and four policies, and shrinking takes hundreds of them.
@settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(seed=st.integers(0, 2**20), texts=st.lists(policies(), min_size=4, max_size=4))
def test_levers_agree_with_a_row_by_row_oracle(
    tmp_path_factory: pytest.TempPathFactory, seed: int, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("levers")
    rows = log(seed, 60)
    found = []
    for number, text in enumerate(texts):
        path = folder / f"policy{number}.yaml"
        path.write_text(text.replace("name: drawn", f"name: drawn-{number}"), encoding="utf-8")
        found.append(load_policy(path))
    report = backtest.simulate(options(folder, write_csv(rows, folder / "log.csv")), found)
    for policy, arm in zip(found, report.arms[1:], strict=True):
        assert arm.cost == settle(sum((cost_usd(policy, row, rows) for row in rows), Fraction(0)))
        assert arm.requests == len(rows)
