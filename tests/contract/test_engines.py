"""DuckDB and Spark run the same expressions: on one canonical Parquet they give the same report, byte for byte."""

from __future__ import annotations

import importlib.util
import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sample_logs import Row, sample, write_csv, write_prices

from aggcost import backtest
from aggcost.audit import audit
from aggcost.baseline import Options
from aggcost.caches import Asked, caches
from aggcost.engine import open_engine
from aggcost.errors import InputError, UsageError
from aggcost.importers import ReadOptions, read_usage, write_canonical
from aggcost.output import View, render
from aggcost.output.caches import caches_json
from aggcost.output.peaks import peaks_json
from aggcost.peaks import peaks
from aggcost.policy import load_policy

ENGINES = ("duckdb", "spark")
needs_spark = [
    pytest.mark.spark,
    pytest.mark.skipif(shutil.which("java") is None, reason="no Java on PATH"),
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="PySpark is not installed"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

MOVES = """\
policy: 1
name: moves
rules:
  - {name: short, when: "task == 'intent' and input_tokens < 3000", route: acme/small}
  - {name: long, when: "input_tokens >= 4000 or latency_ms > 4500", route: acme/small, fallback: [other/tiny]}
  - name: some
    when: user in ['u1', 'u2'] or starts_with(user, 'u1')
    split: {other/tiny: 12.5, as_logged: 87.5}
    sticky: session
  - name: tagged
    when: not (tags.feature == 'search') or tags.team == 'red'
    route: {cheapest: [acme/small, other/tiny]}
  - {name: night, when: "hour < 6 or weekday in ['sat', 'sun']", route: other/tiny}
otherwise: as_logged
discounts: [{where: "provider == 'other' and rule == 'some'", percent: 40}]
fees: {percent: 5.5, on: moved}
max_tokens: [{where: user == 'u5', tokens: 200}]
"""


FAILS_OVER = """\
policy: 1
name: fails-over
rules:
  - {name: all, when: provider == 'acme', route: acme/small, fallback: [other/tiny]}
otherwise: as_logged
failover: {timeout_ms: 500, on: [429, 5xx, timeout, other]}
incidents: [incidents.yaml]
"""
LIMITED = """\
policy: 1
name: limited
rules:
  - {name: all, when: provider == 'acme', route: acme/small, fallback: [other/tiny, as_logged]}
otherwise: as_logged
limits:
  acme/small: {requests_per_day: 400, tokens_per_minute: 400000, budget: {usd: "0.05", per: day}}
response_cache: {ttl: 7d, key: [task, user]}
prompt_cache: {mode: simulated, ttl: 1h, minimum_tokens: 0}
"""
INCIDENTS = """\
incidents:
  - {provider: acme, from: "2026-02-01T06:00Z", minutes: 2000}
  - {provider: other, from: "2026-02-02T06:00Z", minutes: 400}
"""


def awkward_rows() -> list[Row]:
    """Rows of the sample with tags of every kind, parts of seconds, repeated and missing ids, recorded costs."""
    draw = random.Random(4)
    tags = [
        '{"feature": "search"}',
        '{"feature": "search", "team": "red"}',
        '{"feature": 5}',
        '{"team": null}',
        "{}",
        None,
    ]
    rows = sample(3, 300, unpriced=True)
    for row in rows:
        row["tags"] = draw.choice(tags)
        row["timestamp"] = row["timestamp"].replace("Z", draw.choice(["Z", ".5Z", ".999999Z"]))
        row["request_id"] = draw.choice([row["request_id"], None, "again"])
        row["cost_usd"] = draw.choice([None, "0.000123456789", "1.5"])
    times = random.Random(6)
    for row in rows:
        row["ttft_ms"] = times.choice([None, 40, 41.5, 90])
        row["latency_ms"] = f"{row['latency_ms']}{times.choice(['', '.25'])}" if row["latency_ms"] else None
    return rows


def write_prompts(path: Path) -> Path:
    """Write prompts whose blocks are known, of two models, some at one time and some without blocks."""
    draw = random.Random(5)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(300):
            ids = [*range(draw.randrange(6)), *(draw.randrange(30) for _ in range(draw.randrange(4)))]
            row = {
                "timestamp": f"2026-02-02T09:{draw.randrange(60):02}:00Z", "provider": "acme",
                "model": draw.choice(["large", "small"]), "session_id": draw.choice([None, "a", "b"]),
                "input_tokens": 64 * len(ids), "prefix_blocks": draw.choice([ids, ids, None]), "block_tokens": 64,
            }  # fmt: skip
            file.write(json.dumps(row) + "\n")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the log as canonical Parquet, and its prices and policy."""
    made = tmp_path_factory.mktemp("engines")
    for log in (write_csv(awkward_rows(), made / "log.csv"), write_prompts(made / "prompts.jsonl")):
        stored = made / ("usage.parquet" if log.suffix == ".csv" else "prompts.parquet")
        with open_engine() as engine:
            usage = read_usage(engine, [str(log)], ReadOptions(request_ids=True, writes=[stored]))
            write_canonical(engine, usage, stored)
    write_prices(made)
    (made / "policy.yaml").write_text(MOVES)
    return made


def options(folder: Path, engine: str, **more: object) -> Options:
    log = str(folder / "usage.parquet")
    return Options(logs=(log,), prices=(folder / "prices.yaml",), by=("user",), engine=engine, **more)


def text(report) -> str:
    return render(report, "json", View())


def test_canonical_parquet_is_the_log_it_was_made_from(folder):
    stored = options(folder, "duckdb")
    reports = [backtest.analyze(one) for one in (stored, replace(stored, logs=(str(folder / "log.csv"),)))]
    assert len({text(replace(report, inputs=(), next_commands=())) for report in reports}) == 1


def test_spark_without_java_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(UsageError, match="needs Java 17"), open_engine("spark"):
        pass


class TestSpark:
    """Java starts once for all of these, a session for each report."""

    pytestmark = needs_spark

    def test_analyze(self, folder, tmp_path, monkeypatch, capfd):
        monkeypatch.chdir(tmp_path)
        reports = [backtest.analyze(options(folder, engine)) for engine in ENGINES]
        assert text(reports[0]) == text(reports[1])
        assert "repeated_request_id" in {issue.code for issue in reports[1].issues}
        assert capfd.readouterr().out == ""
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        "read",
        [
            ReadOptions(request_ids=True),
            ReadOptions(dedupe="id", timezone="Europe/Berlin"),
            ReadOptions(since="2026-02-02", until="2026-02-03T12:00"),
        ],
        ids=["plain", "dedupe", "period"],
    )
    def test_simulate(self, folder, read):
        policy = load_policy(folder / "policy.yaml")
        reports = [backtest.simulate(options(folder, engine, read=read), [policy]) for engine in ENGINES]
        assert text(reports[0]) == text(reports[1])
        decided = {row.rule for row in reports[1].comparisons[0].decisions if row.requests}
        assert decided >= {"short", "long", "some", "tagged", "night"}

    def test_failover(self, folder):
        (folder / "incidents.yaml").write_text(INCIDENTS)
        (folder / "failover.yaml").write_text(FAILS_OVER)
        policy = load_policy(folder / "failover.yaml")
        reports = [backtest.simulate(options(folder, engine), [policy]) for engine in ENGINES]
        assert text(reports[0]) == text(reports[1])
        found = reports[1].comparisons[0].failover
        assert found.rescued
        assert found.lost
        assert found.minutes_down_after

    def test_limits_and_caches(self, folder):
        (folder / "limited.yaml").write_text(LIMITED)
        policy = load_policy(folder / "limited.yaml")
        reports = [backtest.simulate(options(folder, engine, scale=20), [policy]) for engine in ENGINES]
        assert text(reports[0]) == text(reports[1])
        found = reports[1].comparisons[0].in_order
        assert found.limits[0].spilled
        assert found.response_cache.requests
        assert found.prompt_cache.simulated is not None

    def test_audit(self, folder):
        read = ReadOptions(request_ids=True)
        reports = [audit(options(folder, engine, read=read)) for engine in ENGINES]
        assert text(reports[0]) == text(reports[1])
        assert {"unexplained"} == {cause.name for cause in reports[1].causes}
        assert len(reports[1].odd) == 20

    def test_peaks(self, folder):
        found = [peaks_json(peaks(options(folder, engine))) for engine in ENGINES]
        assert found[0] == found[1]

    @pytest.mark.parametrize("asked", [Asked(), Asked(per_session=True, per_model=True)])
    def test_caches(self, folder, asked):
        stored = (str(folder / "prompts.parquet"),)
        found = [caches_json(caches(replace(options(folder, engine), logs=stored), asked)) for engine in ENGINES]
        assert found[0] == found[1]
        assert json.loads(found[1])["served"][0]["blocks"] > 0

    def test_logs_whose_names_are_patterns_to_spark(self, folder, tmp_path):
        odd = tmp_path / "_{a,b}:[1] x.parquet"
        shutil.copy(folder / "usage.parquet", odd)
        reports = [backtest.analyze(replace(options(folder, engine), logs=(str(odd),))) for engine in ENGINES]
        assert text(reports[0]) == text(reports[1])

    def test_text_logs_are_refused(self, folder):
        with pytest.raises(UsageError, match="canonical Parquet only"):
            backtest.analyze(replace(options(folder, "spark"), logs=(str(folder / "log.csv"),)))

    def test_damaged_parquet_is_an_input_error(self, folder, tmp_path):
        damaged = tmp_path / "usage.parquet"
        damaged.write_bytes((folder / "usage.parquet").read_bytes()[:-100] + b"PAR1")
        with pytest.raises(InputError, match=r"usage\.parquet: spark: "):
            backtest.analyze(replace(options(folder, "spark"), logs=(str(damaged),)))

    def test_an_unknown_master_is_named(self, folder):
        with pytest.raises(UsageError, match="Could not parse Master URL"):
            backtest.analyze(options(folder, "spark", master="nowhere"))
