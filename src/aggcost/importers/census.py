"""The census of a file: its SHA-256, and the counts that its rows are checked against, in one pass over its bytes."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from aggcost.errors import InputError

BLOCK_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Census:
    """What one pass over the bytes counts; `nul` is where the first NUL byte stands.

    `sha256` is that of the file that was given, `content_sha256` that of the plain bytes in it.
    """

    sha256: str
    content_sha256: str
    line_feeds: int
    quotes: int
    ends_with_line_feed: bool
    nul: int | None = None

    @property
    def lines(self) -> int:
        """The lines of the file, blank ones included."""
        return self.line_feeds + (not self.ends_with_line_feed)


def count(path: Path) -> Census:
    """Return the census of a file."""
    digest, feeds, quotes, last, before, nul = hashlib.sha256(), 0, 0, b"", 0, None
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            feeds += block.count(b"\n")
            quotes += block.count(b'"') if b'"' in block else 0
            if nul is None and b"\x00" in block:
                nul = before + block.index(b"\x00")
            last, before = block[-1:], before + len(block)
    return Census(digest.hexdigest(), digest.hexdigest(), feeds, quotes, last == b"\n", nul)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Counting:
    """Takes the census of files while the engine works: hashing needs no interpreter lock.

    Of each file, `path` holds the plain bytes of the one that was `given`.
    """

    def __init__(self, listed: Sequence[tuple[Path, Path]]) -> None:
        self._found: list[Census] = []
        self._failed: OSError | None = None
        self._thread = threading.Thread(target=self._run, args=(listed,), daemon=True)

    def _run(self, listed: Sequence[tuple[Path, Path]]) -> None:
        try:
            for path, given in listed:
                found = count(path)
                self._found.append(found if path == given else replace(found, sha256=sha256(given)))
        except OSError as error:
            self._failed = error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def censuses(self) -> list[Census]:
        """Return the census of each file; InputError where one could not be read to its end."""
        if self._failed is not None:
            raise InputError(f"{self._failed.filename}: {self._failed.strerror}") from self._failed
        return self._found
