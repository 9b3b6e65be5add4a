"""Where logs come from: files, and databases that hold them in a table, a module each in `databases`."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from aggcost.errors import InputError
from aggcost.importers import databases, files
from aggcost.importers.files import SourceFile
from aggcost.importers.stored import Wanted

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class Database(Protocol):
    """What a module must offer to be a kind of database."""

    NAME: str
    LOOKS: str

    def accepts(self, source: str) -> bool:
        """Return whether a source names a database of this kind."""

    def shown(self, source: str) -> str:
        """Return the source as anyone may see it: without passwords, and without what follows a question mark."""

    def again(self, source: str) -> str:
        """Return how to name the source once more, without passwords."""

    def fetch(self, source: str, folder: Path, wanted: Wanted) -> SourceFile:
        """Return the rows of its log, as CSV in a temporary file of `folder`."""


DATABASES: tuple[Database, ...] = tuple(
    importlib.import_module(f"{databases.__name__}.{name}")
    for name in sorted(module.name for module in pkgutil.iter_modules(databases.__path__))
)


def find(sources: Sequence[str]) -> list[str]:
    """Return the files and databases that paths, directories, quoted globs and URLs name, each once."""
    found: dict[str, None] = {}
    for source in sources:
        if database(source) is not None:
            found.setdefault(source)
            continue
        _refuse_other_urls(source)
        found |= dict.fromkeys(files.find([source]))
    return list(found)


def database(source: str) -> Database | None:
    """Return the kind of database that a source names, None where it is a file."""
    return next((one for one in DATABASES if one.accepts(source)), None)


def shown(source: str) -> str:
    """Return how to name a source in any output."""
    kind = database(source)
    return source if kind is None else kind.shown(source)


def again(source: str) -> str:
    """Return how to name a source in a command or a file: without passwords, which the environment may hold."""
    kind = database(source)
    return source if kind is None else kind.again(source)


def _refuse_other_urls(source: str) -> None:
    """Refuse a URL without repeating it: it may hold a password."""
    scheme = _URL.match(source)
    if scheme is not None:
        looks = " and ".join(one.LOOKS for one in DATABASES)
        raise InputError(f"{scheme[1]}://…: logs are not read from there", hint=f"files, and databases: {looks}")
