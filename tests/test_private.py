"""Twenty secrets planted in logs of several formats: none of them is in anything that a run shows, writes or leaves."""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from formats.calls import PROMPT, calls
from reading_logs import log

from aggcost.__main__ import _run
from aggcost.cli import common
from aggcost.cli.flags import Format, OutputFlags
from aggcost.engine import Engine

# What no name of a log is: nothing of it may be anywhere, so that none of these looks like a secret.
TEXTS = {
    name: f"canary {name} of the harbour"
    for name in (
        "prompt", "answer", "header", "response header", "request body", "response body", "error message",
        "unknown column", "metadata member", "quarantined cost", "refused file",
    )
}  # fmt: skip
COUNT = "sk-proj-canary0123456789abcd"  # a token count that is none
NAMES = {
    "user": "alice.canary@example.com",
    "team": "sk-ant-api03-canary9f8e7d6c5b4a3210",
    "task": "4242-4242-4242-4242",
    "model": "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOiJ5ZXMifQ.c2lnbmF0dXJlY2FuYXJ5",
    "tags.feature": "xoxb-123456789012-canaryCANARY",
    "request_id": "AIzaSyCanary0123456789abcdefghijklmnopq",
    "session_id": "session.canary@example.org",
    "service_tier": "ghp_canary0123456789canary0123456789",
}
SECRETS = [*TEXTS.values(), COUNT, *NAMES.values()]
POLICY = "policy: 1\nname: mine\nrules: [{name: all, when: output_tokens > 3, route: openai/gpt-4o-mini}]\n"
PROJECT = "aggcost: 1\nbudgets: [{name: total, limit: 1, per: month, on: actual}]\n"

UNREAD = {
    "headers": {"authorization": TEXTS["header"]},
    "response_headers": {"x-answer": TEXTS["response header"]},
    "request_body": {"messages": [TEXTS["request body"]]},
    "response_body": TEXTS["response body"],
    "response": {"text": TEXTS["answer"]},
    "error_message": TEXTS["error message"],
    "x_unknown": TEXTS["unknown column"],
    "attributes": {"note": TEXTS["metadata member"]},
}


def test_there_are_twenty():
    assert len({*SECRETS}) == 20


def generic_rows() -> list[dict[str, Any]]:
    rows = []
    for number in range(30):
        row: dict[str, Any] = {"timestamp": f"2026-02-{number % 20 + 1:02d}T10:00:00Z", "provider": "openai"}
        row |= NAMES | {"request_id": f"{NAMES['request_id']}{number}"}
        row["model"] = NAMES["model"] if number % 3 else "gpt-4o"
        row |= {"input_tokens": 100 + number, "output_tokens": 50, "cost_usd": "0.01", "status": "ok"}
        rows.append(row | {"prompt": TEXTS["prompt"]} | UNREAD)
    rows[4]["input_tokens"] = COUNT
    rows[5]["cost_usd"] = TEXTS["quarantined cost"]
    return rows


def generic_csv(folder: Path) -> list[Path]:
    text = io.StringIO()
    made = csv.DictWriter(text, list(generic_rows()[0]))
    made.writeheader()
    made.writerows(generic_rows())
    return [log(folder, text.getvalue())]


def generic_jsonl(folder: Path) -> list[Path]:
    return [log(folder, "".join(json.dumps(row) + "\n" for row in generic_rows()), "log.jsonl")]


def declared(name: str) -> Callable[[Path], list[Path]]:
    writer = importlib.import_module(f"formats.write_{name.replace('-', '_')}")

    def write(folder: Path) -> list[Path]:
        listed = calls([*writer.MODELS, NAMES["model"]], 1, 30, **getattr(writer, "CALLS", {}))
        named = [
            replace(call, user=NAMES["user"], session=f"{NAMES['session_id']}{call.number // 5}") for call in listed
        ]
        named[3] = replace(named[3], output=777_777, reasoning=0)
        paths = []
        for file, written in writer.write(named).items():
            if not file.endswith("jsonl") and not written.startswith(b"{"):
                continue
            records = [json.loads(line) for line in written.splitlines()]
            text = "".join(json.dumps(UNREAD | record) + "\n" for record in records)
            paths.append(log(folder, text.replace(PROMPT, TEXTS["prompt"]).replace("777777", json.dumps(COUNT)), file))
        return paths

    return write


