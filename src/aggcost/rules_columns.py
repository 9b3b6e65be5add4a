"""Conditions and their fields as Ibis columns over the canonical request table.

SQL's three-valued logic is Kleene's, so null is unknown here without further care. Only functions that
DuckDB and Spark define alike are used; local time is computed from the zone's own list of changes,
because the engines' zone functions differ and so do their zone data.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, reduce

import ibis

from aggcost.meters import PROMPT_KEYS
from aggcost.rules_atoms import CAPITALS, SMALL, TAG, WEEKDAYS, Atom
from aggcost.rules_tree import And, Condition, Constant, Node, Not, Or, Test

_NUMBERS = {"cache_read_tokens": "cache_read", "output_tokens": "output", "latency_ms": "latency_ms"}
_TESTS: Mapping[str, Callable[[ibis.Value, str | int], ibis.Value]] = {
    "==": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "starts_with": lambda column, value: column.startswith(value),
    "ends_with": lambda column, value: column.endswith(value),
    "contains": lambda column, value: column.contains(value),
}  # fmt: skip
_FIRST_YEAR, _LAST_YEAR = 2018, 2040  # before and after, the zone keeps the offset of the nearer end
_DAY_S, _HOUR_S = 86_400, 3_600
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday


def to_ibis(condition: Condition, table: ibis.Table, zone: tzinfo = UTC) -> ibis.Value:
    """Return the condition as a boolean column of `table`, null where it is unknown."""
    return _node(condition.tree, table, zone)


def atom_to_ibis(atom: Atom, table: ibis.Table, zone: tzinfo = UTC) -> ibis.Value:
    """Return a test as a boolean column of `table`, null where its field is missing."""
    column = field_column(table, atom.field, zone)
    if atom.is_missing:
        return column.isnull()
    if atom.lowered:
        column = column.translate(CAPITALS, SMALL)
    if atom.test == "in":
        return column.isin(atom.values)
    return _TESTS[atom.test](column, atom.values[0])


def field_column(table: ibis.Table, name: str, zone: tzinfo = UTC) -> ibis.Value:
    """Return a field of the language as a column; `hour` and `weekday` are local time in `zone`."""
    if name.startswith(TAG):
        return table["tags"].cast("json")[name.removeprefix(TAG)].str
    if name == "input_tokens":
        return sum((table[key].fill_null(0) for key in PROMPT_KEYS[1:]), table["input"])
    if name == "hour":
        return _local_s(table, zone) // _HOUR_S % 24
    if name == "weekday":
        number = (_local_s(table, zone) // _DAY_S + _EPOCH_WEEKDAY) % len(WEEKDAYS)
        return number.cases(*enumerate(WEEKDAYS))
    return table[_NUMBERS.get(name, name)]


def _node(node: Node, table: ibis.Table, zone: tzinfo) -> ibis.Value:
    match node:
        case Constant(value):
            return ibis.literal(value)
        case Test(atom):
            return atom_to_ibis(atom, table, zone)
        case Not(part):
            return ~_node(part, table, zone)
        case And(parts):
            return reduce(operator.and_, (_node(part, table, zone) for part in parts))
        case Or(parts):
            return reduce(operator.or_, (_node(part, table, zone) for part in parts))


def _local_s(table: ibis.Table, zone: tzinfo) -> ibis.Value:
    """Return seconds since 1970 as the clocks of the zone show them."""
    utc_s = table["ts"].truncate("s").epoch_seconds().cast("int64")
    return utc_s + _offset(utc_s, _changes(zone))


def _offset(utc_s: ibis.Value, changes: tuple[tuple[int, int], ...]) -> ibis.Value:
    """Choose the offset in force by a balanced tree: log2(n) comparisons a row."""
    if len(changes) == 1:
        return ibis.literal(changes[0][1], "int64")
    middle = len(changes) // 2
    before, after = changes[:middle], changes[middle:]
    return ibis.ifelse(utc_s < after[0][0], _offset(utc_s, before), _offset(utc_s, after))


@cache
def _changes(zone: tzinfo) -> tuple[tuple[int, int], ...]:
    """Return (from when, offset), both in seconds, for every change of a zone's offset, in order."""
    first = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
    days = (datetime(_LAST_YEAR, 1, 1, tzinfo=UTC) - first).days
    start_s = int(first.timestamp())
    found = [(start_s, _offset_s(zone, start_s))]
    for day in range(1, days + 1):
        end_s = start_s + day * _DAY_S
        if _offset_s(zone, end_s) != found[-1][1]:
            found.append(_change(zone, end_s - _DAY_S, end_s))
    return tuple(found)


def _change(zone: tzinfo, low_s: int, high_s: int) -> tuple[int, int]:
    """Return the second in (low, high] from which the offset of `high` holds."""
    offset_s = _offset_s(zone, high_s)
    while high_s - low_s > 1:
        middle_s = (low_s + high_s) // 2
        if _offset_s(zone, middle_s) == offset_s:
            high_s = middle_s
        else:
            low_s = middle_s
    return high_s, offset_s


def _offset_s(zone: tzinfo, utc_s: int) -> int:
    offset = datetime.fromtimestamp(utc_s, UTC).astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds())
