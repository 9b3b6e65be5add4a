"""Recorded cost against ours, row by row, inside the engine: the second scan of an audit.

Rows never become Python objects. What decides a price (who, service tier, region, time, size of the prompt) is
grouped first; each group gets its rate line in Python; the lines go back into the engine, where each row is priced
by its line and by the causes that could explain another figure. Costs are whole numbers of 1e-18 US dollars there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from aggcost import ledger
from aggcost.causes import Asked, Cause, causes, line_at, unit_prices
from aggcost.meters import TOKEN_KEYS, USAGE_KEYS
from aggcost.ratecard import RateCard
from aggcost.usage import OPTIONAL_NAMES

if TYPE_CHECKING:
    from aggcost.engine import Engine

ATTO = 10**18
MOST_CAUSES = 24
_KEYS = ("provider", "model", "service_tier", "region")
_WHOLE = "decimal(38, 0)"
_ARROW_WHOLE = pa.decimal128(38, 0)


@dataclass(frozen=True, slots=True)
class Priced:
    """A rate line of some rows, and what else could explain their recorded cost."""

    provider: str | None
    model: str
    source: str
    own: Cause
    others: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one line with one outcome: costs in US dollars.

    `cause` is None where the figures agree, a cause of the line, or `ZERO_RECORDED` or `UNEXPLAINED`.
    """

    priced: Priced
    cause: Cause | None
    rows: int
    recorded_usd: Fraction
    rated_usd: Fraction


@dataclass(frozen=True, slots=True)
class OddRow:
    """A single row that nothing explains."""

    priced: Priced
    fields: dict[str, Any]
    recorded_usd: Fraction
    rated_usd: Fraction


ZERO_RECORDED = Cause("recorded_as_zero", "recorded as 0: unknown to the biller, or not billed", {})
UNEXPLAINED = Cause("unexplained", "unexplained: no known cause gives it", {})
_AGREES, _ZERO, _NONE = 0, -1, -2


