"""Formats with a layout: what their records become, as one SELECT over JSON records or the columns of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aggcost.engine import identifier, quoted
from aggcost.errors import InputError, did_you_mean
from aggcost.importers import fields
from aggcost.importers.casts import MICROSECONDS, Cell
from aggcost.importers.fields import Meaning, Source
from aggcost.importers.layout import Layout, Place, filled, segments
from aggcost.importers.parts import ReadOptions
from aggcost.importers.records import NOTHING, JsonRecords, TableRecords
from aggcost.importers.repeated_keys import ISSUE, STANDS_TWICE
from aggcost.importers.selecting import Rows, Selection

NOT_JSON, NOT_AN_OBJECT = "line:not_json", "line:not_an_object"
NOT_A_REQUEST = "not_a_request"
DUP_KEY, DUP_ORDER, DUP_WORDS, REPEATED, FIRST = "dup_key", "dup_order", "dup_words", "repeated", "first"
NODE, INSIDE = "node", "inside"


def of_json(
    layout: Layout, lines: str, names: tuple[str, ...], options: ReadOptions, shown: str, *, checked: bool
) -> Selection:
    """Return the SELECT over JSON lines (`file`, `line`, `json`): canonical columns and what became of each record.

    Beside them `filtered` (why a record is no request, or null); `dup_key`, `dup_order`, `dup_words` where the layout
    tells repeats, with `repeated`, why a record by itself only repeats another one; `node` and `inside` where it tells
    what stands inside what; `file` and `line`, and `first`, true for the first record of a line. Members that stand
    twice are told where that is `checked`.
    """
    records = JsonRecords(layout, checked)
    made = _Made(layout, records.resolve, names, options, shown)
    # Of a record with a member that stands twice nobody knows whether it is a request.
    request = f"(coalesce(is_record{_and(layout, records.resolve)}, false) OR {STANDS_TWICE} IS NOT NULL)"
    extras = _extras(layout, records.resolve, request) | {"file": "file", "line": "line", FIRST: FIRST}
    broken = (f"WHEN NOT is_json THEN '{NOT_JSON}'", f"WHEN NOT is_object THEN '{NOT_AN_OBJECT}'", ISSUE)
    extras["filtered"] = f"CASE WHEN is_object AND NOT {request} THEN '{NOT_A_REQUEST}' END"
    rows = Rows(made.relation(records.relation(lines)), shown, broken, request=request, extras=extras)
    return _selection(layout, rows, made.found, options)


def of_table(layout: Layout, relation: str, cells: Mapping[str, Cell], options: ReadOptions, shown: str) -> Selection:
    """Return the SELECT over a table with named columns: the same, but for `file`, `line` and `first`."""
    records = TableRecords(cells, layout.encoded)
    made = _Made(layout, records.resolve, tuple(cells), options, shown)
    request = (
        f"(coalesce(true{_and(layout, records.resolve)}, false) OR {STANDS_TWICE} IS NOT NULL)"
        if layout.requests
        else ""
    )
    extras = _extras(layout, records.resolve, request or "true")
    if request:
        extras["filtered"] = f"CASE WHEN NOT ({request}) THEN '{NOT_A_REQUEST}' END"
    rows = Rows(made.relation(records.relation(relation)), shown, (ISSUE,), request=request, extras=extras)
    return _selection(layout, rows, made.found, options)


class _Made:
    """Where each field comes from; `--map` wins over the format, `--assume` over both.

    What more than a column of a table tells becomes a column of its own, since a cell is looked at many times.
    """

    def __init__(
        self, layout: Layout, resolve: Callable[[str], Cell], names: tuple[str, ...], options: ReadOptions, shown: str
    ) -> None:
        places = dict(layout.fields)
        places |= {fields.known(name): _mapped(name, target, names, shown) for name, target in options.mapping.items()}
        self._columns: dict[str, str] = {}
        self.found: dict[str, Source] = {}
        for name, place in places.items():
            cell = self._cell(name, place, resolve)
            if cell != NOTHING:
                self.found[name] = Source(cell, place.unit if cell.kind == "text" else None)
        self.found |= {name: Source(Cell(quoted(value))) for name, value in layout.constants.items()}
        self.found |= fields.assumed(options.assume)

    def _cell(self, name: str, place: Place, resolve: Callable[[str], Cell]) -> Cell:
        alone = resolve(place.path) if place.path else None
        if alone is not None and (alone == NOTHING or alone.kind != "text"):
            return alone
        self._columns[name] = filled(place.template, resolve)
        return Cell(identifier(f"field {name}"))

    def relation(self, records: str) -> str:
        """Return the records with the fields that are worked out beside them."""
        columns = "".join(f", {sql} AS {identifier(f'field {name}')}" for name, sql in self._columns.items())
        return f"(SELECT *{columns} FROM ({records}))"  # noqa: S608 - our own SQL, names quoted


def _selection(layout: Layout, rows: Rows, found: Mapping[str, Source], options: ReadOptions) -> Selection:
    excludes = options.input_excludes_cache or layout.excludes_cache
    meaning = Meaning(options.timezone or layout.zone, None, excludes)
    return Selection(rows, found, meaning, request_ids=options.request_ids or options.dedupe is not None)


def _and(layout: Layout, resolve: Callable[[str], Cell]) -> str:
    return f" AND ({filled(layout.requests, resolve)})" if layout.requests else ""


def _extras(layout: Layout, resolve: Callable[[str], Cell], request: str) -> dict[str, str]:
    found = {}
    if layout.grain != "request":
        found["grain"] = quoted(layout.grain)
    if layout.key:
        found[DUP_KEY] = f"CASE WHEN {request} THEN {filled(layout.key, resolve)} END"
        order = ", ".join(f"CAST({filled(one, resolve)} AS BIGINT)" for one in layout.keep)
        found[DUP_ORDER] = f"CAST([{order}] AS BIGINT[])"
        found[DUP_WORDS] = quoted(layout.key_is)
        cases = "".join(
            f" WHEN {request} AND ({filled(test, resolve)}) THEN {quoted(words)}"
            for words, test in layout.repeated.items()
        )
        found[REPEATED] = f"CASE{cases} END" if cases else "CAST(NULL AS VARCHAR)"
    if layout.node:
        found |= {NODE: filled(layout.node, resolve), INSIDE: filled(layout.inside, resolve)}
    return found


def _mapped(name: str, target: str, names: tuple[str, ...], shown: str) -> Place:
    path, colon, unit = target.rpartition(":")
    if not colon or unit not in MICROSECONDS:
        path, unit = target, ""
    top = str(segments(path)[1][0])
    if top not in names:
        raise InputError(
            f"{shown}: --map {name}={target}: no column {top!r} among {fields.listed(names)}",
            hint=did_you_mean(top, names),
        )
    return Place(f"{{{path}}}", unit or None)
