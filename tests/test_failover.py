"""Failover by hand: outages of a log, incidents of a file, requests that are rescued, and what still fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.config import Project
from aggcost.errors import ConfigError, UsageError
from aggcost.incidents import covered, read_incidents
from aggcost.policy import Route, load_policy

PRICES = """\
aggcost_prices: 1
currency: USD
source: {name: by hand}
providers:
  acme: {models: {one: {rates: [{prices: {input: "2.00", output: "10.00"}}]}}}
  beta: {models: {two: {rates: [{prices: {input: "1.00", output: "4.00"}}]}}}
  gamma: {models: {three: {rates: [{prices: {input: "3.00", output: "3.00"}}]}}}
"""
FAILOVER = "failover: {timeout_ms: 400, retries: 1, backoff_ms: 200}\n"
START = datetime(2026, 2, 2, 9, tzinfo=UTC)
HEADER = "timestamp,provider,model,task,input_tokens,output_tokens,latency_ms,status,billable"


def row(minute, status="200", *, second=0, provider="acme", model="one", tokens=1000):
    time = (START + timedelta(minutes=minute, seconds=second)).isoformat()
    ok = status == "200"
    counted = f"{tokens},100,500" if ok else "0,0,"
    return f"{time},{provider},{model},chat,{counted},{status},{str(ok).lower()}"


# Two calm minutes, three of an outage (four failures each, one served), one with a rate limit, two calm ones.
LOG = [
    *(row(minute, second=n) for minute in (0, 1, 6, 7) for n in range(5)),
    *(row(minute, "503", second=n) for minute in (2, 3, 4) for n in range(4)),
    *(row(minute, second=30) for minute in (2, 3, 4)),
    *(row(5, "429", second=n) for n in range(3)),
    row(5, "400", second=40),
]


@pytest.fixture
def simulate(tmp_path):
    """Replay rows under a policy's text; `incidents` is the text of a file of them."""
    (tmp_path / "prices.yaml").write_text(PRICES)

    def run(rows, text, incidents=None, **changes):
        (tmp_path / "log.csv").write_text("\n".join([HEADER, *rows, ""]))
        (tmp_path / "policy.yaml").write_text(f"policy: 1\nname: p\n{text}")
        asked = Options(logs=(str(tmp_path / "log.csv"),), project=Project.empty(), prices=(tmp_path / "prices.yaml",))
        if incidents is not None:
            (tmp_path / "incidents.yaml").write_text(f"incidents:\n{incidents}")
            asked = replace(asked, incidents=(tmp_path / "incidents.yaml",))
        return backtest.simulate(replace(asked, **changes), [load_policy(tmp_path / "policy.yaml")])

    return run


def services(report):
    return {one.name: (one.before, one.after) for one in report.comparisons[0].service}


def test_requests_that_failed_are_rescued_by_the_fallback_and_billed(simulate):
    report = simulate(
        LOG,
        f"{FAILOVER}rules:\n- {{when: true, route: as_logged, fallback: [beta/two]}}\n",
        "- {provider: gamma, from: '2026-01-01T00:00Z', minutes: 1}\n",
    )
    (compared,) = report.comparisons
    found = compared.failover
    # 12 of the outage and 3 of the rate limit; the request that was refused for its content stays failed
    assert (found.rescued, found.lost, found.failed_together) == (15, 1, 1)
    # each like the mean served request: 1,000 in and 100 out at beta's prices
    assert found.rescued_cost == 15 * (1000 * Decimal(1) + 100 * Decimal(4)) / 1_000_000
    assert services(report)["failed requests"] == (16, 1)
    assert (found.minutes, found.minutes_down_before, found.minutes_down_after) == (8, 3, 0)
    assert services(report)["uptime, by minutes"] == (Decimal("62.5"), 100)
    assert found.wait_ms == 2 * 400 + 200
    before, after = report.arms
    assert after.cost - before.cost == found.rescued_cost
    assert (after.requests, after.failed) == (before.requests, 1)
    assert [one.who for one in found.incidents] == ["acme"]


