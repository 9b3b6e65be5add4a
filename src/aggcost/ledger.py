"""The ledger of cells: integer sums of usage, grouped by everything a decision or a price looks at.

A *cell* is what a policy decides on and a rate card prices: an hour (or finer, where a price or a
time zone asks for it), the logged provider, model, task, service tier, region and status, and what
the conditions test: a number cut where some condition or price changes, a name, or a yes/no answer.
The scan of requests happens once, in the engine. What comes back are integers only, so a ledger
does not depend on the order of rows, the split into files, the thread count or the engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pyarrow as pa

from aggcost import quantities, rules, sticky
from aggcost.abilities import shown_keys
from aggcost.errors import DataQualityError
from aggcost.integers import IntArray, Mask, int64, numbers
from aggcost.meters import PROMPT_KEYS, TOKEN_KEYS

if TYPE_CHECKING:
    from aggcost.engine import Engine
    from aggcost.rules import Atom
    from aggcost.tariff import Rounding

MAX_CELLS = 1_000_000
_LARGEST_CODE = 2**22  # above it, codes are numbered anew: tables indexed by code stay small
_NUL = "\x00"
_FOLDED = f"{_NUL}other"  # in a scan, a name that was not asked about; names that begin with NUL get one more


class _Other(str):
    """A name that was not asked about: equal to itself only, whatever a log holds."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__


OTHER = _Other("other")

# Outcomes of a record that no price decides. `usage` is rated: priced, free or unpriced.
USAGE, QUARANTINED, FILTERED, DUPLICATE = "usage", "quarantined", "filtered", "duplicate"
NOT_BILLED = "not_billed"
FAILURE_CLASSES = ("429", "5xx", "timeout", "other")
NAME_KEYS = ("provider", "model", "task", "service_tier", "region", "status")
TIME_FIELDS = ("hour", "weekday")
NUMBER_FIELDS = {"input_tokens": None, "cache_read_tokens": "cache_read", "output_tokens": "output",
                 "latency_ms": "latency_ms"}  # fmt: skip
