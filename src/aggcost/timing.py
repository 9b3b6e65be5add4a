"""What latencies depend on, as ledgers: tokens in bins, the time of the day, and how long requests took.

`observe` keeps the joint distribution of tokens and times for the few routes that a line is fitted to; `traffic` keeps
the tokens of every served request by what a policy may look at, so that moved requests can be put on that line. Both
are integer sums over bins, in an order that no engine decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import ibis
import numpy as np

from aggcost import ledger
from aggcost.integers import IntArray, Mask, int64
from aggcost.ledger import Dim, Plan
from aggcost.meters import PROMPT_KEYS

if TYPE_CHECKING:
    import pyarrow as pa

    from aggcost.engine import Engine

Measure = Literal["latency", "ttft"]
FloatArray = np.ndarray[Any, np.dtype[np.float64]]
BLOCK_S = 4 * 3600  # the day in six blocks, UTC: providers are busy for all their customers at once
BLOCKS = 24 * 3600 // BLOCK_S
COLUMNS: Mapping[Measure, str] = {"latency": "latency_ms", "ttft": "ttft_ms"}
FINE_COLUMNS: Mapping[Measure, str] = {"latency": "latency_ns", "ttft": "ttft_ns"}
_ROUTE_KEYS = ("provider", "model", "service_tier", "region")
# Bins of numbers kept apart by a condition; more, and moved requests are taken pro rata.
_MAX_BINS = 64
_UNKNOWN = -1  # the bin of a row without a count
MARGIN = 1e-9  # in steps of bins


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins of whole numbers, so many for each doubling: 0 is of its own, bin k + 1 begins at 2^(k / per_octave)."""

    per_octave: int
    octaves: int

    @property
    def bounds(self) -> tuple[int, ...]:
        """The least number of each bin from the second on; of small numbers many are equal, and such bins are empty."""
        return tuple(math.ceil(2 ** (step / self.per_octave)) for step in range(self.per_octave * self.octaves))

    def places(self, numbers: IntArray) -> IntArray:
        """Return the number of the bin of each number."""
        found: IntArray = np.searchsorted(np.array(self.bounds), numbers, side="right")
        return found

    def of(self, value: ibis.Value) -> ibis.Value:
        """Return the number of the bin, -1 of null.

        A logarithm costs a tenth of as many comparisons. No bound of a bin is so near to a whole number that engines
        could differ in their last digits; powers of two, which are bounds themselves, are kept clear by the margin.
        """
        step = (ibis.greatest(value, 1).cast("float64").log2() * self.per_octave + MARGIN).floor().cast("int64")
        known = ibis.ifelse(value < 1, 0, ibis.least(step, self.per_octave * self.octaves - 1) + 1)
        return ibis.ifelse(value.isnull(), _UNKNOWN, known).cast("int64")


