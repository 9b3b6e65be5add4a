"""The record of a conversion into a directory: which Parquet file came of which logs, and whether all are done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from aggcost.errors import InputError
from aggcost.whole_file import write

NAME = "convert.json"
_VERSION = 1
_MARK = '{\n "aggcost_convert": '


@dataclass(frozen=True, slots=True)
class Source:
    """A log as it was converted; the path is absolute."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Output:
    """A Parquet file: its name in the directory, the logs it is made of, and all else that decided what is in it."""

    name: str
    sources: tuple[Source, ...]
    options: str
    aggcost: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a directory holds; it is `complete` once every log of the last run is in it."""

    folder: Path
    outputs: Mapping[str, Output] = field(default_factory=dict)
    complete: bool = False

    def holds(self, wanted: Output) -> bool:
        """Return whether a file is there and is what converting the same logs again would give."""
        known = self.outputs.get(wanted.name)
        if known is None or replace(wanted, rows=known.rows, bytes=known.bytes) != known:
            return False
        path = self.folder / known.name
        return path.is_file() and path.stat().st_size == known.bytes

    def saved(self, *, add: Output | None = None, drop: str | None = None, complete: bool = False) -> Manifest:
        """Return the manifest with an output more or less, written whole or not at all."""
        outputs = {name: one for name, one in self.outputs.items() if name != drop}
        if add is not None:
            outputs[add.name] = add
        write(_text(outputs, complete=complete), self.folder / NAME)
        return Manifest(self.folder, outputs, complete)


def load(folder: Path) -> Manifest:
    """Return the manifest of a directory, an empty one where it has none; InputError for one that cannot be read."""
    path = folder / NAME
    if not path.exists():
        return Manifest(folder)
    try:
        return _read(folder, json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not the record of a conversion", hint="name another directory") from error


def _read(folder: Path, text: Mapping[str, Any]) -> Manifest:
    if text["aggcost_convert"] != _VERSION:
        raise ValueError(text["aggcost_convert"])
    return Manifest(folder, {one["name"]: _output(one) for one in text["outputs"]}, bool(text["complete"]))


def is_manifest(path: Path) -> bool:
    """Return whether a file is the record of a conversion, and no log."""
    if path.name != NAME:
        return False
    with path.open("rb") as file:
        return file.read(len(_MARK)) == _MARK.encode()


def _output(read: Mapping[str, Any]) -> Output:
    return Output(**{**read, "sources": tuple(Source(**source) for source in read["sources"])})


def _text(outputs: Mapping[str, Output], *, complete: bool) -> str:
    listed = [asdict(outputs[name]) for name in sorted(outputs)]
    return json.dumps({"aggcost_convert": _VERSION, "complete": complete, "outputs": listed}, indent=1) + "\n"
