"""Log files as tables of the embedded engine: every column text, the dialect stated, nothing sniffed.

The delimiter is the one among ``, ; tab |`` that occurs most often in the header line outside quotes;
the quote is ``"``, doubled inside. Rows that do not fit the header are set aside by the engine with
their line numbers, and the lines of a file are counted against its rows.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, Any

from aggcost.engine import Engine, identifier, plain_name, quoted
from aggcost.errors import DataQualityError, InputError
from aggcost.importers.casts import Cell
from aggcost.importers.fields import BILLED, SYNONYMS, bare, is_header
from aggcost.importers.files import MAX_LINE_BYTES, SourceFile, head_lines, is_sampled_whole, sample_lines, without_mark

DELIMITERS = (",", ";", "\t", "|")
_HEAD_LINES = 200
# Lines over DuckDB's 2 MB. Its own choice of buffers would be 16 lines each; four hold a quoted cell over two of them.
_REJECTS = "store_rejects=true, rejects_limit=0"
_LONG_LINES = f"max_line_size={MAX_LINE_BYTES}, buffer_size={4 * MAX_LINE_BYTES}, parallel=false"
_TOLERANT = "ignore_errors=true"
TOO_LONG = "line_size_over_maximum"
PACK = "small_files"  # the stream of their records
DOCUMENT = "JSON document; line N is its Nth record"
_BILLED = frozenset(bare(name) for field in BILLED for name in SYNONYMS[field])
MAX_KEYS = 1000  # of JSON objects; the most frequent ones count


@dataclass(frozen=True, slots=True)
class LogTable:
    """A file as a table: `sql` selects from it; `names` are its headers or keys; `cells` their columns.

    `header` is the line of a delimited file that holds its header. `unseen` are keys of billed fields that no
    line of the sample of a large JSON file has; the reader knows them, so that a line that has one is noticed.
    """

    file: SourceFile
    kind: str
    sql: str
    names: tuple[str, ...]
    cells: dict[str, Cell]
    note: str
    delimiter: str = ","
    header: int = 1
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """Where a record is: its number in the file as the engine counts (blank lines too), its line, and its lines."""

    number: int
    line: int
    lines: int = 1


def open_table(engine: Engine, file: SourceFile) -> LogTable:
    """Return how to read a file that is no JSON, by what it begins with: Parquet, or lines with a header."""
    if file.parquet:
        return _parquet(engine, file)
    head = list(head_lines(file.path, _HEAD_LINES, MAX_LINE_BYTES))
    number, first = next(((at, line.strip()) for at, line in enumerate(head, start=1) if line.strip()), (0, b""))
    if not first:
        raise InputError(f"{file.shown}: the file holds no text", hint="expected a header line and requests")
    return _delimited(engine, file, first, number)


def open_json(engine: Engine, file: SourceFile, shape: str) -> LogTable:
    """Return how to read JSON by its top-level keys."""
    if shape == "lines":
        return _jsonl(engine, file)
    lines = _jsonl(engine, _as_lines(engine, file))
    return replace(lines, note=DOCUMENT)


def json_lines(engine: Engine, listed: Sequence[SourceFile], shape: str, *, numbered: bool) -> str:
    """Return SQL of the JSON values of files that stand alike: `file`, `line` (null unless numbered) and `json`.

    Those of small files come from the stream `PACK`.
    """
    large = [file for file in listed if not file.small_bytes]
    cast = "TRY_CAST" if shape == "lines" else "CAST"
    packed = f"SELECT file, line, {cast}(json AS JSON) AS json FROM {PACK}"  # noqa: S608 - our own names
    if not large:
        return packed
    opened = _json_objects(engine, large, shape, numbered=numbered)
    return opened if len(large) == len(listed) else f"{opened} UNION ALL {packed}"


def _json_objects(engine: Engine, listed: Sequence[SourceFile], shape: str, *, numbered: bool) -> str:
    paths = ", ".join(quoted(str(plain_name(engine, file.path))) for file in listed)
    largest = MAX_LINE_BYTES
    if shape == "document":
        largest = max(largest, *(file.path.stat().st_size + 1 for file in listed))
    form = {"lines": "newline_delimited", "array": "array", "document": "unstructured"}[shape]
    line = "row_number() OVER ()" if numbered else "CAST(NULL AS BIGINT)"
    return (
        f"SELECT filename AS file, {line} AS line, json FROM read_json_objects([{paths}], format='{form}', "  # noqa: S608
        f"filename=true, compression='none', ignore_errors={str(shape == 'lines').lower()}, "
        f"maximum_object_size={largest})"
    )


def _keys(line: bytes) -> list[str]:
    """Return the keys of a JSON object, one that stands twice twice; none of what is no object."""
    try:
        found = json.loads(line, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return []
    return [key for key, _ in found] if line.lstrip()[:1] == b"{" else []


def _chosen(counted: Counter[str]) -> list[str]:
    """Return the keys to read: all that may mean a field, however many others there are, then the most frequent."""
    meant = {bare(name) for names in SYNONYMS.values() for name in names}
    ordered = [key for key, _ in counted.most_common()]
    return sorted(ordered, key=lambda key: bare(key) not in meant)[:MAX_KEYS]


def _parquet(engine: Engine, file: SourceFile) -> LogTable:
    reader = f"read_parquet([{quoted(str(plain_name(engine, file.path)))}])"
    described = engine.rows(f"DESCRIBE SELECT * FROM {reader}")  # noqa: S608
    cells = {str(row[0]): _parquet_cell(identifier(str(row[0])), str(row[1])) for row in described}
    return LogTable(file, "parquet", reader, tuple(cells), cells, "Parquet, typed columns")


def _parquet_cell(column: str, sql_type: str) -> Cell:
    """Return a column as a cell; a map, struct or list is the text of its JSON."""
    nested = sql_type.startswith(("MAP", "STRUCT")) or sql_type.endswith("]")
    if sql_type == "BOOLEAN":
        return Cell(f"CAST({column} AS VARCHAR)")  # true is no count of 1
    if nested:
        listed = column if _kind(sql_type.removesuffix("[]")) == "int" and sql_type not in _WIDE else ""
        return Cell(f"CAST(to_json({column}) AS VARCHAR)", listed=listed)
    return Cell(column, _kind(sql_type))


_WIDE = ("UBIGINT[]", "HUGEINT[]")


def _kind(sql_type: str) -> str:
    if sql_type in (
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "HUGEINT",
    ):
        return "int"
    if sql_type in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"):
        return "zoned"
    return "time" if sql_type.startswith("TIMESTAMP") or sql_type == "DATE" else "text"


def _jsonl(engine: Engine, file: SourceFile) -> LogTable:
    file = without_mark(file, engine.folder)
    counted: Counter[str] = Counter()
    all_lines, lines = is_sampled_whole(file.path), 0
    for number, line in enumerate(sample_lines(file.path), start=1):
        keys_of = _keys(line)
        _refuse_repeats(file, number if all_lines else None, keys_of)
        counted.update(dict.fromkeys(keys_of, 1))
        lines = number
    keys, dropped = _distinct(_chosen(counted))
    lost = next((key for key in dropped if bare(key) in _BILLED), None)
    if lost is not None:
        raise InputError(f"{file.shown}: keys that differ from {lost!r} only by case", hint="spell them alike")
    if not keys:
        raise InputError(f"{file.shown}: no JSON object in its first lines", hint="expected one object a line")
    unseen = () if all_lines else _unseen(keys)
    reader = _json_reader(engine, file, (*keys, *unseen))
    note = "JSON, one object a line" + ("" if all_lines else f"; keys of {lines:,} lines all over the file")
    note += f"; ignored, as they differ only by case: {', '.join(dropped)}" if dropped else ""
    return LogTable(file, "jsonl", reader, keys, _json_cells(keys), note, unseen=unseen)


def _refuse_repeats(file: SourceFile, number: int | None, keys: Sequence[str]) -> None:
    """Refuse an object that states a field twice: readers differ in which of its values they take."""
    seen = Counter(key for key in keys if is_header([key]))
    twice = next((key for key, times in seen.items() if times > 1), None)
    if twice is not None:
        raise stands_twice(file.shown if number is None else f"{file.shown}:{number}", twice)


def stands_twice(where: str, key: str) -> InputError:
    """Return what is said of an object that states a field twice."""
    return InputError(f"{where}: the key {key!r} stands twice in an object", hint="which one counts? leave it alone")


def strict(statement: str) -> str:
    """Return a statement over JSON lines that ends at the first one that is broken or has a key twice."""
    return statement.replace(_TOLERANT, _TOLERANT.replace("true", "false"), 1)


def repeated_key(table: LogTable, error: str) -> str | None:
    """Return the key of a table that stands twice in an object, as the engine says; None for another error."""
    return next((name for name in table.names if f"has duplicate key {json.dumps(name)}" in error), None)


def _json_reader(engine: Engine, file: SourceFile, keys: Sequence[str]) -> str:
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in keys)
    return (
        f"read_json({quoted(str(plain_name(engine, file.path)))}, format='newline_delimited', columns={{{columns}}}, "
        f"{_TOLERANT}, compression='none', maximum_object_size={MAX_LINE_BYTES})"
    )


def _json_cells(keys: Sequence[str]) -> dict[str, Cell]:
    return {name: Cell(identifier(name)) for name in keys}


def _unseen(keys: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of billed fields of which no key was seen. To look for all fields would take twice the time."""
    seen = {bare(key) for key in keys}
    missing = [SYNONYMS[field] for field in BILLED if not any(bare(name) in seen for name in SYNONYMS[field])]
    return tuple(name for names in missing for name in names)


