"""Caps on answers by hand: which are cut, what is saved, and what else of a request the cut takes with it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from lever_oracle import request, simulated
from test_rating import cells

from aggcost import rules
from aggcost.capping import capped
from aggcost.conditions import Truths
from aggcost.errors import ConfigError
from aggcost.ledger import Cells, Dim
from aggcost.levers import Cap
from aggcost.policy import load_policy

LENGTHS = (499, 500, 501, 900)


def test_longer_answers_end_at_the_cap_and_no_others(tmp_path: Path) -> None:
    report = simulated(
        tmp_path, [request(output_tokens=tokens) for tokens in LENGTHS], "max_tokens: [{where: true, tokens: 500}]"
    )
    # 4 x 1,000 tokens at $5 a million, and 499 + 3 x 500 at $15.
    assert report.arms[1].cost == Decimal("0.02") + Decimal("0.029985")
    assert report.arms[0].tokens.output == sum(LENGTHS)
    assert report.arms[1].tokens.output == 499 + 3 * 500
    assert report.arms[1].requests == 4
    (line,) = [one for one in report.assumptions if one.name.startswith("answers cut")]
    assert (line.name, line.value) == (
        "answers cut at 500 tokens, none asked again", "2 answers, 401 tokens less",
    )  # fmt: skip


def test_the_first_cap_that_matches_counts(tmp_path: Path) -> None:
    rows = [request(task="chat", output_tokens=900), request(task="extract", output_tokens=900)]
    caps = "max_tokens: [{where: task == 'chat', tokens: 600}, {where: true, tokens: 100}]"
    assert simulated(tmp_path, rows, caps).arms[1].tokens.output == 700


def test_an_answer_that_is_cut_fits_where_the_whole_one_did_not(tmp_path: Path) -> None:
    rows = [request(output_tokens=900)]
    route = "rules: [{name: one, when: true, route: acme/small}]\n"
    report = simulated(
        tmp_path, rows, f"name: whole\n{route}", f"name: cut\n{route}max_tokens: [{{where: true, tokens: 400}}]"
    )
    whole, cut = report.comparisons
    assert (whole.moved_requests, cut.moved_requests) == (0, 1)
    assert report.arms[2].cost == Decimal("0.0003") + Decimal("0.00024")


def test_reasoning_comes_first_and_parts_never_exceed_the_answer() -> None:
    found = cells(("acme", "a", 0, 10, 0, 3000, 3), ("acme", "a", 0, 10, 0, 30, 3))
    sums = found.sums | {"reasoning": np.array([1200, 30]), "output_audio": np.array([1500, 0])}
    lengths = Dim(np.array([1, 0], np.int32), (0, 501))
    used = Cells({**found.dims, "output_tokens": lengths}, sums)
    cap = Cap(rules.parse("true", where="test"), 500, 1)
    changed, (cut,) = capped(used, [cap], Truths(used, ZoneInfo("UTC")))
    assert changed.sums["output"].tolist() == [1500, 30]
    assert changed.sums["reasoning"].tolist() == [1200, 30]
    assert changed.sums["output_audio"].tolist() == [300, 0]
    assert (cut.answers, cut.saved_tokens) == (3, 1500)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_tokens: 500", "expected a list"),
        ("max_tokens: [{tokens: 500}]", "the key 'where' is missing"),
        ("max_tokens: [{where: true, tokens: 0}]", "a whole number from 1 on"),
        ("max_tokens: [{where: true, token: 5}]", "unknown key 'token'"),
    ],
)
def test_a_slip_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(f"policy: 1\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_policy(path)
