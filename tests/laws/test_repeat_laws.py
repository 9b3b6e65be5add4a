"""Laws of duplicates: what is dropped and what is kept add up to the log without dropping, in tokens and money."""

from __future__ import annotations

import random
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest
from sample_logs import Row, sample, write_csv, write_prices

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.importers import ReadOptions
from aggcost.report import Report
from aggcost.report_arms import Tokens


def analyzed(folder: Path, *logs: Path, dedupe: str | None = None) -> Report:
    read = ReadOptions(dedupe=dedupe)
    return backtest.analyze(Options(logs=tuple(map(str, logs)), prices=(write_prices(folder),), read=read))


def repeated(seed: int) -> list[Row]:
    """Return the rows of a log of which a third stand two or three times, shuffled."""
    rng = random.Random(seed)
    rows = sample(seed, 200, unpriced=True)
    again = [row for row in rows for _ in range(rng.choice((0, 0, 1, 2)))]
    return rng.sample([*rows, *again], len(rows) + len(again))


def added(one: Tokens, other: Tokens) -> Tokens:
    return Tokens(**{each.name: getattr(one, each.name) + getattr(other, each.name) for each in fields(Tokens)})


def cost(report: Report) -> Decimal:
    found = report.arms[0].cost
    assert found is not None
    return found


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_dropped_and_kept_are_all(tmp_path, seed):
    rows = repeated(seed)
    log = write_csv(rows, tmp_path / "log.csv")
    whole, once = analyzed(tmp_path, log), analyzed(tmp_path, log, dedupe="id")
    dropped = once.coverage.duplicates
    assert dropped.cost is not None
    assert 0 < dropped.records == len(rows) - 200
    assert cost(once) + dropped.cost == cost(whole)
    assert added(once.coverage.tokens, dropped.tokens) == whole.coverage.tokens
    for name in ("unpriced", "not_billed"):
        assert getattr(once.coverage, name) + getattr(dropped, name) == getattr(whole.coverage, name)
    parts = [(part.records, part.cost) for part in dropped.by]
    assert tuple(map(sum, zip(*parts, strict=True))) == (dropped.records, dropped.cost)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_would_be_dropped_is_what_the_warning_counts(tmp_path, seed):
    log = write_csv(repeated(seed), tmp_path / "log.csv")
    repeats = analyzed(tmp_path, log).coverage.repeats
    dropped = analyzed(tmp_path, log, dedupe="id").coverage.duplicates
    assert repeats is not None
    for each in fields(repeats):
        assert getattr(repeats, each.name) == getattr(dropped, each.name), each.name


def test_neither_order_nor_files_change_what_is_dropped(tmp_path):
    rows = repeated(5)
    whole = analyzed(tmp_path, write_csv(rows, tmp_path / "log.csv"), dedupe="id")
    halves = rows[::-2], rows[-2::-2]
    logs = [write_csv(half, tmp_path / f"{number}.csv") for number, half in enumerate(halves)]
    assert analyzed(tmp_path, *logs, dedupe="id").coverage == whole.coverage


def test_a_log_and_its_copy_are_the_log_and_as_much_again(tmp_path):
    rows = sample(6, 200)
    logs = [write_csv(rows, tmp_path / f"{name}.csv") for name in "ab"]
    report = analyzed(tmp_path, *logs, dedupe="id")
    assert [part.reason for part in report.coverage.duplicates.by] == ["same file twice"]
    assert report.coverage.duplicates.cost == cost(report)
    assert report.coverage.duplicates.tokens == report.coverage.tokens
