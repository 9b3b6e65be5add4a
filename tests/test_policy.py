from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from aggcost import shipped
from aggcost.errors import ConfigError, RuleError
from aggcost.policy import (
    Cheapest,
    Fees,
    Migration,
    Overhead,
    Policy,
    Route,
    ServiceLevel,
    Single,
    Split,
    Upkeep,
    find_policy,
    load_policy,
)
from aggcost.rules import matches

GROK = Route("x-ai", "grok-4-fast")
FLASH = Route("google", "gemini-2.5-flash-lite")

WHOLE = """\
policy: 1
name: cheap
rules:
  - name: intent-to-fast
    when: task == 'intent' and input_tokens < 8000
    route: xai/grok-4-fast
    fallback: [vertex/gemini-2.5-flash-lite, as_logged]
    evidence: "evals/intent-2026-02.md"
  - name: extraction
    when: task == 'entity'
    route: {cheapest: [google/gemini-2.5-flash-lite, x-ai/grok-4-fast]}
  - name: canary
    when: task == 'sentiment'
    split: {openai/gpt-4.1-nano: 79.5, as_logged: 20.5}
  - when: task == 'reasoning'
    route: as_logged
otherwise: {provider: azure_openai, model: gpt-4o, region: eu, service_tier: batch}
require: {context: false, capabilities: false}
prices: [own.yaml]
discounts: [{where: provider == 'google' and rule == 'extraction', percent: 40}, {percent: 5}]
fees: {percent: 5.5, monthly: 20, on: all}
overheads: [{name: caching layer, monthly: 300}]
migration: {hours: 160, hourly_rate: 150, one_off: 500, weeks: 6, parallel_run_monthly: 100, ramp_months: 2}
upkeep: {hours_per_week: 2, hourly_rate: 120, count_as: cash}
routes:
  xai/grok-4-fast: {latency_ms: {p50: 480, p95: 900, p99: 1500}, availability: 99.95}
  google/gemini-2.5-flash-lite: {latency_ms: {p50: 300}}
"""


def read(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "cheap.yaml"
    path.write_text(text, encoding="utf-8")
    (tmp_path / "own.yaml").write_text("aggcost_prices: 1\nproviders: {}\n", encoding="utf-8")
    return load_policy(path)


def refused(tmp_path: Path, text: str, *, head: bool = True) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"policy: 1\n{text}" if head else text)
    return caught.value


def test_a_policy_says_all_that_its_file_says(tmp_path: Path) -> None:
    policy = read(tmp_path, WHOLE)
    assert policy.name == "cheap"
    assert [(rule.name, rule.line, rule.evidence) for rule in policy.rules] == [
        ("intent-to-fast", 4, "evals/intent-2026-02.md"), ("extraction", 9, None), ("canary", 12, None),
        ("rule 4", 15, None),
    ]  # fmt: skip
    assert [rule.target for rule in policy.rules] == [
        Single(GROK),
        Cheapest((FLASH, GROK)),
        Split(((Route("openai", "gpt-4.1-nano"), Decimal("79.5")), (None, Decimal("20.5")))),
        Single(None),
    ]
    assert policy.rules[0].fallback == (FLASH, None)
    assert matches(policy.rules[0].when, {"task": "intent", "input_tokens": 7999}) is True
    assert policy.otherwise == Single(Route("azure", "gpt-4o", "eu", "batch"))
    assert not policy.require.context
    assert policy.prices == (tmp_path / "own.yaml",)
    assert [discount.percent for discount in policy.discounts] == [Decimal(40), Decimal(5)]
    assert policy.discounts[1].where is None
    assert policy.fees == Fees(Decimal("5.5"), Decimal(20), "all")
    assert policy.overheads == (Overhead("caching layer", Decimal(300)),)
    assert policy.migration == Migration(*map(Decimal, (160, 150, 500, 6, 100, 2)))
    assert policy.upkeep == Upkeep(Decimal(2), Decimal(120), "cash")
    assert policy.service_levels == {
        GROK: ServiceLevel(480, 900, 1500, Decimal("99.95")),
        FLASH: ServiceLevel(300, None, None, None),
    }


def test_what_a_policy_leaves_out_stays_as_it_is(tmp_path: Path) -> None:
    policy = read(tmp_path, "policy: 1\n")
    assert policy.name == "cheap"  # the file's own name
    assert not any((policy.rules, policy.prices, policy.discounts, policy.overheads))
    assert policy.otherwise == Single(None)
    assert policy.require.context
    assert policy.fees == Fees(Decimal(0), Decimal(0), "moved")
    assert policy.migration is None
    assert policy.upkeep is None
    assert policy.service_levels == {}


def test_a_key_without_a_value_counts_as_left_out(tmp_path: Path) -> None:
    assert read(tmp_path, "policy: 1\nrules:\nfees:\nupkeep:\n").rules == ()


