"""The only module that opens an engine: DuckDB inside this process, or Spark.

What the core asks of an engine is little and means the same on both: read canonical Parquet, and
turn an Ibis expression into an Arrow table. Text logs are read by DuckDB alone, in its own SQL.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ibis
import pyarrow as pa

from aggcost.errors import InputError, UsageError, did_you_mean

EngineName = Literal["duckdb", "spark"]
ENGINES: tuple[EngineName, ...] = ("duckdb", "spark")

# What a scan of a log needs: CSV buffers and the row groups being written, per thread.
_MEMORY_MB, _MEMORY_A_THREAD_MB = 600, 150


class EngineError(InputError):
    """The engine could not do what was asked; its own first line says why."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An open engine. `folder` holds temporary files and is removed when the engine closes."""

    name: EngineName
    backend: Any  # an Ibis backend; Ibis ships no types
    folder: Path

    def read_parquet(self, paths: Sequence[Path]) -> ibis.Table:
        """Return Parquet files of one schema as a table."""
        if self.name == "spark":
            return self.backend.read_parquet([str(path.resolve()) for path in paths])
        listed = ", ".join(quoted(str(plain_name(self, path))) for path in paths)
        return self.backend.sql(f"SELECT * FROM read_parquet([{listed}])")  # noqa: S608 - quoted literals

    def to_arrow(self, expression: ibis.Expr) -> pa.Table:
        """Return the result of an Ibis expression; EngineError says what the engine could not do."""
        with _told(self.name):
            if self.name == "spark":
                return expression.to_pyarrow()
            # Ibis's own way imports pandas, which takes longer than most scans.
            return self.backend.con.sql(ibis.to_sql(expression, dialect="duckdb")).to_arrow_table()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a DuckDB statement; text logs are read this way."""
        with _told(self.name):
            found: list[tuple[Any, ...]] = self.backend.raw_sql(sql).fetchall()
            return found

    def close(self) -> None:
        """Let go of the engine and of its temporary files."""
        try:
            self.backend.disconnect()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def open_engine(
    name: str = "duckdb",
    *,
    master: str | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
    temp_dir: Path | None = None,
) -> Iterator[Engine]:
    """Yield an engine, closed and its files removed at the end, whatever happens.

    `threads` defaults to the processors, `memory_limit` (such as ``600MB``) to what a scan of a log
    needs; `master` is Spark's. UsageError for an unknown engine or one that is not installed.
    """
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r}: one of {', '.join(ENGINES)}", hint=did_you_mean(name, ENGINES))
    folder = Path(tempfile.mkdtemp(prefix="aggcost-", dir=temp_dir))
    try:
        backend = _spark(master, memory_limit) if name == "spark" else _duckdb(threads, memory_limit, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    engine = Engine("spark" if name == "spark" else "duckdb", backend, folder)
    try:
        yield engine
    finally:
        engine.close()


def quoted(text: str) -> str:
    """Return `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def plain_name(engine: Engine, path: Path) -> Path:
    """Return a path to the same file that the engine does not take for a pattern."""
    if not set("*?[") & set(str(path)):
        return path
    link = engine.folder / f"input-{abs(hash(path.resolve()))}"
    if not link.is_symlink():
        link.symlink_to(path.resolve())
    return link


def _duckdb(threads: int | None, memory_limit: str | None, folder: Path) -> Any:
    workers = threads or os.cpu_count() or 1
    if workers < 1:
        raise UsageError(f"--threads {threads}: expected 1 or more")
    megabytes = max(_MEMORY_MB, _MEMORY_A_THREAD_MB * workers)
    settings = {
        "threads": workers,
        "memory_limit": memory_limit or f"{megabytes}MB",
        "temp_directory": str(folder),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with _told("duckdb", UsageError):
        backend = ibis.duckdb.connect(":memory:", **settings)
        backend.raw_sql("SET TimeZone = 'UTC'")
        return backend


def _spark(master: str | None, memory_limit: str | None) -> Any:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError("--engine spark needs PySpark", hint="pip install 'aggcost[spark]'") from error
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise UsageError("--engine spark needs Java 17: no java on PATH, and JAVA_HOME is not set")
    builder = SparkSession.builder.master(master or "local[2]").appName("aggcost")
    for key, value in _SPARK_SETTINGS.items():
        builder = builder.config(key, value)
    if memory_limit:
        builder = builder.config("spark.driver.memory", memory_limit)
    return ibis.pyspark.connect(builder.getOrCreate())


# Ibis's own type conversions expect ANSI off, as Spark 3 had it; the canonical table needs no casts that could fail.
_SPARK_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.driver.bindAddress": "127.0.0.1",
}


@contextmanager
def _told(name: str, kind: type[InputError] | type[UsageError] = EngineError) -> Iterator[None]:
    """Turn the engine's own exceptions into ours, with its first line."""
    import duckdb  # noqa: PLC0415 - Spark does without it

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise UsageError(f"{name} ran out of memory: {_first_line(error)}", hint="give it more: --memory-limit 2GB") from error
    except duckdb.Error as error:
        raise kind(f"{name}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].strip()