INPUT_BINS, OUTPUT_BINS, MS_BINS = Bins(4, 22), Bins(8, 18), Bins(8, 24)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Requests in bins of tokens: how many, and the sums of their uncached prompt and output tokens.

    `known` says of which both are known; `input_bin` and `output_bin` are numbers of `INPUT_BINS` and `OUTPUT_BINS`.
    """

    requests: IntArray
    known: Mask
    input_bin: IntArray
    output_bin: IntArray
    input_tokens: IntArray
    output_tokens: IntArray

    def times(self, prompt: FloatArray, answer: FloatArray) -> Tokens:
        """Return the same requests with so many times the tokens, of prompts and of answers, row by row."""
        inputs, outputs = (
            np.rint(sums * ratio).astype(np.int64)
            for sums, ratio in ((self.input_tokens, prompt), (self.output_tokens, answer))
        )
        return Tokens(
            self.requests, self.known,
            np.where(self.known, INPUT_BINS.places(inputs // self.requests), self.input_bin),
            np.where(self.known, OUTPUT_BINS.places(outputs // self.requests), self.output_bin),
            inputs, outputs,
        )  # fmt: skip

    def at(self, rows: Mask) -> Tokens:
        """Return some of the rows."""
        return Tokens(
            self.requests[rows], self.known[rows], self.input_bin[rows], self.output_bin[rows],
            self.input_tokens[rows], self.output_tokens[rows],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Observed:
    """Served requests of some routes with their tokens and times: `total_ms` is the sum of a row's `measure`.

    `dims` are the keys of a route, the block of the day, and whether a row is `late` (after the instant asked for).
    """

    measure: Measure
    dims: Mapping[str, Dim]
    tokens: Tokens
    total_ms: IntArray

    def at(self, rows: Mask) -> Observed:
        """Return some of the rows."""
        dims = {name: Dim(dim.codes[rows], dim.values) for name, dim in self.dims.items()}
        return Observed(self.measure, dims, self.tokens.at(rows), self.total_ms[rows])


@dataclass(frozen=True, slots=True)
class Times:
    """Exact milliseconds of requests, with their number, by the keys of a route in `dims`."""

    dims: Mapping[str, Dim]
    ms: IntArray
    requests: IntArray


@dataclass(frozen=True, slots=True)
class Traffic:
    """All served requests by what a policy may look at, the block of the day, and their tokens."""

    dims: Mapping[str, Dim]
    tokens: Tokens


def observe(
    engine: Engine, usage: ibis.Table, routes: Iterable[tuple[str, str]], measure: Measure, late_from_s: int | None
) -> Observed:
    """Return what the log has seen of these (provider, model) pairs, one scan in the engine."""
    served = _of_routes(usage, routes, measure)
    no = ibis.literal(value=False)
    late = no if late_from_s is None else (served.ts.epoch_seconds() >= late_from_s).fill_null(no)
    keys = [served[name] for name in _ROUTE_KEYS]
    keys += [_block(served).name("block"), late.name("late"), *_token_keys(served)]
    ms_bin = MS_BINS.of(served[COLUMNS[measure]]).name("ms_bin")
    sums = {**_token_sums(served), "total_ms": served[COLUMNS[measure]].sum().cast("int64")}
    table = engine.to_arrow(served.group_by([*keys, ms_bin]).aggregate(**sums))
    table = table.sort_by([(key.get_name(), "ascending") for key in (*keys, ms_bin)])
    dims = ledger.dims(table, [*_ROUTE_KEYS, "block", "late"], Plan())
    return Observed(measure, dims, _tokens(table), int64(table.column("total_ms")))


def late_times(
    engine: Engine, usage: ibis.Table, routes: Iterable[tuple[str, str]], measure: Measure, late_from_s: int
) -> Times:
    """Return how long the rows of `observe` from an instant on took, to the millisecond; those with tokens alone."""
    found = _of_routes(usage, routes, measure)
    known = found.output.notnull() & _uncached(found).notnull()
    late = found.filter(known & (found.ts.epoch_seconds() >= late_from_s))
    keys = [*(late[name] for name in _ROUTE_KEYS), late[COLUMNS[measure]].name("ms")]
    table = engine.to_arrow(late.group_by(keys).aggregate(requests=late.request_count.sum().cast("int64")))
    return Times(ledger.dims(table, _ROUTE_KEYS, Plan()), int64(table.column("ms")), int64(table.column("requests")))


def _of_routes(usage: ibis.Table, routes: Iterable[tuple[str, str]], measure: Measure) -> ibis.Table:
    """Return the served requests of these (provider, model) pairs that state the time, single ones alone."""
    wanted = _any_of((usage.provider == provider) & (usage.model == model) for provider, model in routes)
    return usage.filter(_served(usage), usage[COLUMNS[measure]].notnull(), usage.request_count == 1, wanted)


def traffic(engine: Engine, usage: ibis.Table, wanted: Plan) -> Traffic:
    """Return the tokens of all served requests by what `wanted` keeps apart, one scan in the engine."""
    bins = math.prod(len(cuts) + 1 for cuts in wanted.cuts.values())
    numbered = {**wanted.numbered, "status": ("ok",)}
    kept = replace(wanted, cuts=wanted.cuts if bins <= _MAX_BINS else {}, numbered=numbered)
    served = usage.filter(_served(usage))
    keys = [*ledger.keys_without_time(served, kept), _block(served).name("block")]
    table = engine.to_arrow(served.group_by([*keys, *_token_keys(served)]).aggregate(**_token_sums(served)))
    return Traffic(ledger.dims(table, [key.get_name() for key in keys], kept), _tokens(table))


def _served(usage: ibis.Table) -> ibis.Value:
    billed = usage.billable.isnull() | usage.billable
    return ledger.accepted(usage) & billed & (usage.status.fill_null("ok") == "ok")


def _any_of(tests: Iterable[ibis.Value]) -> ibis.Value:
    found = ibis.literal(value=False)
    for test in tests:
        found |= test
    return found


def _block(usage: ibis.Table) -> ibis.Value:
    return ((usage.ts.epoch_seconds() // BLOCK_S) % BLOCKS).cast("int64")


def _uncached(usage: ibis.Table) -> ibis.Value:
    """Return the prompt tokens that had to be read: all but those from the cache."""
    written = (usage[key].fill_null(0) for key in PROMPT_KEYS if key not in ("input", "cache_read"))
    return sum(written, usage.input)


def _token_keys(usage: ibis.Table) -> list[ibis.Value]:
    return [
        INPUT_BINS.of(_uncached(usage)).name("input_bin"),
        OUTPUT_BINS.of(usage.output).name("output_bin"),
    ]


def _token_sums(usage: ibis.Table) -> dict[str, ibis.Value]:
    return {
        "requests": usage.request_count.sum().cast("int64"),
        "prompt_tokens": _uncached(usage).sum().cast("int64"),
        "answer_tokens": usage.output.sum().cast("int64"),
    }


def _tokens(table: pa.Table) -> Tokens:
    names = ("input_bin", "output_bin", "prompt_tokens", "answer_tokens")
    prompt, answer, *sums = (int64(table.column(name)) for name in names)
    known = (prompt != _UNKNOWN) & (answer != _UNKNOWN)
    return Tokens(int64(table.column("requests")), known, prompt, answer, *sums)
