"""What every format must offer, built in or not; `tests/formats` has a writer for each."""

from __future__ import annotations

import importlib
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from formats.calls import PROMPT, Call, calls
from reading_logs import Log, log, read

from aggcost.engine import open_engine
from aggcost.errors import UsageError
from aggcost.importers import FORMATS, ReadOptions, files, read_usage, write_canonical
from aggcost.importers.loading import opened
from aggcost.importers.registry import choose, near
from aggcost.importers.sampling import Sample

NAMES = [one.NAME for one in FORMATS if one.LAYOUT is not None]
TOKENS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write_other", "output")
GROUPS = ("provider", "model", "status", "http_status", "service_tier", "billable", "grain")


@pytest.fixture(params=FORMATS, ids=lambda one: one.NAME)
def importer(request):
    return request.param


@pytest.fixture(params=NAMES)
def writer(request):
    return importlib.import_module(f"formats.write_{request.param.replace('-', '_')}")


def some_calls(writer: Any, seed: int = 1, count: int = 30) -> list[Call]:
    return calls(writer.MODELS, seed, count, **getattr(writer, "CALLS", {}))


def save(folder: Path, written: dict[str, bytes]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return [log(folder, text, name) for name, text in written.items()]


def expected(writer: Any, listed: list[Call]) -> list[dict[str, Any]]:
    return ordered([one for call in listed if (one := writer.expect(call)) is not None])


def ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: sorted((key, str(value)) for key, value in row.items()))


def kept(found: Log) -> list[dict[str, Any]]:
    return [row for row in found.good if row["filtered"] is None and not row["duplicate"]]


def test_it_says_what_it_is(importer):
    assert importer.TITLE
    assert importer.RULE
    assert "token" in importer.SEMANTICS
    assert set(importer.CAPABILITIES) == set(FORMATS[-1].CAPABILITIES)


def test_every_call_comes_back_as_it_was(writer, tmp_path):
    listed = some_calls(writer)
    found = read(*save(tmp_path, writer.write(listed)), request_ids=True)
    wanted = expected(writer, listed)
    assert ordered([{key: row[key] for key in wanted[0]} for row in kept(found)]) == wanted
    assert found.bad == []


def test_what_a_log_comes_to(writer, tmp_path, golden):
    """Compact figures of the writer's first calls, to be read against what the producer documents."""
    found = read(*save(tmp_path, writer.write(some_calls(writer))))
    good, name = kept(found), found.inputs[0].format
    figures = {
        "read_as": sorted({one.read_as for one in found.inputs}),
        "records": len(found.rows),
        "kept": len(good),
        "filtered": sum(row["filtered"] is not None for row in found.rows),
        "duplicate": sum(bool(row["duplicate"]) for row in found.rows),
        "quarantined": len(found.bad),
        "requests": sum(row["request_count"] for row in good),
        "tokens": sums(found),
        "recorded_cost": str(sum(row["recorded_cost"] or 0 for row in good)),
        "by": {key: dict(sorted(Counter(str(row[key]) for row in good).items())) for key in GROUPS},
    }
    golden(f"formats/{name}.json", json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


def test_one_format_alone_takes_its_files_for_its_own(writer, tmp_path):
    for path in save(tmp_path, writer.write(some_calls(writer))):
        with open_engine(threads=1) as engine:
            one = opened(engine, files.unpack(str(path), engine.folder), ReadOptions())
        takers = [other.NAME for other in FORMATS[:-1] if other.detect(one.sample)]
        assert takers == [one.format.NAME]
        assert writer.__name__ == f"formats.write_{one.format.NAME.replace('-', '_')}"


def test_order_and_files_change_nothing(writer, tmp_path):
    listed = some_calls(writer)
    if not getattr(writer, "SHUFFLES", True):
        pytest.skip("the records of this format depend on those before them")
    shuffled = random.Random(3).sample(listed, len(listed))
    parts = [save(tmp_path / str(n), writer.write(shuffled[n::3])) for n in range(3)]
    found = read(*(path for part in parts for path in part), request_ids=True)
    wanted = expected(writer, listed)
    assert ordered([{key: row[key] for key in wanted[0]} for row in kept(found)]) == wanted


def test_the_same_file_twice_is_told_or_its_repeats_are_dropped(writer, tmp_path):
    written = writer.write(some_calls(writer))
    once = [save(tmp_path / str(n), written) for n in range(2)]
    found = read(*(path for part in once for path in part))
    assert "same_file" in {issue.code for issue in found.issues}


def test_a_count_that_is_none_is_quarantined_and_nothing_else_changes(writer, tmp_path):
    listed = some_calls(writer)
    odd = next(
        call for call in listed if call.ok and f"{call.output}".encode() in b"".join(writer.write(listed).values())
    )
    marked = [call if call is not odd else replaced_output(call, 777_777) for call in listed]
    written = writer.write(marked)
    if not any(b"777777" in text for text in written.values()):
        pytest.skip("the format states no output tokens as such")
    spoiled = {name: text.replace(b"777777", b"7777.77") for name, text in written.items()}
    good, bad = read(*save(tmp_path / "good", written)), read(*save(tmp_path / "bad", spoiled))
    assert len(bad.bad) >= 1
    assert bad.bad[0].reason == "not_a_count"
    assert len(bad.rows) == len(good.rows)
    assert sums(good)["output"] - sums(bad)["output"] == 777_777


def replaced_output(call: Call, output: int) -> Call:
    from dataclasses import replace  # noqa: PLC0415

    return replace(call, output=output, reasoning=0)


def sums(found: Log) -> dict[str, int]:
    return {key: sum(row[key] or 0 for row in kept(found)) for key in TOKENS}


def test_nothing_of_a_prompt_is_kept(writer, tmp_path):
    paths = save(tmp_path / "log", writer.write(some_calls(writer)))
    with open_engine(threads=1) as engine:
        usage = read_usage(
            engine, [str(path) for path in paths], ReadOptions(request_ids=True, writes=[tmp_path / "usage.parquet"])
        )
        write_canonical(engine, usage, tmp_path / "usage.parquet")
        temporary = [path.read_bytes() for path in engine.folder.rglob("*") if path.is_file()]
    for text in (*temporary, (tmp_path / "usage.parquet").read_bytes()):
        assert PROMPT.encode() not in text


def test_the_map_of_the_user_wins(writer, tmp_path):
    listed = some_calls(writer)
    found = read(*save(tmp_path, writer.write(listed)), assume={"task": "mine"})
    assert {row["task"] for row in kept(found)} == {"mine"}


def test_a_file_of_no_format_is_told_the_three_it_has_most_names_in_common_with():
    told = near(Sample(("id", "traceId", "type", "startTime", "usageDetailz", "model")))
    assert told.startswith("langfuse (no usageDetails, ")
    assert told.count("(no ") == 3


def test_an_unknown_format_names_the_nearest():
    with pytest.raises(UsageError, match="unknown format 'litelm'") as caught:
        choose(Sample(("a",)), "litelm")
    assert caught.value.hint == "did you mean 'litellm'?"
