"""Writing text to a file: the old text or the new one, never a part of either."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from aggcost.errors import InputError

_MODE = 0o666


def write(text: str, path: Path) -> None:
    """Replace `path` by `text` in UTF-8; InputError where that cannot be done, and then nothing has changed.

    The text goes to a file beside it, is flushed to disk, and takes the name in one step.
    """
    try:
        _replace(text.encode("utf-8"), path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written: {error.strerror or error}",
            hint="is the folder there, writable, and not full?",
        ) from error


def _replace(data: bytes, path: Path) -> None:
    target = path.resolve()  # a link keeps pointing where it did
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode_of(target))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _mode_of(target: Path) -> int:
    """Return the permissions that the file has, or that a new one would get."""
    if target.exists():
        return target.stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    return _MODE & ~umask


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a crash, where the system lets a folder be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
