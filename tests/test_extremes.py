"""Extreme files: read right, or refused in one clean message, in less than a gigabyte."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from reading_logs import HEADER, ROW, log, read

MEBIBYTE = 1 << 20
PATIENCE_S, MEGABYTES = 300, 1000  # for ever, on any machine; how fast is for benchmarks/


def analyzed(path: Path, *more: str) -> tuple[int, dict | None, str]:
    """Return exit code, report and standard error of `analyze` in a process that is weighed."""
    done = subprocess.run(
        [sys.executable, "-c", WEIGHED, str(path), *more],
        capture_output=True,
        text=True,
        check=False,
        cwd=path.parent,
        timeout=PATIENCE_S,
    )
    said, _, peak = done.stderr.rpartition("peak ")
    assert int(peak) < MEGABYTES, said
    assert "Traceback" not in said, said
    return done.returncode, json.loads(done.stdout) if done.stdout else None, said


WEIGHED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "aggcost", "analyze", *sys.argv[1:], "--format", "json"])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr)
sys.exit(done.returncode)
"""


def refused(path: Path, *more: str) -> str:
    code, report, said = analyzed(path, *more)
    assert (code, report) == (2, None) or code == 3, said
    assert said.count("\n") <= 3, said
    return said


def counts(path: Path, *more: str) -> tuple[int, int]:
    code, report, said = analyzed(path, *more)
    assert report is not None, said
    assert code in (0, 3), said
    return report["coverage"]["records"], report["coverage"]["quarantined"]


@pytest.mark.parametrize("quote", ["", '"'])
def test_csv_lines_of_megabytes(tmp_path, quote):
    head, small = "model,input_tokens,prompt\n", "gpt-4o,1,x\n"
    lines = [f"gpt-4o,1,{quote}{'p' * (size * MEBIBYTE)}{quote}\n" for size in (3, 9, 15)]
    path = log(tmp_path, head + (small * 100).join(["", *lines * 4, ""]))
    assert counts(path) == (13 * 100 + 12, 0)


def test_csv_lines_over_16_megabytes_are_quarantined_with_their_line(tmp_path):
    small, long = "gpt-4o,1,x\n", f"gpt-4o,1,{'p' * (17 * MEBIBYTE)}\n"
    found = read(log(tmp_path, "model,input_tokens,prompt\n" + small * 5 + long + small * 5))
    assert (len(found.good), found.places) == (10, [(7, "line", "line_size_over_maximum")])


def test_json_lines_of_megabytes(tmp_path):
    small = json.dumps({"model": "gpt-4o", "input_tokens": 1}) + "\n"
    long = json.dumps({"model": "gpt-4o", "input_tokens": 1, "prompt": "p" * (15 * MEBIBYTE)}) + "\n"
    assert counts(log(tmp_path, small * 5 + long * 3 + small * 5, "log.jsonl")) == (13, 0)


def test_one_line_without_an_end(tmp_path):
    assert "no delimiter" in refused(log(tmp_path, "x" * (64 * MEBIBYTE)))


@pytest.mark.parametrize("rows", [3, 300])
def test_20_000_columns(tmp_path, rows):
    names = ["model", "input_tokens", *(f"x{n}" for n in range(20_000))]
    text = ",".join(names) + "\n" + ("gpt-4o,1" + ",7" * 20_000 + "\n") * rows
    assert counts(log(tmp_path, text)) == (rows, 0)


def test_20_000_keys(tmp_path):
    record = {"model": "gpt-4o", "input_tokens": 1} | {f"x{n}": n for n in range(20_000)}
    path = log(tmp_path, (json.dumps(record) + "\n") * 50, "log.jsonl")
    assert counts(path) == (50, 0)


@pytest.mark.parametrize("rows", [3, 300])
def test_fields_after_20_000_other_keys_are_read(tmp_path, rows):
    record = {f"x{n}": n for n in range(20_000)} | {"model": "gpt-4o", "input_tokens": 7}
    found = read(log(tmp_path, (json.dumps(record) + "\n") * rows, "log.jsonl"))
    assert found.values("input") == [7] * rows


@pytest.mark.parametrize("depth", [100, 5_000, 1_000_000])
@pytest.mark.parametrize("signs", ["[]", ("{'a':", "}")])
def test_deep_json_in_a_line(tmp_path, depth, signs):
    opening, closing = signs[0].replace("'", '"'), signs[1]
    deep = opening * depth + ("1" if "a" in opening else "") + closing * depth
    good = '{"model": "gpt-4o", "input_tokens": 1}\n'
    path = log(tmp_path, good * 3 + '{"model": "gpt-4o", "input_tokens": 1, "x": ' + deep + "}\n" + good, "log.jsonl")
    records, bad = counts(path)
    assert records == 5
    assert bad <= 1


@pytest.mark.parametrize("text", ["[" * 1_000_000, '{"a":' * 1_000_000, "[" * 100_000 + "]" * 100_000])
def test_deep_json_documents(tmp_path, text):
    refused(log(tmp_path, text, "log.json"))


def test_a_key_that_stands_twice_in_an_object(tmp_path):
    path = log(tmp_path, '{"model": "m", "input_tokens": 1, "input_tokens": 2}\n' * 3, "log.jsonl")
    assert "the key 'input_tokens' stands twice in an object" in refused(path)


def test_a_header_that_names_a_column_twice(tmp_path):
    assert "stands twice in the header" in refused(log(tmp_path, "model,input_tokens,input_tokens\nm,1,2\n"))


HOSTILE = ["'; DROP TABLE x; --", '"', "=cmd|' /C calc'!A0", "\x1b[31mred", "$(reboot)", "../../etc/passwd", "a\x00b"[:1],
           "{{7*7}}", "<script>alert(1)</script>", "\u202egpt", "]]>", "%s%n", "[bold]x[/bold]"]  # fmt: skip


def test_hostile_names_of_columns_and_models(tmp_path):
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    header = ",".join(["model", "input_tokens", *map(cell, HOSTILE)])
    rows = "".join(f"{cell(name)},1" + ",1" * len(HOSTILE) + "\n" for name in HOSTILE)
    path = log(tmp_path, f"{header}\n{rows}")
    assert counts(path) == (len(HOSTILE), 0)
    shown = subprocess.run(
        [sys.executable, "-m", "aggcost", "analyze", path], capture_output=True, text=True, check=False
    )
    assert "\x1b" not in shown.stdout
    assert "\u202e" not in shown.stdout
    named = read(path, mapping={"task": HOSTILE[0]})
    assert [row["task"] for row in named.good] == ["1"] * len(HOSTILE)


@pytest.mark.parametrize("name", ["'; drop--.csv", "*.csv", "a\nb.csv", "-x.csv", "%s.csv", "{a,b}.csv"])
def test_hostile_names_of_files(tmp_path, name):
    (tmp_path / "other").mkdir()
    path = log(tmp_path, HEADER + ROW, name)
    assert counts(path) == (1, 0)


@pytest.mark.parametrize("at", [1, 500, 99_998])
def test_quotes_that_never_close(tmp_path, at):
    rows = [ROW] * 100_000
    rows[at] = '2026-02-01T00:00:00Z,"gpt-4o,10,5\n'
    said = refused(log(tmp_path, HEADER + "".join(rows)))
    assert f"log.csv:{at + 2}: a quote opens and never closes" in said