def test_otherwise_may_be_any_target(tmp_path: Path) -> None:
    cheapest = read(tmp_path, "policy: 1\notherwise: {cheapest: [openai/a, as_logged]}").otherwise
    assert cheapest == Cheapest((Route("openai", "a"), None))
    split = read(tmp_path, "policy: 1\notherwise: {split: {openai/a: 50, as_logged: 50}}").otherwise
    assert split == Split(((Route("openai", "a"), Decimal(50)), (None, Decimal(50))))


def test_a_split_may_be_a_list_of_full_routes(tmp_path: Path) -> None:
    text = """\
policy: 1
rules:
  - when: true
    split:
      - {route: {provider: openai, model: a, service_tier: batch}, percent: 33.4}
      - {route: as_logged, percent: 66.6}
"""
    parts = ((Route("openai", "a", service_tier="batch"), Decimal("33.4")), (None, Decimal("66.6")))
    assert read(tmp_path, text).rules[0].target == Split(parts)


@pytest.mark.parametrize(
    ("text", "route", "shown"),
    [
        ("xai/grok-3", Route("x-ai", "grok-3"), "x-ai/grok-3"),
        ("openrouter/meta/llama-3", Route("openrouter", "meta/llama-3"), "openrouter/meta/llama-3"),
        (" OpenAI/gpt-4o ", Route("openai", "gpt-4o"), "openai/gpt-4o"),
    ],
)
def test_a_route_is_a_provider_before_the_first_slash(text: str, route: Route, shown: str) -> None:
    assert Route.parse(text) == route
    assert str(route) == shown
    assert str(Route("aws", "m", "eu-1", "flex")) == "aws/m (eu-1, flex)"


@pytest.mark.parametrize("text", ["gpt-4o", "/gpt-4o", "openai/", "", " / "])
def test_what_is_not_a_route_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a route"):
        Route.parse(text)


def test_a_rule_error_names_the_line_and_points_into_it(tmp_path: Path) -> None:
    with pytest.raises(RuleError) as caught:
        read(tmp_path, "policy: 1\nrules:\n  - name: x\n    when: taks == 'intent'\n    route: as_logged\n")
    assert caught.value.message == f"{tmp_path}/cheap.yaml:4: unknown field 'taks'\n    taks == 'intent'\n    ^"
    assert caught.value.hint == "did you mean 'task' or 'status'?"


RULE = "rules: [{name: a, when: true, "


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("rulez: []", ":2: unknown key 'rulez'", "did you mean 'rules'?"),
        ("rules:\n  - {name: a, wen: true}", ":3: unknown key 'wen'", "did you mean 'when'?"),
        ("rules: [{route: as_logged}]", ":2: the key 'when' is missing", None),
        ("rules: [{when: true}]", ":2: a rule has either a `route` or a `split`", "as_logged"),
        (RULE + "route: as_logged, split: {as_logged: 100}}]", "a rule has either a `route` or a `split`", "as_logged"),
        (RULE + "route: gpt-4o}]", ":2: 'gpt-4o' is not a route", "provider/model"),
        (RULE + "route: {provider: openai}}]", "expected provider/model, {cheapest: [...]} or {split: {...}}", None),
        (RULE + "route: {provider: openai, model: a, tier: batch}}]", "unknown key 'tier'", "service_tier"),
        (RULE + "route: {provider: openai, model: a, service_tier: bulk}}]", "expected standard or batch", None),
        (RULE + "route: {cheapest: []}}]", "expected at least one route", None),
        (RULE + "route: {cheapest: [xai/a, x-ai/a]}}]", "x-ai/a stands twice", None),
        (RULE + "split: {openai/a: 80, as_logged: 19.9}}]", "add up to 100, these to 99.9", None),
        (RULE + "split: {openai/a: 100, as_logged: 0}}]", "a part of 0 % is no part", None),
        (RULE + "split: {openai/a: 120, as_logged: -20}}]", "a number up to 100, found '120'", None),
        (RULE + "split: {grok/a: 50, xai/a: 50}}]", "x-ai/a stands twice", None),
        (RULE + "route: as_logged, fallback: as_logged}]", "expected a list, found 'as_logged'", None),
        ("rules:\n  - {name: a, when: true, route: as_logged}\n  - {name: a, when: true, route: as_logged}",
         ":4: the name 'a' is already on line 3", None),
        ("rules: [{name: otherwise, when: true, route: as_logged}]", "'otherwise' names what no rule matches", None),
        ("otherwise: {cheapset: [openai/a]}", "unknown key 'cheapset'", "did you mean 'cheapest'?"),
        ("prices: [absent.yaml]", ":2: there is no price file", None),
        ("prices: own.yaml", "expected a list, found 'own.yaml'", None),
        ("discounts: [{where: true}]", "the key 'percent' is missing", None),
        ("discounts: [{percent: 101}]", "a number up to 100, found '101'", None),
        ("discounts: [{percent: 5, where: rule == 3}]", "rule is text, and 3 is a number", "write '3'"),
        ("fees: {percent: -1}", "a number from 0 on, found '-1'", None),
        ("fees: {on: every}", "expected moved or all, found 'every'", None),
        ("overheads: [{name: a, monthly: 1}, {name: a, monthly: 2}]", "the name 'a' is already on line 2", None),
        ("overheads: [{name: a}]", "the key 'monthly' is missing", None),
        ("migration: {hours: 160}", "migration hours need an hourly_rate", None),
        ("upkeep: {count_as: cash}", "the key 'hours_per_week' is missing", None),
        ("upkeep: {hours_per_week: 2, count_as: money}", "expected capacity or cash", None),
        ("routes: {openai/a: {availability: 99}}", "no rule sends anything to openai/a", "routes: "),
        ("otherwise: openai/a\nroutes: {as_logged: {availability: 99}}", "as_logged has the service of the log", None),
        ("otherwise: openai/a\nroutes: {openai/a: {availability: 101}}", "a number up to 100", None),
        ("otherwise: openai/a\nroutes: {openai/a: {latency_ms: {p95: 5}}}", "the key 'p50' is missing", None),
        ("otherwise: openai/a\nroutes: {openai/a: {latency_ms: {p50: 9, p95: 5}}}", "must not fall", None),
    ],
)  # fmt: skip
def test_a_slip_is_refused_with_its_line_and_the_nearest(
    tmp_path: Path, text: str, said: str, hint: str | None
) -> None:
    problem = refused(tmp_path, text)
    assert problem.message.startswith(f"{tmp_path}/cheap.yaml:")
    assert said in problem.message
    assert hint is None or hint in (problem.hint or "")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cache: {}", "cache"),
    ],
)
def test_what_is_not_supported_yet_is_refused_by_its_name(tmp_path: Path, text: str, name: str) -> None:
    assert f"cheap.yaml:2: not supported yet: {name}" in refused(tmp_path, text).message