def with_late_keys(engine: Engine, table: LogTable) -> LogTable:
    """Return the table with those of its unseen keys that some line has after all: another pass over the file."""
    counts = ", ".join(f"count({identifier(name)})" for name in table.unseen)
    found = engine.rows(f"SELECT {counts} FROM {table.sql}")[0]  # noqa: S608 - quoted names
    keys = (*table.names, *(name for name, lines in zip(table.unseen, found, strict=True) if lines))
    reader = _json_reader(engine, table.file, keys)
    return replace(table, sql=reader, names=keys, cells=_json_cells(keys), unseen=())


def _distinct(keys: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the keys that differ by more than case, as the engine's columns must, and those left out."""
    kept: dict[str, str] = {}
    for key in keys:
        kept.setdefault(key.lower(), key)
    return tuple(kept.values()), [key for key in keys if kept[key.lower()] != key]


def _as_lines(engine: Engine, file: SourceFile) -> SourceFile:
    """Return a JSON document (an array of objects, or an object that holds one) as one object a line."""

    def checked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        _refuse_repeats(file, None, [key for key, _ in pairs])
        return dict(pairs)

    try:
        found = json.loads(file.path.read_text(encoding="utf-8-sig"), parse_float=str, object_pairs_hook=checked)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{file.shown}: not JSON: {error}", hint="expected an array of objects, or one a line"
        ) from error
    inside = found.get("data") if isinstance(found, dict) else found
    records = inside if isinstance(inside, list) else [found]
    lines = engine.folder / f"lines-{len(list(engine.folder.iterdir()))}.jsonl"
    with lines.open("w", encoding="utf-8") as text:
        text.writelines(json.dumps(record) + "\n" for record in records)
    return replace(file, path=lines)


