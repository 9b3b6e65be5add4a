"""Logs converted into a directory: a Parquet file each, nothing twice, and the totals of the logs themselves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sample_logs import sample, write_csv, write_prices
from test_agent_sessions import answer, used
from test_litellm import CALL
from typer.testing import CliRunner

from aggcost.cli import app
from aggcost.errors import UsageError
from aggcost.importers import reading


def convert(*logs, to):
    """Return what a conversion into a directory says."""
    result = CliRunner().invoke(app, ["convert", *map(str, logs), "-o", f"{to}{os.sep}"])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stderr


def refused(*logs, to):
    """Return why logs are not converted into a directory."""
    result = CliRunner().invoke(app, ["convert", *map(str, logs), "-o", f"{to}{os.sep}"])
    assert isinstance(result.exception, UsageError), (result.output, result.exception)
    return result.exception.message


def totals(*logs):
    """Return what a report says of logs, whatever files they are in."""
    prices = write_prices(Path(logs[0]).parent)
    command = ["analyze", *map(str, logs), "--prices", str(prices), "--by", "user", "--format", "json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, (result.output, result.exception)
    found = json.loads(result.stdout)
    coverage = {name: found["coverage"][name] for name in ("priced", "unpriced", "free", "not_billed", "tokens")}
    return found["arms"], found["period"], coverage


def generic(folder):
    rows = sample(7, 300, unpriced=True)
    return [write_csv(rows[part::3], folder / f"part{part}.csv{'.gz' if part == 2 else ''}") for part in range(3)]


def litellm(folder):
    paths = [folder / "spend1.jsonl", folder / "spend2.jsonl"]
    for number, path in enumerate(paths):
        path.write_text("".join(json.dumps(CALL | {"request_id": f"c{number}-{row}"}) + "\n" for row in range(5)))
    return paths


def claude_code(folder):
    first, last = answer(usage=used(1)), answer(usage=used(550))
    (folder / "s1.jsonl").write_text("".join(json.dumps(line) + "\n" for line in (first, last)))
    more = answer(message="msg_2", request="req_2", usage=used(20))
    (folder / "s2.jsonl").write_text("".join(json.dumps(line) + "\n" for line in (first, last, more)))
    shutil.copy(folder / "s1.jsonl", folder / "copy.jsonl")
    return sorted(folder.glob("*.jsonl"))


def parquet(folder):
    return sorted(path.name for path in folder.glob("*.parquet"))


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(("write", "files"), [(generic, 3), (litellm, 1), (claude_code, 1)])
def test_the_directory_has_the_totals_of_the_logs(tmp_path, logs, write, files):
    paths = write(logs)
    convert(*paths, to=tmp_path / "out")
    assert len(parquet(tmp_path / "out")) == files
    assert totals(tmp_path / "out") == totals(*paths)


def test_a_file_is_named_by_its_log_and_the_place_of_that(tmp_path, logs):
    odd = write_csv(sample(1, 20), logs / "a b[1].csv")
    (logs / "sub").mkdir()
    twin = write_csv(sample(2, 20), logs / "sub" / "a b[1].csv")
    convert(odd, twin, to=tmp_path / "out")
    names = parquet(tmp_path / "out")
    assert len(names) == 2
    assert all(name.startswith("a_b_1_.csv-") and len(name) == len("a_b_1_.csv-01234567.parquet") for name in names)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*names, "convert.json"])


@pytest.mark.parametrize("write", [generic, litellm, claude_code])
def test_what_is_unchanged_is_skipped(tmp_path, logs, write):
    paths = write(logs)
    convert(*paths, to=tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    said = convert(*paths, to=tmp_path / "out")
    assert f"skipped {len(paths)} logs: unchanged" in said
    assert "wrote 0 requests of 0 logs" in said
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert totals(tmp_path / "out") == totals(*paths)


def test_a_changed_log_an_option_and_a_lost_file_are_converted_again(tmp_path, logs):
    paths = generic(logs)
    convert(*paths, to=tmp_path / "out")
    write_csv(sample(9, 50), paths[0])
    assert "of 1 log to" in convert(*paths, to=tmp_path / "out")
    assert totals(tmp_path / "out") == totals(*paths)
    next((tmp_path / "out").glob("part1*.parquet")).unlink()
    assert "of 1 log to" in convert(*paths, to=tmp_path / "out")
    assert totals(tmp_path / "out") == totals(*paths)
    assert "of 3 logs to" in convert(*paths, "--assume", "tags.team=x", to=tmp_path / "out")


def test_a_new_session_is_read_with_those_that_it_may_repeat(tmp_path, logs):
    paths = claude_code(logs)
    convert(*paths[:2], to=tmp_path / "out")
    assert "of 3 logs to" in convert(*paths, to=tmp_path / "out")
    assert parquet(tmp_path / "out") == ["together.parquet"]
    assert totals(tmp_path / "out") == totals(*paths)
    paths[2].write_text(paths[2].read_text() + json.dumps(answer(message="msg_3", request="req_3")) + "\n")
    before = totals(tmp_path / "out")
    assert "2 more logs whose repeats are told together" in refused(paths[2], to=tmp_path / "out")
    assert totals(tmp_path / "out") == before
    convert(*paths, to=tmp_path / "out")
    assert totals(tmp_path / "out") == totals(*paths) != before


def test_ids_are_told_apart_among_all_logs(tmp_path, logs):
    paths = [write_csv(sample(3, 50), logs / f"{name}.csv") for name in ("a", "b")]
    convert(*paths, to=tmp_path / "out")
    assert len(parquet(tmp_path / "out")) == 2
    convert(*paths, "--dedupe", "id", to=tmp_path / "out")
    assert parquet(tmp_path / "out") == ["together.parquet"]
    assert totals(tmp_path / "out")[0][0]["requests"] == totals(paths[0])[0][0]["requests"]
    convert(*paths, to=tmp_path / "out")
    assert len(parquet(tmp_path / "out")) == 2
    assert totals(tmp_path / "out") == totals(*paths)


def test_an_interrupted_conversion_is_no_log_and_goes_on_where_it_stopped(tmp_path, logs, monkeypatch):
    paths = generic(logs)
    write, done = reading.write_canonical, []

    def stopped(engine, usage, path):
        if done:
            raise KeyboardInterrupt
        done.append(path)
        return write(engine, usage, path)

    monkeypatch.setattr(reading, "write_canonical", stopped)
    result = CliRunner().invoke(app, ["convert", *map(str, paths), "-o", str(tmp_path / "out") + "/"])
    assert result.exit_code != 0
    assert len(parquet(tmp_path / "out")) == 1
    refused = CliRunner().invoke(app, ["analyze", str(tmp_path / "out")])
    assert "not all of its logs are converted yet" in str(refused.exception)
    monkeypatch.undo()
    said = convert(*paths, to=tmp_path / "out")
    assert "of 2 logs to" in said
    assert "skipped 1 log:" in said
    assert totals(tmp_path / "out") == totals(*paths)


def test_the_record_says_what_each_file_is_made_of(tmp_path, logs):
    (path,) = litellm(logs)[:1]
    convert(path, to=tmp_path / "out")
    record = json.loads((tmp_path / "out" / "convert.json").read_text())
    (output,) = record["outputs"]
    assert (record["aggcost_convert"], record["complete"], output["rows"]) == (1, True, 5)
    assert output["sources"][0]["path"] == str(path.resolve())
    assert output["sources"][0]["bytes"] == path.stat().st_size


def test_a_log_of_the_name_of_the_record_is_read(logs):
    path = litellm(logs)[0].rename(logs / "convert.json")
    (logs / "spend2.jsonl").unlink()
    assert totals(logs) == totals(path)


def test_only_files_from_elsewhere_go_into_a_directory(tmp_path):
    assert "only files" in refused("-", to=tmp_path / "out")
    log = write_csv(sample(1, 10), tmp_path / "log.csv")
    assert f"{log} is in" in refused(log, to=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="kills a process group")
def test_a_conversion_that_is_killed_goes_on(tmp_path, logs):
    paths = [write_csv(sample(part, 20_000), logs / f"part{part}.csv") for part in range(3)]
    out = tmp_path / "out"
    command = [sys.executable, "-m", "aggcost", "convert", *map(str, paths), "-o", f"{out}/"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        while not parquet(out) and process.poll() is None:
            time.sleep(0.001)
        os.killpg(process.pid, signal.SIGKILL)
    assert 1 <= len(parquet(out)) <= 3
    said = convert(*paths, to=out)
    assert "skipped" in said or "of 3 logs" in said
    assert len(parquet(out)) == 3
    assert totals(out) == totals(*paths)
