"""SQLite: the table of a log in a database file, read by Python's own sqlite3."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from aggcost.engine import identifier
from aggcost.errors import DataQualityError, InputError
from aggcost.importers import stored
from aggcost.importers.files import SourceFile
from aggcost.importers.stored import Column, Table, Wanted

NAME = "sqlite"
LOOKS = "a SQLite file[?table=NAME]"
_MAGIC = b"SQLite format 3\0"
_TABLE = "?table="
_LISTED = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"


def accepts(source: str) -> bool:
    """Return whether a source is a SQLite file, by its first bytes."""
    path = _parts(source)[0]
    try:
        if not path.is_file():  # a pipe gives its bytes only once
            return False
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def shown(source: str) -> str:
    """Return the path of the file."""
    return str(_parts(source)[0])


def again(source: str) -> str:
    """Return the source as it is."""
    return source


def fetch(source: str, folder: Path, wanted: Wanted) -> SourceFile:
    """Return the rows of the log's table as CSV; DataQualityError for a file that is damaged or cut off."""
    path, asked = _parts(source)
    name = str(path)
    with _told(name), closing(_opened(path)) as connection:
        table = stored.choose(_tables(connection), asked, name, wanted)
        read = stored.read_of(table, wanted)
        listed = ", ".join(identifier(one) if one in read else "NULL" for one in table.names)
        rows = connection.execute(f"SELECT {listed} FROM {identifier(table.name)}")  # noqa: S608 - quoted names
        with stored.spooled(folder, name) as (spool, file):
            _write(file, table.names, rows)
    return stored.fetched(name, spool, table, len(read))


def _parts(source: str) -> tuple[Path, str | None]:
    """Return the file and the table that a source names."""
    path, question, table = source.rpartition(_TABLE)
    return (Path(path), table) if question else (Path(source), None)


def _opened(path: Path) -> sqlite3.Connection:
    # A file beside it holds rows that are not in it yet, or is there because somebody writes right now.
    busy = any(path.with_name(f"{path.name}{suffix}").exists() for suffix in ("-wal", "-journal"))
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{'' if busy else '&immutable=1'}", uri=True)
    connection.text_factory = _text
    return connection


def _text(stored_bytes: bytes) -> str:
    """Return a text whose bytes may be no UTF-8: they stay as they are, and the row is judged where all rows are."""
    return stored_bytes.decode("utf-8", errors="surrogateescape")


def _tables(connection: sqlite3.Connection) -> list[Table]:
    found = []
    for (name,) in connection.execute(_LISTED).fetchall():
        columns = connection.execute("SELECT name, type FROM pragma_table_xinfo(?)", (name,)).fetchall()
        found.append(Table("", name, tuple(Column(*column) for column in columns)))
    return found


def _write(file: BinaryIO, names: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")
    # Lines end in both signs, because only the signs of a line end are quoted inside a cell.
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows(["" if isinstance(cell, bytes) else cell for cell in row] for row in rows)
    text.flush()
    text.detach()


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say in our words what keeps a database from being read."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise InputError(f"{name}: {error}", hint="is another program writing to it? copy it, or try again") from error
    except sqlite3.DatabaseError as error:
        raise DataQualityError(
            f"{name}: the database is damaged or cut off: {error}", hint="copy it again, or sqlite3 FILE .recover"
        ) from error
