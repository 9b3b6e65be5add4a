"""Limits and caches in `simulate`, by hand: what spills, what is answered again, what a switch does to cached prompts."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.config import Budget, Project
from aggcost.errors import ConfigError
from aggcost.importers import ReadOptions
from aggcost.output import headline
from aggcost.policy import load_policy
from aggcost.rules_parser import parse

DATA = os.environ.get("AGGCOST_REAL_DATA")
PRICES = """\
aggcost_prices: 1
currency: USD
source: {name: by hand}
providers:
  acme: {models: {one: {rates: [{prices: {input: "2.00", cache_read: "0.20", output: "10.00"}}]}}}
  beta:
    models:
      two: {rates: [{prices: {input: "1.00", cache_read: "0.10", cache_write_5m: "1.25", output: "4.00"}}]}
  gamma: {models: {three: {rates: [{prices: {input: "3.00", cache_read: "3.00", output: "3.00"}}]}}}
"""
START = datetime(2026, 2, 2, 9, tzinfo=UTC)
MOVE = "rules:\n- {name: all, when: true, route: beta/two, fallback: [gamma/three]}\n"
BETA, GAMMA = Fraction(1000 + 4 * 100, 10**6), Fraction(3 * 1100, 10**6)


def row(second, **fields):
    given = {"input_tokens": 1000, "output_tokens": 100, "cache_read_tokens": 0, "latency_ms": 500, "task": "chat"}
    time = (START + timedelta(seconds=second)).isoformat()
    return {"timestamp": time, "provider": "acme", "model": "one", **given, **fields}


@pytest.fixture
def simulate(tmp_path):
    """Replay rows under the text of a policy."""
    (tmp_path / "prices.yaml").write_text(PRICES)

    def run(rows, text, **changes):
        names = list(dict.fromkeys(name for one in rows for name in one))
        lines = [",".join(str(one.get(name, "")) for name in names) for one in rows]
        (tmp_path / "log.csv").write_text("\n".join([",".join(names), *lines, ""]))
        (tmp_path / "policy.yaml").write_text(f"policy: 1\nname: p\n{text}")
        asked = Options(logs=(str(tmp_path / "log.csv"),), project=Project.empty(), prices=(tmp_path / "prices.yaml",))
        return backtest.simulate(replace(asked, **changes), [load_policy(tmp_path / "policy.yaml")])

    return run


def in_order(report):
    return report.comparisons[0].in_order


def routes(report):
    return {one.to: one.requests for one in report.comparisons[0].decisions}


def test_what_a_route_cannot_take_spills_to_the_next_of_its_chain(simulate):
    rows = [row(second) for second in (0, 10, 20, 30, 59, 70)]
    report = simulate(rows, f"{MOVE}limits: {{beta/two: {{requests_per_minute: 3}}}}\n")
    # seconds 30 and 59 find three admissions in the minute before; at 70 the first two have left
    assert routes(report) == {"beta/two": 4, "gamma/three": 2}
    assert Fraction(report.arms[1].cost) == 4 * BETA + 2 * GAMMA
    (limit,) = in_order(report).limits
    assert (limit.offered, limit.spilled, limit.spilled_percent) == (6, 2, Decimal("33.333333"))
    assert [(one.to, one.requests) for one in limit.went_to] == [("gamma/three", 2)]
    assert [(one.window, one.requests) for one in limit.peaks] == [("sliding", 5), ("minute", 5)]
    assert limit.peaks[0].first_broken == "2026-02-02T09:00:30+00:00"


def test_a_log_too_short_for_a_month_is_told_by_its_period(simulate):
    report = simulate([row(0), row(1)], MOVE)
    # 2 x ($0.003 - $0.0014)
    assert headline.of_policy(report.comparisons[0]).text == (
        "policy p: the requests of this period cost $0.0032 less (-53 %). Without a complete day no month can be told."
    )
    same = simulate([row(0)], "otherwise: as_logged\n")
    assert "cost what they did" in headline.of_policy(same.comparisons[0]).text


def test_without_a_further_route_requests_are_lost_and_counted_as_failed(simulate):
    text = "rules:\n- {name: all, when: true, route: as_logged}\nlimits: {as_logged: {requests_per_minute: 2}}\n"
    report = simulate([row(second) for second in range(5)], text)
    assert routes(report) == {None: 2, "nobody/no live route": 3}
    assert in_order(report).rejected == 3
    assert "nobody serves 3 requests: what they cost in the log counts as saved" in report.comparisons[0].warnings
    assert report.arms[1].failed == 3
    assert Fraction(report.arms[1].cost) == 2 * Fraction(2000 + 1000, 10**6)


def test_a_split_sends_each_request_one_way_where_routes_have_limits(simulate):
    split = "rules:\n- {name: s, when: true, split: {beta/two: 25, as_logged: 75}}\n"
    report = simulate(
        [row(second) for second in range(100)], f"{split}limits: {{beta/two: {{requests_per_minute: 100}}}}\n"
    )
    assert routes(report) == {"beta/two": 26, None: 74}  # without ids by the place in the log
    (told,) = [one for one in report.assumptions if one.name.startswith("requests of splits")]
    assert told.value == "100: each sent one way, having no id"
    report = simulate(
        [row(second) for second in range(100)], f"{split}limits: {{beta/two: {{requests_per_minute: 6}}}}\n"
    )
    assert routes(report) == {"beta/two": 12, None: 74, "nobody/no live route": 14}


def test_budgets_of_the_project_hold_for_what_a_limit_lets_through(simulate):
    text = "rules:\n- {name: all, when: true, route: as_logged}\nlimits: {as_logged: {requests_per_minute: 2}}\n"
    budget = Budget(name="b", limit_usd=Decimal(1), per="day", on="actual", where=parse("provider == 'acme'", where=""))
    project = replace(Project.empty(), budgets=(budget,))
    report = simulate([row(second) for second in range(5)], text, project=project)
    assert Fraction(report.budgets[0].value) == 2 * Fraction(3000, 10**6)


def test_time_in_a_queue_is_part_of_the_latency(simulate):
    rows = [row(second) for second in range(3)]
    text = (
        f"{MOVE}limits: {{beta/two: {{requests_per_minute: 1, when_full: queue, max_wait_s: 200}}}}\n"
        "routes: {beta/two: {latency_ms: {p50: 300}}}\n"
    )
    report = simulate(rows, text)
    (limit,) = in_order(report).limits
    assert (limit.waited, limit.longest_wait_s, limit.spilled) == (2, 118, 0)
    assert {one.name: one.after for one in report.comparisons[0].service}["p50 latency"] == 300 + 59_000


def test_a_budget_that_is_spent_switches_the_policy_from_that_moment(simulate):
    rows = [row(3600 * hour) for hour in range(4)]
    budget = 2 * BETA
    text = f'{MOVE}limits: {{beta/two: {{budget: {{usd: "{float(budget)}", per: day}}}}}}\n'
    report = simulate(rows, text)
    assert routes(report) == {"beta/two": 2, "gamma/three": 2}
    assert in_order(report).limits[0].exhausted == ("2026-02-02T11:00:00+00:00",)


def test_a_request_of_any_size_is_held_against_a_budget(simulate):
    rows = [row(0, input_tokens=10**12, output_tokens=0), row(10)]
    text = f'{MOVE}limits: {{beta/two: {{budget: {{usd: "999999", per: day}}}}}}\n'
    # 10^12 tokens at $1 a million are a million dollars: one too many
    assert routes(simulate(rows, text)) == {"gamma/three": 1, "beta/two": 1}


def test_what_limits_lose_stores_no_answer_however_long_it_takes_to_settle(simulate):
    rows = [row(second // 2, prompt=f"p{second % 7}") for second in range(300)]
    text = f"{MOVE}response_cache: {{ttl: 10s}}\nlimits: {{beta/two: {{requests_per_minute: 10, when_full: reject}}}}\n"
    report = simulate(rows, text)
    kept, admitted, hits, lost = {}, [], 0, 0
    for second in range(300):
        at, key = second // 2, second % 7
        if key in kept and at - kept[key] <= 10:
            hits += 1
        elif sum(at - 60 < one for one in admitted) < 10:
            admitted.append(at)
            kept[key] = at
        else:
            lost += 1
    assert (in_order(report).response_cache.hits, in_order(report).rejected) == (hits, lost)


def test_at_three_times_the_traffic_a_limit_breaks(simulate):
    rows = [row(second) for second in (0, 10)]
    text = f"{MOVE}limits: {{beta/two: {{requests_per_minute: 5}}}}\n"
    assert in_order(simulate(rows, text)).limits[0].spilled == 0
    scaled = in_order(simulate(rows, text, scale=3))
    assert (scaled.scale, scaled.limits[0].spilled, scaled.limits[0].peaks[0].requests) == (3, 1, 6)


def test_an_answer_is_given_again_while_it_is_fresh(simulate):
    rows = [row(0, prompt="a"), row(10, prompt="a"), row(20, prompt="b"), row(70, prompt="a"), row(75)]
    report = simulate(rows, f"{MOVE}response_cache: {{ttl: 60s, latency_ms: 5}}\n")
    cache = in_order(report).response_cache
    # at 70 the answer of second 0 is too old; a prompt that is not known is never answered
    assert (cache.requests, cache.hits, cache.without_prompt, cache.false_hits) == (5, 1, 1, 0)
    assert Fraction(cache.saved) == BETA
    assert routes(report) == {"beta/two": 4, "nobody/response cache": 1}
    assert Fraction(report.arms[1].cost) == 4 * BETA
    assert report.arms[1].requests == 5


def test_a_response_cache_costs_what_it_costs_a_month(simulate):
    report = simulate([row(0, prompt="a"), row(10, prompt="a")], f'{MOVE}response_cache: {{ttl: 60s, monthly: "20"}}\n')
    (line,) = report.comparisons[0].outside
    assert (line.name, line.before, line.after, line.label) == ("response cache", 0, 20, "assumed")


def test_what_an_answer_saves_is_what_the_policy_would_have_paid(simulate):
    text = (
        f"{MOVE}response_cache: {{ttl: 1h}}\nmax_tokens: [{{where: true, tokens: 50}}]\n"
        "assume: [{to: beta/two, token_ratio: 2}]\n"
    )
    report = simulate([row(0, prompt="a"), row(1, prompt="a")], text)
    # 1,000 tokens of the prompt and 50 of the answer, twice as many at beta
    assert Fraction(in_order(report).response_cache.saved) == 2 * Fraction(1000 + 4 * 50, 10**6)


def test_a_key_that_is_less_than_the_prompt_saves_what_is_no_saving(simulate):
    rows = [row(0, prompt="a", user="u"), row(1, prompt="b", user="u"), row(2, prompt="a", user="u")]
    cache = in_order(simulate(rows, f"{MOVE}response_cache: {{ttl: 1h, key: [user]}}\n")).response_cache
    assert (cache.hits, cache.false_hits) == (2, 1)
    assert (Fraction(cache.saved), Fraction(cache.false_saving)) == (2 * BETA, BETA)


def test_answers_do_not_load_a_limit(simulate):
    rows = [row(second, prompt="a") for second in range(4)]
    text = f"{MOVE}response_cache: {{ttl: 1h}}\nlimits: {{beta/two: {{requests_per_minute: 1}}}}\n"
    report = simulate(rows, text)
    assert routes(report) == {"beta/two": 1, "nobody/response cache": 3}
    assert in_order(report).limits[0].spilled == 0


def test_limits_caches_incidents_and_waiting_requests_together(simulate, tmp_path):
    (tmp_path / "incidents.yaml").write_text(
        "incidents:\n- {provider: beta, from: '2026-02-02T09:00Z', until: '2026-02-02T09:01Z'}\n"
    )
    rows = [row(second, prompt=f"p{second % 4}") for second in (0, 1, 60, 61, 62, 63)]
    rows += [row(70, prompt="q", task="night"), row(71, status=503, input_tokens=0, output_tokens=0, prompt="p0")]
    text = (
        f"{MOVE}response_cache: {{ttl: 30s, where: task == 'chat'}}\n"
        "limits: {beta/two: {requests_per_minute: 2}}\n"
        "failover: {timeout_ms: 100}\nincidents: [incidents.yaml]\n"
        "routes: {beta/two: {availability: 100}, gamma/three: {availability: 100}}\n"
    )
    report = simulate(rows, text)
    # in the first minute beta is down; then it takes two requests, and the others go on
    assert routes(report) == {"beta/two": 2, "gamma/three": 5}
    assert report.comparisons[0].failover.rescued == 1
    assert report.arms[1].failed == 0


CACHED = [row(0, cache_read_tokens=0, session_id="s", input_tokens=2000),
          row(60, cache_read_tokens=1900, session_id="s", input_tokens=3000),
          row(900, cache_read_tokens=2900, session_id="s", input_tokens=4000)]  # fmt: skip


def test_prompt_caches_as_logged_cold_and_replayed_differ_in_dollars(simulate):
    per = 10**6
    answers = 3 * Fraction(400, per)
    as_logged = Fraction(2000 + 1100 + 1100, per) + Fraction(1900 + 2900, per) / 10 + answers
    cold = Fraction(9000, per) + answers
    # every prompt is written; the second reads the first, the third comes too late
    replayed = Fraction(2000, per) / 10 + Fraction(2000 + 1000 + 4000, per) * Fraction("1.25") + answers
    for mode, cost in (("as_logged", as_logged), ("cold", cold), ("simulated", replayed)):
        report = simulate(CACHED, f"{MOVE}prompt_cache: {{mode: {mode}, ttl: 5m}}\n")
        assert Fraction(report.arms[1].cost) == cost, mode
        prompts = in_order(report).prompt_cache
        assert (prompts.mode, Fraction(prompts.as_logged), Fraction(prompts.cold)) == (mode, as_logged, cold)
    assert Fraction(prompts.simulated) == replayed


def test_what_is_written_at_no_premium_costs_what_a_prompt_costs(simulate):
    text = MOVE.replace("beta/two, fallback: [gamma/three]", "gamma/three") + "prompt_cache: {mode: simulated}\n"
    assert Fraction(simulate(CACHED, text).arms[1].cost) == Fraction(9000 * 3 + 300 * 3, 10**6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("limits: {delta/four: {requests_per_minute: 3}}\n", "no rule sends anything"),
        (f"{MOVE}limits: {{beta/two: {{window: minute}}}}\n", "a limit states one of"),
        (f"{MOVE}response_cache: {{ttl: soon}}\n", "expected a duration"),
        (f"{MOVE}response_cache: {{ttl: 1h, key: []}}\n", "key"),
        (f"{MOVE}prompt_cache: {{mode: warm}}\n", "as_logged"),
    ],
)
def test_what_a_policy_states_wrongly_is_told(simulate, text, message):
    with pytest.raises(ConfigError, match=message):
        simulate([row(0)], text)


@pytest.mark.skipif(DATA is None, reason="AGGCOST_REAL_DATA is not set")
@pytest.mark.parametrize(
    ("limit", "window", "most", "breaks"),
    [(700, "minute", 632, False), (700, "sliding", 723, True), (600, "minute", 632, True), (600, "sliding", 723, True)],
)
def test_a_real_hour_holds_a_limit_by_one_way_to_count_and_breaks_it_by_the_other(
    tmp_path, limit, window, most, breaks
):
    (tmp_path / "policy.yaml").write_text(
        "policy: 1\nname: limited\notherwise: openai/gpt-4o\n"
        f"limits: {{openai/gpt-4o: {{requests_per_minute: {limit}, window: {window}}}}}\n"
    )
    log = Path(str(DATA)) / "traces" / "azure2023" / "AzureLLMInferenceTrace_code.csv"
    read = ReadOptions(
        mapping={"timestamp": "TIMESTAMP", "input_tokens": "ContextTokens", "output_tokens": "GeneratedTokens"},
        assume={"model": "gpt-4o", "provider": "openai"}, timezone="UTC",
    )  # fmt: skip
    report = backtest.simulate(Options(logs=(str(log),), read=read), [load_policy(tmp_path / "policy.yaml")])
    (found,) = in_order(report).limits
    peak = next(one for one in found.peaks if one.window == window)
    assert (found.offered, peak.requests, peak.first_broken is not None) == (8_819, most, breaks)


@pytest.mark.skipif(DATA is None, reason="AGGCOST_REAL_DATA is not set")
def test_blocks_of_real_prompts_are_replayed_at_the_new_route(tmp_path):
    (tmp_path / "policy.yaml").write_text(
        "policy: 1\nname: move\notherwise: openai/gpt-4o\nprompt_cache: {mode: simulated, ttl: 5m, minimum_tokens: 0}\n"
    )
    log = Path(str(DATA)) / "traces" / "mooncake" / "conversation_trace.jsonl"
    read = ReadOptions(
        mapping={"timestamp": "timestamp:ms", "input_tokens": "input_length", "output_tokens": "output_length",
                 "prefix_blocks": "hash_ids"},
        assume={"model": "gpt-4o", "provider": "openai", "block_tokens": "512"}, timezone="UTC",
    )  # fmt: skip
    report = backtest.simulate(Options(logs=(str(log),), read=read), [load_policy(tmp_path / "policy.yaml")])
    prompts = in_order(report).prompt_cache
    # 144,793,823 prompt tokens, of which 42,480,677 are read at half the price
    assert prompts.cold == Decimal("403.2050375")
    assert Fraction(prompts.simulated) == Fraction(prompts.cold) - 42_480_677 * Fraction(125, 10**8)
