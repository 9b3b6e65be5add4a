"""PostgreSQL: the table of a log by its URL, fetched by the server's own COPY within one read-only snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode

from aggcost.engine import identifier, quoted
from aggcost.errors import InputError, UsageError
from aggcost.importers import stored
from aggcost.importers.files import SourceFile
from aggcost.importers.stored import Column, Inside, Table, Wanted

if TYPE_CHECKING:
    import psycopg

NAME = "postgres"
LOOKS = "postgresql://USER@HOST:PORT/DATABASE[?table=NAME]"
_SCHEMES = ("postgresql://", "postgres://")
_CONNECT_TIMEOUT_S = 30
_MOST_SHOWN = 300
_BROKEN = ("08", "57P")  # SQL states of a lost connection and of a server that stops; without one there is no server
# Partitions are read through their table, unless one is asked for by name.
_TABLES = """
SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attnum),
       array_agg(format_type(a.atttypid, NULL) ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND (%s OR NOT c.relispartition)
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class _Address:
    """A URL taken apart: `shown` has no secret, `secrets` are the texts that no output may contain."""

    shown: str
    url: str
    user: str | None
    password: str | None = field(repr=False)
    table: str | None
    secrets: tuple[str, ...] = field(repr=False)


def accepts(source: str) -> bool:
    """Return whether a source is the URL of a PostgreSQL database."""
    return source.startswith(_SCHEMES)


def shown(source: str) -> str:
    """Return a URL without its password and what follows the question mark."""
    return _address(source).shown


def again(source: str) -> str:
    """Return a URL without its passwords."""
    address = _address(source)
    options = [(key, value) for key, value in _options(source) if "password" not in key]
    return address.shown + (f"?{urlencode(options, safe='/.')}" if options else "")


def fetch(source: str, folder: Path, wanted: Wanted) -> SourceFile:
    """Return the rows of the log's table as the server's own CSV; InputError in our words for what goes wrong."""
    address = _address(source)
    with _connected(address) as connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        cursor.execute("SET LOCAL DateStyle = 'ISO'")
        table = stored.choose(_tables(cursor, address), address.table, address.shown, wanted)
        read = stored.read_of(table, wanted)
        with (
            stored.spooled(folder, address.shown) as (path, file),
            _told(address, table),
            cursor.copy(_copy(table, read)) as blocks,
        ):
            for block in blocks:
                file.write(block)
    return stored.fetched(address.shown, path, table, len(read))


def _address(source: str) -> _Address:
    scheme, _, rest = source.partition("://")
    # A password may contain what separates the parts of a URL, and users forget to encode it.
    account, _, place = rest.rpartition("@")
    place = place.partition("?")[0]
    name, colon, password = account.partition(":")
    if "/" in name or "?" in name or "password=" in account:
        raise InputError(f"{scheme}://…: not a PostgreSQL URL", hint=f"{LOOKS}; an @ in its options is %40")
    options = _options(source)
    table = next((value for key, value in options if key == "table"), None)
    kept = [(key, value) for key, value in options if key != "table"]
    secrets = [unquote(password), password, *(value for key, value in kept if "password" in key)]
    return _Address(
        f"{scheme}://{name}{'@' if account else ''}{place}",
        f"postgresql://{place}" + (f"?{urlencode(kept)}" if kept else ""),
        unquote(name) or None,
        unquote(password) if colon else None,
        table,
        tuple(secret for secret in secrets if secret),
    )


def _options(source: str) -> list[tuple[str, str]]:
    return parse_qsl(source.rpartition("@")[2].partition("?")[2], keep_blank_values=True)


@contextmanager
def _connected(address: _Address) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """Yield a connection in one read-only transaction that sees one moment of the database."""
    driver = _driver()
    try:
        given = driver.conninfo.conninfo_to_dict(address.url)
    except driver.Error:
        # The driver would repeat the part it does not understand, which may be a secret.
        raise InputError(f"{address.shown}: not a PostgreSQL URL", hint=LOOKS) from None
    account = {"user": address.user, "password": address.password}
    given |= {key: value for key, value in account.items() if value is not None}
    given.setdefault("connect_timeout", _CONNECT_TIMEOUT_S)
    try:
        # Nothing is prepared: poolers between here and the server do not keep it.
        connection = driver.connect(**given, client_encoding="UTF8", application_name="aggcost", prepare_threshold=None)
    except driver.Error as error:
        raise InputError(
            f"{address.shown}: cannot connect{_said(address, error)}",
            hint="the password may stand in the URL, in PGPASSWORD or in ~/.pgpass",
        ) from _without(address, error)
    with _told(address), connection:
        connection.isolation_level = driver.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection


def _driver() -> Any:
    try:
        import psycopg  # noqa: PLC0415 - an extra
        import psycopg.conninfo  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            "logs from PostgreSQL need its driver, psycopg", hint="pip install 'aggcost[postgres]'"
        ) from error
    return psycopg


