"""Ratios between models by hand: what is paid for scaled tokens, and where thresholds then lie."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from lever_oracle import request, simulated
from test_rating import cells

from aggcost.errors import ConfigError
from aggcost.policy import Route, load_policy
from aggcost.scales import ONE, Scale, Scaling, cuts, scaled, unit

RULE = "rules: [{name: one, when: true, route: acme/small}]\n"
SCALE = Scale(Fraction("1.12"), Fraction("1.456"))


def assumed(text: str) -> str:
    return f"{RULE}assume: [{{from: acme/large, to: acme/small, {text}}}]"


def test_sums_are_whole_in_parts_of_a_token() -> None:
    columns = ("input", "cache_read", "output", "reasoning", "input_audio", "requests", "records", "web_search")
    assert unit([SCALE]) == 125
    assert scaled(columns, [10] * 8, SCALE, 125) == [1400, 1400, 1820, 1820, 1400, 1250, 10, 1250]
    assert scaled(columns, [10] * 8, ONE, 1) == [10] * 8
    assert scaled(columns, [10] * 8, Scale(Fraction(2), Fraction(3)), 1) == [20, 20, 30, 30, 20, 10, 10, 10]


def test_bounds_lie_at_the_bound_over_the_ratio() -> None:
    assert cuts([1501], [Fraction("1.12")]) == {1501, 1341}
    assert 1341 * Fraction("1.12") >= 1501 > 1340 * Fraction("1.12")
    assert cuts([100], []) == {100}


def test_only_requests_that_change_the_model_are_scaled() -> None:
    found = cells(("acme", "a", 100, 1, 0, 1, 1), ("acme", "small", 100, 1, 0, 1, 1), (None, "a", None, 1, 0, 1, 1))
    scaling = Scaling(
        [(("acme", "a"), ("acme", "small"), SCALE), (None, ("acme", "tiny"), Scale(Fraction(2), Fraction(3)))]
    )
    assert scaling.of(found, Route("acme", "small")).tolist() == [1, 0, 0]
    assert scaling.of(found, Route("acme", "tiny")).tolist() == [2, 2, 2]
    assert scaling.of(found, None).tolist() == [0, 0, 0]
    assert scaling.prompts(found, Route("acme", "small")).tolist() == [112, 100, -1]
    assert scaling.prompts(found, Route("acme", "tiny")).tolist() == [200, 200, -1]


def test_prompts_and_answers_are_paid_for_in_the_tokens_of_the_route(tmp_path: Path) -> None:
    report = simulated(tmp_path, [request()] * 3, assumed("token_ratio: 1.12, answer_ratio: 1.3"))
    # 3 x (1,120 tokens at $0.30 a million and 145.6 at $0.60), exactly.
    assert report.arms[1].cost == 3 * (Decimal("0.000336") + Decimal("0.00008736"))
    assert (report.arms[0].tokens.output, report.arms[1].tokens.output) == (300, 437)
    assert report.arms[1].requests == 3


@pytest.mark.parametrize(("prompt", "usd"), [(1340, "0.00045024"), (1341, "0.000675864")])
def test_a_price_by_size_looks_at_the_scaled_prompt(tmp_path: Path, prompt: int, usd: str) -> None:
    # More than 1,500 tokens: 1,340 x 1.12 is 1,500.8, which is 1,500 whole tokens; 1,341 x 1.12 is 1,501.92.
    report = simulated(tmp_path, [request(input_tokens=prompt, output_tokens=0)], assumed("token_ratio: 1.12"))
    assert report.arms[1].cost == Decimal(usd)


@pytest.mark.parametrize(("prompt", "answer", "moved"), [(2679, 100, 1), (2680, 100, 0), (100, 357, 1), (100, 359, 0)])
def test_limits_of_a_model_look_at_scaled_tokens(tmp_path: Path, prompt: int, answer: int, moved: int) -> None:
    row = request(input_tokens=prompt, output_tokens=answer)
    report = simulated(tmp_path, [row], assumed("token_ratio: 1.12, answer_ratio: 1"))
    assert report.comparisons[0].moved_requests == moved


def test_the_cheapest_route_is_the_cheapest_in_its_own_tokens(tmp_path: Path) -> None:
    rule = "rules: [{name: one, when: true, route: {cheapest: [acme/small, other/small]}}]\n"
    ratio = "assume: [{to: other/small, token_ratio: 1.51}]"
    # 1,000 tokens at $0.30 a million against 1,000 or 1,510 at $0.20.
    rows = [request(output_tokens=0)]
    plain, scaled_up = simulated(tmp_path, rows, f"name: a\n{rule}", f"name: b\n{rule}{ratio}").comparisons
    assert (plain.decisions[0].to, scaled_up.decisions[0].to) == ("other/small", "acme/small")


def test_the_report_says_what_is_assumed_and_of_how_many(tmp_path: Path) -> None:
    rows = [request(), request(), request(model="small")]
    text = assumed("token_ratio: 1.12, answer_ratio: {value: 1.3, low: 1, high: 1.6}")
    found = [one for one in simulated(tmp_path, rows, text).assumptions if "acme/large" in one.name]
    assert [(one.name, one.value, one.range, one.requests) for one in found] == [
        ("tokens of acme/small for one of acme/large", "1.12", None, 2),
        ("answers of acme/small for one of acme/large", "1.3", "1 to 1.6", 2),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("assume: [{to: acme/small}]", "nothing is assumed"),
        ("assume: [{to: acme/smal, token_ratio: 1.1}]", "no rule sends anything to acme/smal"),
        ("assume: [{from: as_logged, to: acme/small, token_ratio: 1.1}]", "the log's own model"),
        ("assume: [{to: acme/small, token_ratio: 0}]", "a ratio above 0"),
        ("assume: [{to: acme/small, token_ratio: 1.1234567}]", "at most 6 decimals"),
        ("assume: [{to: acme/small, token_ratio: {value: 1, low: 2, high: 3}}]", "must not fall"),
        ("assume: [{to: acme/small, answer_ratio: learned}]", "compares two models"),
        ("assume: [{to: acme/small, answer_ratio: {value: 1}}]", "the key 'low' is missing"),
    ],
)
def test_a_slip_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(f"policy: 1\n{RULE}{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_policy(path)
