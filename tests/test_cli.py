"""The command line as a user meets it: exit codes, one clear message, nothing torn."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sample_logs import sample, write_csv, write_prices

ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("AGGCOST_")}


def run(*arguments: str | Path, cwd: Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aggcost", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, env=ENVIRONMENT, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def log(tmp_path):
    write_prices(tmp_path)
    return write_csv(sample(3, 300), tmp_path / "log.csv")


BUDGET = """\
aggcost: 1
prices: [prices.yaml]
budgets: [{{name: total, limit: {limit}, per: month, on: actual}}]
"""
POLICY = """\
policy: 1
name: mine
rules: [{name: intent, when: task == 'intent', route: acme/small}]
"""


def test_help_and_version_are_quick_and_complete(tmp_path):
    shown = run("--help", cwd=tmp_path)
    assert shown.returncode == 0
    for name in (
        "analyze",
        "simulate",
        "check",
        "audit",
        "reconcile",
        "peaks",
        "caches",
        "prices",
        "formats",
        "convert",
        "init",
        "demo",
    ):
        assert name in shown.stdout


def test_analyze_prints_a_table_and_json(tmp_path, log):
    table = run("analyze", log, "--prices", "prices.yaml", cwd=tmp_path)
    assert (table.returncode, table.stderr) == (0, "")
    assert "acme" in table.stdout
    found = json.loads(run("analyze", log, "--prices", "prices.yaml", "--format", "json", cwd=tmp_path).stdout)
    assert found["schema_version"] == "1"
    assert found["arms"][0]["name"] == "as_logged"
    assert found["coverage"]["records"] == len(sample(3, 300))


def test_simulate_under_a_policy_file(tmp_path, log):
    (tmp_path / "mine.yaml").write_text(POLICY)
    shown = run("simulate", log, "--policy", "mine.yaml", "--prices", "prices.yaml", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "policy mine" in shown.stdout


@pytest.mark.parametrize(("file", "given"), [("cheap.yaml", "cheap.yaml"), ("a b.yaml", "'a b.yaml'")])
def test_the_next_command_names_the_policy_as_it_was_given(tmp_path, log, file, given):
    (tmp_path / file).write_text(POLICY.replace("name: mine", "name: cheap1"))
    shown = run("simulate", log, "--policy", file, "--prices", "prices.yaml", "--format", "json", cwd=tmp_path)
    assert json.loads(shown.stdout)["next_commands"] == [f"aggcost simulate {log} --policy {given} --detail"]


@pytest.mark.parametrize(("limit", "code", "word"), [("1000", 0, "ok"), ("0.001", 1, "broken")])
def test_check_exits_with_the_budget(tmp_path, log, limit, code, word):
    (tmp_path / "aggcost.yaml").write_text(BUDGET.format(limit=limit))
    shown = run("check", log, cwd=tmp_path)
    assert shown.returncode == code
    assert word in shown.stderr


def test_check_says_budgets_on_standard_error_as_reports_do(tmp_path, log):
    (tmp_path / "aggcost.yaml").write_text(BUDGET.format(limit="0.001"))
    shown = run("check", log, cwd=tmp_path)
    assert re.fullmatch(r"broken: total \$[0-9.]+ of \$0\.00 a month \(actual\)\n", shown.stderr)


def test_a_budget_never_passes_on_unpriced_or_empty_data(tmp_path, log):
    (tmp_path / "aggcost.yaml").write_text(BUDGET.format(limit="1000").replace("prices: [prices.yaml]\n", ""))
    assert run("check", log, cwd=tmp_path).returncode == 3
    header = tmp_path / "empty.csv"
    header.write_text(log.read_text().partition("\n")[0] + "\n")
    assert run("check", header, cwd=tmp_path).returncode == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["analyze", "absent.csv"], ["absent.csv"]),
        (["analyze"], ["aggcost init", "aggcost demo"]),
        (["simulate", "log.csv"], ["--policy"]),
        (["simulate", "log.csv", "--policy", "artcle"], ["artcle", "article"]),
        (["analyze", "log.csv", "--map", "model=modle"], ["modle", "model"]),
        (["analyze", "log.csv", "--map", "nonsense"], ["FIELD=VALUE"]),
        (["analyze", "log.csv", "--tz", "Mars/Olympus"], ["Mars/Olympus"]),
        (["analyze", "log.csv", "--prices", "absent.yaml"], ["absent.yaml"]),
        (["analyze", "log.csv", "--engine", "sprak"], ["spark"]),
        (["analyze", "log.csv", "--by", "colour"], ["colour"]),
        (["analyze", "log.csv", "--invoice", "lots"], ["lots"]),
        (["analyze", "log.csv", "--threads", "0"], ["threads"]),
        (["reconcile", "log.csv"], ["--against"]),
        (["audit", "log.csv", "--tolerance", "some"], ["some"]),
        (["audit", "absent.csv"], ["absent.csv"]),
        (["reconcile", "log.csv", "--against", "absent.csv"], ["absent.csv"]),
        (["reconcile", "log.csv", "--against", "log.csv", "--tolerance", "some"], ["some"]),
        (["reconcile", "log.csv", "--against", "log.csv", "--by", "team"], ["--by"]),
        (["frobnicate"], ["frobnicate"]),
    ],
)
@pytest.mark.usefixtures("log")
def test_a_wrong_command_is_exit_2_and_one_message(tmp_path, arguments, words):
    shown = run(*arguments, cwd=tmp_path)
    assert shown.returncode == 2, shown.stderr
    assert "Traceback" not in shown.stderr
    assert shown.stdout == ""
    for word in words:
        assert word in shown.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("policy: 1\nname: x\nrules: [{name: a, when: taks == 'x', route: acme/small}]\n", ["x.yaml:3", "task", "^"]),
        ("policy: 1\nname: x\nruels: []\n", ["x.yaml:3", "rules"]),
        ("policy: 1\nname: x\nrules: []\nrules: []\n", ["x.yaml:4"]),
        ("policy: 1\nname: x\nrules: [{name: a, when: input_tokens < 'x', route: acme/small}]\n", ["x.yaml:3", "^"]),
        ("policy: 1\nname: x\nrules: [{name: a, when: true, route: acme/smal}]\n", ["acme/smal", "known: small"]),
        ("policy: 1\nname: x\nrules: [{name: a, when: true, route: {cheapest: [acme/small], shadow: 9}}]\n", ["not"]),
        ("policy: [\n", ["x.yaml"]),
    ],
)
def test_a_bad_policy_names_its_line_and_the_nearest_name(tmp_path, log, text, words):
    (tmp_path / "x.yaml").write_text(text)
    shown = run("simulate", log, "--policy", "x.yaml", "--prices", "prices.yaml", cwd=tmp_path)
    assert shown.returncode == 2, shown.stderr
    assert "Traceback" not in shown.stderr
    for word in words:
        assert word in shown.stderr


def test_a_report_goes_to_a_file_whole(tmp_path, log):
    shown = run("analyze", log, "--prices", "prices.yaml", "--format", "json", "-o", "out.json", cwd=tmp_path)
    assert (shown.returncode, shown.stdout) == (0, "")
    assert json.loads((tmp_path / "out.json").read_text())["command"] == "analyze"
    assert not list(tmp_path.glob("*.tmp*"))


def test_too_many_unpriced_tokens_are_exit_3_after_the_report(tmp_path, log):
    (tmp_path / "mine.yaml").write_text(POLICY.replace("acme/small", "openai/gpt-4o"))
    shown = run("simulate", log, "--policy", "mine.yaml", cwd=tmp_path)
    assert shown.returncode == 3
    assert "policy mine" in shown.stdout
    assert "--max-unpriced" in shown.stderr


def test_the_log_may_come_from_standard_input(tmp_path, log):
    shown = run("analyze", "-", "--prices", "prices.yaml", "--format", "json", cwd=tmp_path, stdin=log.read_bytes())
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["coverage"]["records"] == len(sample(3, 300))


def test_a_pipe_that_closes_early_is_quiet(tmp_path, log):
    command = f"{sys.executable} -m aggcost analyze {log} --prices prices.yaml --format json | head -c 10"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], cwd=tmp_path, capture_output=True, check=False)
    assert done.stderr == b""
    assert done.returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_have_their_exit_code_and_leave_nothing(tmp_path, number, code):
    folder = tmp_path / "tmp"
    folder.mkdir()
    command = [sys.executable, "-m", "aggcost", "demo"]
    environment = {**ENVIRONMENT, "TMPDIR": str(folder)}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    while not list(folder.iterdir()):
        time.sleep(0.02)
    process.send_signal(number)
    _, words = process.communicate(timeout=30)
    assert process.returncode == code
    assert b"Traceback" not in words
    assert not list(folder.iterdir())


def test_the_demo_can_be_priced_by_the_catalogue(tmp_path):
    shown = run("demo", "--catalogue-only", "--max-unpriced", "20", "--format", "json", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    found = json.loads(shown.stdout)
    assert found["comparisons"][0]["asserted_prices"] == []
    assert found["prices"]["source"].count(",") == 1, found["prices"]
    assert found["arms"][0]["requests"] == 1_800_000


def test_quarantined_rows_are_listed_without_their_values(tmp_path, log):
    log.write_text(log.read_text().replace("\n", "\n2026-02-01T00:00:00Z,bad,acme,small,x,u1,secret5,0,1,9,ok\n", 1))
    shown = run("analyze", log, "--prices", "prices.yaml", "--quarantine", "bad.csv", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert (tmp_path / "bad.csv").read_text().splitlines() == [
        "file,line,column,reason",
        f"{log},2,input_tokens,not_a_count",
    ]
    assert "secret5" not in shown.stdout + shown.stderr


@pytest.mark.usefixtures("log")
def test_init_writes_a_file_that_loads_and_never_overwrites(tmp_path):
    assert run("init", "log.csv", cwd=tmp_path).returncode == 0
    assert run("init", cwd=tmp_path).returncode == 2
    assert run("analyze", "--prices", "prices.yaml", cwd=tmp_path).returncode == 0


def test_control_characters_of_a_log_never_reach_the_terminal(tmp_path):
    rows = sample(4, 40)
    rows[0]["task"] = "evil\x1b]0;title\x07\x1b[2J[bold]x[/bold]\u202e"
    log = write_csv(rows, tmp_path / "log.csv")
    shown = run("analyze", log, "--prices", write_prices(tmp_path), "--detail", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "evil" in shown.stdout
    assert not {"\x1b", "\x07", "\u202e"} & set(shown.stdout)


@pytest.mark.usefixtures("log")
def test_reconcile_exits_with_the_difference(tmp_path):
    usage = "timestamp,grain,provider,model,input_tokens,output_tokens\n2026-02-01T00:00:00Z,bucket,acme,large,{},0\n"
    (tmp_path / "one.csv").write_text(
        "timestamp,request_id,provider,model,input_tokens,output_tokens\n2026-02-01T09:00:00Z,r1,acme,large,1000,0\n"
    )
    for name, tokens in (("same", 1000), ("more", 1005), ("most", 2000)):
        (tmp_path / f"{name}.csv").write_text(usage.format(tokens))
    (tmp_path / "late.csv").write_text(usage.format(1000).replace("02-01", "03-01"))
    asked = ("reconcile", "one.csv", "--prices", "prices.yaml", "--against")
    codes = {name: run(*asked, f"{name}.csv", cwd=tmp_path).returncode for name in ("same", "more", "most", "late")}
    assert codes == {"same": 0, "more": 0, "most": 1, "late": 3}
    assert run(*asked, "more.csv", "--tolerance", "0.1", cwd=tmp_path).returncode == 1
    shown = run(*asked, "most.csv", "--format", "json", cwd=tmp_path)
    assert json.loads(shown.stdout)["command"] == "reconcile"
    refused = run("analyze", "one.csv", "most.csv", "--prices", "prices.yaml", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "aggcost reconcile one.csv --against most.csv" in refused.stderr


def test_audit_says_what_a_cost_is_instead(tmp_path):
    (tmp_path / "prices.yaml").write_text(
        "aggcost_prices: 1\nproviders: {acme: {models: {m: {rates: [{prices: {input: 2, output: 10}}]}}}}\n"
    )
    (tmp_path / "log.csv").write_text(
        "timestamp,request_id,provider,model,input_tokens,output_tokens,cost_usd\n"
        "2026-02-01T09:00:00Z,r1,acme,m,1000,100,0.003\n"
        "2026-02-01T09:00:00Z,r2,acme,m,1000,100,0.006\n"
    )
    shown = run("audit", "log.csv", "--prices", "prices.yaml", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "every quantity counted twice" in shown.stdout
    found = json.loads(run("audit", "log.csv", "--prices", "prices.yaml", "--format", "json", cwd=tmp_path).stdout)
    assert [found[name] for name in ("command", "requests", "agree", "difference")] == ["audit", 2, 1, "0.003"]
    (tmp_path / "bare.csv").write_text("timestamp,provider,model,input_tokens,output_tokens\n2026-02-01,acme,m,1,1\n")
    refused = run("audit", "bare.csv", "--tz", "UTC", "--prices", "prices.yaml", cwd=tmp_path)
    assert refused.returncode == 3
    assert "--map cost_usd=COLUMN" in refused.stderr
