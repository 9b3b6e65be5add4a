"""Bounds of a policy by hand: the cheapest route that can take each request, and the coin of equal cost."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from sample_logs import Row, price_usd, sample, write_csv, write_prices

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.money import settle
from aggcost.output.bounds import bound_facts
from aggcost.policy import load_policy

PRICES = """\
aggcost_prices: 1
currency: USD
providers:
  acme:
    models:
      large: {rates: [{prices: {input: "10", output: "10"}}]}
      small: {limits: {context: 3000}, rates: [{prices: {input: "1", output: "1"}}]}
      mid: {rates: [{prices: {input: "4", output: "4"}}]}
"""
HEADER = "timestamp,provider,model,task,input_tokens,output_tokens\n"
# 1,000 tokens, 2,000 tokens and 5,000 tokens of task a, 1,000 of task b: $0.01, $0.02, $0.05 and $0.01 as logged.
LOG = [("a", 1000), ("a", 2000), ("a", 5000), ("b", 1000)]


def bounds_of(tmp_path: Path, text: str):
    rows = "".join(f"2026-02-01T0{at}:00:00Z,acme,large,{task},{size},0\n" for at, (task, size) in enumerate(LOG))
    (tmp_path / "log.csv").write_text(HEADER + rows)
    (tmp_path / "prices.yaml").write_text(PRICES)
    (tmp_path / "p.yaml").write_text("policy: 1\n" + text)
    options = Options(logs=(str(tmp_path / "log.csv"),), prices=(tmp_path / "prices.yaml",))
    (compared,) = backtest.simulate(options, [load_policy(tmp_path / "p.yaml")]).comparisons
    return compared.bounds, compared


MID_FIRST = "rules: [{when: task == 'a', route: acme/mid, fallback: [acme/small]}]\n"


def test_the_cheapest_route_that_can_take_each_request(tmp_path):
    """Mid costs $0.004, $0.008 and $0.020; small takes the first two for $0.001 and $0.002; task b stays at $0.01."""
    found, _ = bounds_of(tmp_path, MID_FIRST)
    assert found.movable_requests == 3
    assert found.cost == Decimal("0.042")
    assert found.cheapest_eligible == Decimal("0.033")
    assert found.room == Decimal("0.009")


def test_the_coin_that_costs_the_same(tmp_path):
    """All as logged $0.09; all to mid $0.042; all to small that fits $0.063: 100 % mid is what the policy does."""
    found, _ = bounds_of(tmp_path, MID_FIRST)
    coin = found.random_split
    assert (coin.cheap, coin.cheap_cost, coin.dear, coin.dear_cost) == (
        "acme/mid",
        Decimal("0.042"),
        None,
        Decimal("0.09"),
    )
    assert coin.cheap_percent == 100
    alone = {one.route: one.cost for one in found.routes}
    assert alone == {None: Decimal("0.09"), "acme/mid": Decimal("0.042"), "acme/small": Decimal("0.063")}
    half, _ = bounds_of(tmp_path, "rules: [{when: task == 'a', split: {acme/mid: 25, as_logged: 75}}]\n")
    assert half.random_split.cheap_percent == 25


def test_no_coin_is_as_cheap_as_a_policy_that_chooses_well(tmp_path):
    """Small for the short ones and mid for the long one cost $0.033, less than any one route for all."""
    text = (
        "rules:\n- {when: task == 'a' and input_tokens < 3000, route: acme/small}\n"
        "- {when: task == 'a', route: acme/mid}\n"
    )
    found, compared = bounds_of(tmp_path, text)
    assert found.cost == found.cheapest_eligible == Decimal("0.033")
    assert found.random_split.cheap_percent is None
    assert bound_facts(compared).rows == (
        ("bounds", "$0.033 with the cheapest route for each request that may move, $0.033 with these rules"),
        ("", "no coin costs the same: $0.042 to acme/mid, $0.090 as logged"),
    )


def test_what_a_policy_may_not_move_stays(tmp_path):
    found, _ = bounds_of(tmp_path, "rules: [{when: task == 'b', route: as_logged}]\notherwise: acme/mid\n")
    assert found.movable_requests == 3
    assert found.cheapest_eligible == Decimal("0.042")


def test_requirements_and_limits_bind_the_bounds_too(tmp_path):
    stated = "require: {capabilities: [vision]}\nroutes: {acme/small: {capabilities: [tools]}}\n"
    found, _ = bounds_of(tmp_path, MID_FIRST + stated)
    assert found.cheapest_eligible == Decimal("0.042")
    capped = MID_FIRST.replace("fallback", "max_cost: 0.001, fallback")
    found, _ = bounds_of(tmp_path, capped)  # each request of task a would cost $0.0107 at mid, $0.0027 at small
    assert found.cheapest_eligible == Decimal("0.09")


@pytest.mark.parametrize("text", ["rules: []\n", "rules: [{when: true, route: as_logged}]\n"])
def test_a_policy_that_moves_nothing_has_no_bounds(tmp_path, text):
    found, compared = bounds_of(tmp_path, text)
    assert found is None
    assert bound_facts(compared) is None


def test_without_a_price_there_are_no_bounds(tmp_path):
    rows = "2026-02-01T00:00:00Z,acme,unheard,a,1000,0\n2026-02-01T00:00:00Z,acme,large,a,1000,0\n"
    (tmp_path / "log.csv").write_text(HEADER + rows)
    (tmp_path / "prices.yaml").write_text(PRICES)
    (tmp_path / "p.yaml").write_text("policy: 1\nrules: [{when: model == 'large', route: acme/mid}]\n")
    options = Options(logs=(str(tmp_path / "log.csv"),), prices=(tmp_path / "prices.yaml",))
    (compared,) = backtest.simulate(options, [load_policy(tmp_path / "p.yaml")]).comparisons
    assert (compared.bounds.cost, compared.bounds.cheapest_eligible, compared.bounds.room) == (None, None, None)
    assert "n/a" in bound_facts(compared).rows[0][1]


MOVES = """\
policy: 1
rules:
  - {name: short, when: "task == 'intent' and input_tokens < 3000", route: acme/small}
  - {name: long, when: "input_tokens >= 4000 or cache_read_tokens > 2500", route: acme/small, fallback: [other/tiny]}
  - {name: some, when: "task in ['entity', 'sentiment']", split: {other/tiny: 12.5, as_logged: 87.5}}
