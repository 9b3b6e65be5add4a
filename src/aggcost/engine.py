"""The only module that opens an engine: DuckDB inside this process, or Spark.

What the core asks of an engine is little and means the same on both: read canonical Parquet, and
turn an Ibis expression into an Arrow table. Text logs are read by DuckDB alone, in its own SQL.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ibis
import ibis.expr.operations as ops
import numpy as np
import pyarrow as pa

from aggcost import activity
from aggcost.errors import InputError, UsageError, did_you_mean

EngineName = Literal["duckdb", "spark"]
ENGINES: tuple[EngineName, ...] = ("duckdb", "spark")

# What a scan of a log needs: CSV buffers and the row groups being written, per thread.
_MEMORY_MB, _MEMORY_A_THREAD_MB = 400, 150
_MOST_SORTED = 1 << 24  # integers: 128 MB


class EngineError(InputError):
    """The engine could not do what was asked; its own first line says why."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An open engine. `folder` holds temporary files and is removed when the engine closes.

    `limited` says that the user set the limit of its memory.
    """

    name: EngineName
    backend: Any  # an Ibis backend; Ibis ships no types
    folder: Path
    limited: bool = False

    def read_parquet(self, path: Path) -> ibis.Table:
        """Return a Parquet file as a table."""
        with _told(self.name):
            return self.backend.read_parquet(str(plain_name(self, path).absolute()))

    def hashed(self, column: ibis.Value) -> ibis.Value:
        """Return the engine's hash of a text column as int64: to count distinct values, not to be shown."""
        return xxhash64(column) if self.name == "spark" else (duckdb_hash(column) >> 1).cast("int64")

    def micros(self, time: ibis.Value) -> ibis.Value:
        """Return a time as microseconds since 1970, UTC."""
        return unix_micros(time) if self.name == "spark" else epoch_us(time)

    def named(self, table: ibis.Table, name: str) -> ibis.Table:
        """Return the same table, on DuckDB as a view: what stands behind it is put into SQL once, not by each scan."""
        if self.name != "duckdb" or isinstance(table.op(), ops.DatabaseTable):
            return table
        self.rows(f"CREATE OR REPLACE TEMPORARY VIEW {identifier(name)} AS {_duckdb_sql(table)}")
        with _told(self.name):
            return self.backend.table(name)

    def to_arrow(self, expression: ibis.Expr) -> pa.Table:
        """Return the result of an Ibis expression; EngineError says what the engine could not do."""
        with _told(self.name):
            # Ibis's own ways go through pandas: slow to import, and integers beside nulls become doubles there.
            if self.name == "spark":
                return self.backend.raw_sql(_spark_sql(expression)).toArrow()
            return self.backend.con.sql(_duckdb_sql(expression)).to_arrow_table()

    def portions(self, expression: ibis.Table, rows: int) -> Iterator[pa.Table]:
        """Yield the rows of an Ibis expression, `rows` at a time on DuckDB, of which no more are held."""
        if self.name != "duckdb":
            yield from (pa.Table.from_batches([batch]) for batch in self.to_arrow(expression).to_batches(rows))
            return
        with _told(self.name):
            reader = self.backend.con.sql(_duckdb_sql(expression)).to_arrow_reader(rows)
            yield from (pa.Table.from_batches([batch]) for batch in reader if len(batch))

    def distinct(self, column: ibis.Value, most: int) -> tuple[int, int]:
        """Return how many integers a column of int64 has and how many different ones, nulls aside.

        There are at most `most`. Where memory holds them all, sorting takes half the time of grouping.
        """
        table = column.name("value").as_table()
        table = table.filter(table.value.notnull())
        if self.name != "duckdb" or most > _MOST_SORTED:
            counts = table.aggregate(values=table.value.count(), distinct=table.value.nunique())
            (counted,) = self.to_arrow(counts).to_pylist()
            return counted["values"], counted["distinct"]
        # Not by Ibis, which leaves out a cast to what it takes a column for: hashes united may be wider than it knows.
        wide = f"SELECT CAST(value AS BIGINT) FROM ({_duckdb_sql(table)})"  # noqa: S608 - Ibis's own SQL
        with _told(self.name):
            chunks = self.backend.con.sql(wide).to_arrow_table().column(0).chunks
        values = np.concatenate([np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset :][: len(chunk)]
                                 for chunk in chunks] or [np.zeros(0, np.int64)])  # fmt: skip
        values.sort()
        return len(values), len(values) - int(np.count_nonzero(values[1:] == values[:-1]))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a DuckDB statement; text logs are read this way."""
        with _told(self.name):
            found: list[tuple[Any, ...]] = self.backend.raw_sql(sql).fetchall()
            return found

    def register(self, name: str, rows: pa.Table | pa.RecordBatchReader) -> None:
        """Let DuckDB's statements read Arrow rows by this name, in place of others; those of a reader once."""
        self.backend.con.register(name, rows)

    def percent(self) -> float:
        """Return how far DuckDB is with the statement that another thread has it run, below 0 where it cannot tell."""
        try:
            return float(self.backend.con.query_progress())
        except _duckdb_errors()[2]:
            return -1.0

    def confine(self, paths: Sequence[Path]) -> None:
        """Let DuckDB open these files and its own temporary ones, and nothing else, from now on."""
        if self.name != "duckdb":
            return
        listed = ", ".join(quoted(str(path.resolve())) for path in paths)
        self.rows(f"SET allowed_directories = [{quoted(f'{self.folder.resolve()}/')}]")
        self.rows(f"SET allowed_paths = [{listed}]")
        self.rows("SET enable_external_access = false")  # cannot be undone while the engine runs

    @contextmanager
    def roomy(self, megabytes: int) -> Iterator[None]:
        """Let DuckDB work on one thread with this much memory, unless the user limits it; 0 changes nothing."""
        if not megabytes:
            yield
            return
        names = ("threads", *(() if self.limited else ("memory_limit",)))
        before = {name: self.rows(f"SELECT current_setting('{name}')")[0][0] for name in names}
        wanted = {"threads": 1, "memory_limit": f"{megabytes}MB"}
        for name in names:
            self.rows(f"SET {name} = {quoted(str(wanted[name]))}")
        try:
            yield
        finally:
            for name, value in before.items():
                self.rows(f"SET {name} = {quoted(str(value))}")

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
        backend = (
            _spark(master, threads, memory_limit, folder) if name == "spark" else _duckdb(threads, memory_limit, folder)
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    engine = Engine("spark" if name == "spark" else "duckdb", backend, folder, limited=memory_limit is not None)
    activity.using(folder)
    activity.gauged_by(engine.percent if engine.name == "duckdb" else None)
    try:
        yield engine
    finally:
        activity.gauged_by(None)
        engine.close()
        activity.using(None)


def hash_sql(text: str) -> str:
    """Return `Engine.hashed` of a text expression as DuckDB's SQL, null for null."""
    return f"CASE WHEN {text} IS NOT NULL THEN CAST(hash({text}) >> 1 AS BIGINT) END"


def quoted(text: str) -> str:
    """Return `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def plain_name(engine: Engine, path: Path) -> Path:
    """Return a path to the same file whose name the engine takes for nothing but a name."""
    # Spark's patterns know more signs, and it skips files whose names begin like its own temporary ones.
    signs, hidden = ("*?[{\\:", "._") if engine.name == "spark" else ("*?[", "")
    # DuckDB 2 reads *.geojson and *.geojsonl as maps whatever columns are asked for, and dies of it.
    if not set(signs) & set(str(path)) and path.name[0] not in hidden and "geojson" not in path.suffix.lower():
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
        backend.raw_sql("SET enable_progress_bar_print = false")
        backend.raw_sql("SET enable_progress_bar = true")  # or DuckDB does not know how far it is
        return backend


def _spark(master: str | None, threads: int | None, memory_limit: str | None, folder: Path) -> Any:
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise UsageError("--engine spark needs Java 17: no java on PATH, and JAVA_HOME is not set")
    workers = threads or _SPARK_THREADS
    quiet = folder / "log4j2.properties"
    quiet.write_text(_QUIET)
    settings = _SPARK_SETTINGS | {
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={quiet.as_uri()}",
    }
    if master is None or master.startswith("local"):
        settings |= {"spark.sql.shuffle.partitions": str(workers)} | _SPARK_HERE
    if memory_limit:
        settings |= {"spark.driver.memory": memory_limit}
    with warnings.catch_warnings():
        # PySpark 4 says so of every pandas 3. Results leave Spark as Arrow: no pandas sees them.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        return _spark_session(master or f"local[{workers}]", settings)


def _spark_session(master: str, settings: Mapping[str, str]) -> Any:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError("--engine spark needs PySpark", hint="pip install 'aggcost[spark]'") from error
    builder = SparkSession.builder.master(master).appName("aggcost")
    for key, value in settings.items():
        builder = builder.config(key, value)
    try:
        backend = ibis.pyspark.connect(builder.getOrCreate())
        backend.raw_sql(_JSON_TEXT)
    except _spark_errors()[2] as error:
        raise UsageError(
            f"--engine spark: Spark did not start: {_first_line(error)}",
            hint="it needs Java 17 or newer, and --master a URL it knows",
        ) from error
    return backend


def _duckdb_sql(expression: ibis.Expr) -> str:
    return str(ibis.to_sql(expression, dialect="duckdb", pretty=False))


def _spark_sql(expression: ibis.Expr) -> str:
    """Return an expression as Spark's SQL, texts read from JSON by our own function.

    Ibis's own reads what `get_json_object` returns as JSON once more, and finds no text in it.
    """

    def replaced(node: Any, changed: Mapping[str, Any] | None) -> Any:
        node = node.__recreate__(changed) if changed else node
        if not isinstance(node, ops.UnwrapJSONString):
            return node
        member = node.arg
        return json_text(member.arg.to_expr().cast("string"), member.index.to_expr()).op()

    return str(ibis.to_sql(expression.op().replace(replaced).to_expr(), dialect="pyspark"))


@ibis.udf.scalar.builtin(name="hash", signature=(("string",), "uint64"))  # type: ignore[untyped-decorator]  # Ibis ships no types
def duckdb_hash(value: str) -> int:  # type: ignore[empty-body]
    """Return DuckDB's 64-bit hash of a text."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]  # Ibis ships no types
def xxhash64(value: str) -> int:  # type: ignore[empty-body]
    """Return Spark's 64-bit hash of a text."""


@ibis.udf.scalar.builtin(signature=(("timestamp",), "int64"))  # type: ignore[untyped-decorator]  # Ibis ships no types
def epoch_us(value: str) -> int:  # type: ignore[empty-body]
    """Return DuckDB's microseconds since 1970."""


@ibis.udf.scalar.builtin(signature=(("timestamp",), "int64"))  # type: ignore[untyped-decorator]  # Ibis ships no types
def unix_micros(value: str) -> int:  # type: ignore[empty-body]
    """Return Spark's microseconds since 1970."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]  # Ibis ships no types
def json_text(document: str, name: str) -> str:  # type: ignore[empty-body]
    """Return a member of a JSON object that is a text, null where it is none: as DuckDB reads it."""


_JSON_TEXT = """
CREATE OR REPLACE TEMPORARY FUNCTION json_text(document STRING, name STRING) RETURNS STRING RETURN
  CASE WHEN schema_of_variant(try_variant_get(try_parse_json(document), concat('$.', name), 'variant')) = 'STRING'
  THEN get_json_object(document, concat('$.', name)) END
"""
_SPARK_THREADS = 2
_SPARK_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",  # Ibis's type conversions expect Spark 3's
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
_SPARK_HERE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
# Read when Java starts, before any session could set a level.
_QUIET = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = spark: %m%n
"""


@contextmanager
def _told(name: str, kind: type[InputError | UsageError] = EngineError) -> Iterator[None]:
    """Turn the engine's own exceptions into ours, with its first line."""
    kinds: tuple[_Errors, _Errors, _Errors] = _spark_errors() if name == "spark" else _duckdb_errors()
    interrupted, exhausted, failed = kinds
    try:
        yield
    except interrupted as error:
        raise KeyboardInterrupt from error
    except exhausted as error:
        raise UsageError(
            f"{name} ran out of memory: {_first_line(error)}", hint="give it more: --memory-limit 2GB"
        ) from error
    except failed as error:
        raise kind(f"{name}: {_first_line(error)}") from error
    except RuntimeError as error:
        # DuckDB's Python client says it so where a signal came while it waited for its threads.
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise


_Errors = tuple[type[Exception], ...]


def _duckdb_errors() -> tuple[_Errors, _Errors, _Errors]:
    """Return what says that the user interrupted, that memory ran out, and that something else failed."""
    import duckdb  # noqa: PLC0415 - Spark does without it

    return (duckdb.InterruptException,), (duckdb.OutOfMemoryException,), (duckdb.Error,)


def _spark_errors() -> tuple[_Errors, _Errors, _Errors]:
    from py4j.protocol import Py4JError  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with PySpark
    from pyspark.errors import PySparkException  # noqa: PLC0415 - an extra

    return (), (), (Py4JError, PySparkException, OSError)


def _first_line(error: Exception) -> str:
    """Return what an error says first; Py4J puts what it called before that."""
    said = str(error)
    return (said.partition("\n: ")[2] or said).partition("\n")[0].strip()