class Rows:
    """The rows of a log that state a cost, beside ours; `tolerance` is a share of our cost."""

    def __init__(
        self, engine: Engine, usage: ibis.Table, card: RateCard, wanted: ledger.Plan, tolerance: Fraction
    ) -> None:
        self._engine = engine
        self._tolerance = tolerance
        keyed = _keyed(usage, wanted)
        self.priced, numbers = _priced(engine, keyed, card, wanted)
        self._extra = [key for key in OPTIONAL_NAMES if key in usage.columns]
        rows = self._with_lines(keyed, numbers)
        self._rows = rows.filter(self._cost(rows, "own").notnull())  # what has no price cannot be held against one

    def outcomes(self) -> list[Found]:
        """Return how many rows of each line agree, or which cause gives what they record."""
        agreed = self._grouped(self._rows.filter(self._agrees(self._rows, "own")), ibis.literal(_AGREES, "int16"))
        rest = self._rest()
        return [*agreed, *self._grouped(rest, self._explanation(rest))]

    def odd(self, limit: int) -> list[OddRow]:
        """Return the rows that nothing explains, the largest difference first."""
        rest = self._rest()
        apart = (rest.recorded_atto - self._cost(rest, "own")).abs().name("apart")
        odd = rest.mutate(apart, rated_atto=self._cost(rest, "own")).filter(self._explanation(rest) == _NONE)
        counted = (*TOKEN_KEYS, "reasoning", *self._extra)
        shown = ("line", "source_file", "source_line", "request_id", "ts", *counted, "recorded_atto", "rated_atto")
        kept = [name for name in shown if name in odd.columns]
        ordered = odd.order_by([odd.apart.desc(), odd.ts.asc(), *(odd[key].asc() for key in TOKEN_KEYS)])
        table = self._engine.to_arrow(ordered.limit(limit).select(*kept))
        return [self._odd_row(row) for row in table.to_pylist()]

    def _odd_row(self, row: dict[str, Any]) -> OddRow:
        priced = self.priced[row.pop("line")]
        recorded, rated = row.pop("recorded_atto"), row.pop("rated_atto")
        return OddRow(priced, row, Fraction(int(recorded), ATTO), Fraction(int(rated), ATTO))

    def _with_lines(self, keyed: ibis.Table, numbers: pa.Table) -> ibis.Table:
        """Return the rows that have a line, with its number and its own prices."""
        lines = self._stored("numbers", numbers)
        same = [keyed[name].identical_to(lines[f"key_{name}"]) for name in (*_KEYS, "start", "size")]
        found = keyed.join(lines, same).drop(*(f"key_{name}" for name in (*_KEYS, "start", "size")))
        prices = self._stored("own", _price_table([("own", [one.own for one in self.priced])]))
        return found.join(prices, found.line == prices.own_line)

    def _rest(self) -> ibis.Table:
        """Return the rows that do not agree, with the prices of every cause."""
        most = max((len(one.others) for one in self.priced), default=0)
        columns = [(f"c{n}", [_nth(one.others, n) for one in self.priced]) for n in range(most)]
        rest = self._rows.filter(~self._agrees(self._rows, "own"))
        if not columns:
            return rest
        prices = self._stored("causes", _price_table(columns))
        return rest.join(prices, rest.line == prices.c0_line)

    def _explanation(self, rest: ibis.Table) -> ibis.Value:
        """Return the number of the first cause that gives what a row records, counted from 1."""
        most = max((len(one.others) for one in self.priced), default=0)
        fits = [(self._agrees(rest, f"c{n}"), ibis.literal(n + 1, "int16")) for n in range(most)]
        zero = (rest.recorded_atto == 0, ibis.literal(_ZERO, "int16"))
        return ibis.cases(zero, *fits, else_=ibis.literal(_NONE, "int16"))

    def _agrees(self, rows: ibis.Table, name: str) -> ibis.Value:
        """Return whether the recorded cost is within the tolerance of the cost by these prices."""
        cost = self._cost(rows, name)
        allowed = cost * ibis.literal(self._tolerance.numerator, "int64")
        apart = (rows.recorded_atto - cost).abs() * ibis.literal(self._tolerance.denominator, "int64")
        return (apart <= allowed).fill_null(False)  # noqa: FBT003

    def _cost(self, rows: ibis.Table, name: str) -> ibis.Value:
        """Return the cost of each row by these prices, null where it used what has none."""
        counted = {
            **{key: rows[key] for key in (*TOKEN_KEYS, *self._extra)},
            "requests": rows.request_count,
            "reasoning": rows.reasoning,
        }
        terms = [_charged(units, rows[f"{name}_{key}"]) for key, units in counted.items()]
        return reduce(lambda one, other: one + other, terms, rows[f"{name}_fixed"])

    def _grouped(self, rows: ibis.Table, explanation: ibis.Value) -> list[Found]:
        costed = rows.mutate(explanation=explanation, rated_atto=self._cost(rows, "own"))
        grouped = costed.group_by("line", "explanation").aggregate(
            rows=costed.count(), recorded=costed.recorded_atto.sum(), rated=costed.rated_atto.sum()
        )
        found = self._engine.to_arrow(grouped).to_pylist()
        return [self._found(row) for row in sorted(found, key=lambda row: (row["line"], row["explanation"]))]

    def _found(self, row: dict[str, Any]) -> Found:
        priced = self.priced[row["line"]]
        named = {_AGREES: None, _ZERO: ZERO_RECORDED, _NONE: UNEXPLAINED}
        number = row["explanation"]
        cause = named[number] if number in named else priced.others[number - 1]
        return Found(
            priced, cause, row["rows"], Fraction(int(row["recorded"]), ATTO), Fraction(int(row["rated"]), ATTO)
        )

    def _stored(self, name: str, table: pa.Table) -> ibis.Table:
        path = self._engine.folder / f"audit-{name}.parquet"
        if not path.exists():
            pq.write_table(table, path)
        return self._engine.read_parquet(path)


def _keyed(usage: ibis.Table, wanted: ledger.Plan) -> ibis.Table:
    """Return the rows that state a cost, with what decides their price."""
    stated = usage.filter(
        ledger.accepted(usage),
        usage.recorded_cost.notnull(),
        usage.request_count == 1,
        usage.billable.isnull() | usage.billable,
        usage.model.notnull() & usage.input.notnull(),
    )
    return stated.mutate(
        start=ledger.start_of(stated, wanted),
        size=ledger.prompt_bin(stated, wanted),
        recorded_atto=(stated.recorded_cost * 10**12).cast(_WHOLE) * 10**6,
    )


