"""Laws of the whole path, from files to a report: what must hold for every log."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from sample_logs import PRICES, Row, price_usd, sample, write_csv, write_jsonl, write_prices

from aggcost import backtest, rules, scanning
from aggcost.baseline import Options
from aggcost.importers import ReadOptions
from aggcost.money import settle
from aggcost.output import View, render
from aggcost.policy import load_policy

SEEDS = (1, 2, 3)

IDENTITY = "policy: 1\nname: same\nrules: []\notherwise: as_logged\n"
MOVES = """\
policy: 1
name: moves
rules:
  - {name: short, when: "task == 'intent' and input_tokens < 3000", route: acme/small}
  - {name: long, when: "input_tokens >= 4000 or cache_read_tokens > 2500", route: acme/small, fallback: [other/tiny]}
  - name: some
    when: task in ['entity', 'sentiment'] and not user == 'u3'
    split: {other/tiny: 12.5, as_logged: 87.5}
  - {name: night, when: "hour < 6 and provider == 'acme'", route: other/tiny}
otherwise: as_logged
discounts: [{where: "provider == 'other' and rule == 'some'", percent: 40}]
fees: {percent: 5.5, on: moved}
"""


def options(tmp_path: Path, *logs: Path, **more: object) -> Options:
    return Options(logs=tuple(map(str, logs)), prices=(write_prices(tmp_path),), **more)


def policy_of(tmp_path: Path, text: str):
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    return load_policy(path)


def cost_by_hand(rows: list[Row]) -> Decimal:
    costs = [price_usd(row, row["provider"], row["model"]) for row in rows if row["status"] == "ok"]
    return settle(sum((cost for cost in costs if cost is not None), Fraction(0)))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_total_is_the_fraction_oracle_s(tmp_path, seed):
    rows = sample(seed, unpriced=True)
    report = backtest.analyze(options(tmp_path, write_csv(rows, tmp_path / "log.csv")))
    assert report.arms[0].cost == cost_by_hand(rows)
    assert report.arms[0].per_successful_request is None  # some requests have no price
    unheard = sum(row["model"] == "unheard" and row["status"] == "ok" for row in rows)
    assert report.coverage.unpriced == unheard > 0
    assert report.coverage.not_billed == sum(row["status"] == "error" for row in rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_identity_saves_exactly_nothing(tmp_path, seed):
    log = write_csv(sample(seed), tmp_path / "log.csv")
    report = backtest.simulate(options(tmp_path, log), [policy_of(tmp_path, IDENTITY)])
    compared = report.comparisons[0]
    assert compared.savings == 0
    assert report.arms[0].cost == report.arms[1].cost
    assert [row.savings for row in compared.components] == [0] * len(compared.components)
    assert report.arms[0].latency_ms == report.arms[1].latency_ms
    assert report.arms[0].failed == report.arms[1].failed


def where_by_hand(policy, row: Row) -> list[tuple[Fraction, tuple[str, str] | None, str]]:
    """The routes of one request, decided one row at a time: (weight, route or as logged, rule)."""
    view = {**row, "hour": int(row["timestamp"][11:13])}
    for rule in policy.rules:
        if rules.matches(rule.when, view):
            return {
                "short": [(Fraction(1), fits(row, ("acme", "small")), "short")],
                "long": [(Fraction(1), fits(row, ("acme", "small")) or ("other", "tiny"), "long")],
                "some": [(Fraction(1, 8), ("other", "tiny"), "some"), (Fraction(7, 8), None, "some")],
                "night": [(Fraction(1), ("other", "tiny"), "night")],
            }[rule.name]
    return [(Fraction(1), None, "otherwise")]


def fits(row: Row, route: tuple[str, str]) -> tuple[str, str] | None:
    return route if row["input_tokens"] <= 3000 else None


@pytest.mark.parametrize("seed", SEEDS)
def test_replay_agrees_with_a_row_by_row_oracle(tmp_path, seed):
    rows = sample(seed, 300)
    policy = policy_of(tmp_path, MOVES)
    report = backtest.simulate(options(tmp_path, write_csv(rows, tmp_path / "log.csv")), [policy])
    cost = Fraction(0)
    moved = Fraction(0)
    for row in (row for row in rows if row["status"] == "ok"):
        for weight, route, rule in where_by_hand(policy, row):
            one = price_usd(row, *(route or (row["provider"], row["model"])))
            if route is not None:
                moved += weight
                one = one * Fraction("1.055")
            if rule == "some" and (route or (row["provider"],))[0] == "other":
                one = one * Fraction("0.6")
            cost += weight * one
    assert report.arms[1].cost == settle(cost)
    assert Fraction(report.comparisons[0].moved_requests) == moved


def test_splitting_shuffling_and_converting_change_nothing(tmp_path):
    rows = sample(7, 400, unpriced=True)
    random.Random(0).shuffle(rows)
    parts = [write_csv(rows[part::7], tmp_path / f"part{part}.csv{'.gz' if part % 2 else ''}") for part in range(7)]
    whole = sample(7, 400, unpriced=True)
    reports = [
        backtest.analyze(options(tmp_path, write_csv(whole, tmp_path / "log.csv"), by=("user",))),
        backtest.analyze(options(tmp_path, *parts, by=("user",))),
        backtest.analyze(options(tmp_path, write_jsonl(rows, tmp_path / "log.jsonl"), by=("user",))),
    ]
    texts = {render(replace(report, inputs=(), next_commands=()), "json", View()) for report in reports}
    assert len(texts) == 1


def test_doubled_rates_double_the_cost(tmp_path):
    log = write_csv(sample(5), tmp_path / "log.csv")
    once = backtest.analyze(options(tmp_path, log)).arms[0]
    text = PRICES
    for price in (
        "5.00",
        "0.50",
        "15.00",
        "2.50",
        "1.25",
        "10.00",
        "20.00",
        "0.15",
        "0.60",
        "0.0375",
        "0.333333",
        "0.25",
    ):
        text = text.replace(f'"{price}"', f'"@{Decimal(price) * 2}"')
    doubled = tmp_path / "doubled.yaml"
    doubled.write_text(text.replace("@", ""))
    twice = backtest.analyze(replace(options(tmp_path, log), prices=(doubled,))).arms[0]
    assert twice.cost == 2 * once.cost
    assert once.cost > 0


@pytest.mark.parametrize("threads", [1, 8])
def test_threads_do_not_change_a_byte(tmp_path, threads):
    log = write_csv(sample(9, 500, unpriced=True), tmp_path / "log.csv")
    policy = policy_of(tmp_path, MOVES)
    text = render(backtest.simulate(options(tmp_path, log, threads=threads), [policy]), "json", View())
    assert text == render(backtest.simulate(options(tmp_path, log, threads=2), [policy]), "json", View())


def test_a_policy_is_judged_the_same_beside_another(tmp_path):
    log = write_csv(sample(11, 300), tmp_path / "log.csv")
    moves, same = policy_of(tmp_path, MOVES), policy_of(tmp_path, IDENTITY)
    alone = backtest.simulate(options(tmp_path, log), [moves])
    beside = backtest.simulate(options(tmp_path, log), [same, moves])
    assert alone.arms[1] == beside.arms[2]


def test_repeats_are_kept_and_dedupe_makes_them_a_line(tmp_path):
    rows = sample(13, 100)
    log = write_csv([*rows, *rows[:10]], tmp_path / "log.csv")
    kept = backtest.analyze(options(tmp_path, log))
    dropped = backtest.analyze(options(tmp_path, log, read=ReadOptions(dedupe="id")))
    assert kept.arms[0].cost == cost_by_hand([*rows, *rows[:10]])
    assert "repeated_request_id" in {issue.code for issue in kept.issues}
    assert dropped.arms[0].cost == cost_by_hand(rows)
    assert dropped.coverage.duplicate == 10


def test_an_unknown_service_says_why(tmp_path):
    away = "policy: 1\nname: away\nrules: [{name: out, when: task == 'intent', route: other/tiny}]\n"
    rows = [row | {"provider": "acme", "model": "small"} for row in sample(5, 2000)]
    log = write_csv(rows, tmp_path / "log.csv")
    report = backtest.simulate(options(tmp_path, log), [policy_of(tmp_path, away)])
    assert report.comparisons[0].service_notes == (
        "the log has no requests of other/tiny; assert its service levels under `routes:` in the policy",
    )
    lines = render(report, "table", View(width=80)).splitlines()
    assert any(line.startswith(" n/a       the log has no requests of other/tiny;") for line in lines)
    assert max(map(len, lines)) <= 80
    asserted = away + "routes: {other/tiny: {latency_ms: {p50: 9}, availability: 99}}\n"
    report = backtest.simulate(options(tmp_path, log), [policy_of(tmp_path, asserted)])
    assert report.comparisons[0].service_notes == ()


def test_an_unknown_percentile_says_how_many_requests_it_needs(tmp_path):
    log = write_csv(sample(5, 50), tmp_path / "log.csv")
    report = backtest.simulate(options(tmp_path, log), [policy_of(tmp_path, IDENTITY)])
    assert report.comparisons[0].service_notes == ("p95 needs 100 requests with a latency, p99 1,000",)


def test_the_detail_says_once_how_files_of_one_kind_were_read(tmp_path):
    logs = [write_csv(sample(seed, 30), tmp_path / f"{seed}.csv") for seed in SEEDS]
    report = backtest.simulate(options(tmp_path, *logs), [policy_of(tmp_path, IDENTITY)])
    assert {one.read_as.partition(";")[0] for one in report.inputs} == {"generic (names of fields)"}
    for name in ("table", "markdown", "html"):
        text = render(report, name, View(width=200, detail=True))
        assert text.count("3 files: generic (names of fields); delimiter ,, every column text; input") == 1, text


def test_a_value_of_the_log_is_never_taken_for_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(scanning, "MAX_GROUPS", 2)
    users = ["\x00other"] * 30 + ["\x00\x00other"] * 20 + ["u1"] * 5 + ["u2"] * 5
    rows = [row | {"user": user} for row, user in zip(sample(3, 60, unpriced=True), users, strict=True)]
    report = backtest.analyze(options(tmp_path, write_jsonl(rows, tmp_path / "log.jsonl"), by=("user",)))
    found = {group.key: group.requests for group in report.arms[0].by["user"]}
    assert set(found) == {"\x00other", "\x00\x00other", "other values"}
    assert sum(found.values()) == report.arms[0].requests
