"""The first look at a file: what it is, and the headers or records by which formats know it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aggcost.errors import InputError
from aggcost.importers.files import SourceFile, head_lines
from aggcost.importers.layout import segments

HEAD_LINES, HEAD_BYTES = 100, 1 << 23
FIRST_LINES = 8
PREFIX_BYTES = 1 << 20
MAX_DOCUMENT_BYTES = 256 << 20
_BETWEEN = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Sample:
    """What a format looks at: `names` are the headers or top-level keys of a file, `records` some of its objects.

    A table (CSV, Parquet) has no records. `shape` is how JSON stands in the file: lines, array or document.
    """

    names: tuple[str, ...]
    records: tuple[Mapping[str, Any], ...] = ()
    shape: str = "table"

    def has(self, *paths: str) -> bool:
        """Return whether one record has all of these paths, or the table all of their columns."""
        if self.shape == "table":
            names = {name.strip().lower() for name in self.names}
            return all(str(segments(path)[1][0]).lower() in names for path in paths)
        return any(all(reach(record, path) is not None for path in paths) for record in self.records)

    def holds(self, path: str, *values: Any) -> bool:
        """Return whether some record has one of these values at a path; a table never does."""
        return any(reach(record, path) in values for record in self.records)

    def inside(self, *lists: str) -> Sample:
        """Return a look at the objects in lists of the records, outermost first: the items of a layout."""
        found: list[Any] = list(self.records)
        for path in lists:
            held = (reach(record, path) for record in found)
            found = [one for members in held if isinstance(members, list) for one in members]
        return Sample(self.names, tuple(one for one in found if isinstance(one, Mapping)), self.shape)


def reach(record: Any, path: str) -> Any:
    """Return what a record of a sample has at a path, None where it has nothing."""
    found = record
    for step in segments(path)[1]:
        if isinstance(step, int):
            found = found[step] if isinstance(found, list) and len(found) > step else None
        else:
            found = found.get(step) if isinstance(found, Mapping) else None
    return found


def first_lines(file: SourceFile) -> Sample:
    """Return a look at no more than a few lines of a file, of which none may be JSON."""
    return sample_of(map(json_object, head_lines(file.path, FIRST_LINES, PREFIX_BYTES)), "lines")


def json_sample(file: SourceFile) -> Sample | None:
    """Return a look at a file of JSON, None for one that does not begin like JSON; InputError for broken JSON."""
    lines = list(head_lines(file.path, HEAD_LINES, HEAD_BYTES))
    first = next((line for line in lines if line.strip()), b"")
    begins = first.strip()[:1]
    if begins not in (b"{", b"["):
        return None
    if begins == b"{" and json_object(first) is not None:
        return sample_of(map(json_object, lines), "lines")
    found = _decoded(_prefix(file))
    if begins == b"[":
        return sample_of(found or _whole(file), "array")
    if not found:
        later = [json_object(line) for line in lines if line[:1] == b"{"]
        if any(later):
            return sample_of(later, "lines")
    return sample_of(found or _whole(file), "document")


def sample_of(objects: Iterable[Any], shape: str) -> Sample:
    """Return a look at those of some JSON values that are objects."""
    records = tuple(one for one in objects if isinstance(one, Mapping))
    return Sample(tuple(dict.fromkeys(key for record in records for key in record)), records, shape)


def json_object(line: bytes | str) -> Mapping[str, Any] | None:
    """Return the JSON object in a line, None where it holds none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def _prefix(file: SourceFile) -> str:
    with file.path.open("rb") as opened:
        return opened.read(PREFIX_BYTES).decode("utf-8-sig", errors="ignore").strip()


def _decoded(text: str) -> list[Any]:
    """Return the first JSON values of a text: the elements of an array, or values one after the other."""
    decoder, at = json.JSONDecoder(), int(text.startswith("["))
    found: list[Any] = []
    try:
        while len(found) < HEAD_LINES:
            at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
            value, at = decoder.raw_decode(text, at)
            found.append(value)
    except (ValueError, RecursionError):
        pass
    return found


def _whole(file: SourceFile) -> list[Any]:
    """Return the values of a document whose first one is longer than the prefix."""
    if file.path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise InputError(
            f"{file.shown}: a JSON document of more than 256 MB", hint="write one object a line: jq -c .[]"
        )
    try:
        found = json.loads(file.path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{file.shown}: not JSON: {error}", hint="expected an array of objects, or one a line"
        ) from error
    return found if isinstance(found, list) else [found]
