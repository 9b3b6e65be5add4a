"""How near a predicted latency comes to the truth: ``python benchmarks/latency_truth.py``.

A synthetic month of which every request is timed twice: on the model that the log says, and on the one that it would
move to, which no log shows. The logging rule sent short answers to the small model, with a little exploration; the
policy moves middling ones there. `simulate` reads the written Parquet like any other log. The last estimator gives
moved requests the latencies that the small model has in the log, whatever their length. In the bent months every token
takes longer the longer the prompt is: a line has the wrong form then.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.policy import load_policy
from aggcost.report import Report

REQUESTS = 60_000
EXPLORED = 0.07
STALLED = 0.01
SMALL, LARGE = "nano", "grand"
START_MS = {SMALL: 180.0, LARGE: 420.0}
PROMPT_MS = {SMALL: 0.02, LARGE: 0.06}
ANSWER_MS = {SMALL: 7.0, LARGE: 19.0}
BENT_TOKENS = 4000  # a prompt of this length doubles the time of a token in the bent months
SPREAD = {SMALL: 0.30, LARGE: 0.28}
TASKS = ("short", "middling", "long")
MEDIAN_TOKENS = np.array([35, 260, 900])
LENGTH_SPREAD = np.array([0.7, 0.8, 0.6])
BARS_PERCENT = {"p50": 3, "p95": 5, "p99": 10}
PRICES = f"""\
aggcost_prices: 1
providers:
  acme:
    models:
      {SMALL}: {{rates: [{{prices: {{input: "0.15", output: "0.60"}}}}]}}
      {LARGE}: {{rates: [{{prices: {{input: "2.50", output: "10.00"}}}}]}}
"""
POLICY = f"""\
policy: 1
name: middling
rules: [{{name: middling, when: task == 'middling', route: acme/{SMALL}}}]
"""


class Month:
    """The month: what the log shows, and how long each request would have taken on the small model."""

    def __init__(self, seed: int, *, bent: bool = False) -> None:
        self.bent = bent
        random = np.random.default_rng(seed)
        first_us = int(datetime.fromisoformat("2026-02-01T00:00:00+00:00").timestamp()) * 10**6
        self.ts_us = first_us + np.sort(random.integers(0, 28 * 86_400 * 10**6, REQUESTS))
        task = random.choice(3, REQUESTS, p=[0.5, 0.35, 0.15])
        self.task = np.array(TASKS)[task]
        self.prompt = np.maximum(random.lognormal(6.6, 0.9, REQUESTS).astype(np.int64), 1)
        answer = MEDIAN_TOKENS[task] * np.exp(LENGTH_SPREAD[task] * random.normal(size=REQUESTS))
        self.answer = np.maximum(answer.astype(np.int64), 1)
        explored = random.random(REQUESTS) < EXPLORED
        self.small = (self.task == "short") != explored
        busy = 1 + 0.25 * np.sin((self.ts_us / 10**6 % 86_400) / 86_400 * 2 * np.pi)
        self.ms = {name: self._times(name, busy, random) for name in (SMALL, LARGE)}
        self.logged_ms = np.where(self.small, self.ms[SMALL], self.ms[LARGE])
        self.moved = self.task == "middling"
        self.after_ms = np.where(self.moved & ~self.small, self.ms[SMALL], self.logged_ms)

    def _times(self, model: str, busy: np.ndarray, random: np.random.Generator) -> np.ndarray:
        each = 1 + self.prompt / BENT_TOKENS if self.bent else np.ones(REQUESTS)
        line = START_MS[model] + (PROMPT_MS[model] * self.prompt + ANSWER_MS[model] * self.answer) * each
        stalled = np.where(random.random(REQUESTS) < STALLED, 1 + random.exponential(2.0, REQUESTS), 1.0)
        luck = np.exp(SPREAD[model] * random.normal(size=REQUESTS)) * stalled
        times: np.ndarray = np.maximum(np.rint(line * busy * luck), 1).astype(np.int64)
        return times

    def write(self, folder: Path) -> Path:
        """Return the log as Parquet."""
        path = folder / "month.parquet"
        columns = {
            "timestamp": pa.array(self.ts_us, pa.timestamp("us", tz="UTC")),
            "provider": pa.array(["acme"] * REQUESTS),
            "model": pa.array(np.where(self.small, SMALL, LARGE).tolist()),
            "task": pa.array(self.task.tolist()),
            "input_tokens": pa.array(self.prompt),
            "output_tokens": pa.array(self.answer),
            "latency_ms": pa.array(self.logged_ms),
            "status": pa.array(["ok"] * REQUESTS),
        }
        pq.write_table(pa.table(columns), path)
        return path

    def cost_usd(self) -> Decimal:
        """Return what the policy costs, by hand."""
        small = self.small | self.moved
        picos = (self.prompt * np.where(small, 15, 250) + self.answer * np.where(small, 60, 1000)).sum()
        return Decimal(int(picos)) / 10**8

    def resampled_ms(self) -> np.ndarray:
        """Return the month with moved requests timed like the requests that the small model has served."""
        own = np.sort(self.logged_ms[self.small])
        going = np.flatnonzero(self.moved & ~self.small)
        found = self.logged_ms.copy()
        found[going] = own[np.linspace(0, len(own) - 1, len(going)).astype(np.int64)]
        return found


def simulated(month: Month) -> Report:
    """Return the report of the policy on the month."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "prices.yaml").write_text(PRICES)
        (folder / "policy.yaml").write_text(POLICY)
        options = Options(logs=(str(month.write(folder)),), prices=(folder / "prices.yaml",))
        return backtest.simulate(options, [load_policy(folder / "policy.yaml")])


