"""Text that is not UTF-8: transcoded where a byte order mark or the user says what it is, else refused."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from aggcost.errors import InputError, UsageError

# UTF-32 first: its little-endian mark begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_BLOCK_BYTES, _HEAD_BYTES = 1 << 20, 1 << 16
_MOST_BAD_LINES = 2  # one of so many; more, and it is not the row that is wrong


@dataclass(frozen=True, slots=True)
class Text:
    """UTF-8 text of a file: where it lies, what it was before (empty for UTF-8), and whether it is whole."""

    path: Path
    was: str = ""
    whole: bool = True


def checked(encoding: str | None) -> str | None:
    """Return the name of a stated encoding as Python spells it, None for UTF-8; UsageError for an unknown one."""
    if encoding is None:
        return None
    try:
        found = codecs.lookup(encoding)
        "".encode(encoding)  # refuses codecs that are no encodings of text
    except LookupError as error:
        raise UsageError(
            f"--encoding {encoding}: no such encoding", hint="such as utf-16-le, latin-1, cp1252 or shift_jis"
        ) from error
    return None if found.name in ("utf-8", "utf-8-sig") else found.name


def as_utf8(shown: str, path: Path, plain: Path, stated: str | None) -> Text:
    """Return the text of a file as UTF-8, written to `plain` where it is something else."""
    name = checked(stated)
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if name is not None:
        return Text(plain, f"{name} (--encoding)", _transcoded(shown, path, plain, name, skip=0))
    mark, marked = next(((mark, marked) for mark, marked in _MARKS if head.startswith(mark)), (b"", ""))
    if mark:
        whole = _transcoded(shown, path, plain, marked, skip=len(mark))
        return Text(plain, f"{marked} (byte order mark)", whole)
    _refuse(shown, head)
    return Text(path)


def _transcoded(shown: str, path: Path, plain: Path, name: str, *, skip: int) -> bool:
    """Write a file as UTF-8; return whether its last character is whole."""
    decoder = codecs.getincrementaldecoder(name)()
    with path.open("rb") as file, plain.open("wb") as written:
        file.seek(skip)
        at = skip
        while block := file.read(_BLOCK_BYTES):
            begins = at - len(decoder.getstate()[0])
            try:
                text = decoder.decode(block)
            except UnicodeDecodeError as error:
                raise InputError(
                    f"{shown}: not {name} at byte {begins + error.start:,}: {error.reason}",
                    hint="state the encoding of the log: --encoding NAME",
                ) from error
            # A mark that the stated encoding did not take away.
            written.write((text.removeprefix("\ufeff") if at == skip else text).encode("utf-8", "surrogatepass"))
            at += len(block)
        try:
            written.write(decoder.decode(b"", final=True).encode())
        except UnicodeDecodeError:
            return False
    return True


def _refuse(shown: str, head: bytes) -> None:
    """Refuse text that cannot be UTF-8. Single rows that are not become quarantined ones."""
    if b"\x00" in head:
        raise InputError(
            f"{shown}: a NUL byte at byte {head.index(0)}: not a text log",
            hint="expected UTF-8 text; --encoding utf-16-le (or another) says what else it is",
        )
    lines = head.splitlines(keepends=True)
    if len(head) == _HEAD_BYTES:
        lines = lines[:-1]
    bad = [_first_bad(line) for line in lines]
    count = sum(place is not None for place in bad)
    if count * _MOST_BAD_LINES > len(lines):
        line = next(number for number, place in enumerate(bad) if place is not None)
        at = sum(map(len, lines[:line])) + (bad[line] or 0)
        header = " of the header" if line == 0 else ""
        raise InputError(
            f"{shown}: not UTF-8 at byte {at:,}{header}, nor are {count:,} of its first {len(lines):,} lines",
            hint="state the encoding of the log: --encoding cp1252, latin-1, shift_jis or another",
        )


def _first_bad(line: bytes) -> int | None:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None