LOGS: dict[str, Callable[[Path], list[Path]]] = {
    "csv": generic_csv,
    "jsonl": generic_jsonl,
    **{
        name: declared(name)
        for name in ("litellm", "openai-chat", "langfuse", "claude-code", "bedrock", "openai-responses", "portkey")
    },
}


class Watched:
    """Runs commands in a folder, and keeps all that they say, write, and have in their temporary folder."""

    def __init__(self, folder: Path, capsys: Any, monkeypatch: Any) -> None:
        self.folder, self.capsys, self.temporary = folder, capsys, b""
        close = Engine.close

        def looked_at(engine: Engine) -> None:
            for path in engine.folder.rglob("*"):
                if path.is_file():
                    self.temporary += path.read_bytes()
                    self.temporary += _cells(path)
            close(engine)

        monkeypatch.setattr(Engine, "close", looked_at)
        monkeypatch.chdir(folder)
        (folder / "mine.yaml").write_text(POLICY)
        (folder / "aggcost.yaml").write_text(PROJECT)

    def run(self, *arguments: str | Path, data: tuple[Path, ...] = ()) -> tuple[int, str]:
        """Return the exit code, and everything shown and written but for the data itself."""
        before = {path for path in self.folder.iterdir() if path.is_file()}
        code = _run([str(one) for one in arguments])
        shown = self.capsys.readouterr()
        new = {path for path in self.folder.iterdir() if path.is_file()} - before - set(data)
        written = "".join(path.read_text() for path in sorted(new))
        for path in new:
            path.unlink()
        return code, shown.out + shown.err + written


def _cells(path: Path) -> bytes:
    try:
        return str(pq.read_table(path).to_pylist()).encode() if path.suffix == ".parquet" else b""
    except OSError:
        return b""


@pytest.fixture
def watched(tmp_path, capsys, monkeypatch):
    return Watched(tmp_path, capsys, monkeypatch)


def found_in(text: str, secrets: list[str] = SECRETS) -> list[str]:
    return [one for one in secrets if one in text]


def in_every_format(report: Any, flags: OutputFlags) -> None:
    for format_ in Format:
        for detail in (False, True):
            SHOW(report, replace(flags, format=format_, detail=detail, output=None))
            SHOW(report, replace(flags, format=format_, detail=detail, output=Path(f"{format_.value}-{detail}")))


SHOW = common.show
BY = ("--by", "user", "--by", "team", "--by", "tags.feature", "--by", "tags.project", "--by", "service_tier")


@pytest.mark.parametrize("name", LOGS)
def test_no_command_shows_a_secret_in_any_format(name, watched, tmp_path, monkeypatch):
    for command in ("analyze", "simulate", "check"):
        monkeypatch.setattr(f"aggcost.cli.{command}.show", in_every_format)
    (tmp_path / "logs").mkdir()
    paths = LOGS[name](tmp_path / "logs")
    lenient = ("--quarantine", "bad.csv", "--max-quarantined", "100", "--max-unpriced", "100")
    for command in (["analyze"], ["simulate", "--policy", "mine.yaml"], ["check"], ["check", "--policy", "mine.yaml"]):
        code, text = watched.run(*command, *paths, *BY, *lenient)
        assert code in (0, 1, 3), text[-2000:]
        assert found_in(text) == []
        assert "canary" not in text.lower()
        assert "redacted:" in text
        assert "bad.csv" in text or "file,line,column,reason" in text
    code, text = watched.run("convert", *paths, "-o", "usage.parquet", data=(tmp_path / "usage.parquet",))
    assert code == 0
    assert found_in(text) == []
    stored = _cells(tmp_path / "usage.parquet").decode() + (tmp_path / "usage.parquet").read_bytes().decode("latin-1")
    for left in (watched.temporary.decode("latin-1"), stored):
        assert found_in(left, [*TEXTS.values(), COUNT]) == []


