"""What comes with the program is found in the repository and in an installed wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from aggcost import shipped
from aggcost.errors import InvariantError

ROOT = Path(__file__).parent.parent


def test_found_in_the_repository() -> None:
    assert shipped.policies() == ROOT / "policies"
    assert shipped.article() == ROOT / "fixtures" / "article"


def test_the_wheel_carries_the_same_folders_under_the_names_looked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {"policies": "aggcost/policies", "fixtures/article": "aggcost/article"}


def test_the_folders_inside_the_package_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "article").mkdir()
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path)
    assert shipped.article() == tmp_path / "article"
    assert shipped.policies() == ROOT / "policies"


def test_an_incomplete_installation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path)
    monkeypatch.setattr(shipped, "_REPOSITORY", tmp_path)
    with pytest.raises(InvariantError, match="no folder policies"):
        shipped.policies()
