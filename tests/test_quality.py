"""Outcomes of models held against a policy: the file, read strictly, and figures by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from test_bounds import HEADER, PRICES

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.errors import ConfigError
from aggcost.outcomes_file import read_outcomes
from aggcost.output.quality import quality_facts
from aggcost.policy import load_policy

# Four questions of task a and four of task b: large is right on 4 and 2 of them, mid on 2 and 2.
RIGHT = {"acme/large": "11111100", "mid": "11001100"}
OUTCOMES = "question,task,model,correct\n" + "".join(
    f"q{at},{'a' if at < 4 else 'b'},{model},{right}\n"
    for model, all_ in RIGHT.items()
    for at, right in enumerate(all_)
)
LOG = [("a", "large"), ("a", "large"), ("a", "large"), ("b", "large"), ("b", "unheard")]


def quality_of(tmp_path: Path, outcomes: str, rest: str):
    rows = "".join(f"2026-02-01T0{at}:00:00Z,acme,{model},{task},1000,0\n" for at, (task, model) in enumerate(LOG))
    (tmp_path / "log.csv").write_text(HEADER + rows)
    (tmp_path / "prices.yaml").write_text(PRICES)
    (tmp_path / "o.csv").write_text(outcomes)
    (tmp_path / "p.yaml").write_text("policy: 1\n" + rest)
    options = Options(logs=(str(tmp_path / "log.csv"),), prices=(tmp_path / "prices.yaml",))
    (compared,) = backtest.simulate(options, [load_policy(tmp_path / "p.yaml")]).comparisons
    return compared


RULES = "rules: [{when: task == 'b' and model == 'large', route: acme/mid}]\n"


def test_what_outcomes_say_of_a_policy(tmp_path):
    compared = quality_of(tmp_path, OUTCOMES, RULES + "outcomes: o.csv\n")
    found = compared.quality
    assert (found.questions, found.left_out, found.best, found.worst) == (8, 0, "acme/large", "mid")
    assert [one.correct_percent for one in found.models] == [75, 50]
    assert found.oracle_percent == 75
    # 95 % of 0.75 is 0.7125: 0.2125 of the 0.25 between them at random, and of all questions by oracle.
    assert (found.floor_random_percent, found.floor_oracle_percent) == (85, Decimal("21.25"))
    # Mid reaches 0.5 of the 0.7125 that are wanted: no route does.
    assert found.cheapest_at_floor is None
    # Four of five requests are known. As logged 3 x 1 + 0.5 of 4 are right; moving task b to mid changes nothing.
    assert (found.known_percent, found.before_percent, found.after_percent) == (80, Decimal("87.5"), Decimal("87.5"))
    assert found.random_percent == 100
    assert quality_facts(compared).rows == (
        (
            "quality",
            "of 8 questions right: acme/large 75.0 %, mid 50.0 %, 75.0 % with the right model for each (assumed)",
        ),
        ("", "95 % of the best needs it for 85.0 % at random, for 21.2 % by an oracle"),
        (
            "",
            "requests right: 87.5 % today, 87.5 % with these rules (80 % of them known); as a coin with the best for 100.0 %",
        ),
    )


def test_a_split_has_the_quality_of_the_coin_that_it_is(tmp_path):
    text = "rules: [{when: task == 'a', split: {acme/mid: 60, as_logged: 40}}]\noutcomes: {file: o.csv, floor_percent: 100}\n"
    found = quality_of(tmp_path, OUTCOMES, text).quality
    # Of task a 0.4 x 1 + 0.6 x 0.5 = 0.7: (3 x 0.7 + 0.5) / 4 = 0.65; all mid is 0.5, all large 0.875.
    assert found.after_percent == 65
    assert found.random_percent == 40
    assert (found.floor_random_percent, found.floor_oracle_percent) == (100, 25)


def test_the_cheapest_route_whose_model_is_good_enough(tmp_path):
    """All five requests may move: $0.004 each at mid, which is right on two thirds of what large is."""
    text = "rules: [{when: true, split: {acme/mid: 20, acme/small: 80}}]\noutcomes: {file: o.csv, floor_percent: 66}\n"
    small = "".join(f"q{at},,acme/small,{at % 4 == 0:d}\n" for at in range(8))
    compared = quality_of(tmp_path, OUTCOMES + small, text)
    found = compared.quality
    assert (found.cheapest_at_floor, found.cheapest_at_floor_cost) == ("acme/mid", Decimal("0.02"))
    assert "cheapest route that is as good: $0.020 to acme/mid" in dict(map(reversed, quality_facts(compared).rows))


def test_a_policy_without_outcomes_has_no_quality(tmp_path):
    compared = quality_of(tmp_path, OUTCOMES, RULES)
    assert compared.quality is None
    assert quality_facts(compared) is None


def test_requests_of_models_without_outcomes_are_not_guessed(tmp_path):
    other = OUTCOMES.replace("acme/large", "x").replace(",mid,", ",y,")
    compared = quality_of(tmp_path, other, RULES + "outcomes: o.csv\n")
    found = compared.quality
    assert (found.known_percent, found.before_percent, found.after_percent, found.random_percent) == (
        0,
        None,
        None,
        None,
    )
    assert quality_facts(compared).rows[-1][1] == "no request has a model of these"


def test_json_lines_are_read_alike(tmp_path):
    (tmp_path / "o.jsonl").write_text(
        '{"request": "1", "model": "a", "correct": true}\n\n{"request": "1", "model": "b", "correct": 0, "prompt": "x"}\n'
    )
    found = read_outcomes(tmp_path / "o.jsonl")
    assert (found.questions, found.quality("a"), found.quality("b")) == (1, 1, 0)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("o.csv", "task,model,correct\nx,a,1\n", "o.csv:2: no `question`"),
        ("o.csv", "question,modle,correct\nx,a,1\n", "o.csv:2: no `model`"),
        ("o.csv", "question,model,correct\nx,a,yes\n", "o.csv:2: expected 0 or 1, true or false as `correct`, found 'yes'"),
        ("o.csv", "question,model,correct\nx,a\n", "o.csv:2: no `correct`"),
        ("o.csv", "question,model,correct\nx,a,1\nx,a,0\n", "a answers 'x' twice"),
        ("o.csv", "question,model,correct\n", "no question is answered by all models"),
        ("o.csv", 'question,model,correct\n"x,a,1\n', "o.csv:"),
        ("o.jsonl", "[1]\n", "o.jsonl:1: expected an object"),
        ("o.jsonl", "{\n", "o.jsonl:1: "),
    ],
)  # fmt: skip
def test_what_is_no_outcome_is_refused_with_its_line(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_outcomes(tmp_path / name)
    assert said in caught.value.message


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "o.csv").write_bytes(b"question,model,correct\n\xff,a,1\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_outcomes(tmp_path / "o.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [("outcomes: absent.csv", "there is no file of outcomes"), ("outcomes: {floor_percent: 9}", "the key 'file' is missing"),
     ("outcomes: {file: p.yaml, floor_percent: 101}", "a number up to 100")],
)  # fmt: skip
def test_a_slip_in_the_policy_is_refused(tmp_path, text, said):
    (tmp_path / "p.yaml").write_text(f"policy: 1\n{text}\n")
    with pytest.raises(ConfigError) as caught:
        load_policy(tmp_path / "p.yaml")
    assert said in caught.value.message


def test_the_digest_covers_the_outcomes(tmp_path):
    (tmp_path / "p.yaml").write_text("policy: 1\noutcomes: o.csv\n")
    digests = set()
    for text in ("a", "b"):
        (tmp_path / "o.csv").write_text(text)
        digests.add(load_policy(tmp_path / "p.yaml").digest)
    assert len(digests) == 2
