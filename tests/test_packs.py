"""Small JSON files: read as they would be if the engine opened each, from wherever their text comes."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest
import zstandard
from reading_logs import log, read

from aggcost.errors import DataQualityError
from aggcost.importers import packs


def chat(number=1, answered=20, **more):
    used = {"prompt_tokens": 100 + number, "completion_tokens": answered, "total_tokens": 120 + number}
    told = {"id": f"chatcmpl-{number}", "object": "chat.completion", "created": 1_795_435_200 + number}
    return told | {"model": "gpt-4o", "choices": [], "usage": used} | more


def text(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def comparable(found):
    rows = [{key: value for key, value in row.items() if key != "source_file"} for row in found.rows]
    return sorted(rows, key=lambda row: row["ts"])


@pytest.fixture(params=["plain", "gzip", "zstd"])
def stored(request):
    """Return how a text is stored, and the ending of its name."""
    way = {"plain": (bytes, ""), "gzip": (gzip.compress, ".gz"), "zstd": (zstandard.compress, ".zst")}
    return way[request.param]


def test_a_file_a_request_reads_like_one_file_of_them_all(tmp_path, stored):
    pack, ending = stored
    rows = [chat(number) for number in range(30)]
    folder = tmp_path / "each"
    folder.mkdir()
    for number, row in enumerate(rows):
        log(folder, pack(text(row)), f"{number}.json{ending}")
    filler = chat(99, choices=[{"text": "x" * packs.MOST_BYTES}])
    together = read(log(tmp_path, text(*rows, filler), "all.jsonl"), request_ids=True)
    apart = read(folder, log(tmp_path, text(filler), "large.json"), request_ids=True)
    assert comparable(apart) == comparable(together)
    assert len(apart.inputs) == 31


def test_the_census_is_that_of_the_file_as_it_lies(tmp_path, stored):
    pack, ending = stored
    given = pack(text(chat(1), chat(2)))
    (one,) = read(log(tmp_path, given, f"a.json{ending}")).inputs
    assert (one.sha256, one.bytes, one.records) == (hashlib.sha256(given).hexdigest(), len(given), 2)


def test_a_quarantined_record_is_named_by_its_file_and_line(tmp_path, stored):
    pack, ending = stored
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(5):
        log(folder, pack(text(chat(number), chat(number + 10))), f"{number}.json{ending}")
    odd = log(folder, pack(text(chat(50), chat(51, answered=7.5), {"no": "request"})), f"odd.json{ending}")
    broken = log(folder, pack(text(chat(60)) + b"{broken\n"), f"zbroken.json{ending}")
    found = read(folder)
    assert [(one.file, one.line, one.column, one.reason) for one in found.bad] == [
        (str(odd), 2, "output_tokens", "not_a_count"),
        (str(broken), 2, "line", "not_json"),
    ]
    assert {(issue.message, issue.where) for issue in found.issues if issue.code == "quarantined"} == {
        ("output_tokens: not a count", f"{odd}:2"),
        ("line: not json", f"{broken}:2"),
    }


def test_an_object_over_several_lines_is_one_record(tmp_path, stored):
    pack, ending = stored
    paths = [log(tmp_path, pack(json.dumps(chat(n), indent=1).encode()), f"{n}.json{ending}") for n in (1, 2)]
    found = read(*paths)
    assert found.values("input") == [101, 102]
    assert [one.records for one in found.inputs] == [1, 1]


def test_small_and_large_files_of_one_format_are_read_together(tmp_path):
    """A sidechain's line takes the key of its parent's, whichever file that stands in."""
    used = {"input_tokens": 3, "output_tokens": 550}
    line = {"type": "assistant", "timestamp": "2026-02-02T09:00:00Z", "sessionId": "s", "uuid": "u", "version": "2"}
    message = {"id": "msg_1", "model": "claude-sonnet-4-5", "usage": used}
    parent = line | {"requestId": "req_1", "isSidechain": False, "message": message}
    replayed = line | {"requestId": "req_2", "isSidechain": True, "message": message}
    talk = line | {"type": "user", "message": {"content": "x" * packs.MOST_BYTES}}
    large = log(tmp_path, text(talk, parent), "parent.jsonl")
    found = read(large, log(tmp_path, text(replayed), "side.jsonl"))
    billed = [row for row in found.good if row["filtered"] is None]
    assert sorted(row["duplicate"] for row in billed) == [False, True]


@pytest.mark.parametrize(("pack", "ending"), [(gzip.compress, ".gz"), (zstandard.compress, ".zst")])
def test_a_small_file_that_is_cut_off_is_refused_as_any_other(tmp_path, pack, ending):
    whole = pack(text(*(chat(number) for number in range(20))))
    with pytest.raises(DataQualityError, match="damaged or cut off"):
        read(log(tmp_path, whole[:-9], f"cut.json{ending}"))


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"\xef\xbb\xbf" + text(chat()),
        json.dumps(chat()).encode("utf-16"),
        text(chat()) + b"\xff\n",
        text(chat()) + b"\x00\n",
        text(chat()) + b"\n" + text(chat(2)),
        b"timestamp,model\n",
        b"[" + text(chat()) + b"]",
        gzip.compress(text(chat(choices=["x" * packs.MOST_BYTES]))),
        text(chat(choices=["x" * packs.MOST_BYTES])),
    ],
    ids=["empty", "mark", "utf-16", "bad bytes", "nul", "blank line", "csv", "array", "grows", "large"],
)
def test_what_is_odd_or_large_is_opened_by_itself(tmp_path, given):
    assert packs.look(str(log(tmp_path, given, "log.json"))) is None


def test_the_stream_holds_some_megabytes_at_a_time(tmp_path):
    paths = [log(tmp_path, text(chat(n, choices=["x" * 60_000])), f"{n:03}.json") for n in range(150)]
    listed = [found[0] for path in paths if (found := packs.look(str(path)))]
    stream = packs.Stream(listed, "lines")
    sizes = [batch.nbytes for batch in stream.reader()]
    assert len(listed) == len(stream.censuses) == 150
    assert len(sizes) > 3
    assert max(sizes) < 3_000_000