def _priced(
    engine: Engine, keyed: ibis.Table, card: RateCard, wanted: ledger.Plan
) -> tuple[tuple[Priced, ...], pa.Table]:
    """Return the distinct lines of the rows, and the number of its line for each combination of keys."""
    names = (*_KEYS, "start", "size")
    found = engine.to_arrow(keyed.group_by(list(names)).aggregate(rows=keyed.count())).to_pylist()
    lines: dict[tuple[Any, ...], int] = {}
    priced: list[Priced] = []
    kept: list[dict[str, Any]] = []
    for row in sorted(found, key=lambda row: [(row[name] is not None, str(row[name])) for name in names]):
        asked = Asked(
            _start_s(row["start"], wanted), (0, *wanted.cuts["input_tokens"])[row["size"]],
            row["service_tier"], row["region"],
        )  # fmt: skip
        number = _line_number(row, asked, card, lines, priced)
        if number is not None:
            kept.append({f"key_{name}": row[name] for name in names} | {"line": number})
    schema = pa.schema([*((f"key_{name}", pa.string()) for name in _KEYS), ("key_start", pa.int64()),
                        ("key_size", pa.int32()), ("line", pa.int64())])  # fmt: skip
    return tuple(priced), pa.Table.from_pylist(kept, schema=schema)


def _start_s(start: int | None, wanted: ledger.Plan) -> int | None:
    return start if start is None or wanted.instants is None else (0, *wanted.instants)[start]


def _line_number(
    row: dict[str, Any], asked: Asked, card: RateCard, lines: dict[tuple[Any, ...], int], priced: list[Priced]
) -> int | None:
    """Return the number of the line of a combination, a new one where its prices or causes are new."""
    rates = card.resolve(row["provider"], row["model"]).rates
    line = None if rates is None else line_at(rates, asked)
    if rates is None or line is None:
        return None
    own = Cause("", line.source, unit_prices(line))
    others = causes(rates, asked)[:MOST_CAUSES]
    key = (row["provider"], row["model"], _frozen(own), tuple(map(_frozen, others)))
    if key not in lines:
        lines[key] = len(priced)
        priced.append(Priced(row["provider"], row["model"], line.source, own, others))
    return lines[key]


def _frozen(cause: Cause) -> tuple[Any, ...]:
    return cause.name, cause.detail, tuple(sorted(cause.prices.items())), cause.fixed_usd, cause.reasoning_usd


def _price_table(named: Sequence[tuple[str, Sequence[Cause | None]]]) -> pa.Table:
    """Return a row a line: the unit prices of each named cause in 1e-18 dollars; null where there is no price."""
    columns: dict[str, pa.Array] = {}
    for name, listed in named:
        columns[f"{name}_line"] = pa.array(range(len(listed)), pa.int64())
        for key in (*USAGE_KEYS, *OPTIONAL_NAMES):
            columns[f"{name}_{key}"] = _atto(None if one is None else one.prices.get(key) for one in listed)
        columns[f"{name}_reasoning"] = _atto(None if one is None else _reasoning(one) for one in listed)
        columns[f"{name}_fixed"] = _atto(None if one is None else one.fixed_usd for one in listed)
    return pa.table(columns)


def _reasoning(cause: Cause) -> Fraction | None:
    """Return what reasoning costs on top of the output it is part of."""
    price = cause.prices.get("reasoning")
    return None if price is None else price + cause.reasoning_usd


def _atto(prices_usd: Iterable[Fraction | None]) -> pa.Array:
    return pa.array([None if price is None else round(price * ATTO) for price in prices_usd], _ARROW_WHOLE)


def _nth(listed: Sequence[Cause], number: int) -> Cause | None:
    return listed[number] if number < len(listed) else None


def _charged(units: ibis.Value, price: ibis.Value) -> ibis.Value:
    known = units.fill_null(0).cast(_WHOLE)
    return ibis.ifelse(known == 0, ibis.literal(0, _WHOLE), known * price)
