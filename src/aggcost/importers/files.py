"""Input files: found, unpacked and checked before any engine sees them.

Text is UTF-8 without NUL; compressed files are read to their end and verified.
"""

from __future__ import annotations

import glob
import gzip
import hashlib
import shutil
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import zstandard

from aggcost.errors import DataQualityError, InputError

SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".zst")
GZIP, ZSTD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
BLOCK_BYTES = 1 << 22
MAX_LINE_BYTES = 16 << 20
# Keys of JSON lines: from every line of a small file, from places all over a large one.
SAMPLE_WHOLE_BYTES, SAMPLE_PLACES, SAMPLE_LINES = 8 << 20, 64, 50
# A decompression bomb is stopped: more than 250 times its size, once it has grown past 64 MB.
MAX_RATIO, RATIO_FROM_BYTES = 250, 64 << 20
_UTF8_BOM, _WIDE_BOMS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read: `shown` is the name the user gave, `given` that file, `path` the plain bytes to read.

    `note` says where they come from, where that is no file.
    """

    shown: str
    given: Path
    path: Path
    bytes: int
    parquet: bool
    note: str = ""


def find(sources: Sequence[str]) -> list[str]:
    """Return the files that paths, directories and quoted globs name, each once; InputError for none."""
    found: dict[str, None] = {}
    for source in sources:
        for name in _expand(source):
            found.setdefault(name)
    return list(found)


def _expand(source: str) -> list[str]:
    if source == "-" or Path(source).is_file():
        return [source]
    if Path(source).is_dir():
        inside = sorted(str(path) for path in Path(source).rglob("*") if path.is_file() and path.suffix in SUFFIXES)
        if not inside:
            raise InputError(f"{source}: no log in this directory", hint=f"looked for {', '.join(SUFFIXES)}")
        return inside
    matched = sorted(path for path in glob.glob(source, recursive=True) if Path(path).is_file())  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not matched:
        raise InputError(
            f"{source}: no such file", hint="give a file, a directory, a quoted glob, or - for standard input"
        )
    return matched


def unpack(shown: str, folder: Path) -> SourceFile:
    """Return a file ready to read: standard input spooled, gzip and zstd unpacked and verified."""
    path = given = _spooled(folder) if shown == "-" else Path(shown)
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise InputError(f"{shown}: {error.strerror}") from error
    size = path.stat().st_size
    if not magic:
        raise InputError(f"{shown}: the file is empty", hint="expected a header line and requests")
    if magic == PARQUET:
        _refuse_cut_parquet(shown, path, size)
        return SourceFile(shown, given, path, size, parquet=True)
    if magic.startswith((GZIP, ZSTD)):
        path = _unpacked(shown, path, folder, gzipped=magic.startswith(GZIP))
    _refuse_other_encodings(shown, path)
    return SourceFile(shown, given, path, size, parquet=False)


def _refuse_cut_parquet(shown: str, path: Path, size: int) -> None:
    with path.open("rb") as file:
        file.seek(max(0, size - len(PARQUET)))
        whole = file.read() == PARQUET and size > 2 * len(PARQUET)
    if not whole:
        raise DataQualityError(f"{shown}: the Parquet file is cut off at byte {size:,}", hint="export or copy it again")


def _spooled(folder: Path) -> Path:
    if sys.stdin.isatty():
        raise InputError("- reads standard input, which is a terminal here", hint="aggcost analyze - < logs.csv")
    path = folder / "stdin"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file, BLOCK_BYTES)
    return path


def _unpacked(shown: str, path: Path, folder: Path, *, gzipped: bool) -> Path:
    plain = folder / f"unpacked-{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}"
    try:
        with path.open("rb") as packed, plain.open("wb") as file:
            opened = gzip.GzipFile(fileobj=packed) if gzipped else _WholeFrames(packed)
            _copy_limited(shown, opened, file, path.stat().st_size)
    except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise DataQualityError(
            f"{shown}: the compressed file is damaged or cut off: {error}", hint="export or copy the file again"
        ) from error
    return plain


class _WholeFrames:
    """Reads zstd frames to their end; python-zstandard's own reader ends quietly where a frame is cut off."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._frame = zstandard.ZstdDecompressor().decompressobj()

    def read(self, size: int) -> bytes:
        while True:
            if self._frame.eof:
                rest = self._frame.unused_data or self._packed.read(1 << 16)
                if not rest:
                    return b""
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            else:
                rest = self._packed.read(min(size, 1 << 16))
                if not rest:
                    raise EOFError("the last zstd frame is not complete")
            found = self._frame.decompress(rest)
            if found:
                return found


def _copy_limited(shown: str, packed: gzip.GzipFile | _WholeFrames, file: IO[bytes], packed_bytes: int) -> None:
    written = 0
    while block := packed.read(BLOCK_BYTES):
        written += len(block)
        if written > max(RATIO_FROM_BYTES, MAX_RATIO * packed_bytes):
            raise InputError(f"{shown}: unpacks to more than {MAX_RATIO} times its size", hint="is it a log?")
        file.write(block)


def _refuse_other_encodings(shown: str, path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if head.startswith(_WIDE_BOMS):
        raise InputError(f"{shown}: UTF-16 or UTF-32 text at byte 0", hint="convert it to UTF-8: iconv -t utf-8")
    if b"\x00" in head:
        raise InputError(f"{shown}: a NUL byte at byte {head.index(0)}: not a text log", hint="expected UTF-8 text")


def head_lines(path: Path, most: int, most_bytes: int = MAX_LINE_BYTES) -> Iterator[bytes]:
    """Yield the first lines of a file without their line ends, and without a byte order mark."""
    with path.open("rb") as file:
        for number in range(most):
            line = file.readline(most_bytes)
            if not line:
                return
            yield line.removeprefix(_UTF8_BOM if number == 0 else b"").rstrip(b"\r\n")


def sample_lines(path: Path) -> tuple[list[bytes], bool]:
    """Return lines from all over a file, and whether they are all of its lines."""
    size = path.stat().st_size
    if size <= SAMPLE_WHOLE_BYTES:
        return list(head_lines(path, 1 << 62)), True
    lines = list(head_lines(path, SAMPLE_LINES))
    with path.open("rb") as file:
        for place in range(1, SAMPLE_PLACES):
            file.seek(size * place // SAMPLE_PLACES)
            file.readline(MAX_LINE_BYTES)
            lines += [file.readline(MAX_LINE_BYTES) for _ in range(SAMPLE_LINES)]
    return lines, False


def without_mark(file: SourceFile, folder: Path) -> SourceFile:
    """Return a file without a byte order mark, which the engine's JSON reader takes for text."""
    with file.path.open("rb") as marked:
        if marked.read(len(_UTF8_BOM)) != _UTF8_BOM:
            return file
        plain = folder / f"unmarked-{hashlib.sha256(str(file.path.resolve()).encode()).hexdigest()[:16]}"
        with plain.open("wb") as copy:
            shutil.copyfileobj(marked, copy, BLOCK_BYTES)
    return replace(file, path=plain)