SUM_KEYS = (*TOKEN_KEYS, "requests")
# Request timeout, gateway timeout, and the timeout of a CDN before the provider.
_TIMEOUTS = [HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT, 524]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a scan must keep apart.

    `grid_s` is the length of a time bucket in seconds; `instants` (epoch seconds) cut the time instead
    where they are given, for logs with too many cells by the hour. `names` are further fields kept as they are;
    `cuts` the lower bounds of the bins of a number; `asked` the names some condition compares a
    field of many values with (all others become `OTHER`); `tests` are kept as yes, no or unknown. `roundings` are
    those by which some price counts the units of a request, each with its meter. `numbered` are all values of some
    names, which the engine keeps apart by their positions. `sticky` are the bounds of hashes of sessions, by rule.
    `abilities` are kept apart where the log tells.
    """

    grid_s: int = 3600
    instants: tuple[int, ...] | None = None
    names: tuple[str, ...] = ()
    cuts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tests: tuple[Atom, ...] = ()
    roundings: tuple[tuple[str, Rounding], ...] = ()
    numbered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sticky: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    abilities: tuple[str, ...] = ()

    @property
    def most_bins(self) -> int:
        """How many combinations of bins, asked names and answers there can be."""
        numbers = math.prod(len(bounds) + 1 for bounds in (*self.cuts.values(), *self.sticky.values()))
        names = math.prod(len(values) + 1 for values in self.asked.values())
        return int(numbers * names * 2 ** len(self.tests))


@dataclass(frozen=True, slots=True)
class Dim:
    """One key of the ledger: for each cell a code, and the value each code stands for."""

    codes: np.ndarray[Any, np.dtype[np.int32]]
    values: tuple[Any, ...]

    def where(self, value: Any) -> Mask:
        """Return for each cell whether it has this value."""
        return self.mask(lambda one: bool(one == value))

    def at(self, numbers: Mapping[Any, int] | Callable[[Any], int]) -> IntArray:
        """Return a number for each cell, by its value."""
        number = numbers if callable(numbers) else numbers.__getitem__
        found: IntArray = np.array([number(value) for value in self.values], dtype=np.int64)[self.codes]
        return found

    def mask(self, test: Callable[[Any], bool]) -> Mask:
        """Return for each cell whether `test` holds for its value."""
        answers: Mask = np.array([test(value) for value in self.values], dtype=bool)[self.codes]
        return answers

    def map(self, change: Callable[[Any], Any]) -> Dim:
        """Return the dimension with every value changed; values that become equal share one code."""
        numbers: dict[Any, int] = {}
        lookup = [numbers.setdefault(change(value), len(numbers)) for value in self.values]
        return Dim(np.array(lookup, np.int32)[self.codes], tuple(numbers))

    def take(self, rows: IntArray) -> Dim:
        """Return the dimension of some cells."""
        return Dim(self.codes[rows], self.values)


@dataclass(frozen=True, slots=True)
class Cells:
    """The ledger: `dims` by name, and `sums` by name (int64, one number a cell).

    The key `start_s` is the start of the time bucket (epoch seconds); `summed` says of rows that they are not one
    request each: the size of their prompts is not known. Sums are the token meters,
    `requests`, `records`, `reasoning`, `recorded_pico` (recorded cost in 1e-12 of its currency), and
    `first_s`, `last_s` (first and last request, epoch seconds). Where the log counts more (`meters.EXTRA_KEYS`),
    these are sums, too, and `uses NAME` tells rows that used a unit meter from those that did not.
    """

    dims: Mapping[str, Dim]
    sums: Mapping[str, IntArray]

    def __len__(self) -> int:
        return len(self.sums["records"])

    def select(self, mask: np.ndarray[Any, Any]) -> Cells:
        """Return the cells where `mask` is true (or at the given positions)."""
        dims = {name: Dim(dim.codes[mask], dim.values) for name, dim in self.dims.items()}
        return Cells(dims, {name: values[mask] for name, values in self.sums.items()})


def plan(
    atoms: Iterable[Atom],
    *,
    prompt_cuts: Iterable[int] = (),
    output_cuts: Iterable[int] = (),
    names: Iterable[str] = (),
    grid_s: int = 3600,
    instants: tuple[int, ...] | None = None,
) -> Plan:
    """Return what a scan must keep apart for these condition tests, price tiers and breakdowns."""
    cuts: dict[str, set[int]] = {"input_tokens": set(prompt_cuts), "output_tokens": set(output_cuts)}
    kept = {*names} - {*NAME_KEYS}
    asked: dict[str, set[str]] = {}
    tests: dict[str, Atom] = {}
    for atom in atoms:
        if atom.field in NUMBER_FIELDS:
            if atom.is_missing:
                cuts.setdefault(atom.field, set())
            cuts.setdefault(atom.field, set()).update(rules.atom_cuts(atom))
        elif atom.field in NAME_KEYS or (atom.field in TIME_FIELDS and instants is None):
            continue
        elif atom.field == "operation":
            kept.add("operation")
        elif atom.names_asked is not None and atom.field not in TIME_FIELDS:
            asked.setdefault(atom.field, set()).update(atom.names_asked)
        else:
            tests[atom.text] = atom
    return Plan(
        grid_s=grid_s,
        instants=instants,
        names=tuple(sorted(kept)),
        cuts={name: tuple(sorted(bounds)) for name, bounds in sorted(cuts.items())},
        asked={name: tuple(sorted(literals)) for name, literals in sorted(asked.items()) if name not in kept},
        tests=tuple(tests[text] for text in sorted(tests)),
    )


def scan(engine: Engine, usage: ibis.Table, wanted: Plan, zone: tzinfo = UTC) -> Cells:
    """Return the ledger of `usage` (canonical columns, `issue`, `filtered`, `duplicate`), one scan in the engine."""
    table, names = scan_table(engine, usage, wanted, zone)
    return cells_of(table, names, wanted)


def scan_table(engine: Engine, usage: ibis.Table, wanted: Plan, zone: tzinfo = UTC) -> tuple[pa.Table, list[str]]:
    """Return a row a cell as the engine has it, and the names of its keys; the other columns are sums."""
    found = keys(usage, wanted, zone)
    table = engine.to_arrow(usage.group_by(found).aggregate(**_sums(usage), **quantities.sums(usage, wanted.roundings)))
    if table.num_rows > MAX_CELLS:
        raise DataQualityError(
            f"the conditions cut this log into {table.num_rows:,} cells, more than {MAX_CELLS:,}",
            hint="test fewer numbers at once, or simulate the policies one by one",
        )
    return table, [key.get_name() for key in found]


def cells_of(table: pa.Table, names: Iterable[str], wanted: Plan) -> Cells:
    """Return the ledger of a scanned table, whose keys are `names`."""
    found = dims(table, names, wanted)
    sums = {name: int64(table.column(name)) for name in table.column_names if name not in found}
    return Cells(found, sums)


def keys(usage: ibis.Table, wanted: Plan, zone: tzinfo = UTC) -> list[ibis.Value]:
    """Return everything that tells cells apart, as columns of `usage`."""
    return [
        start_of(usage, wanted).name("start_s"),
        _outcome(usage).name("outcome"),
        failure(usage).name("failure"),
        _tokens_known(usage).name("tokens_known"),
        usage.recorded_cost.notnull().name("recorded"),
        (usage.request_count != 1).name("summed"),
        *quantities.use_keys(usage),
        *shown_keys(usage, wanted.abilities),
        *keys_without_time(usage, wanted, zone),
    ]


def start_of(usage: ibis.Table, wanted: Plan) -> ibis.Value:
    """Return the time bucket of a row: its first second, or its number where `instants` cut the time."""
    if wanted.instants is None:
        return ((usage.ts.epoch_seconds() // wanted.grid_s) * wanted.grid_s).cast("int64")
    return binned(usage.ts.epoch_seconds(), wanted.instants).cast("int64")


def keys_without_time(usage: ibis.Table, wanted: Plan, zone: tzinfo = UTC) -> list[ibis.Value]:
    """Return the keys that a condition may look at, other than the time, as columns of `usage`."""
    return [
        *(_name(usage, name, wanted.numbered.get(name)) for name in (*NAME_KEYS, *wanted.names)),
        *(binned(number(usage, name), bounds).name(name) for name, bounds in wanted.cuts.items()),
        *(_asked(rules.field_column(usage, name), values).name(name) for name, values in wanted.asked.items()),
        *(rules.atom_to_ibis(atom, usage, zone).name(f"test:{atom.text}") for atom in wanted.tests),
        *(
            binned(sticky.hash_column(usage, rule), sticky.texts(bounds)).name(sticky.key(rule))
            for rule, bounds in wanted.sticky.items()
        ),
    ]


def _name(usage: ibis.Table, name: str, values: tuple[str, ...] | None) -> ibis.Value:
    if values is None:
        return usage[name]
    numbers = [(usage[name] == value, ibis.literal(number, "int32")) for number, value in enumerate(values)]
    unnamed = ibis.null("int32")  # also where no row of the log has a value
    return (ibis.cases(*numbers, else_=unnamed) if numbers else unnamed).name(name)


def accepted(usage: ibis.Table) -> ibis.Value:
    """Return whether a row is neither quarantined nor filtered nor dropped as a duplicate."""
    return usage.issue.isnull() & usage.filtered.isnull() & (usage.duplicate.isnull() | ~usage.duplicate)


def dropped(usage: ibis.Table) -> ibis.Value:
    """Return whether a row is dropped as a duplicate, and nothing else is wrong with it."""
    return usage.issue.isnull() & usage.filtered.isnull() & usage.duplicate.notnull() & usage.duplicate


def number(usage: ibis.Table, name: str) -> ibis.Value:
    """Return a numeric field of the condition language as a column (tokens or milliseconds)."""
    if name == "input_tokens":
        return sum((usage[key].fill_null(0) for key in PROMPT_KEYS[1:]), usage.input)
    return usage[NUMBER_FIELDS[name]]


def prompt_bin(usage: ibis.Table, wanted: Plan) -> ibis.Value:
    """Return the number of the bin that the prompt of a row lies in."""
    return binned(number(usage, "input_tokens"), wanted.cuts.get("input_tokens", ()))


def _outcome(usage: ibis.Table) -> ibis.Value:
    counted = (*TOKEN_KEYS[1:], *quantities.told_units(usage))
    used = sum((usage[key].fill_null(0) for key in counted), usage.input.fill_null(0))
    failed_unused = (usage.status.fill_null("ok") != "ok") & (used == 0)
    return ibis.cases(
        (usage.issue.notnull(), QUARANTINED),
        (usage.filtered.notnull(), FILTERED),
        (dropped(usage), DUPLICATE),
        ((usage.billable.notnull() & ~usage.billable) | failed_unused, NOT_BILLED),
        else_=USAGE,
    )


def failure(usage: ibis.Table) -> ibis.Value:
    """Return the class of a failure (`FAILURE_CLASSES`), null of a request that was served."""
    code = usage.http_status.fill_null(0)
    return ibis.cases(
        (usage.status.fill_null("ok") == "ok", ibis.null("string")),
        (code == HTTPStatus.TOO_MANY_REQUESTS, "429"),
        (code.isin(_TIMEOUTS), "timeout"),
        (code.between(500, 599), "5xx"),
        else_="other",
    )


def _tokens_known(usage: ibis.Table) -> ibis.Value:
    embedding = usage.operation.fill_null("").lower().contains("embed")
    return usage.input.notnull() & (usage.output.notnull() | embedding)


def binned(value: ibis.Value, bounds: tuple[int, ...] | tuple[str, ...]) -> ibis.Value:
    """Return the number of the bin, [.., b0) being 0; a balanced tree costs log2(n) comparisons a row."""
    return ibis.ifelse(value.isnull(), ibis.null("int32"), _bin_tree(value, bounds, 0))


def _bin_tree(value: ibis.Value, bounds: tuple[int, ...] | tuple[str, ...], first: int) -> ibis.Value:
    if not bounds:
        return ibis.literal(first, "int32")
    middle = len(bounds) // 2
    below = _bin_tree(value, bounds[:middle], first)
    return ibis.ifelse(value < bounds[middle], below, _bin_tree(value, bounds[middle + 1 :], first + middle + 1))


def _asked(column: ibis.Value, values: tuple[str, ...]) -> ibis.Value:
    escaped = [(column == value, ibis.literal(_NUL + value)) for value in values if value.startswith(_NUL)]
    return ibis.cases((column.isnull(), ibis.null("string")), *escaped, (column.isin(values), column), else_=_FOLDED)


def _unfolded(value: str | None) -> str | None:
    """Return the name that stands for a name of a folded column: `OTHER`, or itself without its escape."""
    if value is None or not value.startswith(_NUL):
        return value
    return OTHER if value == _FOLDED else value.removeprefix(_NUL)


def _sums(usage: ibis.Table) -> dict[str, ibis.Value]:
    sums = {key: usage[key].sum().fill_null(0).cast("int64") for key in TOKEN_KEYS}
    sums["requests"] = usage.request_count.sum().fill_null(0).cast("int64")
    sums["records"] = usage.count().cast("int64")
    sums["reasoning"] = usage.reasoning.sum().fill_null(0).cast("int64")
    sums["recorded_pico"] = usage.recorded_cost.sum().cast("decimal(38, 12)")
    sums["first_s"] = usage.ts.min().truncate("s").epoch_seconds().cast("int64")
    sums["last_s"] = usage.ts.max().truncate("s").epoch_seconds().cast("int64")
    return sums


def dims(table: pa.Table, names: Iterable[str], wanted: Plan) -> dict[str, Dim]:
    """Return the distinct values of each key of a scan; what came as a number is shown as what it stands for."""
    bins: dict[str, tuple[Any, ...]] = {name: (0, *bounds) for name, bounds in wanted.cuts.items()}
    bins |= wanted.numbered
    bins |= {sticky.key(rule): (0, *bounds) for rule, bounds in wanted.sticky.items()}
    if wanted.instants is not None:
        bins["start_s"] = (0, *wanted.instants)
    found = {name: _dim(table.column(name), bins.get(name)) for name in names}
    return {name: dim.map(_unfolded) if name in wanted.asked else dim for name, dim in found.items()}


def _dim(column: pa.ChunkedArray, bins: tuple[Any, ...] | None) -> Dim:
    if not len(column):  # Arrow would import pandas to join no chunks
        return Dim(np.zeros(0, np.int32), ())
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    values = encoded.dictionary.to_pylist()
    if bins is not None:
        values = [None if value is None else bins[value] for value in values]
    return Dim(numbers(encoded.indices).astype(np.int32), tuple(values))


def combine(dims: Iterable[Dim], size: int) -> tuple[IntArray, int]:
    """Return a code for the combination of values that each of `size` rows has, and a bound on the codes."""
    codes, width = np.zeros(size, np.int64), 1
    for dim in dims:
        if width * len(dim.values) > _LARGEST_CODE:
            codes, width = _renumber(codes, width)
        codes = codes * len(dim.values) + dim.codes
        width *= max(len(dim.values), 1)
    return codes, width


def _renumber(codes: IntArray, width: int) -> tuple[IntArray, int]:
    """Return the codes numbered from 0 without gaps, in their order, and how many there are."""
    if width > 8 * _LARGEST_CODE:
        found, dense = np.unique(codes, return_inverse=True)
        return dense.astype(np.int64), len(found)
    present = np.zeros(width, dtype=bool)
    present[codes] = True
    numbers = np.cumsum(present) - 1
    return numbers[codes], int(numbers[-1]) + 1


def group(dims: Iterable[Dim], size: int) -> tuple[IntArray, IntArray]:
    """Return the group of each row (rows with equal values share one), and a row of each group."""
    codes, count = _renumber(*combine(dims, size)) if size else (np.zeros(0, np.int64), 0)
    members = np.zeros(count, np.int64)
    members[codes[::-1]] = np.arange(size)[::-1]
    return codes, members
