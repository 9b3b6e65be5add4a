"""Thousands of odd files of other projects: each is read, or refused in our own words, and soon."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize("folder", FOLDERS)
def test_odd_files_are_read_or_refused_in_our_words(folder):
    paths = odd_files(folder)
    assert paths, f"no files under {folder}"
    for path in paths:
        began = time.monotonic()
        try:
            read_as_log(path)
        except InvariantError as error:
            pytest.fail(f"{path}: {error}")
        except AggcostError:
            pass  # refused in our words; any other exception fails the test
        assert time.monotonic() - began < SECONDS, path
