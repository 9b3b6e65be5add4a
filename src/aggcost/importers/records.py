"""Records of a file as a relation: JSON lines opened to the members that a layout asks for, or columns of a table.

Each value is parsed once a row, however many members are asked for: the engine does not share the work of
equal expressions in branches, so every step is a SELECT of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aggcost.engine import identifier, quoted
from aggcost.importers.casts import Cell
from aggcost.importers.layout import Layout, json_path, segments
from aggcost.importers.repeated_keys import STANDS_TWICE, doubtful, first

NOTHING = Cell("CAST(NULL AS VARCHAR)")


Names = tuple[str | int, ...]


@dataclass(slots=True)
class Members:
    """Members of JSON values, by value: those that were asked for, and those that only `lead` to another value."""

    paths: dict[str, list[Names]] = field(default_factory=dict)
    leading: dict[str, list[Names]] = field(default_factory=dict)

    def cell(self, value: str, names: Names) -> Cell:
        """Return a member of the JSON in a column `value`, as a cell of `read`."""
        known = self.paths.setdefault(value, [])
        if names not in known:
            known.append(names)
        return Cell(f"{_members_of(value)}[{known.index(names) + 1}]")

    def lead(self, encoded: Sequence[str], root: str | None = "record") -> None:
        """Note where the values stand that are taken out of strings; without a `root` some are columns."""
        for path in encoded:
            held, inside = _held(tuple(path.split(".")), encoded)
            value = _decoded_name(held) if held else root
            if value is not None:
                self.leading.setdefault(value, []).append(inside)

    def read(self, relation: str, *, checked: bool = True) -> str:
        """Return SQL of the relation, the members of its values, and `repeated`.

        That is a member that stands twice, or what leads to one, or null; always null unless it is `checked`.
        """
        members, doubts, found = "", ["false"], ["NULL"]
        for value, paths in self.paths.items():
            members += f", json_extract_string({identifier(value)}, [{_listed(paths)}]) AS {_members_of(value)}"
        for value in dict.fromkeys((*self.paths, *self.leading)) if checked else ():
            objects = _objects([*self.paths.get(value, ()), *self.leading.get(value, ())])
            keys = f"json_keys({identifier(value)}, [{_listed(objects)}])"
            doubts.append(doubtful(keys))
            found += [first(f"{keys}[{at}]", names) for at, names in enumerate(objects.values(), start=1)]
        # Lists of keys are not kept beside the members: they would take more memory than these.
        opened = f"SELECT *{members}, {' OR '.join(doubts)} AS doubtful FROM ({relation})"  # noqa: S608 - names quoted
        told = f"CAST(CASE WHEN doubtful THEN coalesce({', '.join(found)}) END AS VARCHAR) AS {STANDS_TWICE}"
        return f"SELECT * EXCLUDE (doubtful), {told} FROM ({opened})"  # noqa: S608


def _members_of(value: str) -> str:
    return identifier(f"members of {value}")


def _listed(paths: Iterable[Names]) -> str:
    return ", ".join(map(json_path, paths))


def _objects(paths: Iterable[Names]) -> dict[Names, dict[str, None]]:
    """Return the objects that lead to members, each with the names of those of its own members that are looked at."""
    found: dict[Names, dict[str, None]] = {}
    for names in paths:
        for depth, name in enumerate(names):
            if isinstance(name, str):
                found.setdefault(names[:depth], {})[name] = None
    return found


@dataclass(slots=True)
class JsonRecords:
    """The JSON records of a layout."""

    layout: Layout
    checked: bool = True  # whether members that stand twice are told
    _members: Members = field(default_factory=Members)

    def resolve(self, path: str) -> Cell:
        """Return a member as a cell of `relation`."""
        level, names = segments(path)
        if level:
            return self._members.cell(f"j{level}", names)
        held, inside = _held(names, self.layout.encoded)
        return self._members.cell(_decoded_name(held) if held else "record", inside)

    def relation(self, lines: str) -> str:
        """Return SQL with `file`, `line`, `first`, the members and what is known of a row; `lines` has the `json`.

        `first` is true for the first record of a line. A line without any record gives one row, its `is_record` false.
        What is asked of the JSON is asked here, so that windows over rows (and their spills to disk) carry no prompts.
        """
        depth = len(self.layout.items)
        is_object = "starts_with(CAST(json AS VARCHAR), '{')"
        known = f"json IS NOT NULL AS is_json, {is_object} AS is_object, true AS first"
        opened = f"SELECT *, json AS j{depth}, {known} FROM ({lines})"  # noqa: S608
        for at, path in enumerate(self.layout.items):
            opened = _opened(opened, depth - at, path)
        if self.layout.opened:
            opened = _unnested(f"SELECT * EXCLUDE (j0) FROM ({opened})", 0, self.layout.opened)  # noqa: S608
        made = f"SELECT *, {_mentioning(self.layout.mentions)} AS item FROM ({opened})"  # noqa: S608
        made = f"SELECT *, {self.layout.record or 'item'} AS record FROM ({made})"  # noqa: S608
        decoded = _with_decoded(made, self.layout.encoded, {})
        # Records made of a line's parts are objects of ours, and their attributes may repeat.
        self._members.lead(self.layout.encoded)
        read = self._members.read(decoded, checked=self.checked and not self.layout.opened)
        return f"SELECT * EXCLUDE (json, item, record), record IS NOT NULL AS is_record FROM ({read})"  # noqa: S608


@dataclass(slots=True)
class TableRecords:
    """The columns of a table, found by name whatever its case, and the members of JSON in their cells."""

    cells: Mapping[str, Cell]
    encoded: tuple[str, ...] = ()
    _members: Members = field(default_factory=Members)

    def resolve(self, path: str) -> Cell:
        """Return a column, or a member of the JSON in its cells; nothing where the table has no such column."""
        names = segments(path)[1]
        by_name = {name.strip().lower(): name for name in self.cells}
        name = by_name.get(str(names[0]).lower())
        if name is None:
            return NOTHING
        if len(names) == 1:
            return self.cells[name]
        held, inside = _held((name, *names[1:]), (name, *self.encoded))
        return self._members.cell(_decoded_name(held), inside)

    def relation(self, table: str) -> str:
        """Return SQL of the table and the members of the JSON in its cells."""
        asked = [name for name in self.cells if any(_is_in(value, name) for value in self._members.paths)]
        deeper = [path for path in self.encoded if path.partition(".")[0] in asked]
        columns = {name: f"CAST({self.cells[name].sql} AS VARCHAR)" for name in asked}
        self._members.lead([*asked, *deeper], root=None)
        decoded = _with_decoded(f"SELECT * FROM {table}", [*asked, *deeper], columns)  # noqa: S608
        return self._members.read(decoded)


def _mentioning(texts: Iterable[str]) -> str:
    """Return SQL of a line's JSON, null where it has none of these texts.

    Most bytes of a session are what somebody said or a tool answered; to look through a line for a text costs a tenth
    of parsing it. JSON may also write a letter as an escape of its code, which begins with zeros.
    """
    tests = [f"contains(CAST(j0 AS VARCHAR), {quoted(text)})" for text in (*texts, r"\u00")]
    return f"CASE WHEN {' OR '.join(tests)} THEN j0 END" if texts else "j0"


def _opened(relation: str, level: int, path: str) -> str:
    """Return the relation with a row for each element of a list; an empty list gives one row of nulls."""
    elements = f"json_extract(j{level}, {quoted('$.' + path.rstrip('?'))})"
    if path.endswith("?"):
        present = f"json_type(j{level}, {quoted('$.' + path.removesuffix('[*]?'))}) = 'ARRAY'"
        elements = f"CASE WHEN {present} THEN {elements} ELSE [j{level}] END"
    return _unnested(relation, level - 1, elements)


def _unnested(relation: str, level: int, elements: str) -> str:
    found = f"SELECT *, {elements} AS elements FROM ({relation})"  # noqa: S608
    held = f"SELECT *, CASE WHEN len(elements) > 0 THEN elements ELSE [NULL] END AS held FROM ({found})"  # noqa: S608
    rows = f"unnest(held) AS j{level}, unnest(range(len(held))) AS element"
    numbered = f"SELECT * EXCLUDE (elements, held), {rows} FROM ({held})"  # noqa: S608
    return f"SELECT * EXCLUDE (element) REPLACE (first AND element = 0 AS first) FROM ({numbered})"  # noqa: S608


def _held(names: Names, encoded: Iterable[str]) -> tuple[str, tuple[str | int, ...]]:
    """Return the longest encoded path that leads to a member ("" for none), and the rest of the way."""
    for length in range(len(names) - 1, 0, -1):
        path = ".".join(map(str, names[:length]))
        if path in encoded:
            return path, names[length:]
    return "", names


def _decoded_name(path: str) -> str:
    return f"decoded {path}"


def _is_in(value: str, name: str) -> bool:
    return value == _decoded_name(name) or value.startswith(_decoded_name(f"{name}."))


def _with_decoded(relation: str, paths: Iterable[str], columns: Mapping[str, str]) -> str:
    """Return the relation with JSON values, each taken out of the strings that it may stand in, one or two deep.

    A path is one of `columns` (text), or leads into the record or into a decoded value.
    """
    made = relation
    known: list[str] = []
    for path in sorted(paths, key=lambda path: path.count(".")):
        held, inside = _held(tuple(path.split(".")), known)
        value = f"json_extract({identifier(_decoded_name(held)) if held else 'record'}, {json_path(inside)})"
        value = f"TRY_CAST({columns[path]} AS JSON)" if path in columns else value
        for _ in range(2):
            name = identifier(_decoded_name(path))
            # Text that is no JSON becomes null; an object, or the text of one, becomes the object.
            taken_out = f"TRY_CAST(json_extract_string({value}, '$') AS JSON) AS {name}"
            exclude = f" EXCLUDE ({name})" if value == name else ""
            made = f"SELECT *{exclude}, {taken_out} FROM ({made})"  # noqa: S608
            value = name
        known.append(path)
    return made
