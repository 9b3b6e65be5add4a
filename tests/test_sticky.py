"""Sticky splits by hand: where a session goes, on the border of a part, and without a session."""

from __future__ import annotations

import hashlib
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from lever_oracle import log, simulated

from aggcost import sticky
from aggcost.errors import ConfigError
from aggcost.policy import load_policy
from aggcost.report import Report

HALVES = "rules: [{name: halves, when: true, split: {other/small: 50, acme/large: 50}, sticky: session}]"


def hashed(rule: str, session: str) -> int:
    return int(hashlib.md5(f"{rule}\0{session}".encode(), usedforsecurity=False).hexdigest()[:8], 16)


def without_session(report: Report) -> list[str]:
    return [one.value for one in report.assumptions if one.name == "requests without a session in halves"]


def test_bounds_are_the_first_hashes_of_the_parts() -> None:
    assert sticky.bounds([Decimal(25), Decimal(75)]) == (2**30,)
    assert sticky.bounds([Decimal("33.3"), Decimal("33.3"), Decimal("33.4")]) == (1_430_224_110, 2_860_448_220)
    assert sticky.texts((2**30, 16, 2**32)) == ("40000000", "00000010", "g")


@pytest.mark.parametrize(("lowest", "part"), [(0, 0), (2**30 - 1, 0), (2**30, 1), (2**32 - 1, 1), (None, -1)])
def test_a_hash_lies_in_one_part(lowest: int | None, part: int) -> None:
    assert sticky.part_of(lowest, [Decimal(25), Decimal(75)]) == part


def test_policies_that_name_a_rule_alike_share_its_cuts() -> None:
    assert sticky.together([{"a": (5,), "b": (7,)}, {"a": (3, 5)}]) == {"a": (3, 5), "b": (7,)}


def test_a_session_goes_where_its_hash_says_and_all_of_it(tmp_path: Path) -> None:
    rows = [row | {"session_id": f"s{number % 9}"} for number, row in enumerate(log(1, 200))]
    report = simulated(tmp_path, rows, HALVES)
    small = sum(hashed("halves", row["session_id"]) < 2**31 for row in rows)
    gone = Counter({one.to: 0 for one in report.comparisons[0].decisions})
    for one in report.comparisons[0].decisions:
        gone[one.to] += one.requests
    assert gone == {"other/small": small, "acme/large": 200 - small}
    assert without_session(report) == []


def test_another_rule_name_is_another_draw_and_the_same_name_the_same(tmp_path: Path) -> None:
    rows = [row | {"session_id": f"s{number}"} for number, row in enumerate(log(2, 120))]
    report = simulated(
        tmp_path, rows, "name: a\n" + HALVES, "name: b\n" + HALVES, "name: c\n" + HALVES.replace("halves", "others")
    )
    first, second, third = (arm.cost for arm in report.arms[1:])
    assert first == second != third


def test_without_a_session_the_id_decides_and_without_both_it_stays_a_weight(tmp_path: Path) -> None:
    plain = {"provider": "acme", "model": "large", "service_tier": ""}
    rows = [row | plain | {"session_id": "", "request_id": f"r{number}"} for number, row in enumerate(log(3, 40))]
    rows += [row | plain | {"session_id": "", "request_id": ""} for row in log(4, 10)]
    report = simulated(tmp_path, rows, HALVES)
    small = sum(hashed("halves", f"r{number}") < 2**31 for number in range(40))
    gone = {one.to: one.requests for one in report.comparisons[0].decisions}
    assert gone == {"other/small": small + 5, "acme/large": 45 - small}
    assert without_session(report) == ["40, each decided by its own id", "10, split by weight, having no id either"]


def test_the_shares_of_many_sessions_are_near_the_percentages() -> None:
    percents = [Decimal(10), Decimal(90)]
    parts = Counter(sticky.part_of(hashed("rule", f"session-{number}"), percents) for number in range(20_000))
    assert abs(Fraction(parts[0], 20_000) - Fraction(1, 10)) < Fraction(1, 100)


def test_only_a_split_can_be_sticky(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("policy: 1\nrules: [{when: true, route: as_logged, sticky: session}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="only a `split` can be sticky"):
        load_policy(path)
    path.write_text(f"policy: 1\n{HALVES.replace('session', 'user')}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="expected session, found 'user'"):
        load_policy(path)
