"""Files: found, unpacked, verified, and refused where they are not what they should be."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
from types import SimpleNamespace

import pytest
import zstandard
from reading_logs import HEADER, ROW, log, read

from aggcost.errors import DataQualityError, InputError
from aggcost.importers import files
from aggcost.importers.census import count

TEXT = (HEADER + ROW * 50).encode()


def test_paths_directories_and_globs_name_each_file_once(tmp_path):
    for name in ("b.csv", "a.csv", "notes.md"):
        log(tmp_path, HEADER + ROW, name)
    (tmp_path / "deep").mkdir()
    log(tmp_path / "deep", HEADER + ROW, "c.jsonl")
    everything = files.find([str(tmp_path), str(tmp_path / "*.csv"), str(tmp_path / "a.csv")])
    assert [name.removeprefix(f"{tmp_path}/") for name in everything] == ["a.csv", "b.csv", "deep/c.jsonl"]


@pytest.mark.parametrize("name", ["missing.csv", "none*.csv"])
def test_nothing_found_is_an_error(tmp_path, name):
    with pytest.raises(InputError, match="no such file"):
        files.find([str(tmp_path / name)])


def test_a_directory_without_logs_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no log in this directory"):
        files.find([str(tmp_path)])


@pytest.mark.parametrize("name", ["a*.csv", "a[1].csv", "a?.csv", "it's.csv", 'a"b.csv', "a\nb.csv", "a b.csv", "ä.gz"])
def test_a_name_is_not_a_pattern(tmp_path, name):
    log(tmp_path, HEADER + ROW, "ab.csv")
    log(tmp_path, HEADER + ROW, "a1.csv")
    found = read(log(tmp_path, HEADER + "2026-02-01T00:00:00Z,m,7,x\n", name), request_ids=True)
    assert [(row["input"], row["source_file"]) for row in found.rows] == [(7, str(tmp_path / name))]
    assert found.places == [(2, "output_tokens", "not_a_count")]


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(TEXT), isatty=lambda: False))
    assert len(read("-").good) == 50


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_packed_files_are_read_by_their_content(tmp_path, pack):
    packed = pack(TEXT)
    assert len(read(log(tmp_path, packed, "log.txt")).good) == 50
    assert len(read(log(tmp_path, packed + packed[:0] + pack(ROW.encode() * 2), "two.csv")).good) == 52


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_cut_off_file_is_refused(tmp_path, pack):
    for cut in (8, len(pack(TEXT)) - 3):
        with pytest.raises(DataQualityError, match="damaged or cut off") as caught:
            read(log(tmp_path, pack(TEXT)[:cut]))
    assert caught.value.exit_code == 3


def test_a_wrong_checksum_is_refused(tmp_path):
    packed = bytearray(gzip.compress(TEXT))
    packed[-8] ^= 1
    with pytest.raises(DataQualityError, match="damaged"):
        read(log(tmp_path, bytes(packed)))


def test_a_bomb_is_stopped(tmp_path):
    with pytest.raises(InputError, match="times its size"):
        read(log(tmp_path, gzip.compress(bytes(80 << 20), compresslevel=9)))


def test_a_cut_off_parquet_file_is_refused(tmp_path):
    with pytest.raises(DataQualityError, match="cut off at byte 1,004"):
        read(log(tmp_path, b"PAR1" + bytes(1000), "log.parquet"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"  \n \n", "holds no text"),
        (TEXT + b"\x00\n", f"NUL byte at byte {len(TEXT)}"),
        (HEADER.encode() + ROW.encode() * 5000 + b"\x00", f"NUL byte at byte {len(HEADER) + 5000 * len(ROW)}"),
        (TEXT.replace(b"\n", b"\r"), "CR alone"),
        (b"caf\xe9,model\n1,2\n", "not UTF-8 at byte 3 of the header"),
    ],
)
def test_what_is_not_a_text_log_is_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read(log(tmp_path, content))


@pytest.mark.parametrize(("text", "lines", "quotes"), [(b"a\nb\n", 2, 0), (b'a\n"b"', 2, 2), (b"\n\n", 2, 0)])
def test_the_census(tmp_path, text, lines, quotes):
    found = count(log(tmp_path, text))
    assert (found.lines, found.quotes, found.nul) == (lines, quotes, None)


def test_the_same_content_twice_is_noticed_packed_or_not(tmp_path):
    plain, packed = log(tmp_path, TEXT, "a.csv"), log(tmp_path, gzip.compress(TEXT), "a.csv.gz")
    issue = next(one for one in read(plain, packed).issues if one.code == "same_file")
    assert (issue.severity, issue.count, issue.where) == ("warning", 1, str(packed))


def test_the_digest_is_that_of_the_file_that_was_given(tmp_path):
    packed = gzip.compress(TEXT)
    rows = json.dumps([{"model": "m", "input_tokens": 1}]).encode()
    paths = [log(tmp_path, packed, "log.csv.gz"), log(tmp_path, rows, "log.json"), log(tmp_path, TEXT)]
    found = read(*paths)
    assert [one.sha256 for one in found.inputs] == [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert [one.bytes for one in found.inputs] == [len(packed), len(rows), len(TEXT)]