def test_the_flags_themselves(watched, tmp_path):
    (path,) = generic_csv(tmp_path)
    for format_ in Format:
        for more in ([], ["--detail", "-o", "report"]):
            code, text = watched.run("analyze", path, "--format", format_.value, *more, *BY)
            assert code == 3  # two of thirty rows
            assert found_in(text) == []
            assert "redacted:" in text


ROW = f"2026-02-01T00:00:00Z,gpt-4o,10,{TEXTS['refused file']}\n"
HEAD = "timestamp,model,input_tokens,task\n"
SECRET = TEXTS["refused file"]
REFUSED = {
    "prose.txt": f"{SECRET}\nand more of it\n",
    "no header.csv": f"{SECRET},{NAMES['user']},{COUNT}\n{ROW}",
    "long names.csv": f"{'x' * 290},{SECRET},{COUNT}\n{ROW}",
    "twice.csv": f"{SECRET},{SECRET},model\n{ROW}",
    "quote in header.csv": f'"{SECRET},b\n{ROW}',
    "open quote.csv": f'{HEAD}2026-02-01T00:00:00Z,gpt-4o,10,"{SECRET}\n{ROW}{ROW}',
    "stray quotes.csv": f'{HEAD}2026-02-01T00:00:00Z,gpt-4o,10,a\n{SECRET}"y,"z\n',
    "naive.csv": f"{HEAD}2026-02-01 00:00:00,gpt-4o,10,{SECRET}\n",
    "card times.csv": f"{HEAD}4242424242424242,gpt-4o,10,{SECRET}\n1,gpt-4o,10,{SECRET}\n",
    "bad rows.csv": f"{HEAD}{SECRET},{SECRET},{SECRET},{SECRET}\n",
    "broken.json": f'{{"model": "{SECRET}", "a": [',
    "broken.jsonl": f'{{"model": "gpt-4o", "input_tokens": 5}}\n{{"{SECRET}": {SECRET}\n',
    "unknown.jsonl": json.dumps({SECRET: 1, NAMES["user"]: COUNT}) + "\n",
    "unknown.json": json.dumps([{SECRET: 1, NAMES["user"]: COUNT}], indent=1),
    "cut array.json": json.dumps([{"model": "gpt-4o", "input_tokens": 5, "task": SECRET}] * 9)[:-20],
    "cut litellm.json": "["
    + json.dumps({"request_id": "1", "call_type": "a", "spend": 1, "prompt_tokens": 1, "startTime": SECRET})
    + f", {{{SECRET}",
    "text.parquet": f"PAR1{SECRET}PAR1PAR1",
    "bad.csv.gz": gzip.compress(f"{HEAD}{ROW}".encode())[:-4],
    "nul.csv": f"{HEAD}{ROW}\0{SECRET}",
    "latin.csv": f"{HEAD}{ROW}".replace(SECRET, "support").encode() + SECRET.encode() + b",\xe9,1,2\n",
    "latin header.csv": SECRET.encode() + b",\xe9,1,2\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_log_that_is_refused_is_not_quoted(name, watched, tmp_path):
    (tmp_path / "logs").mkdir()
    path = log(tmp_path / "logs", REFUSED[name], name)
    for command in (["analyze", "--detail"], ["simulate", "--policy", "mine.yaml"], ["convert", "-o", "usage.parquet"]):
        code, text = watched.run(*command, path, data=(tmp_path / "usage.parquet",))
        assert code != 70
        assert (found_in(text), "harbour" in text, "canary" in text.lower()) == ([], False, False), text
    code, text = watched.run("analyze", "--map", f"input_tokens=tokens of {NAMES['user']}", path)
    assert (found_in(text), "canary" in text.lower()) == ([], False), text


def test_a_process_of_its_own(tmp_path):
    (path,) = generic_csv(tmp_path)
    command = [sys.executable, "-m", "aggcost", "analyze", str(path), "--by", "user"]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, check=False)
    assert found_in((done.stdout + done.stderr).decode()) == []
    assert "redacted:" in done.stdout.decode()
