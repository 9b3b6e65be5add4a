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
from functools import cache

from aggcost.engine import quoted
from aggcost.importers.casts import Cell

Resolve = Callable[[str], Cell]
# A path begins with a name, a quote or a caret; the braces of a regular expression hold numbers.
_BRACED = re.compile(r"""\{([A-Za-z_^"][^{}]*)\}""")
_SEGMENT = re.compile(r'"([^"]+)"|([^."\[\]]+)|\[([0-9]+)\]')


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

    `fields` says where the fields of the contract stand, `constants` what they are where the format itself says
    so. `items` are the paths of the lists that hold the records of a JSON line (``data[*]``), outermost first;
    without them each line or row is a record, as is what lacks a list that ends in a question mark (``data[*]?``:
    the page of an API, or its records alone). `record` is SQL over `item` (one of them) that makes another JSON
    object of it, where paths cannot reach into it. `opened` is SQL over `json` that makes the list of the records
    of a line, instead of both. `encoded` are paths of members that may be JSON inside a string. `excludes_cache`
    says that input tokens do not contain cached ones; None that producers differ: they do not in rows with more
    cached tokens than input tokens. `requests` is a template that is true for records that are requests; others
    are filtered. `key` is the template of a text that repeats of one request share, and of the rows with one key
    that with the largest `keep` (templates of integers) stays; `key_is` says in words what they share. `repeated` are
    templates that are true for requests that only repeat one before them, by the words for it. `node` and `inside` are
    templates of texts that name a record and the one around it: a request repeats what is inside it where a request
    stands anywhere inside it that has tokens, or where neither has any. Templates of an `ordered` format may look at
    the rows before: ``OVER (PARTITION BY file ORDER BY line ...)``. `mentions` are texts, of ASCII letters, of which
    every line has one that is a request or tells something of one: members of other lines are not looked for, and any
    such line tells the format. `grain` is bucket where a record sums several requests.
    """

    fields: Mapping[str, Place]
    constants: Mapping[str, str] = field(default_factory=dict)
    items: tuple[str, ...] = ()
    record: str = ""
    opened: str = ""
    encoded: tuple[str, ...] = ()
    excludes_cache: bool | None = False
    zone: str | None = "UTC"
    requests: str = ""
    key: str = ""
    keep: tuple[str, ...] = ()
    key_is: str = ""
    repeated: Mapping[str, str] = field(default_factory=dict)
    node: str = ""
    inside: str = ""
    ordered: bool = False
    mentions: tuple[str, ...] = ()
    grain: str = "request"


def filled(template: str, resolve: Resolve) -> str:
    """Return a template with the SQL of its paths, each as text."""
    return _BRACED.sub(lambda found: resolve(found[1]).text, template)


def top_names(layout: Layout) -> set[str]:
    """Return the columns or top-level members that a layout reads."""
    if layout.items and not layout.items[0].endswith("?"):
        return {layout.items[0].partition("[")[0].partition(".")[0]}
    return {str(segments(path)[1][0]) for path in paths(layout)}


def paths(layout: Layout) -> Iterator[str]:
    """Yield every path that a layout reads, some more than once."""
    templates = [place.template for place in layout.fields.values()]
    told = (layout.requests, layout.key, *layout.keep, *layout.repeated.values(), layout.node, layout.inside)
    for template in (*templates, *told):
        yield from _BRACED.findall(template)


@cache
def segments(path: str) -> tuple[int, tuple[str | int, ...]]:
    """Return how far out a path begins (0 is the record itself), and its names and positions."""
    inner = path.lstrip("^")
    names = tuple(found[1] or found[2] or int(found[3]) for found in _SEGMENT.finditer(inner))
    return len(path) - len(inner), names


def json_path(names: tuple[str | int, ...]) -> str:
    """Return names and positions as the engine's JSON path, as an SQL literal."""
    steps = (f"[{name}]" if isinstance(name, int) else f'."{name}"' for name in names)
    return quoted("$" + "".join(steps))
