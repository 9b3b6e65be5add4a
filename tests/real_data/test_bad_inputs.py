"""Thousands of odd files of other projects: each is read, or refused in our own words, and soon."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aggcost.engine import open_engine
from aggcost.errors import AggcostError, InvariantError
from aggcost.importers import ReadOptions, files, read_usage, tables

DATA = os.environ.get("AGGCOST_REAL_DATA")
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA, reason="AGGCOST_REAL_DATA is not set: it names the folder of real logs"),
]
SUFFIXES = (*files.SUFFIXES, ".geojson", ".geojsonl", ".gzz")
SECONDS = 15.0
FOLDERS = ("bad-inputs/own", "bad-inputs/duckdb/data", "bad-inputs/csv-spectrum", "bad-inputs/zstd")


def odd_files(folder: str) -> list[Path]:
    return sorted(
        path for path in (Path(DATA or ".") / folder).rglob("*") if path.is_file() and path.suffix in SUFFIXES
    )


def read_as_log(path: Path) -> None:
    """Read a file to its end, whatever its columns are called."""
    with open_engine(threads=1) as engine:
        names = tables.open_table(engine, files.unpack(str(path), engine.folder)).names
        options = ReadOptions(mapping={"model": names[0], "task": names[-1]}, timezone="UTC")
        usage = read_usage(engine, [str(path)], options)
        engine.to_arrow(usage.table)
        usage.locate(None)


def read_all(folder: str) -> None:
    for path in odd_files(folder):
        print(path, flush=True)  # noqa: T201 - the last line names the file that a crash is about
        began = time.monotonic()
        with contextlib.suppress(AggcostError):  # refused in our words; any other exception fails
            read_unless_inconsistent(path)
        assert time.monotonic() - began < SECONDS, path


def read_unless_inconsistent(path: Path) -> None:
    try:
        read_as_log(path)
    except InvariantError as error:
        raise AssertionError(f"{path}: {error}") from error


@pytest.mark.parametrize("folder", FOLDERS)
def test_odd_files_are_read_or_refused_in_our_words(folder):
    assert odd_files(folder), f"no files under {folder}"
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import {Path(__file__).stem} as odd; odd.read_all({folder!r})"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr[-2000:]
