"""No binary floating point where money is read, rated, compared or projected."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "aggcost"
MONEY = (
    *("money", "meters", "units", "ratecard", "model_rates", "tariff", "price_sources/*"),
    *("rating", "charging", "withheld", "arms", "compare", "coverage", "spend", "asserted"),
    *("reconcile", "sides", "variance", "matchup", "importers/casts", "importers/places", "importers/contained"),
    *("finance", "proposal", "cashflow", "readings", "budget", "caches", "cached_bill"),
    *(
        "policy",
        "config",
        "report*",
        "output/as_json",
        "output/figures",
        "output/money_tables",
        "output/spend_tables",
        "output/prices",
    ),
)
FLOATING = frozenset({"float", "float16", "float32", "float64", "floating"})


def money_files() -> list[Path]:
    return [path for pattern in MONEY for path in sorted(SOURCE.glob(f"{pattern}.py"))]


def floats(text: str) -> list[int]:
    """The lines with a float literal, or with the name of a float type."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id in FLOATING)
        or (isinstance(node, ast.Attribute) and node.attr in FLOATING)
    ]


@pytest.mark.parametrize("path", money_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_float(path: Path) -> None:
    assert not floats(path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize("text", ["rate = 0.5", "rate = float('0.5')", "rate = array.astype(np.float64)"])
def test_the_search_finds_floats(text: str) -> None:
    assert floats(text) == [1]


def test_every_money_module_is_searched() -> None:
    for pattern in MONEY:
        assert list(SOURCE.glob(f"{pattern}.py")), f"{pattern} is gone: take it off MONEY"
