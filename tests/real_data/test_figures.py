"""Figures of real logs, worked out elsewhere. AGGCOST_REAL_DATA names the folder that holds them."""

from __future__ import annotations

import csv
import os
from decimal import Decimal
from pathlib import Path

import pytest

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.importers import ReadOptions
from aggcost.policy import load_policy

DATA = os.environ.get("AGGCOST_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="AGGCOST_REAL_DATA is not set: it names the folder of real logs")
TRACES = Path(DATA or ".") / "traces"

AZURE = (
    TRACES / "azure2023" / "AzureLLMInferenceTrace_code.csv",
    ReadOptions(
        mapping={"timestamp": "TIMESTAMP", "input_tokens": "ContextTokens", "output_tokens": "GeneratedTokens"},
        assume={"model": "gpt-4o", "provider": "openai"},
        timezone="UTC",
    ),
)
VIDUR = (
    TRACES / "vidur" / "splitwise_code.csv",
    ReadOptions(
        mapping={
            "timestamp": "arrived_at:s",
            "input_tokens": "num_prefill_tokens",
            "output_tokens": "num_decode_tokens",
        },
        assume={"model": "gpt-4o", "provider": "openai"},
    ),
)
AIDER = (
    TRACES / "aider_analytics" / "message_send.csv",
    ReadOptions(
        mapping={
            "timestamp": "time",
            "model": "main_model",
            "input_tokens": "prompt_tokens",
            "output_tokens": "completion_tokens",
            "cost_usd": "cost",
        }
    ),
)


@pytest.mark.parametrize(("log", "read"), [AZURE, VIDUR], ids=["azure2023", "vidur"])
def test_one_hour_of_a_real_service(log, read):
    report = backtest.analyze(Options(logs=(str(log),), read=read))
    arm = report.arms[0]
    assert report.coverage.records == 8819
    assert arm.requests == 8819
    assert (arm.tokens.input, arm.tokens.output) == (18_059_974, 245_896)
    assert arm.cost == Decimal("47.608895")


def test_the_rows_logged_as_o3_mini(tmp_path):
    log, read = AIDER
    with log.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["main_model"] == "o3-mini"]
    only = tmp_path / "o3-mini.csv"
    with only.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    arm = backtest.analyze(Options(logs=(str(only),), read=read)).arms[0]
    assert arm.requests == len(rows) == 98
    assert arm.cost == Decimal("1.6213153")


def test_the_whole_bill_of_real_calls():
    log, read = AIDER
    report = backtest.analyze(Options(logs=(str(log),), read=read))
    assert report.coverage.records == 5563
    groups = {group.key: group for group in report.arms[0].by["model"]}
    assert groups["o3-mini"].cost == Decimal("1.6213153")
    assert groups["gpt-4o-mini"].cost == Decimal("0.01248105")


@pytest.mark.parametrize(("log", "read"), [AZURE, VIDUR, AIDER], ids=["azure2023", "vidur", "aider"])
def test_identity_saves_exactly_nothing(tmp_path, log, read):
    policy = tmp_path / "same.yaml"
    policy.write_text("policy: 1\nname: same\nrules: []\noverheads: []\n")
    report = backtest.simulate(Options(logs=(str(log),), read=read), [load_policy(policy)])
    assert report.comparisons[0].savings == 0
    assert report.arms[1].cost == report.arms[0].cost