"""


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_no_policy_is_cheaper_than_the_cheapest_and_the_coin_costs_the_same(tmp_path, seed):
    rows = sample(seed, 200)
    (tmp_path / "p.yaml").write_text(MOVES)
    options = Options(logs=(str(write_csv(rows, tmp_path / "log.csv")),), prices=(write_prices(tmp_path),))
    report = backtest.simulate(options, [load_policy(tmp_path / "p.yaml")])
    found = report.comparisons[0].bounds
    assert found.cost == report.arms[1].cost
    assert found.cheapest_eligible <= found.cost
    assert sum(map(cheapest_by_hand, rows)) <= Fraction(found.cheapest_eligible)
    coin = found.random_split
    if coin.cheap_percent is not None:
        share = Fraction(coin.cheap_percent) / 100
        mixed = share * Fraction(coin.cheap_cost) + (1 - share) * Fraction(coin.dear_cost)
        assert abs(mixed - Fraction(found.cost)) <= Fraction(coin.dear_cost) / 10**8


def cheapest_by_hand(row: Row) -> Fraction:
    """The least that this one request can cost, chosen for itself alone."""
    if row["status"] != "ok":
        return Fraction(0)
    logged = price_usd(row, row["provider"], row["model"])
    fits = [("acme", "small")] if row["input_tokens"] <= 3000 else []
    return min(logged, *(price_usd(row, *route) for route in [*fits, ("other", "tiny")]))


def test_as_logged_costs_what_the_log_costs(tmp_path):
    """The identity arm is the audited cost exactly, to the last digit that is kept."""
    for seed in range(5):
        rows = sample(seed, 80)
        (tmp_path / "p.yaml").write_text("policy: 1\notherwise: as_logged\n")
        options = Options(logs=(str(write_csv(rows, tmp_path / "log.csv")),), prices=(write_prices(tmp_path),))
        report = backtest.simulate(options, [load_policy(tmp_path / "p.yaml")])
        by_hand = [price_usd(row, row["provider"], row["model"]) for row in rows if row["status"] == "ok"]
        assert report.arms[1].cost == report.arms[0].cost == settle(sum(by_hand, Fraction(0)))


def test_all_calls_of_a_cascade_are_held_against_the_bounds(tmp_path):
    """Half of the two short requests is answered twice: small $0.003, mid $0.012 / 2; the long one skips small: $0.020."""
    text = "rules: [{when: task == 'a', route: {cascade: [acme/small, acme/mid], escalate: 50 %}}]\n"
    found, _ = bounds_of(tmp_path, text)
    assert found.cost == Decimal("0.003") + Decimal("0.006") + Decimal("0.020") + Decimal("0.01")
    assert found.cheapest_eligible == Decimal("0.033")
