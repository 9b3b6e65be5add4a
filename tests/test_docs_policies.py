"""docs/policies.md says what the program does: its file loads, its conditions parse, nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggcost import rules, shipped
from aggcost.errors import RuleError
from aggcost.policy import load_policy

PAGE = (Path(__file__).parent.parent / "docs" / "policies.md").read_text(encoding="utf-8")


def block(start: str) -> str:
    (found,) = [text for text in re.findall(r"```\w*\n(.*?)```", PAGE, re.DOTALL) if text.startswith(start)]
    return str(found)


def test_the_file_of_the_page_loads(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text("aggcost_prices: 1\nproviders: {}\n", encoding="utf-8")
    (tmp_path / "incidents.yaml").write_text("incidents: []\n", encoding="utf-8")
    path = tmp_path / "page.yaml"
    path.write_text(block("policy: 1"), encoding="utf-8")
    assert [rule.name for rule in load_policy(path).rules] == ["intent-to-fast", "extraction", "canary"]


@pytest.mark.parametrize("text", block("task == 'intent'").splitlines())
def test_the_conditions_of_the_page_parse(text: str) -> None:
    assert rules.parse(text, where="docs/policies.md").text == text


def test_the_error_of_the_page_is_the_real_one() -> None:
    shown = block("cheap.yaml:12").splitlines()
    with pytest.raises(RuleError) as caught:
        rules.parse(shown[1].strip(), where="cheap.yaml:12")
    assert [*caught.value.message.splitlines(), f"  {caught.value.hint}"] == shown


def test_every_field_and_shipped_policy_is_on_the_page() -> None:
    words = set(re.findall(r"`([a-z_-]+)`", PAGE))
    assert set(rules.FIELDS) <= words
    shipped_names = {path.stem for path in shipped.policies().glob("*.yaml")} - {"article-prices", "article-incidents"}
    assert shipped_names <= words
