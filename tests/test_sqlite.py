"""Logs straight from SQLite files: the same figures as JSON lines, nothing of a prompt, clean errors."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing

import pytest
from formats import write_bifrost
from formats.calls import PROMPT, calls
from formats.write_litellm import MODELS, write
from reading_logs import log, read
from test_cli import run

from aggcost.errors import DataQualityError, InputError
from aggcost.importers.databases import sqlite
from aggcost.importers.stored import Wanted

SUMS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning")


def spend_rows(count=40):
    rows = [json.loads(line) for line in write(calls(MODELS, 1, count))["spend.jsonl"].splitlines()]
    rows[0]["user"] = 'Ada "the, first"\nof\rher; name'
    rows[1]["user"] = None
    return rows


def save(path, rows, table="LiteLLM_SpendLogs"):
    with closing(sqlite3.connect(path)) as connection:
        fill(connection, rows, table)
        connection.commit()
    return path


def fill(connection, rows, table="LiteLLM_SpendLogs"):
    names = ", ".join(f'"{name}"' for name in rows[0])
    connection.execute(f'CREATE TABLE "{table}" ({names})')
    marks = ", ".join("?" for _ in rows[0])
    cells = [[json.dumps(cell) if isinstance(cell, list) else cell for cell in row.values()] for row in rows]
    connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', cells)  # noqa: S608


def figures(found):
    sums = {name: sum(row[name] or 0 for row in found.good) for name in SUMS}
    wanted = ("ts", "request_id", "session_id", "model", "provider", "user", "latency_ms", "status", "recorded_cost")
    return sums, sorted(str([row[name] for name in wanted]) for row in found.good), found.bad


def test_a_file_says_what_json_lines_say(tmp_path):
    rows = spend_rows()
    lines = log(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "spend.jsonl")
    found = read(save(tmp_path / "logs.db", rows), request_ids=True)
    assert figures(found) == figures(read(lines, request_ids=True))
    assert len(found.good) == 40
    assert found.inputs[0].path == str(tmp_path / "logs.db")
    assert "table LiteLLM_SpendLogs" in found.inputs[0].read_as


def test_no_prompt_reaches_the_temporary_file(tmp_path):
    path = save(tmp_path / "logs.db", spend_rows())
    assert PROMPT.encode() in path.read_bytes()
    file = sqlite.fetch(str(path), tmp_path, Wanted(mapped=("messages",)))
    assert PROMPT.encode() not in file.path.read_bytes()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_rows_that_are_only_in_the_file_beside_it_count(tmp_path):
    with closing(sqlite3.connect(tmp_path / "logs.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        fill(connection, spend_rows())
        connection.commit()
        assert (tmp_path / "logs.db-wal").stat().st_size > 0
        assert len(read(tmp_path / "logs.db").good) == 40


def test_reading_leaves_the_folder_as_it_was(tmp_path):
    path = save(tmp_path / "logs.db", spend_rows())
    before = path.read_bytes()
    read(path)
    assert [one.name for one in tmp_path.iterdir()] == ["logs.db"]
    assert path.read_bytes() == before


def test_a_table_may_be_named_and_must_where_several_hold_a_log(tmp_path):
    path = save(save(tmp_path / "a #?.db", spend_rows(3), "one"), spend_rows(2), "two")
    with pytest.raises(InputError, match="several tables hold a log: one, two"):
        read(path)
    assert len(read(f"{path}?table=two").good) == 2
    with pytest.raises(InputError, match="no table 'twoo'") as caught:
        read(f"{path}?table=twoo")
    assert caught.value.hint == "did you mean 'two'?"


@pytest.mark.parametrize("cut", [100, 3000, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_one_error(tmp_path, cut):
    path = save(tmp_path / "logs.db", spend_rows(400))
    whole = path.read_bytes()
    path.write_bytes(whole[: cut if cut >= 1 else int(len(whole) * cut)])
    with pytest.raises(DataQualityError, match="the database is damaged or cut off"):
        read(path)


def test_a_damaged_file_ends_in_one_message(tmp_path):
    path = save(tmp_path / "logs.db", spend_rows(400))
    whole = bytearray(path.read_bytes())
    whole[4096:] = b"\xa5" * (len(whole) - 4096)
    path.write_bytes(whole)
    done = run("analyze", path, cwd=tmp_path)
    assert done.returncode == 3
    assert "the database is damaged or cut off" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_text_that_is_no_utf8_and_bytes_are_judged_like_those_of_a_file(tmp_path):
    path = save(tmp_path / "logs.db", spend_rows(3))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE LiteLLM_SpendLogs SET model = CAST(x'ff41' AS TEXT) WHERE rowid = 1")
        connection.execute("UPDATE LiteLLM_SpendLogs SET user = x'00ff' WHERE rowid = 2")
        connection.commit()
    found = read(path)
    assert len(found.good) == 2
    assert len(found.rows) == 3


def test_a_database_without_a_log_says_what_it_has(tmp_path):
    path = save(tmp_path / "config.db", [{"key": "a", "value": "b"}], "settings")
    with pytest.raises(InputError, match="no table with the columns of a log") as caught:
        read(path)
    assert "settings" in caught.value.hint


def test_a_table_of_ones_own(tmp_path):
    row = {
        "created_at": "2026-02-02T09:00:00Z",
        "model": "gpt-4o",
        "input_tokens": 7,
        "output_tokens": None,
        "prompt": PROMPT,
        "kind": "x",
    }
    path = save(tmp_path / "own.sqlite", [row], "calls")
    (found,) = read(f"{path}?table=calls", mapping={"task": "kind"}).good
    assert (found["input"], found["output"], found["task"], found["prompt_hash"]) == (7, None, "x", None)


def test_the_logs_of_bifrost_are_read_from_its_own_file(tmp_path):
    listed = calls(write_bifrost.MODELS)
    made = [write_bifrost.flat(call, row) for call in listed for row in write_bifrost.rows(call)]
    names = list(dict.fromkeys(name for row in made for name in row))
    found = read(save(tmp_path / "logs.db", [{name: row.get(name) for name in names} for row in made], "logs"))
    assert found.inputs[0].format == "bifrost"
    assert sum(row["output"] or 0 for row in found.good if row["filtered"] is None) == sum(
        call.output for call in listed
    )