def figures(month: Month, report: Report) -> dict[str, dict[str, dict[str, float]]]:
    """Return p50, p95 and p99 (ms) of all requests and of those on the small model: true, found, and resampled."""
    on_small = month.small | month.moved
    after = {row.route: row for row in report.arms[1].latencies}
    found = {}
    for title, mask, row in (("all requests", slice(None), after[None]), (SMALL, on_small, after[f"acme/{SMALL}"])):
        said = {one.name: float(one.value or 0) for one in row.percentiles}
        found[title] = {
            "truth": _percentiles(month.after_ms[mask]),
            "aggcost": {name: said[name] for name in BARS_PERCENT},
            "resampled": _percentiles(month.resampled_ms()[mask]),
        }
    return found


def _percentiles(ms: np.ndarray) -> dict[str, float]:
    return {name: float(np.percentile(ms, float(name[1:]))) for name in BARS_PERCENT}


def main() -> None:
    """Print the table of docs/benchmarks.md; exit 1 where a bar is missed."""
    missed = False
    print("| month | requests | estimator | p50, ms | p95, ms | p99, ms |\n|--:|---|---|--:|--:|--:|")
    for seed, bent in ((1, False), (2, False), (3, False), (1, True), (2, True)):
        month = Month(seed, bent=bent)
        report = simulated(month)
        for title, found in figures(month, report).items():
            truth = found["truth"]
            for estimator, ms in found.items():
                told = " | ".join(_told(ms[name], truth[name]) for name in truth)
                print(f"| {seed}{', bent' if bent else ''} | {title} | {estimator} | {told} |")
            missed |= any(abs(found["aggcost"][p] / truth[p] - 1) * 100 > bar for p, bar in BARS_PERCENT.items())
        missed |= report.arms[1].cost != month.cost_usd()
    sys.exit(missed)


def _told(ms: float, truth: float) -> str:
    apart = "" if ms == truth else f" ({(ms / truth - 1) * 100:+.1f} %)"
    return f"{ms:,.0f}{apart}"


if __name__ == "__main__":
    main()
