"""How slow and how dear a route may be: read strictly, and asked by hand-computed latencies and costs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from test_rating import PRICES, cells
from test_replay import policy

from aggcost.caps import Caps
from aggcost.conditions import Truths
from aggcost.errors import ConfigError
from aggcost.ledger import Dim
from aggcost.policy import Policy, Route, load_policy
from aggcost.price_sources import load_rates
from aggcost.rating import Rates
from aggcost.replay import decide
from aggcost.service import Latencies
from aggcost.within_caps import within_caps

A, B = Route("openai", "a"), Route("openai", "b")


def read(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "p.yaml"
    path.write_text("policy: 1\n" + text, encoding="utf-8")
    return load_policy(path)


def of_rule(tmp_path, rule):
    return read(tmp_path, f"rules: [{{when: true, {rule}}}]\n").rules[0].caps


CAPPED = "{provider: openai, model: a, max_p95_ms: 900}"


@pytest.mark.parametrize(
    ("rule", "caps"),
    [
        ("route: openai/a", {}),
        (f"route: {CAPPED}", {A: Caps(900)}),
        ('route: openai/a, max_cost: "0.002"', {A: Caps(None, Decimal("0.002"))}),
        ("route: openai/a, fallback: [openai/b, as_logged], max_p95_ms: 5", {A: Caps(5), B: Caps(5)}),
        ("route: {cheapest: [openai/a, openai/b, as_logged], max_p95_ms: 1500, max_cost: 0.1}",
         {A: Caps(1500, Decimal("0.1")), B: Caps(1500, Decimal("0.1"))}),
        ("route: {cheapest: [openai/a], max_p95_ms: 1500}, fallback: [openai/b]", {A: Caps(1500)}),
        (f"route: {{cheapest: [{CAPPED}, openai/b], max_p95_ms: 1500}}", {A: Caps(900), B: Caps(1500)}),
        (f"route: {{cheapest: [{CAPPED}, openai/b]}}, max_p95_ms: 800", {A: Caps(800), B: Caps(800)}),
        (f"split: [{{route: {CAPPED}, percent: 50}}, {{route: openai/b, percent: 50}}], max_cost: 0",
         {A: Caps(900, Decimal(0)), B: Caps(None, Decimal(0))}),
        ("split: {openai/a: 50, as_logged: 50}, max_p95_ms: 7", {A: Caps(7)}),
        ("route: {balance: [openai/a, openai/b], max_cost: 1}", {A: Caps(None, Decimal(1)), B: Caps(None, Decimal(1))}),
        (f"route: {{cascade: [{CAPPED}, openai/b], escalate: 12 %}}", {A: Caps(900)}),
    ],
)  # fmt: skip
def test_limits_of_the_rule_its_target_and_the_route_hold_together(tmp_path, rule, caps):
    assert of_rule(tmp_path, rule) == caps


def test_otherwise_has_limits_too(tmp_path):
    assert read(tmp_path, f"otherwise: {CAPPED}\n").otherwise_caps == {A: Caps(900)}
    text = "otherwise: {split: {openai/a: 50, as_logged: 50}, max_p95_ms: 3}\n"
    assert read(tmp_path, text).otherwise_caps == {A: Caps(3)}
    assert read(tmp_path, "otherwise: openai/a\n").otherwise_caps == {}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("route: openai/a, max_p95_ms: 0", "a whole number from 1 on"),
        ("route: openai/a, max_cost: -1", "a number from 0 on"),
        ("route: openai/a, max_cost: cheap", "a plain decimal number"),
        ("route: as_logged, max_p95_ms: 1500", "this rule limits routes and names none"),
        ("route: {cheapest: [openai/a], max_p95: 5}", "unknown key 'max_p95'"),
        (f"route: {CAPPED}, fallback: [openai/a]", "openai/a stands twice in this rule, with other limits"),
    ],
)
def test_a_slip_is_refused(tmp_path, rule, said):
    with pytest.raises(ConfigError) as caught:
        of_rule(tmp_path, rule)
    assert said in caught.value.message


# Provider, model, prompt bin, input, cache_read, output, requests: two requests of 500 tokens, one of 8,000.
LOG = [("acme", "a", 0, 1000, 0, 0, 2), ("acme", "a", 1001, 8000, 0, 0, 1), ("acme", "b", 0, 900, 0, 0, 1)]
LARGE = Route("acme", "large")


def latencies(*ms):
    zeros = np.zeros(len(ms), np.int32)
    dims = {"provider": Dim(zeros, ("acme",)), "model": Dim(zeros, ("large",))}
    return Latencies(dims, np.array(ms, np.int64), np.ones(len(ms), np.int64))


def replayed(tmp_path, text, ms=()):
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES)
    found, asked = cells(*LOG), policy(tmp_path, text)
    truths, rates = Truths(found, ZoneInfo("UTC")), Rates(found, load_rates([path]))
    gate = within_caps(asked, found, truths, latencies(*ms), rates)
    routed = decide(asked, found, np.ones(len(found), dtype=bool), truths, [gate], rates)
    went = dict(zip(routed.cell.tolist(), (routed.routes[route] for route in routed.route.tolist()), strict=True))
    return [went[cell] is not None for cell in range(len(found))], routed.refusals, list(gate.unknown(LARGE))


@pytest.mark.parametrize(
    ("limit", "moves", "refused"),
    [
        ("0.032", [True, True], 0),
        ("0.0319", [True, False], 1),
        ("0.001", [True, False], 1),
        ("0.000999", [False, False], 3),
    ],
)
def test_a_route_is_refused_where_a_request_costs_more_on_average(tmp_path, limit, moves, refused):
    """Large costs $2 a million up to 1,000 tokens and $4 above: 500 tokens are $0.001, 8,000 tokens $0.032."""
    text = f"rules:\n- {{name: one, when: model == 'a', route: acme/large, max_cost: {limit}}}\n"
    went, refusals, _ = replayed(tmp_path, text)
    assert went == [*moves, False]  # the last cell is of no rule
    assert sum(one.requests for one in refusals) == refused
    assert {one.reason for one in refusals} == ({f"dearer than ${limit} a request"} if refused else set())


def test_the_mean_is_over_the_requests_of_the_rule_with_the_same_prices(tmp_path):
    """1,900 tokens in 3 requests of the lower tier: $0.0038 / 3 = $0.0012667 a request, though 900 cost $0.0018."""
    for limit, moves in (("0.0012667", True), ("0.0012666", False)):
        went, _, _ = replayed(tmp_path, f"rules:\n- {{name: one, when: true, route: acme/large, max_cost: {limit}}}\n")
        assert went == [moves, False, moves]


def test_a_route_without_a_price_is_not_too_dear(tmp_path):
    went, _, _ = replayed(tmp_path, "rules:\n- {name: one, when: true, route: acme/unheard, max_cost: 0}\n")
    assert went == [True, True, True]


def test_a_route_is_refused_where_its_p95_is_known_and_over(tmp_path):
    """The 95th percentile of 1..100 is 95.05, linearly between the order statistics."""
    slow = "rules:\n- {name: one, when: model == 'a', route: acme/large, max_p95_ms: %s}\n"
    assert replayed(tmp_path, slow % 96, range(1, 101))[0] == [True, True, False]
    went, refusals, unknown = replayed(tmp_path, slow % 95, range(1, 101))
    assert went == [False, False, False]
    assert [(one.reason, one.requests) for one in refusals] == [("p95 of 96 ms over 95 ms", 3)]
    assert unknown == []


def test_a_p95_that_is_not_known_is_assumed(tmp_path):
    slow = "rules:\n- {name: one, when: model == 'a', route: acme/large, max_p95_ms: 95}\n"
    for ms in ((), range(1, 100)):  # no requests, and too few for a p95
        went, _, (unknown,) = replayed(tmp_path, slow, ms)
        assert went == [True, True, False]
        assert (unknown.name, unknown.assumed, unknown.cells.tolist()) == (
            "p95 latency",
            "up to 95 ms",
            [True, True, False],
        )


def test_an_asserted_p95_counts_before_the_log(tmp_path):
    text = "rules:\n- {name: one, when: true, route: acme/large, max_p95_ms: 500}\n"
    level = "routes: {acme/large: {latency_ms: {p50: 400, p95: %s}}}\n"
    assert replayed(tmp_path, text + level % 501, range(1, 101))[0] == [False] * 3
    assert replayed(tmp_path, text + level % 500, range(1000, 1100))[0] == [True] * 3