def test_the_version_must_be_known(tmp_path: Path) -> None:
    assert "the key 'policy' is missing" in refused(tmp_path, "name: x\n", head=False).message
    assert "reads version 1 of this format, not '2'" in refused(tmp_path, "policy: 2\n", head=False).message


def test_the_digest_covers_the_file_and_its_prices(tmp_path: Path) -> None:
    policy = read(tmp_path, "policy: 1\nprices: [own.yaml]\n")
    content = (tmp_path / "cheap.yaml").read_bytes() + (tmp_path / "own.yaml").read_bytes()
    assert policy.digest == hashlib.sha256(content).hexdigest()


def test_a_policy_is_found_as_a_path_then_beside_then_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_policy("cheap", tmp_path) == shipped.policies() / "cheap.yaml"
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "cheap.yml").write_text("policy: 1\n", encoding="utf-8")
    assert find_policy("cheap", tmp_path) == tmp_path / "policies" / "cheap.yml"
    assert find_policy("cheap.yml", tmp_path) == tmp_path / "policies" / "cheap.yml"
    (tmp_path / "cheap").write_text("policy: 1\n", encoding="utf-8")
    assert find_policy("cheap", tmp_path) == Path("cheap")


def test_an_unknown_policy_suggests_the_nearest_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no policy 'artikle'") as caught:
        find_policy("artikle", tmp_path)
    assert caught.value.hint == "did you mean 'article'?"
    with pytest.raises(ConfigError) as caught:
        find_policy("zzz", tmp_path)
    assert caught.value.hint == "known policies: article, as-logged, cheap, failover, split-canary"


@pytest.mark.parametrize("name", ["as-logged", "cheap", "article", "failover", "split-canary"])
def test_every_shipped_policy_loads_under_its_own_name(name: str, tmp_path: Path) -> None:
    path = find_policy(name, tmp_path)
    assert load_policy(path).name == name
    assert path.read_text(encoding="utf-8").startswith("# ")


def test_the_shipped_identity_states_nothing(tmp_path: Path) -> None:
    policy = load_policy(find_policy("as-logged", tmp_path))
    assert not any((policy.rules, policy.overheads, policy.discounts))
    assert policy.otherwise == Single(None)
    assert policy.migration is None
    assert policy.fees == Fees()


def test_failover_is_the_article_with_a_chain_behind_every_route(tmp_path: Path) -> None:
    article, failover = (load_policy(find_policy(name, tmp_path)) for name in ("article", "failover"))
    for plain, chained in zip(article.rules, failover.rules, strict=True):
        assert (plain.name, plain.when, plain.target) == (chained.name, chained.when, chained.target)
        assert plain.fallback == ()
        assert chained.fallback
    assert (article.overheads, article.migration, article.discounts[0].percent) == (
        failover.overheads, failover.migration, failover.discounts[0].percent,
    )  # fmt: skip
