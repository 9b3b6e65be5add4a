"""What this process is at: for whoever shows it, and for the process that watches it once this one is dead."""

from __future__ import annotations

import json
import mmap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_BYTES = 1 << 16
# No log takes longer: a minute, and a second for each 2 MB (a tenth of the slowest speed measured).
_PATIENCE_S, _BYTES_A_SECOND = 60.0, 2_000_000


@dataclass(slots=True)
class Activity:
    """The temporary folder in use, and what is being read until when at the latest (seconds of the monotonic clock)."""

    folder: str | None = None
    reading: str | None = None
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """How far reading has come, in files and their bytes; `all_bytes` is None where they are only being opened."""

    reading: str | None = None
    files_done: int = 0
    files: int = 0
    bytes_done: int = 0
    all_bytes: int | None = None
    began_s: float = 0.0


class Board:
    """Memory that a process shares with its children: one activity."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BYTES)

    def write(self, activity: Activity) -> None:
        """Put an activity in place of the last one."""
        text = json.dumps([activity.folder, activity.reading, activity.deadline_s]).encode()[: _BYTES - 1]
        self._memory[: len(text) + 1] = text + b"\0"

    def read(self) -> Activity:
        """Return the activity; one that is just being written counts as none."""
        text = self._memory[:].partition(b"\0")[0]
        try:
            return Activity(*json.loads(text))
        except ValueError:
            return Activity()


@dataclass(slots=True)
class _Counts:
    """What `course` tells, as it changes: `share` files and bytes are in work, of which an engine knows a part."""

    files_done: int = 0
    files: int = 0
    bytes_done: int = 0
    all_bytes: int | None = None
    began_s: float = 0.0
    share: tuple[int, int] | None = None
    gauge: Callable[[], float] | None = None
    measures: bool = False
    part: float = 0.0


_now = Activity()
_counts = _Counts()
_board: Board | None = None


def show_on(board: Board) -> None:
    """Write every activity of this process on a board from now on."""
    global _board  # noqa: PLW0603 - a process does one thing at a time
    _board = board


def using(folder: Path | None) -> None:
    """Say which temporary folder is in use, None once it is removed."""
    _now.folder = None if folder is None else str(folder)
    _show()


@contextmanager
def reading(shown: str, size_bytes: int | None) -> Iterator[None]:
    """Say which file is being read, as the user named it; one of unknown size may take as long as it takes."""
    patience_s = None if size_bytes is None else _PATIENCE_S + size_bytes / _BYTES_A_SECOND
    _now.reading, _now.deadline_s = shown[:1000], None if patience_s is None else time.monotonic() + patience_s
    _show()
    yield
    # A file at which an exception ended the reading stays: the exception says more than this could.
    _now.reading = _now.deadline_s = None
    _show()


def planned(files: int, all_bytes: int | None = None) -> None:
    """Say how much is to be read from now on; without bytes, the files are only opened."""
    _counts.files_done = _counts.bytes_done = 0
    _counts.files, _counts.all_bytes, _counts.began_s = files, all_bytes, time.monotonic()


def gauged_by(gauge: Callable[[], float] | None) -> None:
    """Say what tells how far an engine is with its statement, in percent; None once the engine closes."""
    _counts.gauge = gauge


@contextmanager
def share(files: int, size_bytes: int) -> Iterator[None]:
    """Count files and bytes as read at the end, of what was planned; shares inside a share count nothing."""
    if _counts.share is not None:
        yield
        return
    _counts.share, _counts.part = (files, size_bytes), 0.0
    try:
        yield
    finally:
        _counts.share = None
    _counts.files_done += files
    _counts.bytes_done += size_bytes


@contextmanager
def measured() -> Iterator[None]:
    """Say that the engine's statement is the one pass over the bytes of the share in work."""
    _counts.measures = True
    try:
        yield
        _counts.part = 1.0
    finally:
        _counts.measures = False


def course() -> Course:
    """Return how far reading has come; any thread may ask."""
    gauge, share_now = _counts.gauge, _counts.share
    if _counts.measures and gauge is not None:
        _counts.part = min(max(gauge() / 100, 0.0), 1.0)
    sharing = share_now[1] if share_now is not None else 0
    done = _counts.bytes_done + int(sharing * _counts.part)
    return Course(_now.reading, _counts.files_done, _counts.files, done, _counts.all_bytes, _counts.began_s)


def _show() -> None:
    if _board is not None:
        _board.write(_now)
