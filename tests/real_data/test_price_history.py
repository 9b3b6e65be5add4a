"""Public calls whose client recorded what it took to be their cost, while prices changed."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pricing import charge, rates_of

from aggcost.price_sources import load_rates

DATA = os.environ.get("AGGCOST_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="AGGCOST_REAL_DATA is not set: it names the folder of real logs")
CALLS = Path(DATA or ".") / "traces" / "aider_analytics" / "message_send.csv"


@pytest.fixture(scope="module")
def calls():
    with CALLS.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if Decimal(row["cost"] or 0)]


def agreeing(calls, model, when=None):
    """Return how many of the model's calls agree to 0.1 % with our price: that of `when`, or of their own time."""
    rates, agree = rates_of(load_rates(), None, model), 0
    for call in calls:
        at = when or datetime.fromtimestamp(int(call["time"]), UTC).isoformat()
        ours = charge(rates, at, input=int(call["prompt_tokens"]), output=int(call["completion_tokens"]))
        agree += ours is not None and abs(Decimal(ours) - Decimal(call["cost"])) <= Decimal(call["cost"]) / 1000
    return agree


def test_o3_before_and_after_its_cut(calls):
    found = [call for call in calls if call["main_model"] == "o3"]
    assert (len(found), agreeing(found, "o3")) == (69, 62 + 4)
    assert agreeing(found, "o3", "2025-06-09") == 62
    assert agreeing(found, "o3", "2025-06-10") == 4


def test_haiku_was_recorded_at_its_old_price_for_two_months_after_the_cut(calls):
    """Its list price fell on 2024-12-03; this client's table knew that only in March."""
    model = "claude-3-5-haiku-20241022"
    found = [call for call in calls if call["main_model"] == model]
    assert (len(found), agreeing(found, model, "2024-12-02"), agreeing(found, model, "2024-12-03")) == (67, 62, 4)
    assert agreeing(found, model) == 21 + 4


def test_deepseek_chat_was_recorded_at_the_price_of_the_day_by_night(calls):
    """Its promotion ended on 2025-02-08; the calls after it were made at hours of half the price, of which the client's
    table knew nothing."""
    model = "deepseek/deepseek-chat"
    found = [call for call in calls if call["main_model"] == model]
    assert (len(found), agreeing(found, model, "2025-02-01"), agreeing(found, model)) == (397, 369, 369)
    assert agreeing(found, model, "2025-03-25T12:00:00Z") == 16
    late = [call for call in found if int(call["time"]) > datetime(2025, 2, 8, 16, tzinfo=UTC).timestamp()]
    assert len(late) == 16
    assert all(not 1_800 <= int(call["time"]) % 86_400 < 59_400 for call in late)  # not between 00:30 and 16:30 UTC