@contextmanager
def _told(address: _Address, table: Table | None = None) -> Iterator[None]:
    """Say in our words what the server refused, and that a connection broke."""
    driver = _driver()
    try:
        yield
    except driver.errors.InsufficientPrivilege as error:
        what = "the database" if table is None else f"table {table.shown}"
        raise InputError(
            f"{address.shown}: {what} may not be read{_said(address, error)}", hint="GRANT SELECT on it to this user"
        ) from _without(address, error)
    except driver.Error as error:
        if (error.sqlstate or _BROKEN[0]).startswith(_BROKEN):
            raise InputError(
                f"{address.shown}: the connection broke before all rows were read{_said(address, error)}",
                hint="read it again: nothing of it was counted",
            ) from _without(address, error)
        raise InputError(f"{address.shown}: the server refused{_said(address, error)}") from _without(address, error)


def _said(address: _Address, error: Exception) -> str:
    """Return the server's own words, on one line; nothing where they repeat a secret."""
    text = " ".join(str(error).split())
    if not text or _leaks(address, text):
        return ""
    return f": {text[:_MOST_SHOWN]}"


def _without(address: _Address, error: Exception) -> Exception | None:
    """Return the cause of an error for `--debug`, unless it repeats a secret."""
    return None if _leaks(address, str(error)) else error


def _leaks(address: _Address, text: str) -> bool:
    return any(secret in text for secret in address.secrets)


def _tables(cursor: psycopg.Cursor[tuple[Any, ...]], address: _Address) -> list[Table]:
    rows = cursor.execute(_TABLES, (address.table is not None,)).fetchall()
    return [
        Table(schema, name, tuple(Column(*pair) for pair in zip(columns, types, strict=True)))
        for schema, name, columns, types in rows
    ]


def _copy(table: Table, read: Mapping[str, frozenset[Inside]]) -> str:
    listed = ", ".join(f"{_value(column, read)} AS {identifier(column.name)}" for column in table.columns)
    rows = f"SELECT {listed} FROM {identifier(table.schema)}.{identifier(table.name)}"  # noqa: S608 - quoted names
    return f"COPY ({rows}) TO STDOUT (FORMAT csv, HEADER)"


def _value(column: Column, read: Mapping[str, frozenset[Inside]]) -> str:
    """Return a column as its text should stand in a log: times in UTC, lists as JSON, of JSON what is read of it."""
    name = identifier(column.name)
    if column.name not in read or column.type == "bytea":
        return "NULL"
    if column.type == "timestamp with time zone":
        return f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    if column.type == "boolean":
        return f"{name}::text"
    if column.type in ("json", "jsonb"):
        return _narrowed(name, read[column.name], column.type)
    return f"to_json({name})" if column.type.endswith("[]") else name


def _narrowed(value: str, members: frozenset[Inside], kind: str) -> str:
    """Return of a JSON object the members that are read; anything else (a list, JSON in a string) whole."""
    names = sorted({str(member[0]) for member in members if member})
    if not names or any(not member or isinstance(member[0], int) for member in members):
        return value
    inside = {name: frozenset(member[1:] for member in members if member[0] == name) for name in names}
    kept = ", ".join(
        f"{quoted(name)}, {_narrowed(f'({value} -> {quoted(name)})', deeper, kind)}" for name, deeper in inside.items()
    )
    made = f"{kind}_strip_nulls({kind}_build_object({kept}))"
    return f"CASE {kind}_typeof({value}) WHEN 'object' THEN {made} ELSE {value} END"
