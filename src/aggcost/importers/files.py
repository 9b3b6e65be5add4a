"""Input files: found, unpacked and checked before any engine sees them.

Text is UTF-8 without NUL; compressed files are read to their end and verified.
"""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aggcost.errors import DataQualityError, InputError
from aggcost.importers import manifest
from aggcost.importers.encodings import as_utf8
from aggcost.importers.unpacking import GZIP, ZSTD, unpacked

SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".zst")
PARQUET = b"PAR1"
BLOCK_BYTES = 1 << 22
MAX_LINE_BYTES = 16 << 20
# Keys of JSON lines: from every line of a small file, from places all over a large one.
SAMPLE_WHOLE_BYTES, SAMPLE_PLACES, SAMPLE_LINES = 8 << 20, 64, 50
SAMPLE_PLACE_BYTES, SAMPLE_BYTES = 1 << 18, 64 << 20  # lines of megabytes are dear to parse
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read: `shown` is the name the user gave, `given` that file, `path` the plain bytes to read.

    `was` is the encoding of a text that was not UTF-8. A file that is not `whole` is known to be cut off; where it was
    read in part, `ends_at` is the byte of its text up to which, and `lost_bytes` how many were left out after it.
    `note` says where they come from, where that is no file. `small_bytes` is the size of a text that goes to the engine
    with others (`packs`), 0 for a file that it opens itself; its `path` may hold packed text.
    """

    shown: str
    given: Path
    path: Path
    bytes: int
    parquet: bool
    packed: bool = False
    was: str = ""
    whole: bool = True
    ends_at: int | None = None
    lost_bytes: int = 0
    note: str = ""
    small_bytes: int = 0

    @property
    def text_bytes(self) -> int:
        """The size of what there is to read."""
        return self.small_bytes or self.path.stat().st_size


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
        inside = [name for name in _inside(source) if not _is_finished(name)]
        if not inside:
            raise InputError(f"{source}: no log in this directory", hint=f"looked for {', '.join(SUFFIXES)}")
        return inside
    matched = sorted(path for path in glob.glob(source, recursive=True) if Path(path).is_file())  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not matched:
        raise InputError(
            f"{source}: no such file", hint="give a file, a directory, a quoted glob, or - for standard input"
        )
    return matched


def _inside(folder: str) -> list[str]:
    """Return the files of a directory that are logs by their names, in the order of paths.

    As text: to make, test and compare ten thousand Path objects takes longer than to read as many small files.
    """
    found = []
    for place, _, names in os.walk(folder):
        prefix = str(Path(place) / "_")[:-1]
        logs = [prefix + name for name in names if os.path.splitext(name)[1] in SUFFIXES]  # noqa: PTH122
        found += [name for name in logs if os.path.isfile(name)]  # noqa: PTH113
    return sorted(found, key=lambda name: name.split(os.sep))  # noqa: PTH206


def _is_finished(name: str) -> bool:
    """Return whether a file is the record of a conversion; InputError where that was interrupted."""
    if not name.endswith(manifest.NAME) or not manifest.is_manifest(path := Path(name)):
        return False
    if not manifest.load(path.parent).complete:
        raise InputError(f"{path.parent}: not all of its logs are converted yet", hint="run aggcost convert again")
    return True


def unpack(shown: str, folder: Path, *, encoding: str | None = None, allow_partial: bool = False) -> SourceFile:
    """Return a file ready to read: standard input spooled, gzip and zstd unpacked and verified, text as UTF-8.

    DataQualityError for a file that is cut off, unless `allow_partial`.
    """
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
    packed, whole = magic.startswith((GZIP, ZSTD)), True
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    if packed:
        path = folder / f"unpacked-{name}"
        whole = unpacked(shown, given, path, gzipped=magic.startswith(GZIP))
    if not (whole or allow_partial):
        raise _cut(shown, f"the compressed file is damaged or cut off: it ends at byte {size:,} within its data")
    text = as_utf8(shown, path, folder / f"transcoded-{name}", encoding)
    if not (text.whole or allow_partial):
        raise _cut(shown, f"the file is cut off: it ends at byte {size:,} within a character")
    whole = whole and text.whole
    return SourceFile(shown, given, text.path, size, parquet=False, packed=packed, was=text.was, whole=whole)


def _cut(shown: str, what: str) -> DataQualityError:
    return DataQualityError(
        f"{shown}: {what}", hint="export or copy it again; --allow-partial reads what comes before the cut"
    )


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


def head_lines(path: Path, most: int, most_bytes: int = 1 << 62) -> Iterator[bytes]:
    """Yield the first lines of a file without their line ends, and without a byte order mark.

    No line comes after `most_bytes`; a line of more than 16 MB comes in pieces.
    """
    before = 0
    with path.open("rb") as file:
        for number in range(most):
            line = file.readline(MAX_LINE_BYTES)
            if not line or before > most_bytes:
                return
            before += len(line)
            yield line.removeprefix(BOM if number == 0 else b"").rstrip(b"\r\n")


def is_sampled_whole(path: Path) -> bool:
    """Return whether `sample_lines` yields all lines of a file."""
    return path.stat().st_size <= SAMPLE_WHOLE_BYTES


def sample_lines(path: Path) -> Iterator[bytes]:
    """Yield lines from all over a file: as many as there are, or as a few dozen megabytes hold."""
    if is_sampled_whole(path):
        yield from head_lines(path, 1 << 62)
        return
    size = path.stat().st_size
    yield from head_lines(path, SAMPLE_LINES, SAMPLE_PLACE_BYTES)
    with path.open("rb") as file:
        taken = 0
        for place in range(1, SAMPLE_PLACES):
            file.seek(size * place // SAMPLE_PLACES)
            file.readline(MAX_LINE_BYTES)
            begins = file.tell()
            for _ in range(SAMPLE_LINES):
                if file.tell() - begins > SAMPLE_PLACE_BYTES:
                    break
                yield file.readline(MAX_LINE_BYTES)
            taken += file.tell() - begins
            if taken > SAMPLE_BYTES:
                return


def without_mark(file: SourceFile, folder: Path) -> SourceFile:
    """Return a file without a byte order mark, which the engine's JSON reader takes for text."""
    with file.path.open("rb") as marked:
        if marked.read(len(BOM)) != BOM:
            return file
        plain = folder / f"unmarked-{hashlib.sha256(str(file.path.resolve()).encode()).hexdigest()[:16]}"
        with plain.open("wb") as copy:
            shutil.copyfileobj(marked, copy, BLOCK_BYTES)
    return replace(file, path=plain)
