"""What the footer of a Parquet file declares, held against its size before a row of it is read."""

from __future__ import annotations

from aggcost.engine import Engine, plain_name, quoted
from aggcost.errors import InputError
from aggcost.importers.files import SourceFile
from aggcost.importers.unpacking import MAX_RATIO, RATIO_FROM_BYTES


def refuse_bombs(engine: Engine, file: SourceFile) -> None:
    """Raise InputError for a file that declares absurdly much data: the rule for compressed text.

    Its data is what its column chunks unpack to, and at least a byte a value: a few bytes of run lengths may
    stand for a billion rows.
    """
    path = quoted(str(plain_name(engine, file.path)))
    (rows,) = engine.rows(f"SELECT num_rows FROM parquet_file_metadata({path})")[0]  # noqa: S608 - quoted literals
    values, unpacked, least = engine.rows(
        "SELECT coalesce(sum(num_values), 0), coalesce(sum(total_uncompressed_size), 0), "  # noqa: S608 - quoted literals
        "coalesce(min(least(num_values, row_group_num_rows, total_uncompressed_size)), 0) "
        f"FROM parquet_metadata({path})"
    )[0]
    if min(rows, least) < 0:
        raise InputError(f"{file.shown}: its footer declares sizes below zero", hint="the file is damaged")
    declared = max(int(rows), int(values), int(unpacked))
    if declared > max(RATIO_FROM_BYTES, MAX_RATIO * file.bytes):
        raise InputError(
            f"{file.shown}: declares {int(rows):,} rows with {declared:,} bytes of values or more, "
            f"over {MAX_RATIO} times its size",
            hint="is it a log?",
        )
