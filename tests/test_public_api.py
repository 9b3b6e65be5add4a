"""The public names: there, documented, and cheap to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import aggcost

PROMISED = {
    "AggcostError",
    "read_usage",
    "load_rates",
    "load_policy",
    "replay",
    "rate",
    "compare",
    "analyze",
    "reconcile",
}
HEAVY = ("duckdb", "ibis", "numpy", "pandas", "pyarrow", "pyspark", "rich", "yaml")


def loaded_after(arguments: list[str]) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after running `arguments`."""
    done = subprocess.run([sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True)
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    return modules & set(HEAVY)


def test_promised_names_are_public() -> None:
    assert set(aggcost.__all__) >= PROMISED
    assert list(aggcost.__all__) == sorted(aggcost.__all__)


@pytest.mark.parametrize("name", aggcost.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert (getattr(aggcost, name).__doc__ or "").strip()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = aggcost.no_such_name


def test_functions_are_not_hidden_by_modules_of_the_same_name() -> None:
    code = "import aggcost; aggcost.load_policy; print(*map(callable, (aggcost.replay, aggcost.compare, aggcost.reconcile)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 3


def test_a_bill_must_be_named() -> None:
    with pytest.raises(TypeError, match="no bill"):
        aggcost.reconcile(aggcost.read_usage("log.csv"))


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_after(["-c", "import aggcost"]) == set()


def test_help_loads_nothing_heavy() -> None:
    assert loaded_after(["-m", "aggcost", "--help"]) == set()


def test_the_search_sees_a_heavy_package() -> None:
    assert loaded_after(["-c", "import numpy"]) == {"numpy"}


def test_analyzing_a_log_does_not_wait_for_pandas(tmp_path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "timestamp,provider,model,input_tokens,output_tokens,cost\n2026-02-01T00:00:00Z,openai,gpt-4o,1,2,\n"
    )
    assert "pandas" not in loaded_after(["-m", "aggcost", "analyze", str(log)])
