"""What a terminal shows while a log is read: a line that says which file, how far, how fast and how long it will take.

It is written over itself on standard error, begins after half a second, and is erased at the end. Data never
mixes with it: where standard error is no terminal, nothing is shown.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggcost import activity

if TYPE_CHECKING:
    from rich.console import Console

    from aggcost.activity import Course

_SILENT_S, _EVERY_S = 0.5, 0.1
_SURE_S = 1.0  # less time tells nothing about what is left
_BAR_CELLS, _NAME_CELLS = 16, 32
_MINUTE_S, _HOUR_S = 60, 3600
_KILO = 1000


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast bytes were read, and what follows from that."""

    bytes_done: int
    all_bytes: int
    elapsed_s: float

    @property
    def percent(self) -> int:
        """The share that is read, in whole percent, rounded down: 100 means all."""
        return min(self.bytes_done, self.all_bytes) * 100 // self.all_bytes if self.all_bytes else 100

    @property
    def bytes_a_second(self) -> float | None:
        """The mean speed so far, None before anything is read."""
        return self.bytes_done / self.elapsed_s if self.bytes_done and self.elapsed_s > 0 else None

    @property
    def left_s(self) -> float | None:
        """The seconds that the rest takes at that speed, None as long as nobody can know."""
        speed = self.bytes_a_second
        if speed is None or self.elapsed_s < _SURE_S:
            return None
        return max(self.all_bytes - self.bytes_done, 0) / speed


def size(count: float) -> str:
    """Return a number of bytes in three digits or so: ``840 B``, ``1.2 GB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < _KILO:
            return f"{count:.0f} {unit}" if unit == "B" or count >= _KILO / 10 else f"{count:.1f} {unit}"
        count /= _KILO
    return f"{count:.1f} TB"


def duration(seconds: float) -> str:
    """Return a time in whole seconds, as a clock shows it: ``0:07``, ``1:02:00``."""
    whole = round(seconds)
    minutes = f"{whole % _HOUR_S // _MINUTE_S:02}" if whole >= _HOUR_S else f"{whole // _MINUTE_S}"
    hours = f"{whole // _HOUR_S}:" if whole >= _HOUR_S else ""
    return f"{hours}{minutes}:{whole % _MINUTE_S:02}"


def line(what: str, course: Course, now_s: float, columns: int) -> str:
    """Return what the terminal shows: one line, no wider than it, no control character of any file's name."""
    from aggcost.output.clean import clean, cut

    if course.reading is None:
        return cut(f"{what} ...", columns)
    name = clean(course.reading.rstrip("/").rpartition("/")[2], _NAME_CELLS)
    of = f"{min(course.files_done + 1, course.files)}/{course.files} " if course.files > 1 else ""
    if not course.all_bytes:
        return cut(f"opening {of}{name}", columns)
    pace = Pace(course.bytes_done, course.all_bytes, now_s - course.began_s)
    said = [f"{of}{name}", f"{pace.percent} %"]
    if columns >= _BAR_CELLS + 64:
        filled = pace.percent * _BAR_CELLS // 100
        said.insert(1, f"[{'#' * filled}{'.' * (_BAR_CELLS - filled)}]")
    said.append(f"{size(pace.bytes_done)} of {size(pace.all_bytes)}")
    if pace.bytes_a_second is not None:
        said.append(f"{size(pace.bytes_a_second)}/s")
    if pace.left_s is not None:
        said.append(f"{duration(pace.left_s)} left")
    return cut("  ".join(said), columns)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal how far reading is, or else that work goes on; on standard error alone."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    over = threading.Event()
    painter = threading.Thread(target=_paint, args=(what, over), daemon=True)
    painter.start()
    try:
        yield
    finally:
        over.set()
        painter.join()


def _paint(what: str, over: threading.Event) -> None:
    if over.wait(_SILENT_S):
        return
    from rich.console import Console

    console = Console(stderr=True)
    try:
        while not over.wait(_EVERY_S):
            _show(console, line(what, activity.course(), time.monotonic(), console.width - 1))
    finally:
        erase(console)


def _show(console: Console, text: str) -> None:
    """Write a line over the last one; the cursor is never hidden, so that a process that is killed need not show it."""
    from rich.cells import set_cell_size

    full = set_cell_size(text, console.width - 1)
    console.print(full, end="\r", style="dim", markup=False, highlight=False, emoji=False, no_wrap=True, crop=True)


def erase(console: Console) -> None:
    """Leave the line of the cursor empty."""
    from rich.control import Control
    from rich.segment import ControlType

    console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
