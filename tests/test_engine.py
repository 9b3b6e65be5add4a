"""The engine opens what it was given and nothing else."""

from __future__ import annotations

import ibis
import pytest
from reading_logs import HEADER, ROW, log

from aggcost import engine as engines
from aggcost.engine import Engine, EngineError, open_engine
from aggcost.importers import ReadOptions, read_usage


@pytest.fixture
def confined(tmp_path):
    other = log(tmp_path, HEADER + ROW, "other.csv")
    (tmp_path / "link.csv").symlink_to(other)
    with open_engine(threads=1) as engine:
        usage = read_usage(engine, [str(log(tmp_path, HEADER + ROW))], ReadOptions())
        yield engine
        assert engine.to_arrow(usage.table).num_rows == 1


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('{folder}/other.csv')",
        "SELECT * FROM read_csv('{folder}/*.csv')",
        "SELECT * FROM '{folder}/other.csv'",
        "SELECT * FROM read_text('{folder}/other.csv')",
        "SELECT * FROM read_blob('{folder}/link.csv')",
        "SELECT * FROM read_json_objects('{folder}/other.csv')",
        "SELECT * FROM read_text('{temporary}/../other.csv')",
        "SELECT * FROM read_csv('https://example.org/log.csv')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/new.csv'",
        "EXPORT DATABASE '{folder}/all'",
        "ATTACH '{folder}/new.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET allowed_paths = ['{folder}/other.csv']",
    ],
)
def test_nothing_else_can_be_opened_once_a_log_is_read(confined, tmp_path, statement):
    with pytest.raises(EngineError):
        confined.rows(statement.format(folder=tmp_path, temporary=confined.folder))
    assert not (tmp_path / "new.csv").exists()


def test_a_signal_that_comes_while_the_engine_works_is_an_interruption(tmp_path):
    class Interrupted:
        def raw_sql(self, _sql):
            raise RuntimeError("Query interrupted")  # what DuckDB 2 raises for Ctrl-C

    with pytest.raises(KeyboardInterrupt):
        Engine("duckdb", Interrupted(), tmp_path).rows("SELECT 1")


@pytest.mark.parametrize("most_sorted", [0, 1000])
@pytest.mark.parametrize("kind", ["BIGINT", "HUGEINT"])
@pytest.mark.parametrize(
    ("listed", "expected"),
    [("NULL, 3, -1, 3, 9223372036854775807, 3, NULL", (5, 3)), ("NULL", (0, 0)), ("5", (1, 1))],
)
def test_different_numbers_are_counted_whether_sorted_or_grouped(monkeypatch, most_sorted, kind, listed, expected):
    monkeypatch.setattr(engines, "_MOST_SORTED", most_sorted)
    with open_engine() as engine:
        engine.rows(f"CREATE VIEW numbers AS SELECT CAST(unnest([{listed}]) AS {kind}) AS n")
        assert engine.distinct(engine.backend.table("numbers").n, 10) == expected


def test_a_table_under_a_name_is_the_same_table():
    with open_engine() as engine:
        engine.rows("CREATE VIEW numbers AS SELECT 1 AS n")
        made = engine.backend.table("numbers").mutate(m=ibis._.n + 1)
        named = engine.named(made, "made")
        assert engine.to_arrow(named).to_pylist() == engine.to_arrow(made).to_pylist() == [{"n": 1, "m": 2}]
        assert engine.named(named, "again") is named
