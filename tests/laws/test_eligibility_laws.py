"""Decisions on cells are those of each request alone: a naive reading of the policy, row by row."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_logs import price_usd, sample, write_csv, write_prices

from aggcost import backtest, rules
from aggcost.abilities import shown
from aggcost.baseline import Options
from aggcost.conditions import Truths
from aggcost.eligibility import Facts, eligibility
from aggcost.ledger import SUM_KEYS, Cells, Dim
from aggcost.money import settle
from aggcost.policy import Cheapest, Policy, Route, Single, Split, load_policy
from aggcost.price_sources import load_rates
from aggcost.rating import Rates
from aggcost.replay import decide
from aggcost.scales import Scaling
from aggcost.service import Latencies
from aggcost.within_caps import within_caps

PRICES = """\
aggcost_prices: 1
currency: USD
providers:
  acme:
    models:
      small: {rates: [{prices: {input: "1", output: "2"}, tiers: [{when: {prompt_tokens: {gt: 1000}}, prices: {input: "6", output: "6"}}]}]}
      tiny: {rates: [{prices: {input: "2", output: "2"}}]}
  other:
    models:
      big: {rates: [{prices: {input: "3", output: "1"}}]}
"""
NAMES = ("acme/small", "acme/tiny", "other/big")
WORDS = ("tools", "vision")
CUTS = (0, 501, 1001, 1501)
OUTPUT_CUTS = (0, 51)
Row = dict[str, Any]

LOGS = st.lists(
    st.fixed_dictionaries(
        {
            "provider": st.sampled_from(["acme", "other"]),
            "model": st.sampled_from(["a", "b"]),
            "input_tokens": st.sampled_from([0, 300, 500, 501, 1000, 1001, 1400, 1501, 4000]),
            "output_tokens": st.sampled_from([0, 50, 51, 90]),
            "region": st.sampled_from([None, "eu-1", "us"]),
            "vision": st.booleans(),
        }
    ),
    min_size=1,
    max_size=14,
)
SETS = st.sets(st.sampled_from(WORDS))
FACTS = st.builds(
    lambda window, output, has, lacks, region, data: Facts(
        context_window=window, max_output=output, has=frozenset(has), lacks=frozenset(lacks - has), region=region,
        data_policy=data,
    ),
    st.sampled_from([None, 500, 1500]), st.sampled_from([None, 50]), SETS, SETS,
    st.sampled_from([None, "eu", "us"]), st.sampled_from([None, frozenset(), frozenset({"gdpr"})]),
)  # fmt: skip
CAPS = st.sampled_from(["", "", "max_cost: 0.0008", "max_cost: 0.0021", "max_p95_ms: 700"])


@st.composite
def targets(draw: st.DrawFn) -> str:
    first, second = draw(st.permutations(NAMES))[:2]
    cap = draw(CAPS)
    return draw(
        st.sampled_from(
            [
                f"route: {first}, fallback: [{second}]",
                f"route: {{cheapest: [{first}, as_logged, {second}]{f', {cap}' if cap else ''}}}",
                f"split: {{{first}: 30, as_logged: 70}}, fallback: [{second}]{f', {cap}' if cap else ''}",
                f"route: {first}{f', {cap}' if cap else ''}",
            ]
        )
    )


@st.composite
def policies(draw: st.DrawFn) -> str:
    lines = ["policy: 1", "rules:"]
    for when in draw(
        st.lists(
            st.sampled_from(["model == 'a'", "input_tokens <= 500", "region == 'us'", "true"]), max_size=3, unique=True
        )
    ):
        needs = draw(st.sampled_from(["", "", ", needs: []", ", needs: [tools]", ", needs: [vision, tools]"]))
        lines.append(f'- {{when: "{when}", {draw(targets())}{needs}}}')
    lines.append(f"otherwise: {draw(st.sampled_from(['as_logged', *NAMES, '{cheapest: [acme/tiny, other/big]}']))}")
    require = [
        draw(st.sampled_from(["context: true", "context: false"])),
        draw(st.sampled_from(["capabilities: true", "capabilities: [tools]", "capabilities: false"])),
        *draw(st.sampled_from([[], ["region: eu"], ["data_policy: gdpr"]])),
    ]
    return "\n".join([*lines, f"require: {{{', '.join(require)}}}", ""])


def bin_of(value: int, cuts: tuple[int, ...]) -> int:
    return max(cut for cut in cuts if cut <= value)


def cells_of(rows: list[Row]) -> tuple[Cells, list[int]]:
    """Return the ledger of some rows, as a scan would cut it, and the cell of each row."""
    keys = [
        (row["provider"], row["model"], row["region"], bin_of(row["input_tokens"], CUTS),
         bin_of(row["output_tokens"], OUTPUT_CUTS), row["vision"])
        for row in rows
    ]  # fmt: skip
    distinct = list(dict.fromkeys(keys))
    place = [distinct.index(key) for key in keys]
    names = ("provider", "model", "region", "input_tokens", "output_tokens", shown("vision"))
    fixed = {
        "service_tier": None, "start_s": 0, "outcome": "usage", "tokens_known": True, "recorded": False, "summed": False,
        "failure": None,
    }  # fmt: skip
    dims = {name: dim([key[at] for key in distinct]) for at, name in enumerate(names)}
    dims |= {name: dim([value] * len(distinct)) for name, value in fixed.items()}
    sums = {key: np.zeros(len(distinct), np.int64) for key in (*SUM_KEYS, "records", "recorded_pico")}
    for row, cell in zip(rows, place, strict=True):
        for name, value in (
            ("input", row["input_tokens"]),
            ("output", row["output_tokens"]),
            ("requests", 1),
            ("records", 1),
        ):
            sums[name][cell] += value
    return Cells(dims, sums), place


def dim(values: list[Any]) -> Dim:
    distinct = tuple(dict.fromkeys(values))
    return Dim(np.array([distinct.index(value) for value in values], np.int32), distinct)


def usd(row: Row, route: Route | None) -> Fraction | None:
    """What a row costs on a route, by hand; as logged nothing here has a price."""
    big = row["input_tokens"] > 1000
    price = {None: None, "small": (6, 6) if big else (1, 2), "tiny": (2, 2), "big": (3, 1)}[route and route.model]
    if price is None:
        return None
    return Fraction(row["input_tokens"] * price[0] + row["output_tokens"] * price[1], 1_000_000)


@dataclass
class Naive:
    """The policy as its page says it, for one request at a time."""

    policy: Policy
    rows: list[Row]
    facts: dict[Route, Facts]
    p95_ms: dict[Route, int | None]

    def rule_of(self, row: Row) -> int:
        return next((i for i, rule in enumerate(self.policy.rules) if rules.matches(rule.when, row)), -1)

    def target(self, index: int) -> tuple[Any, tuple[Route | None, ...], Any]:
        if index < 0:
            return self.policy.otherwise, (), self.policy.otherwise_caps
        rule = self.policy.rules[index]
        return rule.target, rule.fallback, rule.caps

    def needs(self, index: int, row: Row) -> set[str]:
        stated = self.policy.rules[index].needs if index >= 0 else None
        asked = set(self.policy.require.abilities if stated is None else stated)
        return asked | ({"vision"} if self.policy.require.shown and row["vision"] else set())

    def takes(self, route: Route | None, index: int, row: Row) -> bool:
        if route is None:
            return True
        known, require = self.facts[route], self.policy.require
        fits = row["input_tokens"] <= (known.context_window or 10**9) and row["output_tokens"] <= (
            known.max_output or 10**9
        )
        region = known.region or (row["region"] if row["provider"] == route.provider else None)
        granted = known.data_policy is None or known.data_policy >= set(require.data_policy)
        return (
            (fits or not require.context)
            and not (self.needs(index, row) & known.lacks)
            and (not require.regions or region is None or region.split("-")[0] == "eu")
            and granted
            and self.within(route, index, row)
        )

    def within(self, route: Route, index: int, row: Row) -> bool:
        caps = self.target(index)[2].get(route)
        if caps is None:
            return True
        if caps.max_p95_ms is not None and (self.p95_ms[route] or 0) > caps.max_p95_ms:
            return False
        alike = [one for one in self.members(index) if self.price_key(route, one) == self.price_key(route, row)]
        costs = [usd(one, route) for one in alike]
        return caps.max_cost_usd is None or sum(costs) <= Fraction(caps.max_cost_usd) * len(costs)

    def members(self, index: int) -> Iterator[Row]:
        return (row for row in self.rows if self.rule_of(row) == index)

    def price_key(self, route: Route | None, row: Row) -> tuple[Any, ...]:
        """What a price looks at: the logged provider and region, and the size of the prompt where it has tiers."""
        model = row["model"] if route is None else None
        return (
            row["provider"],
            row["region"],
            model,
            bool(route and route.model == "small" and row["input_tokens"] > 1000),
        )

    def cheapest(self, routes: tuple[Route | None, ...], index: int, row: Row) -> Route | None:
        def group(one: Row) -> tuple[Any, ...]:
            return tuple((self.takes(r, index, one), self.price_key(r, one)) for r in routes)

        alike = [one for one in self.members(index) if group(one) == group(row)]
        able = [route for route in routes if self.takes(route, index, row) and usd(row, route) is not None]
        return min(able, key=lambda route: sum(usd(one, route) for one in alike), default=None)

    def went(self, row: Row) -> dict[Route | None, Fraction]:
        index = self.rule_of(row)
        target, fallback, _ = self.target(index)
        match target:
            case Single(route):
                parts = [(route, Fraction(1))]
            case Cheapest(routes):
                return {self.cheapest(routes, index, row): Fraction(1)}
            case Split(shares):
                parts = [(route, Fraction(percent) / 100) for route, percent in shares]
        found: dict[Route | None, Fraction] = {}
        for route, weight in parts:
            takes = next((one for one in (route, *fallback) if self.takes(one, index, row)), None)
            found[takes] = found.get(takes, Fraction(0)) + weight
        return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=LOGS,
    text=policies(),
    facts=st.tuples(FACTS, FACTS, FACTS),
    p95=st.tuples(*[st.sampled_from([None, 600, 800])] * 3),
)
def test_each_request_goes_where_it_would_go_alone(tmp_path: Path, rows, text, facts, p95):
    (tmp_path / "prices.yaml").write_text(PRICES)
    (tmp_path / "policy.yaml").write_text(text)
    policy, (found, place) = load_policy(tmp_path / "policy.yaml"), cells_of(rows)
    routes = [Route.parse(name) for name in NAMES]
    known, p95_ms = dict(zip(routes, facts, strict=True)), dict(zip(routes, p95, strict=True))
    truths, own = Truths(found, ZoneInfo("UTC")), Rates(found, load_rates([tmp_path / "prices.yaml"]))
    gates = [
        eligibility(policy, found, truths, known, Scaling()),
        within_caps(policy, found, truths, seen(p95_ms), own),
    ]
    routed = decide(policy, found, np.ones(len(found), dtype=bool), truths, gates, own)
    went: list[dict[Route | None, Fraction]] = [{} for _ in range(len(found))]
    for cell, route, parts in zip(routed.cell.tolist(), routed.route.tolist(), routed.parts.tolist(), strict=True):
        to = routed.routes[route]
        went[cell][to] = went[cell].get(to, Fraction(0)) + Fraction(parts, routed.whole)
    naive = Naive(policy, rows, known, p95_ms)
    for row, cell in zip(rows, place, strict=True):
        assert went[cell] == naive.went(row), (row, text)


def seen(p95_ms: dict[Route, int | None]) -> Latencies:
    """A log in which each route has served a hundred requests at its latency, or none."""
    known = [(route, ms) for route, ms in p95_ms.items() if ms is not None]
    dims = {"provider": dim([route.provider for route, _ in known]), "model": dim([route.model for route, _ in known])}
    return Latencies(dims, np.array([ms for _, ms in known], np.int64), np.full(len(known), 100, np.int64))


STATED = """\
policy: 1
rules: [{when: true, route: acme/small, fallback: [other/tiny]}]
require: {capabilities: true}
routes: {acme/small: {capabilities: [tools], context_window: 2500}}
"""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_log_is_cut_where_routes_refuse_and_assumptions_count_its_requests(tmp_path: Path, seed: int) -> None:
    """From the file on: images and a window that the policy states, with the price file's window of 3,000 put aside."""
    draw = random.Random(seed)
    rows = [row | {"input_image_tokens": image(draw, row)} for row in sample(seed, 150)]
    (tmp_path / "p.yaml").write_text(STATED)
    options = Options(logs=(str(write_csv(rows, tmp_path / "log.csv")),), prices=(write_prices(tmp_path),))
    report = backtest.simulate(options, [load_policy(tmp_path / "p.yaml")])
    served = [row for row in rows if row["status"] == "ok"]
    small = [row for row in served if row["input_tokens"] <= 2500 and not row["input_image_tokens"]]
    tiny = [row for row in served if row not in small]
    seen = [row for row in tiny if row["input_image_tokens"]]
    assert small
    assert seen
    cost = sum((price_usd(row, "acme", "small") for row in small), Fraction(0))
    cost += sum((price_usd(row, "other", "tiny") for row in tiny), Fraction(0))
    assert report.arms[1].cost == settle(cost)
    assert {one.name: one.requests for one in report.assumptions if one.requests is not None} == {
        "maximum output of acme/small": len(small),
        "context window of other/tiny": len(tiny),
        "maximum output of other/tiny": len(tiny),
        "vision of other/tiny": len(seen),
        "use of tools, json_schema, audio, video": len(served),
    }
    large = sum(row["input_tokens"] > 2500 for row in served)
    told = {text for text in report.comparisons[0].warnings if "refused" in text}
    images = len(seen) - sum(row["input_tokens"] > 2500 for row in seen)
    assert told == {
        f"rule 'rule 1': acme/small refused {large:,} requests: prompt over the context window",
        f"rule 'rule 1': acme/small refused {images:,} requests: no vision",
    }


def image(draw: random.Random, row: Row) -> int:
    """Now and then part of the prompt that was not cached is an image."""
    fresh = row["input_tokens"] - row["cache_read_tokens"]
    return draw.randrange(fresh) if fresh > 0 and draw.random() < 0.3 else 0
