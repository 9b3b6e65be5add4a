"""What tests of contracts share: a small log, and a price file as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sample_logs import write_csv

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.policy import Policy, load_policy
from aggcost.report import Report


def request(when: str, model: str = "acme/one", *, tokens: int = 0, output: int = 0, **more: Any) -> dict[str, Any]:
    """Return one request of a log; `tokens` are of the prompt."""
    provider, _, name = model.partition("/")
    return {
        "timestamp": when,
        "request_id": f"{when} {model} {tokens} {output}",
        "provider": provider,
        "model": name,
        "input_tokens": tokens,
        "output_tokens": output,
        "status": "ok",
        "latency_ms": 100,
        "task": "",
        "service_tier": "",
        "region": "",
        **more,
    }


def options(folder: Path, rows: list[dict[str, Any]], prices: str, **more: Any) -> Options:
    """Return what reads the rows under a price file of this text (none where it is empty)."""
    return Options(
        logs=(str(write_csv(rows, folder / "log.csv")),), prices=(price_file(folder, prices),) if prices else (), **more
    )


def price_file(folder: Path, text: str, name: str = "prices.yaml") -> Path:
    """Return a price file that says `text` below its first line."""
    path = folder / name
    path.write_text(f"aggcost_prices: 1\n{text}", encoding="utf-8")
    return path


def policy(folder: Path, text: str) -> Policy:
    """Return a policy that says `text` below its first line."""
    path = folder / "policy.yaml"
    path.write_text(f"policy: 1\n{text}", encoding="utf-8")
    return load_policy(path)


def analyzed(folder: Path, rows: list[dict[str, Any]], prices: str) -> Report:
    """Return the report of the rows under a price file."""
    return backtest.analyze(options(folder, rows, prices))