def _delimited(engine: Engine, file: SourceFile, header: bytes, number: int) -> LogTable:
    line = _header_text(file, header, number)
    delimiter = delimiter_of(line)
    if delimiter not in outside_quotes(line):
        named = f" {line!r}" if is_header([line]) else ""  # else it may be what somebody wrote
        raise InputError(f"{file.shown}:{number}: no delimiter in the header line{named}", hint="one of , ; tab |")
    names = _named(next(csv.reader([line], delimiter=delimiter)))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        column = f"the column {twice!r}" if is_header([twice]) else "a name"
        raise InputError(f"{file.shown}:{number}: {column} stands twice in the header", hint="rename one of them")
    alike = Counter(bare(name) for name in names if bare(name) in _BILLED)
    again = next((name for name in names if alike[bare(name)] > 1), None)
    if again is not None:
        raise InputError(
            f"{file.shown}:{number}: two columns are called like {again!r}, but for case and spaces",
            hint="rename one of them",
        )
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(names)))
    reader = (
        f"read_csv({quoted(str(plain_name(engine, file.path)))}, header=true, skip={number - 1}, auto_detect=false, "
        f"delim={quoted(delimiter)}, quote='\"', escape='\"', columns={{{columns}}}, compression='none', "
        f"{_REJECTS})"
    )
    cells = {name: Cell(f"c{position}") for position, name in enumerate(names)}
    shown = "tab" if delimiter == "\t" else delimiter
    return LogTable(file, "csv", reader, names, cells, f"delimiter {shown}, every column text", delimiter, number)


