"""Laws of reconciling: the parts add up to the difference, whatever happened between the log and the bill."""

from __future__ import annotations

import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sample_logs import Row, price_usd, sample, write_csv, write_prices

from aggcost.baseline import Options
from aggcost.reconcile import reconcile
from aggcost.report_reconcile import Reconciliation

SEEDS = range(6)
COUNTS = ("input_tokens", "cache_read_tokens", "output_tokens")


def bill_of(rows: list[Row], *, costs: bool) -> list[dict[str, Any]]:
    """Return the rows as sums by day, provider and model, as a usage report has them."""
    found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["timestamp"][:10], row["provider"], row["model"]].append(row)
    return [
        {
            "timestamp": f"{day}T00:00:00Z",
            "grain": "bucket",
            "provider": provider,
            "model": model,
            "requests": len(several),
            **{name: sum(row[name] for row in several) for name in COUNTS},
            "cost_usd": format(_usd(several), "f") if costs else "",
        }
        for (day, provider, model), several in sorted(found.items())
    ]


def _usd(rows: list[Row]) -> Decimal:
    exact = sum(price_usd(row, row["provider"], row["model"]) or 0 for row in rows)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("1e-12"))


def billed(seed: int) -> list[Row]:
    """Return a log without failed requests: those are billed by nobody, and not in a report."""
    return [row for row in sample(seed, 150) if row["status"] == "ok"]


def held(folder: Path, log: list[Row], bill: list[dict[str, Any]]) -> Reconciliation:
    prices = write_prices(folder)
    asked = Options(logs=(str(write_csv(log, folder / "log.csv")),), prices=(prices,))
    return reconcile(asked, (str(write_csv(bill, folder / "bill.csv")),))


@pytest.mark.parametrize("costs", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_and_its_own_sums_agree(tmp_path, seed, costs):
    rows = billed(seed)
    found = held(tmp_path, rows, bill_of(rows, costs=costs))
    assert (found.difference, found.parts, found.left_out) == (0, (), ())
    assert found.log == found.bill


@pytest.mark.parametrize("costs", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_parts_add_up_exactly(tmp_path, seed, costs):
    draw = random.Random(seed)
    rows = billed(seed)
    bill = bill_of([row for row in rows if draw.random() < 0.9], costs=costs)
    for line in bill:
        moved = draw.randrange(line["input_tokens"] - line["cache_read_tokens"] + 1)
        line["cache_read_tokens"] += moved
        line["output_tokens"] += draw.randrange(50)
        if costs:
            line["cost_usd"] = format(Decimal(line["cost_usd"]) * draw.randrange(900, 1100) / 1000, "f")
    log = [*rows, *draw.sample(rows, 10)]
    found = held(tmp_path, log, bill)
    for row in found.rows:
        assert row.bill.cost - row.log.cost == row.difference == sum((part.amount for part in row.parts), Decimal(0))
    assert found.bill.cost - found.log.cost == found.difference == sum(part.amount for part in found.parts)
    assert found.difference == sum(row.difference for row in found.rows)
    assert "unexplained" not in {part.name for part in found.parts}
    assert sum((row.log.cost for row in found.rows), Decimal(0)) == found.log.cost
