"""The audit of real recorded bills. AGGCOST_REAL_DATA names the folder that holds them."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from aggcost.audit import audit
from aggcost.baseline import Options
from aggcost.importers import ReadOptions

DATA = os.environ.get("AGGCOST_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="AGGCOST_REAL_DATA is not set: it names the folder of real logs")
TRACES = Path(DATA or ".") / "traces"
AIDER = ReadOptions(
    mapping={
        "timestamp": "time",
        "model": "main_model",
        "input_tokens": "prompt_tokens",
        "output_tokens": "completion_tokens",
        "cost_usd": "cost",
    },
    request_ids=True,
)
ROUTERARENA = ReadOptions(
    format="generic",
    mapping={
        "model": "llm_selected",
        "input_tokens": "token_usage.input_tokens",
        "output_tokens": "token_usage.output_tokens",
        "cost_usd": "evaluation_result.inference_cost",
    },
)


@pytest.fixture(scope="module")
def aider():
    return audit(Options(logs=(str(TRACES / "aider_analytics" / "message_send.csv"),), read=AIDER))


@pytest.mark.parametrize(
    ("model", "requests", "agree_percent"),
    [
        ("claude-3-5-sonnet-20241022", 1577, "98.73"),
        ("anthropic/claude-3-7-sonnet-20250219", 1184, "99.92"),
        ("o3-mini", 98, "100.00"),
        ("gpt-4o-mini", 45, "100.00"),
    ],
)
def test_how_many_requests_agree(aider, model, requests, agree_percent):
    (found,) = (one for one in aider.models if one.model == model)
    assert found.requests == requests
    assert round(found.agree_percent, 2) == Decimal(agree_percent)


def test_the_mistyped_price_is_found_and_named(aider):
    worst = aider.odd[0]
    assert (worst.model, worst.time) == ("gemini/gemini-2.5-pro-preview-03-25", "2025-05-07T15:29:32Z")
    assert (worst.tokens.input, worst.tokens.output) == (10_023, 10)
    assert round(worst.recorded, 6) == Decimal("9990.012529")
    assert worst.explanation == "a price of $999 per output token ($999000000 per 1M) gives this figure"


@pytest.mark.parametrize("model", ["claude-3-haiku-20240307", "gemini-2.0-flash-001"])
def test_every_row_of_routerarena_is_exact(model):
    found = audit(Options(logs=(str(TRACES / "routerarena" / f"{model}.jsonl"),), read=ROUTERARENA), Decimal(0))
    assert (found.requests, found.agree, found.difference) == (809, 809, 0)