def with_long_lines(table: LogTable) -> LogTable | None:
    """Return a delimited table whose lines may have up to 16 MB, None where it is read so already."""
    if _LONG_LINES in table.sql:
        return None
    return replace(table, sql=table.sql.replace(_REJECTS, f"{_REJECTS}, {_LONG_LINES}"))


def outside_quotes(line: str) -> str:
    """Return what of a line stands outside quotes."""
    return "".join(line.split('"')[::2])


def delimiter_of(header: str) -> str:
    """Return the delimiter that a header line has most of, outside quotes."""
    return max(DELIMITERS, key=outside_quotes(header).count)


def _header_text(file: SourceFile, header: bytes, number: int) -> str:
    """Return the header line; InputError where it is not one line of UTF-8."""
    try:
        line = header.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file.shown}: not UTF-8 at byte {error.start} of the header", hint="iconv -t utf-8"
        ) from error
    if "\r" in line:
        raise InputError(f"{file.shown}: its lines end in CR alone", hint="convert them: tr '\\r' '\\n' < LOG > NEW")
    if line.count('"') % 2:
        raise InputError(f"{file.shown}:{number}: a quote opens in the header and never closes on its line")
    return line


def _named(header: list[str]) -> tuple[str, ...]:
    """Return the names of columns; one without a name gets its position."""
    return tuple(name.strip() or f"column {position}" for position, name in enumerate(header, start=1))


def records(table: LogTable) -> Iterator[Record]:
    """Yield each record that is not blank, slowly: for locating rows, not for reading them."""
    if table.kind != "csv":
        for number, line in enumerate(head_lines(table.file.path, 1 << 62), start=1):
            if line.strip():
                yield Record(number, number)
        return
    csv.field_size_limit(MAX_LINE_BYTES)
    with table.file.path.open(encoding="utf-8-sig", errors="replace", newline="\n") as text:
        reader = csv.reader(islice(_bounded(text), table.header, None), delimiter=table.delimiter)
        start = 1
        try:
            for number, record in enumerate(reader, start=1):
                if record:
                    yield Record(table.header + number, table.header + start, reader.line_num + 1 - start)
                start = reader.line_num + 1
        except csv.Error as error:
            raise DataQualityError(
                f"{table.file.shown}:{table.header + start}: {error}", hint="correct that line, or export the log again"
            ) from error


def _bounded(text: IO[str]) -> Iterator[str]:
    """Yield the lines of a file; of one over 16 MB, which no memory should hold, only what its quotes say of it."""
    while line := text.readline(MAX_LINE_BYTES):
        if len(line) == MAX_LINE_BYTES and not line.endswith("\n"):
            quotes, more = line.count('"'), line
            while len(more) == MAX_LINE_BYTES and not more.endswith("\n"):
                more = text.readline(MAX_LINE_BYTES)
                quotes += more.count('"')
            line = '"\n' if quotes % 2 else "too long\n"
        yield line
