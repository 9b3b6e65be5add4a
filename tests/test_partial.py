"""Logs that are cut off: refused, or with --allow-partial read up to the last whole line or record."""

from __future__ import annotations

import gzip
import json

import pytest
import zstandard
from reading_logs import HEADER, ROW, log, read
from sample_logs import write_prices

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.errors import DataQualityError, InputError
from aggcost.importers import ReadOptions

ROWS = "".join(f"2026-02-01T00:00:00Z,model-{n * n * 7919},{n},5\n" for n in range(40_000))
TEXT = (HEADER + ROWS).encode()
RECORD = {"timestamp": "2026-02-01T00:00:00Z", "model": "m", "input_tokens": 3}


def partial(found):
    return [(one.severity, one.where, one.message) for one in found.issues if one.code == "partial_input"]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_what_is_unpacked_before_the_cut_is_used(tmp_path, pack, share):
    packed = pack(TEXT)  # several blocks of zstd
    path = log(tmp_path, packed[: int(len(packed) * share)], "log.csv.gz")
    with pytest.raises(DataQualityError, match="cut off: it ends at byte"):
        read(path)
    found = read(path, allow_partial=True)
    assert len(found.good) > 0.3 * share * 40_000
    assert not found.bad
    ((severity, where, message),) = partial(found)
    assert (severity, where) == ("warning", str(path))
    assert "of the unpacked text" in message


def test_the_byte_where_a_packed_log_ends(tmp_path):
    whole = (HEADER + ROW * 3).encode()
    stored = gzip.compress(whole, compresslevel=0)
    found = read(log(tmp_path, stored[: -8 - 5], "log.gz"), allow_partial=True)
    assert len(found.good) == 2
    assert f"ends at byte {len(whole) - len(ROW):,} of the unpacked text; {len(ROW) - 5} bytes" in partial(found)[0][2]


def test_a_wrong_checksum_is_refused_even_so(tmp_path):
    packed = bytearray(gzip.compress(TEXT))
    packed[-8] ^= 1
    with pytest.raises(DataQualityError, match="damaged"):
        read(log(tmp_path, bytes(packed)), allow_partial=True)


def test_a_cut_parquet_file_is_refused_even_so(tmp_path):
    with pytest.raises(DataQualityError, match="cut off"):
        read(log(tmp_path, b"PAR1" + bytes(1000), "log.parquet"), allow_partial=True)


def test_nothing_whole_is_nothing_to_read(tmp_path):
    with pytest.raises(DataQualityError, match="within its first line"):
        read(log(tmp_path, gzip.compress(TEXT, compresslevel=0)[:30]), allow_partial=True)


@pytest.mark.parametrize("tail", ['2026-02-01T00:00:00Z,"gpt', "2026-02-01T00:00:00Z,gpt-4o,1"])
def test_a_cut_line_of_a_plain_log(tmp_path, tail):
    found = read(log(tmp_path, HEADER + ROW * 2 + tail), allow_partial=True)
    assert (len(found.rows), len(found.good)) == (2, 2)
    assert f"ends at byte {len(HEADER + ROW * 2)}; {len(tail)} bytes" in partial(found)[0][2]


def test_a_last_line_that_fits_is_read(tmp_path):
    found = read(log(tmp_path, (HEADER + ROW * 2).strip()), allow_partial=True)
    assert (len(found.good), partial(found)) == (2, [])


def test_a_stray_quote_is_no_cut(tmp_path):
    with pytest.raises(DataQualityError, match="a quote opens and never closes"):
        read(log(tmp_path, HEADER + ROW + '2026-02-01T00:00:00Z,"gpt,1,2\n' + ROW * 3), allow_partial=True)


def test_json_lines(tmp_path):
    lines = json.dumps(RECORD) + "\n"
    found = read(log(tmp_path, lines * 3 + lines[:-5], "log.jsonl"), allow_partial=True)
    assert (len(found.rows), len(found.good)) == (3, 3)
    whole = read(log(tmp_path, lines * 3 + lines[:-1], "log.jsonl"), allow_partial=True)
    assert (len(whole.good), partial(whole)) == (4, [])


@pytest.mark.parametrize("cut", [1, 2, 5, 20, 40, 58])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_json_array(tmp_path, cut, indent):
    text = json.dumps([RECORD] * 3, indent=indent)
    found = read(log(tmp_path, text[:-cut], "log.json"), allow_partial=True)
    assert len(found.good) == (3 if cut == 1 or (indent and cut == 2) else 2)
    assert len(partial(found)) == 1
    whole = read(log(tmp_path, text, "log.json"), allow_partial=True)
    assert (len(whole.good), partial(whole)) == (3, [])


def test_an_array_that_is_broken_inside_is_refused_even_so(tmp_path):
    text = json.dumps([RECORD] * 3).replace('"model": "m"', '"model": m', 1)
    with pytest.raises(InputError):
        read(log(tmp_path, text, "log.json"), allow_partial=True)


def test_a_document_over_many_lines_is_read_as_it_is(tmp_path):
    text = json.dumps({"data": [RECORD]}, indent=1)
    assert len(read(log(tmp_path, text, "log.json"), allow_partial=True).good) == 1


def test_a_partial_log_can_be_judged(tmp_path):
    path = log(tmp_path, HEADER + ROW + "2026-02")
    read_as = ReadOptions(allow_partial=True)
    report = backtest.analyze(Options(logs=(str(path),), prices=(write_prices(tmp_path),), read=read_as))
    assert backtest.verdict(report, max_quarantined_percent=0, max_unpriced_percent=None) is None
