"""Outcomes of models by hand, and on real ones."""

from __future__ import annotations

import csv
import os
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggcost.outcomes import Answer, Option, cheapest_reaching, oracle_share, outcomes, random_share

DATA = os.environ.get("AGGCOST_REAL_DATA")


def of(*patterns, tasks=None):
    """Outcomes of two models: weak and strong, by question."""
    return outcomes(
        Answer(str(at), model, right, None if tasks is None else tasks[at])
        for at, pattern in enumerate(patterns)
        for model, right in zip(("weak", "strong"), pattern, strict=True)
    )


# Ten questions: both right on 5, strong alone on 3, weak alone on 1, nobody on 1.
TEN = [(True, True)] * 5 + [(False, True)] * 3 + [(True, False), (False, False)]


def test_ten_questions_by_hand():
    found = of(*TEN)
    assert (found.strong, found.weak) == ("strong", "weak")
    assert (found.quality("strong"), found.quality("weak"), found.oracle()) == (
        Fraction(8, 10),
        Fraction(6, 10),
        Fraction(9, 10),
    )
    # 0.76 is 95 % of the strong model: 0.16 of the 0.2 between them at random, 0.16 of all questions by oracle.
    floor = Fraction(95, 100) * found.quality("strong")
    assert random_share(floor, found.quality("weak"), found.quality("strong")) == Fraction(8, 10)
    assert oracle_share(found, "weak", "strong", floor) == Fraction(16, 100)


def test_a_quality_that_nobody_reaches_has_no_share():
    found = of(*TEN)
    assert random_share(Fraction(81, 100), Fraction(6, 10), Fraction(8, 10)) is None
    assert oracle_share(found, "weak", "strong", Fraction(9, 10)) == Fraction(3, 10)
    assert oracle_share(found, "weak", "strong", Fraction(91, 100)) is None
    assert random_share(Fraction(1, 10), Fraction(6, 10), Fraction(8, 10)) == 0
    assert oracle_share(found, "weak", "strong", Fraction(1, 10)) == 0


def test_quality_by_task():
    found = of((True, True), (False, True), (False, False), tasks=["a", "a", "b"])
    assert (found.quality("weak", "a"), found.quality("strong", "a"), found.oracle("b")) == (Fraction(1, 2), 1, 0)
    assert found.tasks == {"a", "b"}


def test_questions_that_not_all_models_answer_are_left_out_and_counted():
    answers = [Answer("1", "x", correct=True), Answer("1", "y", correct=False), Answer("2", "x", correct=False)]
    found = outcomes(answers)
    assert (found.questions, found.left_out, found.quality("x")) == (1, 1, 1)
    with pytest.raises(ValueError, match="x answers '1' twice"):
        outcomes([*answers, answers[0]])
    with pytest.raises(ValueError, match="no question is answered by all models"):
        outcomes([Answer("1", "x", correct=True), Answer("2", "y", correct=True)])


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30), st.integers(0, 100))
def test_the_oracle_is_never_worse_than_a_coin(patterns, percent):
    found = of(*patterns)
    low, high = found.quality("weak"), found.quality("strong")
    assert max(low, high) <= found.oracle() <= min(low + high, Fraction(1))
    if low < high:
        quality = low + (high - low) * Fraction(percent, 100)
        assert random_share(quality, low, high) == Fraction(percent, 100)
        assert oracle_share(found, "weak", "strong", quality) <= Fraction(percent, 100)


def test_the_cheapest_of_those_that_are_good_enough():
    half, most = Fraction(1, 2), Fraction(9, 10)
    options = [Option("a", most, Fraction(3)), Option("b", half, Fraction(1)), Option("c", half, Fraction(2))]
    assert cheapest_reaching(options, half).name == "b"
    assert cheapest_reaching(options, Fraction(51, 100)).name == "a"
    assert cheapest_reaching(options, Fraction(91, 100)) is None
    assert cheapest_reaching([*options, Option("d", most, Fraction(1))], half).name == "d"  # the better at one price


@pytest.mark.skipif(not DATA, reason="AGGCOST_REAL_DATA is not set: it names the folder of real outcomes")
@pytest.mark.parametrize(
    ("name", "single_usd", "cascade_usd", "percent"),
    [
        ("HEADLINES_e8", ".003330555", ".000192122", "-94.232"),
        ("AGNEWS_e8", ".002036503", ".000564678", "-72.272"),
        ("OVERRULING_e5", ".001060878", ".000453326", "-57.269"),
    ],
)
def test_the_cheapest_cascade_that_is_as_good_as_the_best_model(name, single_usd, cascade_usd, percent):
    """Published frontiers, USD a query; the figures were worked out elsewhere."""
    path = Path(DATA or ".") / "traces" / "frugalgpt" / f"summary_{name}_full_2024.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    options = [
        (row["Method"] == "FrugalGPT", Option(row["Method"], Fraction(row["Test_acc"]), Fraction(row["Test_cost"])))
        for row in rows
    ]
    singles = [option for is_cascade, option in options if not is_cascade]
    best = cheapest_reaching(singles, max(option.quality for option in singles))
    found = cheapest_reaching([option for is_cascade, option in options if is_cascade], best.quality)
    assert [round(float(one.cost_usd), 9) for one in (best, found)] == [float(single_usd), float(cascade_usd)]
    assert round(float((found.cost_usd - best.cost_usd) / best.cost_usd * 100), 3) == float(percent)


@pytest.mark.skipif(not DATA, reason="AGGCOST_REAL_DATA is not set: it names the folder of real outcomes")
def test_two_models_on_32_domains():
    """Worked out elsewhere: strong .793322, weak .639602, oracle .845929 of 8,535."""
    answers = []
    for path in sorted((Path(DATA or ".") / "traces" / "routellm" / "mmlu").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file)):
                del row["prompt"]
                answers += [
                    Answer(f"{path.name}:{number}", name, right == "True", path.stem) for name, right in row.items()
                ]
    found = outcomes(answers)
    assert found.questions == 8535
    assert len(found.tasks) == 32
    assert (found.strong, found.weak) == ("gpt-4-1106-preview", "mistralai/Mixtral-8x7B-Instruct-v0.1")
    strong, weak = found.quality(found.strong), found.quality(found.weak)
    assert [round(float(share), 6) for share in (strong, weak, found.oracle())] == [0.793322, 0.639602, 0.845929]
    floor = Fraction(95, 100) * strong
    assert round(float(random_share(floor, weak, strong)), 4) == 0.7420
    assert round(float(oracle_share(found, found.weak, found.strong, floor)), 4) == 0.1141
