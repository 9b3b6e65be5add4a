"""Log files as tables of the embedded engine: every column text, the dialect stated, nothing sniffed.

The delimiter is the one among ``, ; tab |`` that occurs most often in the header line outside quotes;
the quote is ``"``, doubled inside. Rows that do not fit the header are set aside by the engine with
their line numbers, and the lines of a file are counted against its rows.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aggcost.engine import Engine, quoted
from aggcost.errors import InputError
from aggcost.importers.casts import Cell
from aggcost.importers.files import SourceFile, head_lines

DELIMITERS = (",", ";", "\t", "|")
MAX_LINE_BYTES = 16 << 20
_SAMPLE_LINES = 200


@dataclass(frozen=True, slots=True)
class LogTable:
    """A file as a table: `sql` selects from it; `names` are its headers or keys; `cells` their columns."""

    file: SourceFile
    kind: str
    sql: str
    names: tuple[str, ...]
    cells: dict[str, Cell]
    note: str
    delimiter: str = ","


def open_table(engine: Engine, file: SourceFile) -> LogTable:
    """Return how to read a file, by what it begins with: Parquet, JSON, or lines with a header."""
    if file.parquet:
        return _parquet(engine, file)
    first = next((line.strip() for line in head_lines(file.path, _SAMPLE_LINES) if line.strip()), b"")
    if not first:
        raise InputError(f"{file.shown}: the file holds no text", hint="expected a header line and requests")
    if first[:1] == b"{" and _is_json(first):
        return _jsonl(file)
    if first[:1] in b"[{":
        return _jsonl(_as_lines(engine, file))
    return _delimited(file, first)


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _parquet(engine: Engine, file: SourceFile) -> LogTable:
    reader = f"read_parquet([{quoted(str(file.path))}])"
    described = engine.rows(f"DESCRIBE SELECT * FROM {reader}")
    names = tuple(str(row[0]) for row in described)
    cells = {
        str(row[0]): Cell('"' + str(row[0]).replace('"', '""') + '"', _kind(str(row[1]))) for row in described
    }
    return LogTable(file, "parquet", reader, names, cells, "Parquet, typed columns")


def _kind(sql_type: str) -> str:
    if sql_type in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT"):
        return "int"
    if sql_type == "TIMESTAMP WITH TIME ZONE":
        return "zoned"
    return "time" if sql_type.startswith("TIMESTAMP") or sql_type == "DATE" else "text"


def _jsonl(file: SourceFile) -> LogTable:
    keys: dict[str, None] = {}
    for line in head_lines(file.path, _SAMPLE_LINES):
        if _is_json(line):
            keys.update(dict.fromkeys(json.loads(line)))
    if not keys:
        raise InputError(f"{file.shown}: no JSON object in its first lines", hint="expected one object a line")
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in keys)
    reader = (
        f"read_json({quoted(str(file.path))}, format='newline_delimited', columns={{{columns}}}, "
        f"ignore_errors=true, maximum_object_size={MAX_LINE_BYTES})"
    )
    cells = {name: Cell('"' + name.replace('"', '""') + '"') for name in keys}
    return LogTable(file, "jsonl", reader, tuple(keys), cells, "JSON, one object a line")


def _as_lines(engine: Engine, file: SourceFile) -> SourceFile:
    """Return a JSON document (an array of objects, or an object that holds one) as one object a line."""
    try:
        found = json.loads(file.path.read_text(encoding="utf-8-sig"), parse_float=str)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file.shown}: not JSON: {error}", hint="expected an array of objects, or one a line") from error
    records = found if isinstance(found, list) else found.get("data", [found]) if isinstance(found, dict) else []
    lines = engine.folder / f"lines-{file.path.name}.jsonl"
    with lines.open("w", encoding="utf-8") as text:
        text.writelines(json.dumps(record) + "\n" for record in records)
    return SourceFile(file.shown, lines, file.bytes, parquet=False)


def _delimited(file: SourceFile, header: bytes) -> LogTable:
    try:
        line = header.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{file.shown}: not UTF-8 at byte {error.start} of the header", hint="iconv -t utf-8") from error
    outside = "".join(line.split('"')[::2])
    delimiter = max(DELIMITERS, key=outside.count)
    if not outside.count(delimiter):
        raise InputError(f"{file.shown}:1: no delimiter in the header line {line[:80]!r}", hint="one of , ; tab |")
    names = tuple(name.strip() for name in next(csv.reader([line], delimiter=delimiter)))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{file.shown}:1: the column {twice!r} stands twice in the header", hint="rename one of them")
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(names)))
    reader = (
        f"read_csv({quoted(str(file.path))}, header=true, auto_detect=false, delim={quoted(delimiter)}, quote='\"', "
        f"escape='\"', columns={{{columns}}}, store_rejects=true, rejects_limit=0, max_line_size={MAX_LINE_BYTES})"
    )
    cells = {name: Cell(f"c{position}") for position, name in enumerate(names)}
    shown = "tab" if delimiter == "\t" else delimiter
    return LogTable(file, "csv", reader, names, cells, f"delimiter {shown}, every column text", delimiter)


def records(table: LogTable) -> Iterator[tuple[int, Sequence[str] | bytes]]:
    """Yield (line, record) for each record that is not blank, slowly: for locating rows, not for reading them."""
    if table.kind == "jsonl":
        for number, line in enumerate(head_lines(table.file.path, 1 << 62), start=1):
            if line.strip():
                yield number, line
        return
    csv.field_size_limit(MAX_LINE_BYTES)
    with Path(table.file.path).open(encoding="utf-8-sig", errors="replace", newline="") as text:
        reader = csv.reader(text, delimiter=table.delimiter)
        start = 1
        for number, record in enumerate(reader):
            if record and number:
                yield start, record
            start = reader.line_num + 1
