"""Runs a command in a child process, so that an engine that dies on a file ends in a message, not in a crash.

Native readers can be killed by what they read, and can take all memory on their way. The parent opens
nothing and loads nothing: it waits, hands signals on, and says what its child was at when it died.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aggcost import activity
from aggcost.errors import EngineDiedError

_WATCHED = (signal.SIGINT, signal.SIGTERM)
_BY_USER = 0  # si_code of a signal that a process sent; the terminal sends its own to the child as well
_LOOK_S = 1.0
_ERASE = "\r\x1b[2K"
# Of addresses, most of them never used: a scan of 10 million rows takes 3 GB of them and 0.6 GB of memory.
_LEAST_BYTES = 8 << 30


def supervised(work: Callable[[], int]) -> int:
    """Return what `work` returns; where a signal ended it, 130 or 143 of those of the user, or raise EngineDiedError.

    Only Linux waits for signals with their senders: elsewhere `work` runs in this process.
    """
    if sys.platform != "linux":
        return work()
    board = activity.Board()
    watched = {*_WATCHED, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _limit_memory()
        activity.show_on(board)
        sys.exit(work())
    status = _waited(child, watched, board)
    if os.WIFEXITED(status):
        return os.WEXITSTATUS(status)
    return _ended(os.WTERMSIG(status), board.read())


def _limit_memory() -> None:
    """Keep a runaway reader from taking the machine with it: no process may address more than its memory."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    wanted = max(machine, _LEAST_BYTES)
    resource.setrlimit(resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


def _waited(child: int, watched: set[signal.Signals], board: activity.Board) -> int:
    """Return how the child ended; signals sent to this process go to it, and one that takes too long is killed."""
    while True:
        told = signal.sigtimedwait(watched, _LOOK_S)
        if told is not None and told.si_signo in _WATCHED and told.si_code == _BY_USER:
            os.kill(child, told.si_signo)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        deadline_s = board.read().deadline_s
        if deadline_s is not None and time.monotonic() > deadline_s:
            os.kill(child, signal.SIGKILL)


def _ended(number: int, last: activity.Activity) -> int:
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        sys.stderr.write(_ERASE)  # the line that the dead one was showing
    if last.folder is not None:
        shutil.rmtree(Path(last.folder), ignore_errors=True)
    if number in _WATCHED:
        return 128 + number
    name = signal.Signals(number).name
    if last.reading is None:
        raise EngineDiedError(f"the engine died ({name})", hint="with less memory: --memory-limit, --threads 1")
    if last.deadline_s is not None and time.monotonic() > last.deadline_s:
        raise EngineDiedError(f"{last.reading}: not read in time, given its size", hint="is it a log?")
    raise EngineDiedError(f"{last.reading}: the engine died of this file ({name})", hint="export it again, or split it")
