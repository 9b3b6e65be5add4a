"""The report as CSV in long form, one figure a line: ``section,key,metric,value``."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from aggcost.output.as_json import encode
from aggcost.output.clean import visible
from aggcost.output.view import View
from aggcost.reports import AnyReport

HEADER = ("section", "key", "metric", "value")
# A spreadsheet runs a cell that begins with one of these, full-width forms included.
_TRIGGERS = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
# The field that names an entry of a list; without any, its position does.
_NAMES = ("name", "key", "candidate", "rule", "code", "path", "day", "minute", "class", "model")
_UNNAMED = "(not logged)"


def as_csv(report: AnyReport, _view: View | None = None) -> str:
    """Return every figure of the report; text that a spreadsheet would run gets a leading apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADER)
    for section, value in encode(report).items():
        for key, metric, figure in _figures(value, (), ()):
            writer.writerow((section, _cell("/".join(key)), _cell(".".join(metric)), _cell(figure)))
    return buffer.getvalue()


def _figures(value: Any, key: tuple[str, ...], metric: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Yield (key, metric, value) of every leaf; an entry of a list ends the key, what follows is the metric."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _figures(entry, key, (*metric, name))
    elif isinstance(value, list):
        for name, entry in zip(_entry_names(value), value, strict=True):
            yield from _figures(entry, (*key, *metric, name), ())
    else:
        yield key, metric, value


def _entry_names(entries: list[Any]) -> list[str]:
    """Return a name for each entry; a second one of the same name is ``name#2``."""
    seen: Counter[str] = Counter()
    names = []
    for position, entry in enumerate(entries, start=1):
        name = _entry_name(entry, position)
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names


def _entry_name(entry: Any, position: int) -> str:
    if not isinstance(entry, dict):
        return str(position)
    field = next((name for name in _NAMES if name in entry), None)
    if field is None:
        return str(position)
    return _UNNAMED if entry[field] is None else str(entry[field])


def rows_as_csv(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """Return rows as CSV under a header, every cell safe to open in a spreadsheet."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *([_cell(value) for value in row] for row in rows)])
    return text.getvalue()


def _cell(value: object) -> str:
    """Return the text of a cell: unknown is empty, numbers stay numbers, text cannot become a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = visible(str(value))
    if _NUMBER.fullmatch(text) or not text.lstrip().startswith(_TRIGGERS):
        return text
    return f"'{text}"
