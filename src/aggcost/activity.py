"""What this process is at, written where the process that watches it can still read it once this one is dead."""

from __future__ import annotations

import json
import mmap
import time
from collections.abc import Iterator
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


_now = Activity()
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


def _show() -> None:
    if _board is not None:
        _board.write(_now)
