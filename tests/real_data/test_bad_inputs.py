"""Thousands of odd files of other projects: each is read, or refused in our own words, and as it was the last time.

`bad_inputs.tsv` lists the outcome of each: exit code, records, quarantined rows, and how a refusal begins. Records are
counted by other readers, too, so that none is lost without a word.
`pytest --update-golden` writes it anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import independent_count
import pytest

from aggcost.engine import Engine, open_engine
from aggcost.errors import AggcostError
from aggcost.importers import ReadOptions, files, loading, read_usage

DATA = os.environ.get("AGGCOST_REAL_DATA")
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA, reason="AGGCOST_REAL_DATA is not set: it names the folder of real logs"),
]
ROOT = Path(DATA or ".") / "bad-inputs"
OUTCOMES = Path(__file__).parent / "bad_inputs.tsv"
HEADER = ("file", "exit", "records", "quarantined", "said")
SECONDS = 15.0
SAID_CHARACTERS = 60


def odd_files(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*") if path.is_file())


def outcome(path: Path) -> tuple[int, int, int, str]:
    """Return exit code, records, quarantined rows and the refusal of reading a file, whatever its columns are called."""
    try:
        with open_engine(threads=1) as engine:
            names = names_of(engine, path)
            mapping = {"model": names[0], "task": names[-1]} if names else {}
            usage = read_usage(engine, [str(path)], ReadOptions(mapping=mapping, timezone="UTC", format="generic"))
            rows = engine.to_arrow(usage.table)
            bad = len(rows) - rows.column("issue").null_count
            assert len(rows) == sum(one.records for one in usage.inputs) == independent_count.count(path), "records"
            assert bad == len(usage.locate(None)), "each quarantined row has its place"
            return 0, len(rows), bad, ""
    except AggcostError as error:
        return error.exit_code, 0, 0, said(error, path)


def names_of(engine: Engine, path: Path) -> tuple[str, ...]:
    try:
        return loading.opened(engine, files.unpack(str(path), engine.folder), ReadOptions()).sample.names
    except AggcostError:  # said again, and in full, when it is read
        return ()


def said(error: AggcostError, path: Path) -> str:
    """Return the begin of a message, up to what it quotes of the file, which is not ours to keep."""
    return " ".join(re.split(r"['\"]", error.message.replace(str(path), "FILE"))[0].split())[:SAID_CHARACTERS]


def read_all(folder: str) -> None:
    """Write a line of the table for each file of a folder; the last one names the file that a crash is about."""
    for path in odd_files(folder):
        sys.stdout.write(f"{path.relative_to(ROOT)}\t")
        sys.stdout.flush()
        began = time.monotonic()
        sys.stdout.write("\t".join(map(str, outcome(path))) + "\n")
        assert time.monotonic() - began < SECONDS, path


def folders() -> list[str]:
    return sorted(one.name for one in ROOT.iterdir() if one.is_dir()) if ROOT.is_dir() else []


@pytest.mark.parametrize("folder", folders())
def test_odd_files_are_read_or_refused_as_listed(folder, request):
    assert odd_files(folder), f"no files under {folder}"
    here = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
    code = f"import sys; sys.path[:0] = {here}; import {Path(__file__).stem} as odd; odd.read_all({folder!r})"
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr[-2000:]
    found = dict(line.split("\t", 1) for line in done.stdout.splitlines())
    assert len(found) == len(odd_files(folder))
    if request.config.getoption("--update-golden"):
        update(folder, found)
    assert found == {name: told for name, told in listed().items() if name.split("/")[0] == folder}


def listed() -> dict[str, str]:
    if not OUTCOMES.exists():
        return {}
    lines = OUTCOMES.read_text(encoding="utf-8").splitlines()[1:]
    return dict(line.split("\t", 1) for line in lines)


def update(folder: str, found: dict[str, str]) -> None:
    kept = {name: told for name, told in listed().items() if name.split("/")[0] != folder} | found
    lines = ["\t".join(HEADER), *(f"{name}\t{kept[name]}" for name in sorted(kept))]
    OUTCOMES.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
