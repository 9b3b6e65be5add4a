"""Limits held against an hour of a real service, through the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DATA = os.environ.get("AGGCOST_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="AGGCOST_REAL_DATA is not set: it names the folder of real logs")
AZURE = Path(DATA or ".") / "traces" / "azure2023" / "AzureLLMInferenceTrace_code.csv"
READ = (
    *("--map", "timestamp=TIMESTAMP", "--map", "input_tokens=ContextTokens", "--map", "output_tokens=GeneratedTokens"),
    *("--assume", "model=gpt-4o", "--assume", "provider=openai", "--tz", "UTC"),
)


def simulated(tmp_path: Path, limit: str, *more: str) -> dict[str, Any]:
    (tmp_path / "p.yaml").write_text(
        f"policy: 1\nname: p\notherwise: openai/gpt-4o\nlimits: {{openai/gpt-4o: {{{limit}}}}}\n"
    )
    command = [sys.executable, "-m", "aggcost", "simulate", str(AZURE), *READ, "--policy", "p.yaml", "--format", "json"]
    done = subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, check=True)
    in_order = json.loads(done.stdout)["comparisons"][0]["in_order"]
    (found,) = in_order["limits"]
    peaks = {one["window"]: one for one in found["peaks"]}
    return {"spilled": found["spilled"], "rejected": in_order["rejected"], **peaks}


def test_700_a_minute_pass_on_fixed_minutes_and_break_on_sliding_ones(tmp_path):
    fixed = simulated(tmp_path, "requests_per_minute: 700, window: minute")
    assert (fixed["minute"]["requests"], fixed["minute"]["tokens"]) == (632, 1_344_551)
    assert (fixed["sliding"]["requests"], fixed["sliding"]["tokens"]) == (723, 1_409_698)
    assert (fixed["minute"]["first_broken"], fixed["spilled"]) == (None, 0)
    sliding = simulated(tmp_path, "requests_per_minute: 700")
    assert sliding["sliding"]["first_broken"] is not None
    assert sliding["spilled"] > 0
    assert sliding["rejected"] == sliding["spilled"]


def test_the_busiest_fixed_minute_holds_its_own_number_and_not_one_less(tmp_path):
    assert simulated(tmp_path, "requests_per_minute: 632, window: minute")["spilled"] == 0
    assert simulated(tmp_path, "requests_per_minute: 631, window: minute")["spilled"] == 1


@pytest.mark.parametrize("window", ["minute", "sliding"])
def test_600_a_minute_break_both(tmp_path, window):
    found = simulated(tmp_path, f"requests_per_minute: 600, window: {window}")
    assert found[window]["first_broken"] is not None
    assert found["spilled"] > 0
    scaled = simulated(tmp_path, f"requests_per_minute: 1800, window: {window}", "--scale", "3")
    assert scaled["spilled"] == found["spilled"]
