"""Where a log format keeps each field, declared once for JSON and for tables.

A *path* leads from a record to a value: ``usage.prompt_tokens``; ``promptTokens[0]`` is the first of a
list, ``"gen_ai.usage"`` one name with a dot in it, ``^start_time`` a member of what holds the record
(``^^`` one further out). In a table the first name is a column, and the rest leads into the JSON in
its cells. A *template* is SQL of the embedded engine with paths in braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from aggcost.engine import quoted
from aggcost.importers.casts import MICROSECONDS, Cell

Resolve = Callable[[str], Cell]
# A path begins with a name, a quote or a caret; the braces of a regular expression hold numbers.
_BRACED = re.compile(r"""\{([A-Za-z_^"][^{}]*)\}""")
_SEGMENT = re.compile(r'"([^"]+)"|([^."\[\]]+)|\[([0-9]+)\]')
_COUNT = r"[0-9]{1,15}(\.0+)?"
_AMOUNT = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands: a template, and the unit of a time or a duration (s, ms, us, ns)."""

    template: str
    unit: str | None = None

    @property
    def path(self) -> str | None:
        """The path, where the template is nothing but one."""
        alone = _BRACED.fullmatch(self.template)
        return alone[1] if alone else None


@dataclass(frozen=True, slots=True)
class Layout:
    """How a format is read.

    `fields` says where the fields of the contract stand, `constants` what they are where the format itself
    says so. `items` are the paths of the lists that hold the records of a JSON line (``data[*]``), outermost
    first; without them each line or row is a record. `record` is SQL over `item` (one of them) that makes
    another JSON object of it, where paths cannot reach into it. `encoded` are paths of members that may be JSON
    inside a string. `excludes_cache` says that input tokens do not contain cached ones. `requests` is a
    template that is true for records that are requests; others are filtered. `key` is the template of a text
    that repeats of one request share, and of the rows with one key that with the largest `keep` (templates of
    integers) stays. Templates of an `ordered` format may look at the rows before: ``OVER (PARTITION BY file
    ORDER BY line ...)``. `grain` is bucket where a record sums several requests.
    """

    fields: Mapping[str, Place]
    constants: Mapping[str, str] = field(default_factory=dict)
    items: tuple[str, ...] = ()
    record: str = ""
    encoded: tuple[str, ...] = ()
    excludes_cache: bool = False
    zone: str | None = "UTC"
    requests: str = ""
    key: str = ""
    keep: tuple[str, ...] = ()
    ordered: bool = False
    grain: str = "request"


def at(*paths: str, unit: str | None = None) -> Place:
    """Return the first of these paths that holds something."""
    listed = ", ".join(f"{{{path}}}" for path in paths)
    return Place(listed if len(paths) == 1 else f"coalesce({listed})", unit)


def sql(template: str, unit: str | None = None) -> Place:
    """Return what SQL makes of the paths in its braces."""
    return Place(template, unit)


def total(*paths: str) -> Place:
    """Return the sum of several counts; missing ones are left out, and one that is no count spoils the sum."""
    texts = [f"{{{path}}}" for path in paths]
    bad = " OR ".join(f"NOT regexp_full_match({text}, '{_COUNT}')" for text in texts)
    summed = " + ".join(f"coalesce(CAST(split_part({text}, '.', 1) AS BIGINT), 0)" for text in texts)
    return Place(
        f"CASE WHEN coalesce({', '.join(texts)}) IS NULL THEN NULL WHEN {bad} THEN 'not a count' "
        f"ELSE CAST({summed} AS VARCHAR) END"
    )


def rest(whole: Place, *parts: Place) -> Place:
    """Return what of a count its parts do not say; parts that say more than the whole make it no count."""
    known = " + ".join(f"coalesce(TRY_CAST({part.template} AS BIGINT), 0)" for part in parts)
    left = f"CAST(TRY_CAST({whole.template} AS BIGINT) - ({known}) AS VARCHAR)"
    split = f"({known}) > 0 AND regexp_full_match({whole.template}, '{_COUNT}')"
    return Place(f"CASE WHEN {split} THEN {left} ELSE {whole.template} END")


def cents(path: str) -> Place:
    """Return an amount of dollars that a log states in cents."""
    return _scaled(path, "DECIMAL(28, 12)", "0.01")


def billionths(path: str) -> Place:
    """Return an amount of dollars that a log states in billionths of a dollar."""
    return _scaled(path, "DECIMAL(28, 3)", "0.000000001")


def moment(path: str, unit: str = "s") -> Place:
    """Return a time that a log states as ISO 8601 text or as a number in this unit since 1970."""
    text, micros = f"{{{path}}}", MICROSECONDS[unit]
    number = f"CAST(floor(TRY_CAST({text} AS DECIMAL(28, 9)) * {micros}) AS BIGINT)"
    iso = f"CAST(make_timestamp({number}) AS VARCHAR) || 'Z'"
    return Place(f"CASE WHEN regexp_full_match({text}, '[0-9]{{1,18}}([.][0-9]*)?') THEN {iso} ELSE {text} END")


def between(start: str, end: str) -> Place:
    """Return the milliseconds from one ISO 8601 time to another."""
    times = [f"epoch_us(TRY_CAST({{{path}}} AS TIMESTAMP))" for path in (end, start)]
    return Place(f"CAST(CAST({times[0]} - {times[1]} AS DECIMAL(28, 3)) / 1000 AS VARCHAR)")


def renamed(path: str, names: Mapping[str, str]) -> Place:
    """Return a text, where it is one of these words (whatever its case) by its usual name."""
    cases = " ".join(f"WHEN {quoted(word)} THEN {quoted(name)}" for word, name in names.items())
    return Place(f"CASE lower({{{path}}}) {cases} ELSE {{{path}}} END")


def _scaled(path: str, sql_type: str, factor: str) -> Place:
    text = f"{{{path}}}"
    exact = f"CAST(TRY_CAST({text} AS {sql_type}) * {factor} AS VARCHAR)"
    checked = f"CASE WHEN regexp_full_match({text}, '{_AMOUNT}') THEN {exact} END"
    return Place(f"CASE WHEN {text} IS NOT NULL THEN coalesce({checked}, 'not an amount') END")


def filled(template: str, resolve: Resolve) -> str:
    """Return a template with the SQL of its paths, each as text."""
    return _BRACED.sub(lambda found: resolve(found[1]).text, template)


def paths(layout: Layout) -> Iterator[str]:
    """Yield every path that a layout reads, some more than once."""
    templates = [place.template for place in layout.fields.values()]
    for template in (*templates, layout.record, layout.requests, layout.key, *layout.keep):
        yield from _BRACED.findall(template)


def segments(path: str) -> tuple[int, tuple[str | int, ...]]:
    """Return how far out a path begins (0 is the record itself), and its names and positions."""
    inner = path.lstrip("^")
    names = tuple(found[1] or found[2] or int(found[3]) for found in _SEGMENT.finditer(inner))
    return len(path) - len(inner), names


def json_path(names: tuple[str | int, ...]) -> str:
    """Return names and positions as the engine's JSON path, as an SQL literal."""
    steps = (f"[{name}]" if isinstance(name, int) else f'."{name}"' for name in names)
    return quoted("$" + "".join(steps))
