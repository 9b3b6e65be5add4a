"""What a prompt cache serves of public traces, as a user would ask for it; worked out elsewhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aggcost.cli import app

DATA = os.environ.get("AGGCOST_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="AGGCOST_REAL_DATA is not set: it names the folder of real logs")
TRACES = Path(DATA or ".") / "traces"


def of_trace(*flags):
    run = CliRunner().invoke(app, ["caches", *flags, "--format", "json"])
    assert run.exit_code == 0, run.output
    return json.loads(run.stdout)


def test_an_hour_of_a_real_chat_service():
    found = of_trace(
        str(TRACES / "mooncake" / "conversation_trace.jsonl"),
        *("--map", "timestamp=timestamp:ms", "--map", "input_tokens=input_length", "--map", "output_tokens=output_length"),
        *("--map", "prefix_blocks=hash_ids", "--assume", "block_tokens=512"),
        *("--assume", "model=gpt-4o", "--assume", "provider=openai"),
        *(flag for size in (1000, 5859, 10000, 50000) for flag in ("--capacity", str(size))),
    )  # fmt: skip
    assert (found["requests"], found["prompt_tokens"], found["blocks"]) == (12_031, 144_793_823, 288_500)
    for_ever, _, minutes = found["served"]
    assert (for_ever["blocks"], for_ever["blocks_percent"]) == (105_710, "36.641248")
    assert (for_ever["read_tokens"], for_ever["read_percent"]) == (54_098_411, "37.362375")
    assert for_ever["mean_percent"] == "40.9385"
    assert found["cost_without_cache_usd"] == "403.2050375"
    assert (for_ever["cost_usd"], for_ever["savings_percent"]) == ("335.58202375", "16.771371")
    assert (minutes["read_tokens"], minutes["blocks_percent"]) == (42_480_677, "28.772964")
    shares = {one["capacity_blocks"]: one["blocks_percent"] for one in found["curve"]}
    assert {size: shares[size] for size in (1000, 5859, 10000, 50000)} == {
        1000: "4.447487", 5859: "13.553206", 10000: "21.116464", 50000: "35.455806",
    }  # fmt: skip
    assert found["without_cached_price"] == []


def test_real_coding_agents():
    found = of_trace(
        str(TRACES / "claude_code" / "requests.parquet"), "--per-session",
        *("--map", "timestamp=t_abs:s", "--map", "input_tokens=in", "--map", "output_tokens=out"),
        *("--map", "session_id=trace", "--map", "prefix_blocks=hash_ids", "--assume", "block_tokens=64"),
        *("--assume", "provider=anthropic"),
    )  # fmt: skip
    assert (found["requests"], found["models"]) == (29_356, 6)
    assert (found["served"][0]["read_tokens"], found["served"][0]["read_percent"]) == (3_397_571_712, "96.195236")


def test_sessions_alone_come_near_to_blocks():
    found = of_trace(
        str(TRACES / "claude_code" / "requests.parquet"),
        *("--map", "timestamp=t_abs:s", "--map", "input_tokens=in", "--map", "output_tokens=out"),
        *("--map", "session_id=trace", "--assume", "provider=anthropic"),
    )  # fmt: skip
    assert (found["method"], found["served"][0]["read_percent"]) == ("sessions", "97.269734")
