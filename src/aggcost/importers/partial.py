"""`--allow-partial`: a log that is cut off is read up to its last whole line or record."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

from aggcost.errors import DataQualityError, Issue
from aggcost.importers.files import BLOCK_BYTES, MAX_LINE_BYTES, SourceFile, head_lines
from aggcost.importers.sampling import MAX_DOCUMENT_BYTES, json_object
from aggcost.importers.tables import delimiter_of

_HEAD_LINES = 200
_LITERAL_BYTES = len("false")  # how far before its end a cut document can be found to be wrong


def whole_part(file: SourceFile, folder: Path) -> SourceFile:
    """Return a file without the line or record that its end is missing of; DataQualityError where nothing is whole.

    That a file is cut off is known of a compressed one; of another it is seen where its last line does not fit.
    """
    if file.parquet:
        return file
    first = next((line.strip() for line in head_lines(file.path, _HEAD_LINES) if line.strip()), b"")
    size = file.path.stat().st_size
    if first.startswith(b"{") and json_object(first) is None:
        return file  # one document over many lines
    if first.startswith(b"["):
        kept, ending = _whole_records(file), b"]"
    else:
        kept, ending = _whole_lines(file, first), b""
    if kept is None:
        return file
    if not kept:
        raise DataQualityError(f"{file.shown}: cut off within its first line or record", hint="export or copy it again")
    path = folder / f"whole-{len(list(folder.iterdir()))}"
    with file.path.open("rb") as source, path.open("wb") as copy:
        shutil.copyfileobj(source, copy, BLOCK_BYTES)
        copy.truncate(kept)
        copy.seek(kept)
        copy.write(ending)
    return replace(file, path=path, ends_at=kept, lost_bytes=size - kept)


def _whole_lines(file: SourceFile, first: bytes) -> int | None:
    """Return the bytes up to the last whole line, None for all: where the last line fits though nothing ends it."""
    size = file.path.stat().st_size
    begins = max(0, size - MAX_LINE_BYTES)
    with file.path.open("rb") as source:
        source.seek(begins)
        end = source.read()
    tail = end[end.rfind(b"\n") + 1 :]
    if not tail or (file.whole and _fits(tail, first)):
        return None
    return size - len(tail)


def _fits(tail: bytes, first: bytes) -> bool:
    if first.startswith(b"{"):
        return json_object(tail) is not None
    if tail.count(b'"') % 2:
        return False
    csv.field_size_limit(MAX_LINE_BYTES)
    header, row = (line.decode("utf-8", errors="replace") for line in (first, tail))
    delimiter = delimiter_of(header)
    return len(next(csv.reader([row], delimiter=delimiter))) == len(next(csv.reader([header], delimiter=delimiter)))


def _whole_records(file: SourceFile) -> int | None:
    """Return the bytes up to the last whole element of a JSON array, None where it ends, or is broken inside."""
    if file.path.stat().st_size > MAX_DOCUMENT_BYTES:
        return None
    text = file.path.read_bytes().decode("utf-8", errors="surrogateescape")
    decoder, at, end = json.JSONDecoder(), text.index("[") + 1, 0
    try:
        while True:
            at += _blank(text, at)
            if text[at : at + 1] == "]":
                return None
            _, at = decoder.raw_decode(text, at)
            end = at
            at += _blank(text, at)
            at += text[at : at + 1] == ","
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text) - _LITERAL_BYTES or error.msg.startswith("Unterminated string")
    except RecursionError:
        cut = False
    return len(text[:end].encode("utf-8", errors="surrogateescape")) if cut else None


def _blank(text: str, at: int) -> int:
    start = at
    while text[at : at + 1].isspace():
        at += 1
    return at - start


def issue(file: SourceFile) -> tuple[Issue, ...]:
    """Return the warning that a file was read in part."""
    if file.ends_at is None:
        return ()
    text = " of the unpacked text" if file.packed else ""
    return (
        Issue(
            "partial_input",
            "warning",
            1,
            f"cut off: what is whole of it ends at byte {file.ends_at:,}{text}; "
            f"{file.lost_bytes:,} bytes after it are not read",
            file.shown,
            "the figures are those of the part that is there; export or copy the file again",
        ),
    )
