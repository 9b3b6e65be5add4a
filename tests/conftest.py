"""What every test may use: golden files with one switch to rewrite them, and the reports they show."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from aggcost.report import Report

GOLDEN = Path(__file__).parent / "golden"
UPDATE = "--update-golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(UPDATE, action="store_true", help="rewrite the golden files; review the diff")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return ``check(name, text)``: text must equal the file tests/golden/name, byte for byte."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption(UPDATE):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.exists(), f"{path} is missing: run pytest {UPDATE} and review what it writes"
        assert text == path.read_text(encoding="utf-8")

    return check


def load_report(case: str) -> Report:
    """Return the report that tests/golden/`case` spells out by hand."""
    path = GOLDEN / case / f"{case}_report.py"
    spec = importlib.util.spec_from_file_location(f"golden_{case}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    report: Report = module.REPORT
    return report


CASES = tuple(sorted(path.parent.name for path in GOLDEN.glob("*/*_report.py")))


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    """Each golden case in turn."""
    name: str = request.param
    return name


@pytest.fixture
def report(case: str) -> Report:
    """Return the hand-made report of the case."""
    return load_report(case)


@pytest.fixture
def article() -> Report:
    """Return the article's month under the article's policy."""
    return load_report("article")