def test_a_route_of_the_same_provider_fails_with_it(simulate):
    text = f"{FAILOVER}rules:\n- {{when: true, route: as_logged, fallback: [acme/one]}}\n"
    found = simulate(LOG, text).comparisons[0].failover
    assert (found.rescued, found.lost, found.minutes_down_after) == (0, 16, 3)


def test_requests_that_move_to_a_route_that_is_down_go_on_and_without_one_are_lost(simulate):
    rows = [row(minute, second=n) for minute in range(8) for n in range(5)]
    down = "- {provider: beta, model: two, from: '2026-02-02T09:02Z', until: '2026-02-02T09:04:30Z'}\n"
    text = f"{FAILOVER}rules:\n- {{when: true, route: beta/two, fallback: [gamma/three]}}\n"
    report = simulate(rows, text, f"{down}- {{provider: gamma, from: '2026-02-02T09:04Z', minutes: 9}}\n")
    (compared,) = report.comparisons
    found = compared.failover
    assert (found.rescued, found.diverted, found.lost) == (0, 10, 5)
    assert (found.minutes_down_before, found.minutes_down_after) == (0, 1)
    # 25 on beta, 10 on gamma, 5 served by nobody
    beta, gamma = Fraction(1000 + 400, 1_000_000), Fraction(1100 * 3, 1_000_000)
    assert Fraction(report.arms[1].cost) == 25 * beta + 10 * gamma
    assert services(report)["failed requests"] == (0, 5)
    assert [(one.to, one.requests) for one in compared.decisions] == [
        ("beta/two", 25), ("gamma/three", 10), ("nobody/no live route", 5),
    ]  # fmt: skip


def test_a_gateway_takes_every_route_with_it_and_leaves_what_stays_as_logged(simulate):
    rows = [row(0, second=n) for n in range(4)]
    text = f"{FAILOVER}gateway: hub\nrules:\n- {{when: true, route: beta/two, fallback: [gamma/three, as_logged]}}\n"
    report = simulate(rows, text, "- {gateway: hub, from: '2026-02-02T09:00Z', minutes: 5}\n")
    assert report.comparisons[0].failover.lost == 0
    assert report.arms[1].cost == report.arms[0].cost
    other = simulate(rows, text, "- {gateway: another, from: '2026-02-02T09:00Z', minutes: 5}\n")
    assert Fraction(other.arms[1].cost) == 4 * Fraction(1400, 1_000_000)


def test_failed_attempts_that_are_billed_are_a_line_of_their_own(simulate):
    rows = [row(0, second=n) for n in range(4)]
    text = (
        "failover: {timeout_ms: 400, retries: 1, billed_percent: 50}\n"
        "rules:\n- {when: true, route: beta/two, fallback: [gamma/three]}\n"
    )
    report = simulate(rows, text, "- {provider: beta, from: '2026-02-02T09:00Z', minutes: 5}\n")
    # four requests, two attempts each, half of them billed
    vain, served = 4 * 2 * Fraction(1, 2) * Fraction(1400, 1_000_000), 4 * Fraction(3300, 1_000_000)
    assert Fraction(report.arms[1].cost) == vain + served
    assert report.arms[1].requests == 4


AVAILABLE = """routes:
  beta/two: {availability: "99"}
  gamma/three: {availability: "98"}
"""


def test_beyond_the_incidents_failures_lie_between_two_bounds(simulate):
    rows = [row(minute, second=n) for minute in range(10) for n in range(10)]
    text = f"{FAILOVER}rules:\n- {{when: true, route: beta/two, fallback: [gamma/three]}}\n{AVAILABLE}"
    found = simulate(rows, text).comparisons[0].failover
    # together: the better route fails 1 % of 100; apart: both tries of both routes fail
    assert found.failed_together == 1
    assert Fraction(found.failed_apart) == 100 * Fraction(1, 100) ** 2 * Fraction(2, 100) ** 2
    assert found.label == "assumed"


def test_a_route_of_which_nothing_is_known_leaves_the_failures_unknown(simulate):
    rows = [row(0)]
    report = simulate(rows, f"{FAILOVER}rules:\n- {{when: true, route: beta/two}}\n")
    assert report.comparisons[0].failover.failed_together is None
    assert services(report)["failed requests"] == (0, None)


