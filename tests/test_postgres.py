"""Logs straight from PostgreSQL, by a real server: the same figures as its dump, and neither prompts nor passwords."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from formats.calls import PROMPT, calls
from formats.write_litellm import MODELS, write
from postgres_server import ENCODED, PASSWORD, running
from reading_logs import log, read
from test_cli import run

from aggcost.engine import open_engine
from aggcost.errors import InputError, UsageError
from aggcost.importers import ReadOptions, read_usage
from aggcost.importers.databases import postgres
from aggcost.importers.stored import Column, Table, Wanted

psycopg = pytest.importorskip("psycopg", reason="the extra postgres is not installed")


# Types and names of LiteLLM's own table (schema.prisma).
DDL = """
CREATE TABLE "LiteLLM_SpendLogs" (
    request_id text PRIMARY KEY, call_type text NOT NULL, api_key text NOT NULL DEFAULT '',
    spend double precision NOT NULL DEFAULT 0, total_tokens int NOT NULL DEFAULT 0, prompt_tokens int NOT NULL DEFAULT 0,
    completion_tokens int NOT NULL DEFAULT 0, "startTime" timestamp(3) NOT NULL, "endTime" timestamp(3) NOT NULL,
    request_duration_ms int, "completionStartTime" timestamp(3), model text NOT NULL DEFAULT '', model_id text DEFAULT '',
    model_group text DEFAULT '', custom_llm_provider text DEFAULT '', api_base text DEFAULT '', "user" text DEFAULT '',
    metadata jsonb DEFAULT '{}', cache_hit text DEFAULT '', cache_key text DEFAULT '', request_tags jsonb DEFAULT '[]',
    team_id text, organization_id text, end_user text, requester_ip_address text, messages jsonb DEFAULT '{}',
    response jsonb DEFAULT '{}', session_id text, status text, mcp_namespaced_tool_name text, agent_id text,
    proxy_server_request jsonb DEFAULT '{}'
)"""
INSERTED = (
    "request_id", "call_type", "spend", "prompt_tokens", "completion_tokens", "startTime", "endTime", "model",
    "custom_llm_provider", "user", "session_id", "status", "cache_hit", "metadata", "messages", "response",
    "proxy_server_request",
)  # fmt: skip
SUMS = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write_other", "output", "reasoning")


@pytest.fixture(scope="module")
def port():
    with running() as number:
        yield number


@pytest.fixture
def database(port, request):
    """A connection to a new database, and its URL."""
    name = f"db{abs(hash(request.node.nodeid)) % 10**9}"
    with admin(port, "postgres") as connection:
        connection.execute(f"CREATE DATABASE {name}")
    with admin(port, name) as connection:
        yield connection, f"postgresql://postgres:{ENCODED}@127.0.0.1:{port}/{name}"
    with admin(port, "postgres") as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def admin(port, name):
    return psycopg.connect(
        host="127.0.0.1", port=port, user="postgres", password=PASSWORD, dbname=name, autocommit=True
    )


def spend_rows(count=40):
    rows = [json.loads(line) for line in write(calls(MODELS, 1, count))["spend.jsonl"].splitlines()]
    prompt = [{"role": "user", "content": PROMPT}]
    for row in rows:
        row["metadata"] = {
            **json.loads(row["metadata"]),
            "vector_store_request_metadata": [{"query": PROMPT}],
            "note": 'a "quoted"\nline',
        }
        row |= {"messages": prompt, "response": prompt, "proxy_server_request": {"body": PROMPT}}
    rows[0]["user"] = 'Ada "the, first"\nof her; name'
    rows[1]["user"] = None
    return rows


def fill(connection, rows):
    connection.execute(DDL)
    names = ", ".join(f'"{name}"' for name in INSERTED)
    with connection.cursor().copy(f'COPY "LiteLLM_SpendLogs" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(
                [json.dumps(cell) if isinstance(cell, dict | list) else cell for cell in map(row.get, INSERTED)]
            )


def figures(found):
    sums = {name: sum(row[name] or 0 for row in found.good) for name in SUMS}
    money = sum(row["recorded_cost"] for row in found.good)
    wanted = ("ts", "request_id", "session_id", "model", "provider", "user", "latency_ms", "status", "http_status")
    rows = sorted(str([row[name] for name in wanted]) for row in found.good)
    return sums, money, rows, found.bad


def test_the_server_a_dump_and_json_lines_say_the_same(database, tmp_path):
    connection, url = database
    rows = spend_rows()
    fill(connection, rows)
    lines = log(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "spend.jsonl")
    dump = io.BytesIO()
    with connection.cursor().copy('COPY "LiteLLM_SpendLogs" TO STDOUT (FORMAT csv, HEADER)') as copy:
        for block in copy:
            dump.write(block)
    found = read(url, request_ids=True)
    wanted = figures(read(lines, request_ids=True))
    assert len(wanted[2]) == 40
    assert figures(found) == figures(read(log(tmp_path, dump.getvalue()), request_ids=True)) == wanted
    assert found.inputs[0].format == "litellm"
    assert "table public.LiteLLM_SpendLogs, 17 of 32 columns" in found.inputs[0].read_as


def fetched(url, folder, **wanted):
    file = postgres.fetch(url, folder, Wanted(**wanted))
    return file, file.path.read_text(encoding="utf-8")


def test_no_prompt_reaches_the_temporary_file_and_nobody_else_may_read_it(database, tmp_path):
    connection, url = database
    fill(connection, spend_rows())
    file, text = fetched(url, tmp_path)
    assert PROMPT not in text
    assert "usage_object" in text
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    with open_engine(threads=1) as engine:
        read_usage(engine, [url], ReadOptions())
        assert all(PROMPT.encode() not in path.read_bytes() for path in engine.folder.rglob("*") if path.is_file())
        folder = engine.folder
    assert not folder.exists()


@pytest.mark.parametrize("form", ["json", "csv", "table", "markdown", "html"])
def test_no_output_shows_the_password(database, tmp_path, form):
    connection, url = database
    fill(connection, spend_rows())
    done = run("analyze", f"{url}?table=LiteLLM_SpendLogs", "--format", form, "--detail", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert hidden(done.stdout + done.stderr)
    assert form != "json" or json.loads(done.stdout)["inputs"][0]["path"] == url.replace(f":{ENCODED}", "")


def hidden(text):
    return not any(part in text for part in (PASSWORD, ENCODED, "s3cr3t", "w?rd", "w%3Frd", "%40ss"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("127.0.0.1", "127.0.0.2"), "cannot connect"),
        ((":s3cr3t", ":wrong-s3cr3t"), "password authentication failed"),
        ((ENCODED, "s3cr3t-p@ss/w?rd-wrong"), "password authentication failed"),
        (("/db", "/nodb"), "does not exist"),
        (("postgresql://", "mysql://"), "mysql://…: logs are not read from there"),
        (("?table", "?s3cr3t&table"), "not a PostgreSQL URL"),
        (("?table=public.LiteLLM", "?table=public.LightLLM"), "no table 'public.LightLLM_SpendLogs'"),
        (("?table", "?password=s3cr3t@x&table"), "not a PostgreSQL URL"),
    ],
)
def test_no_error_shows_the_password(database, tmp_path, changed, said):
    connection, url = database
    fill(connection, spend_rows(2))
    source = f"{url}?table=public.LiteLLM_SpendLogs".replace(*changed)
    done = run("analyze", source, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert hidden(done.stderr), done.stderr
    assert len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize("broken", ["-wrong@", "@no-such-host.invalid,"])
def test_no_traceback_shows_the_password(port, tmp_path, broken):
    url = f"postgresql://postgres:{PASSWORD}{broken}127.0.0.1:{port}/db"
    done = run("analyze", url, "--debug", cwd=tmp_path)
    assert "Traceback" in done.stderr
    assert "cannot connect" in done.stderr
    assert hidden(done.stderr), done.stderr


def test_init_and_the_next_command_leave_the_password_out(database, tmp_path):
    connection, url = database
    fill(connection, spend_rows())
    assert run("init", f"{url}?table=LiteLLM_SpendLogs", cwd=tmp_path).returncode == 0
    text = (tmp_path / "aggcost.yaml").read_text()
    assert hidden(text)
    assert url.replace(f":{ENCODED}", "") + "?table=LiteLLM_SpendLogs" in text


def test_a_project_file_may_name_a_url(database, tmp_path):
    connection, url = database
    fill(connection, spend_rows())
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "aggcost.yaml").write_text(f"aggcost: 1\nlogs: ['{url}']\n")
    done = run("analyze", "--format", "json", cwd=below)
    assert json.loads(done.stdout)["coverage"]["records"] == 40
    assert hidden(done.stdout + done.stderr)


# Of a process of its own, whose memory has never been larger.
MEASURED = """
import resource, sys, pathlib
import psycopg
from aggcost.importers.databases import postgres
from aggcost.importers.stored import Wanted
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
file = postgres.fetch(sys.argv[1], pathlib.Path(sys.argv[2]), Wanted())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, file.path)
"""


def test_fifty_thousand_rows_stream_through_flat_memory(database, tmp_path):
    connection, url = database
    fill(connection, spend_rows(9))
    connection.execute(
        'INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, "startTime", "endTime", model, prompt_tokens, "user") '
        "SELECT 'r' || n, 'acompletion', '2026-02-02', '2026-02-02 00:00:01', 'gpt-4o', n, "
        "repeat('x', 2000) FROM generate_series(1, 50000) n"
    )
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, url, str(tmp_path)], capture_output=True, text=True, check=True
    )
    grown_kb, path = done.stdout.split()
    text = Path(path).read_bytes()
    assert len(text) > 100_000_000
    assert int(grown_kb) < 30_000
    assert (text.count(b"chatcmpl-"), text.count(b"acompletion")) == (9, 50_009)


def test_rows_written_meanwhile_do_not_change_what_is_read(database, tmp_path, monkeypatch):
    connection, url = database
    fill(connection, spend_rows(5))
    read_of = postgres.stored.read_of

    def disturbed(*given):
        connection.execute('DELETE FROM "LiteLLM_SpendLogs"')
        return read_of(*given)

    monkeypatch.setattr(postgres.stored, "read_of", disturbed)
    _, text = fetched(url, tmp_path)
    assert len(list(csv.reader(io.StringIO(text)))) == 6


def test_a_connection_that_is_killed_is_one_error(database, tmp_path, monkeypatch):
    connection, url = database
    fill(connection, spend_rows(9))
    connection.execute(
        'INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, "startTime", "endTime", model) '
        "SELECT 'r' || n || repeat('x', 2000), 'acompletion', now(), now(), 'gpt-4o' FROM generate_series(1, 50000) n"
    )
    killed = threading.Event()
    begun = postgres.stored.spooled

    def kill(folder, shown):
        assert connection.execute(
            "SELECT bool_and(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'aggcost'"
        ).fetchone() == (True,)
        killed.set()
        return begun(folder, shown)

    monkeypatch.setattr(postgres.stored, "spooled", kill)
    with pytest.raises(InputError, match="the connection broke before all rows were read") as caught:
        fetched(url, tmp_path)
    assert killed.is_set()
    assert hidden(str(caught.value))


def test_what_the_server_does_not_finish_is_told_in_its_words(database, tmp_path):
    connection, url = database
    fill(connection, spend_rows(2))
    name = url.rpartition("/")[2]
    connection.execute('CREATE VIEW slow AS SELECT *, pg_sleep(30)::text AS waited FROM "LiteLLM_SpendLogs"')
    connection.execute(f"ALTER DATABASE {name} SET statement_timeout = 300")
    with pytest.raises(InputError, match="the server refused: canceling statement due to statement timeout"):
        fetched(f"{url}?table=slow", tmp_path, mapped=("waited",))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_user_who_does_not_want_to_wait(database, tmp_path, number, code):
    connection, url = database
    fill(connection, spend_rows(2))
    connection.execute('CREATE VIEW slow AS SELECT *, pg_sleep(30)::text AS waited FROM "LiteLLM_SpendLogs"')
    command = [sys.executable, "-m", "aggcost", "analyze", f"{url}?table=slow", "--map", "tags.w=waited"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.PIPE
    ) as waiting:
        while not connection.execute("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%'").fetchone()[0]:
            time.sleep(0.1)
            assert waiting.poll() is None
        waiting.send_signal(number)
        assert waiting.wait(20) == code
    assert list(tmp_path.iterdir()) == []


def test_json_columns_may_be_of_either_type(database, tmp_path):
    connection, url = database
    fill(connection, spend_rows(9))
    wanted = figures(read(url, request_ids=True))
    connection.execute('ALTER TABLE "LiteLLM_SpendLogs" ALTER metadata DROP DEFAULT, ALTER metadata TYPE json')
    assert figures(read(url, request_ids=True)) == wanted
    assert PROMPT not in fetched(url, tmp_path)[1]
    # JSON in a string, as some writers store it
    connection.execute('UPDATE "LiteLLM_SpendLogs" SET metadata = to_json(metadata::text)')
    assert figures(read(url, request_ids=True)) == wanted


def test_who_may_not_read_the_table_is_told_so(database, tmp_path):
    connection, url = database
    fill(connection, spend_rows(2))
    connection.execute("CREATE ROLE guest LOGIN PASSWORD 'guest-s3cr3t'")
    guest = url.replace(f"postgres:{ENCODED}", "guest:guest-s3cr3t")
    with pytest.raises(InputError, match=r"table public\.LiteLLM_SpendLogs may not be read: permission denied"):
        fetched(guest, tmp_path)
    allowed = ", ".join(f'"{name}"' for name in (*INSERTED[:14], "request_duration_ms", "team_id", "request_tags"))
    connection.execute(f'GRANT SELECT ({allowed}) ON "LiteLLM_SpendLogs" TO guest')
    assert fetched(guest, tmp_path)[0].bytes > 0  # it may read no prompt, and need not
    connection.execute("DROP OWNED BY guest")
    connection.execute("DROP ROLE guest")


def test_a_database_without_a_log_says_what_it_has(database, tmp_path):
    connection, url = database
    with pytest.raises(InputError, match="no table with the columns of a log"):
        fetched(url, tmp_path)
    connection.execute("CREATE TABLE things (a int)")
    with pytest.raises(InputError, match="no table with the columns of a log") as caught:
        fetched(url, tmp_path)
    assert "public.things" in str(caught.value.hint)


def test_two_logs_are_one_too_many_until_one_is_named(database, tmp_path):
    connection, url = database
    fill(connection, spend_rows(3))
    connection.execute('CREATE VIEW recent AS SELECT * FROM "LiteLLM_SpendLogs" LIMIT 1')
    assert len(read(url).rows) == 3  # the usual name wins
    connection.execute('CREATE SCHEMA old; CREATE TABLE old."LiteLLM_SpendLogs" (LIKE "LiteLLM_SpendLogs")')
    with pytest.raises(
        InputError, match=r"several tables hold a log: old\.LiteLLM_SpendLogs, public\.LiteLLM_SpendLogs"
    ):
        fetched(url, tmp_path)
    assert len(read(f"{url}?table=public.LiteLLM_SpendLogs").rows) == 3
    assert len(read(f"{url}?table=recent").rows) == 1


def test_a_table_of_ones_own_gives_the_columns_that_fields_and_maps_name(database, tmp_path):
    connection, url = database
    connection.execute(
        "CREATE TABLE calls (created_at timestamptz, model text, input_tokens numeric, output_tokens bigint, billable bool, "
        "prompt text, question text, feature text, usage jsonb, raw bytea, labels text[])"
    )
    connection.execute(
        "INSERT INTO calls VALUES ('2026-02-02 10:00:00.5+01', 'gpt-4o', 10, 5, true, %s, %s, E'a,\"b\"\\nc', "
        '\'{"cached": 4, "text": "x"}\', \'\\x00\', \'{"a","b"}\')',
        (PROMPT, PROMPT),
    )
    _, text = fetched(f"{url}?table=calls", tmp_path, mapped=("feature", "usage.cached"))
    assert PROMPT not in text
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["created_at"] == "2026-02-02T09:00:00.500000Z"
    assert (row["billable"], row["raw"], row["labels"]) == ("true", "", '["a","b"]')
    assert (row["feature"], json.loads(row["usage"])) == ('a,"b"\nc', {"cached": 4})
    mapping = {"tags.feature": "feature", "cache_read_tokens": "usage.cached"}
    (one,) = read(f"{url}?table=calls", mapping=mapping, assume={"tags": "{}"}).good
    assert (one["input"], one["cache_read"], one["output"]) == (6, 4, 5)


def test_without_the_driver_the_hint_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError) as caught:
        fetched("postgresql://u:s3cr3t@h/db", tmp_path)
    assert caught.value.hint == "pip install 'aggcost[postgres]'"


def test_json_is_narrowed_to_what_is_read():
    table = Table("public", "t", (Column("metadata", "jsonb"), Column("x", "bytea")))
    sql = postgres._copy(table, {"metadata": frozenset({("a", "b"), ("a", "c"), ("d", 0)})})
    assert sql.count("jsonb_build_object") == 2
    assert '"x"' in sql
    assert "NULL AS" in sql
