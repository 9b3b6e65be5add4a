"""`aggcost peaks`: the busiest minute of each route, by hand and of a real service."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aggcost.baseline import Options
from aggcost.cli import app
from aggcost.errors import DataQualityError, UsageError
from aggcost.importers import ReadOptions
from aggcost.output.peaks import peaks_json, peaks_table
from aggcost.peaks import peaks

DATA = os.environ.get("AGGCOST_REAL_DATA")
# Two at the end of a minute, two at the start of the next; another route; one without a time.
ROWS = [
    ("2026-02-02T09:00:00Z", "acme", "m", 100),
    ("2026-02-02T09:00:58.9Z", "acme", "m", 100),
    ("2026-02-02T09:00:59.9Z", "acme", "m", 100),
    ("2026-02-02T09:01:00Z", "acme", "m", 100),
    ("2026-02-02T09:01:30Z", "other", "n", 5000),
    ("", "acme", "m", 100),
]


@pytest.fixture
def logged(tmp_path):
    lines = [f"{time},{provider},{model},{tokens},10" for time, provider, model, tokens in ROWS]
    (tmp_path / "log.csv").write_text("\n".join(["timestamp,provider,model,input_tokens,output_tokens", *lines, ""]))
    return Options(logs=(str(tmp_path / "log.csv"),))


def test_the_busiest_minute_of_each_route(logged):
    found = peaks(logged)
    assert [(route.name, route.requests) for route in found.routes] == [("acme/m", 4), ("other/n", 1)]
    sliding, minute = found.routes[0].busiest
    # The first request is exactly a minute before the last: it no longer counts there.
    assert (sliding.window, sliding.requests, sliding.tokens) == ("sliding", 3, 330)
    assert (minute.window, minute.requests, minute.tokens) == ("minute", 3, 330)
    assert sliding.requests_at == "2026-02-02T09:00:59Z"
    assert (found.left_out, found.others, found.broken) == (1, 0, False)


def test_a_limit_is_held_against_both_ways_to_count(logged):
    (sliding, minute), other = (route.held for route in peaks(logged, requests_a_minute=2).routes)
    assert (sliding.first_over, sliding.spilled) == ("2026-02-02T09:00:59Z", 1)
    assert (minute.first_over, minute.spilled) == ("2026-02-02T09:00:59Z", 1)
    assert [held.first_over for held in other] == [None, None]


def test_a_limit_of_tokens(logged):
    found = peaks(logged, tokens_a_minute=5000)
    assert [route.held[0].first_over for route in found.routes] == [None, "2026-02-02T09:01:30Z"]
    assert found.broken


def test_three_times_the_traffic(logged):
    assert peaks(logged, scale=3).routes[0].busiest[0].requests == 9


@pytest.mark.parametrize("asked", [{"requests_a_minute": 0}, {"tokens_a_minute": -1}, {"scale": 0}])
def test_a_limit_is_at_least_one(logged, asked):
    with pytest.raises(UsageError, match="expected 1 or more"):
        peaks(logged, **asked)


def test_without_times_no_minute_is_the_busiest(tmp_path):
    (tmp_path / "log.csv").write_text("model,input_tokens,output_tokens\nm,1,1\n")
    with pytest.raises(DataQualityError, match="no request has a time"):
        peaks(Options(logs=(str(tmp_path / "log.csv"),)))


@pytest.mark.parametrize("width", [80, 200])
def test_the_page_fits(logged, width):
    lines = peaks_table(peaks(logged, requests_a_minute=2), width).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[1].split()[:5] == ["acme/m", "3", "3", "330", "330"]
    assert "1 requests have no time and take no part" in lines


def test_json_has_every_figure(logged):
    found = json.loads(peaks_json(peaks(logged, requests_a_minute=2)))
    assert (found["command"], found["broken"], found["requests_a_minute"]) == ("peaks", True, 2)
    assert found["routes"][0]["held"][0]["spilled"] == 1


def test_the_command(logged):
    run = CliRunner()
    assert run.invoke(app, ["peaks", *logged.logs]).exit_code == 0
    assert run.invoke(app, ["peaks", *logged.logs, "--rpm", "3"]).exit_code == 0
    assert run.invoke(app, ["peaks", *logged.logs, "--rpm", "2", "--format", "json"]).exit_code == 1


@pytest.mark.skipif(not DATA, reason="AGGCOST_REAL_DATA is not set: it names the folder of real logs")
def test_an_hour_of_a_real_service():
    log = Path(DATA or ".") / "traces" / "azure2023" / "AzureLLMInferenceTrace_code.csv"
    names = {"timestamp": "TIMESTAMP", "input_tokens": "ContextTokens", "output_tokens": "GeneratedTokens"}
    read = ReadOptions(mapping=names, assume={"model": "gpt-4o", "provider": "openai"}, timezone="UTC")
    (route,) = peaks(Options(logs=(str(log),), read=read), requests_a_minute=700).routes
    by = {one.window: (one.requests, one.tokens) for one in route.busiest}
    assert by == {"minute": (632, 1_344_551), "sliding": (723, 1_409_698)}
    broken = {held.window: held.first_over is not None for held in route.held}
    assert broken == {"minute": False, "sliding": True}
