"""Encodings: UTF-8, by byte order mark, or as stated; anything else is refused with the place of its first byte."""

from __future__ import annotations

import codecs
import gzip

import pytest
from reading_logs import HEADER, ROW, log, read

from aggcost.errors import DataQualityError, InputError, UsageError

NAMED = HEADER + "2026-02-01T00:00:00Z,modèle-日本,10,5\n" + ROW
MARKED = {
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@pytest.mark.parametrize("name", MARKED)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_says_the_encoding(tmp_path, name, pack, end):
    found = read(log(tmp_path, pack(MARKED[name] + NAMED.replace("\n", end).encode(name))))
    assert found.values("model") == ["gpt-4o", "modèle-日本"]
    assert f"was {name} (byte order mark)" in found.inputs[0].read_as


def test_json_in_utf_16(tmp_path):
    text = '{"model": "m", "input_tokens": 1}\n' * 2
    assert len(read(log(tmp_path, text.encode("utf-16"), "log.jsonl")).good) == 2


def test_a_mark_of_utf_8_is_nothing_to_tell(tmp_path):
    assert "was " not in read(log(tmp_path, NAMED.encode("utf-8-sig"))).inputs[0].read_as


@pytest.mark.parametrize("name", ["latin-1", "cp1252", "utf-16-le", "shift_jis", "utf-16", "UTF8", "utf_8_sig"])
def test_a_stated_encoding(tmp_path, name):
    text = NAMED.replace("è", "e" if "jis" in name else "è").replace("日本", "日本" if "jis" in name else "é")
    found = read(log(tmp_path, text.encode(name)), encoding=name)
    assert "gpt-4o" in found.values("model")
    assert found.values("model")[1] in text
    assert ("(--encoding)" in found.inputs[0].read_as) == ("8" not in name)


def test_characters_over_the_edge_of_a_block(tmp_path, monkeypatch):
    monkeypatch.setattr("aggcost.importers.encodings._BLOCK_BYTES", 3)
    found = read(log(tmp_path, codecs.BOM_UTF16_LE + NAMED.encode("utf-16-le")))
    assert found.values("model") == ["gpt-4o", "modèle-日本"]
    with pytest.raises(
        InputError, match=r"not utf-16-le at byte 48: illegal UTF-16 surrogate|not utf-16-le at byte 48"
    ):
        read(log(tmp_path, codecs.BOM_UTF16_LE + ("a" * 23).encode("utf-16-le") + b"\x00\xdc" + b"b\x00" * 9))


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13"])
def test_what_is_no_encoding(tmp_path, name):
    with pytest.raises(UsageError, match=f"--encoding {name}: no such encoding"):
        read(log(tmp_path, NAMED), encoding=name)


def test_a_stated_encoding_that_is_not_so(tmp_path):
    with pytest.raises(InputError, match=r"not ascii at byte 67: ordinal not in range"):
        read(log(tmp_path, NAMED.encode()), encoding="ascii")


def test_text_in_another_encoding_is_refused_with_its_first_bad_byte(tmp_path):
    text = HEADER + "2026-02-01T00:00:00Z,modèle,10,5\n" * 40
    at = text.encode("latin-1").index(b"\xe8")
    with pytest.raises(InputError, match=rf"not UTF-8 at byte {at}, nor are 40 of its first 41 lines"):
        read(log(tmp_path, text.encode("latin-1")))


def test_wide_text_without_a_mark_is_refused(tmp_path):
    with pytest.raises(InputError, match="NUL byte at byte 1"):
        read(log(tmp_path, NAMED.encode("utf-16-le")))


def test_a_cut_character(tmp_path):
    path = log(tmp_path, codecs.BOM_UTF16_LE + NAMED.encode("utf-16-le")[:-3])
    with pytest.raises(DataQualityError, match="within a character"):
        read(path)
    assert len(read(path, allow_partial=True).good) == 1
