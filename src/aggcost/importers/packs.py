"""Small JSON files, thousands of them: their text goes to the engine as one stream, with the place of every record.

A service that writes a file a request (to S3, say) leaves ten thousand of a kilobyte. To open each of them by itself
costs the engine, and every check of ours, many times what its text does. So a small file is read once for its format
and once more when its turn comes, and the bytes that the engine gets are those that are counted. What is odd about a
file (a byte order mark, another encoding, a cut, no JSON object at its start) is left to the usual way of opening it,
which says what is wrong.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import zstandard

from aggcost.importers.census import Census
from aggcost.importers.files import BOM, PARQUET, SourceFile
from aggcost.importers.sampling import HEAD_LINES, Sample, json_object, sample_of
from aggcost.importers.unpacking import GZIP, ZSTD, blocks

MOST_BYTES = 1 << 16  # of a small file, packed and unpacked
_BATCH_BYTES = 1 << 21
_BLANK = " \t\n\v\f\r"  # what the engine's own reader takes for a blank line, and around values
_SCHEMA = pa.schema([("file", pa.string()), ("line", pa.int64()), ("json", pa.string())])


def look(shown: str) -> tuple[SourceFile, Sample] | None:
    """Return a small JSON file and a look at it; None for any other file, and for one that is not all in order."""
    found = _read(shown)
    if found is None:
        return None
    given, plain = found
    sample = _sample(plain)
    if sample is None:
        return None
    path, packed = Path(shown), given is not plain
    return SourceFile(shown, path, path, len(given), parquet=False, packed=packed, small_bytes=len(plain)), sample


def _read(shown: str) -> tuple[bytes, bytes] | None:
    """Return the bytes of a small file and the plain text in them, None where it is not small, whole UTF-8 text."""
    try:
        with open(shown, "rb", buffering=0) as file:  # noqa: PTH123 - a Path for each file costs as much as its JSON
            given = file.read(MOST_BYTES + 1)
    except OSError:
        return None
    packed = given.startswith((GZIP, ZSTD))
    if not given or len(given) > MOST_BYTES or given.startswith((PARQUET, BOM)):
        return None
    plain = _unpacked(given) if packed else given
    if plain is None or plain.startswith(BOM) or b"\x00" in plain:
        return None
    return given, plain


def _unpacked(given: bytes) -> bytes | None:
    """Return what a small file unpacks to, verified to its end; None where that is not small, or not whole."""
    plain = bytearray()
    try:
        for block in blocks(io.BytesIO(given), gzipped=given.startswith(GZIP)):
            plain += block
            if len(plain) > MOST_BYTES:
                return None
    except (EOFError, zlib.error, zstandard.ZstdError):
        return None
    return bytes(plain)


def _sample(plain: bytes) -> Sample | None:
    """Return a look at JSON lines or at one JSON object over several lines, None for anything else."""
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        return None
    lines = list(_lines(text))
    # Lines are counted again, in the file as it lies, where some of them are blank.
    if not lines or lines[0][:1] != "{" or len(lines) != text.count("\n") + (text[-1] != "\n"):
        return None
    first = json_object(lines[0])
    if first is not None:
        sample = sample_of((first, *map(json_object, lines[1:HEAD_LINES])), "lines")
    else:
        whole = json_object(text)
        if whole is None:
            return None
        sample = sample_of((whole,), "document")
    return Sample(tuple(map(sys.intern, sample.names)), sample.records, sample.shape)


def _lines(text: str) -> Iterator[str]:
    return filter(None, (line.strip(_BLANK) for line in text.split("\n")))


class Stream:
    """The records of small files for one pass of the engine: `file`, `line` (blank ones not counted) and `json`.

    The memory that it takes is that of some megabytes of text, however many the files are.
    """

    def __init__(self, listed: Sequence[SourceFile], shape: str) -> None:
        self._listed, self._shape = listed, shape
        self.censuses: list[Census] = []

    def reader(self) -> pa.RecordBatchReader:
        """Return the records, to be read once; the census of each file is taken on the way."""
        self.censuses.clear()
        return pa.RecordBatchReader.from_batches(_SCHEMA, self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        files: list[str] = []
        numbers: list[int] = []
        texts: list[str] = []
        taken = 0
        for file in self._listed:
            found = _read(file.shown)
            if found is None:
                raise OSError(f"{file.shown}: changed while it was read")
            given, plain = found
            self.censuses.append(_census(given, plain))
            text = plain.decode()
            records = list(_lines(text)) if self._shape == "lines" else [text.strip(_BLANK)]
            files += [str(file.path)] * len(records)
            numbers += range(1, len(records) + 1)
            texts += records
            taken += len(plain)
            if taken > _BATCH_BYTES:
                yield pa.record_batch([files, numbers, texts], schema=_SCHEMA)
                files, numbers, texts, taken = [], [], [], 0
        if texts:
            yield pa.record_batch([files, numbers, texts], schema=_SCHEMA)


def _census(given: bytes, plain: bytes) -> Census:
    digest = hashlib.sha256(given).hexdigest()
    content = digest if plain is given else hashlib.sha256(plain).hexdigest()
    return Census(digest, content, plain.count(b"\n"), plain.count(b'"'), plain.endswith(b"\n"))