def test_what_a_rescued_request_costs_that_is_like_none_is_told_to_be_unknown(simulate):
    rows = [*(row(0, "503", second=n) for n in range(3)), row(1, provider="beta", model="two")]
    text = f"{FAILOVER}rules:\n- {{when: true, route: as_logged, fallback: [beta/two]}}\n"
    report = simulate(rows, text)
    assert report.comparisons[0].failover.rescued == 3
    assert ("3 rescued requests", "cost unknown, not counted") in {(one.name, one.value) for one in report.assumptions}


def test_one_failure_in_a_minute_is_no_outage(simulate):
    rows = [*(row(0, "503", second=n) for n in range(2)), row(1)]
    text = f"{FAILOVER}rules:\n- {{when: true, route: as_logged, fallback: [beta/two]}}\n"
    found = simulate(rows, text, "- {provider: x, from: '2026-02-02T09:00Z', minutes: 1}\n").comparisons[0].failover
    assert found.minutes_down_before == 0
    assert found.rescued == 2


def test_the_waiting_of_rescued_and_diverted_requests_is_in_the_latency(simulate):
    rows = [row(minute, second=n) for minute in range(2) for n in range(30)]
    text = (
        f"{FAILOVER}rules:\n- {{when: true, route: beta/two, fallback: [gamma/three]}}\n"
        "routes: {beta/two: {latency_ms: {p50: 300}}, gamma/three: {latency_ms: {p50: 300}}}\n"
    )
    report = simulate(rows, text, "- {provider: beta, from: '2026-02-02T09:00Z', minutes: 2}\n")
    assert services(report)["p50 latency"][1] == 1300


def test_requests_that_come_back_to_where_they_were_logged_have_waited_too(simulate):
    rows = [row(minute, second=n) for minute in range(2) for n in range(30)]
    text = f"{FAILOVER}rules:\n- {{when: true, route: beta/two, fallback: [as_logged]}}\n"
    report = simulate(rows, text, "- {provider: beta, from: '2026-02-02T09:00Z', minutes: 2}\n")
    assert services(report)["p50 latency"] == (500, 1500)
    assert report.comparisons[0].failover.diverted == 60


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gateway: hub\n", "state `failover`, too"),
        ("failover: {retries: 1}\n", "timeout_ms"),
        ("failover: {timeout_ms: 5, on: [4xx]}\n", "429"),
    ],
)
def test_what_a_policy_states_wrongly_is_told(simulate, text, message):
    with pytest.raises(ConfigError, match=message):
        simulate([row(0)], text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {provider: a, gateway: b, from: '2026-02-02T09:00Z', minutes: 1}\n", "of a `provider`"),
        ("- {provider: a, from: yesterday, minutes: 1}\n", "not a date and time"),
        ("- {provider: a, from: '2026-02-02T09:00Z'}\n", "ends at `until`"),
        ("- {provider: a, from: '2026-02-02T09:00Z', until: '2026-02-02T08:00Z'}\n", "after it begins"),
    ],
)
def test_what_an_incident_file_states_wrongly_is_told(tmp_path, text, message):
    (tmp_path / "incidents.yaml").write_text(f"incidents:\n{text}")
    with pytest.raises(ConfigError, match=message):
        read_incidents(tmp_path / "incidents.yaml")


def test_incidents_need_a_policy_that_says_what_to_do(simulate):
    with pytest.raises(UsageError, match="failover"):
        simulate([row(0)], "otherwise: as_logged\n", "- {provider: a, from: '2026-02-02T09:00Z', minutes: 1}\n")


def test_overlapping_incidents_are_cut_where_they_begin_and_end(tmp_path):
    (tmp_path / "incidents.yaml").write_text(
        "incidents:\n- {provider: a, from: '1970-01-01T00:10Z', minutes: 10}\n"
        "- {provider: b, from: '1970-01-01T00:15:30Z', until: '1970-01-01T00:24:01Z'}\n"
    )
    found = read_incidents(tmp_path / "incidents.yaml")
    assert covered(found) == (
        (10, 15, frozenset({0})), (15, 20, frozenset({0, 1})), (20, 25, frozenset({1})),
    )  # fmt: skip
    assert found[0].hits(Route("a", "m"), None)
    assert not found[1].hits(Route("a", "m"), None)
