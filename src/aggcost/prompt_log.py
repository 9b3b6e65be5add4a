"""The prompts of a log in the order in which they were sent, as arrays of integers, beside what prices them.

Rows come from the engine in portions, and of each only a few numbers stay: ten million requests take less than a
gigabyte. What no split of a prompt changes is summed at once, by the requests that are priced alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from aggcost import ledger
from aggcost.engine import Engine
from aggcost.integers import IntArray, group_sums, int64, lists, narrow
from aggcost.ledger import Dim
from aggcost.meters import PROMPT_KEYS
from aggcost.prefix_cache import UNKNOWN_SESSION, Blocks, Prompts, blocks_of, check_sizes

NAMES = ("provider", "model", "service_tier", "region")
# What decides the price of a request: names, the time and the size of its prompt, as the ledger has them.
PRICE_KEYS = (*NAMES, "start_s", "input_tokens")
SUMS = (*PROMPT_KEYS, "output", "reasoning")
_ROWS, _ROWS_WITH_LISTS = 1 << 17, 1 << 12  # a portion
_PLACED = ("source_file", "source_row")


@dataclass(frozen=True, slots=True)
class PricedAlike:
    """Requests by what prices them: a group a request, the keys of each group, and the sums that each has as logged."""

    group: IntArray
    keys: Mapping[str, Dim]
    sums: Mapping[str, IntArray]

    def __len__(self) -> int:
        return len(self.sums["requests"])

    @property
    def models(self) -> tuple[IntArray, int]:
        """A code of who serves each request, and how many there are."""
        codes, members = ledger.group([self.keys[name] for name in ("provider", "model")], len(self))
        return codes[self.group], len(members)

    def sum(self, values: IntArray) -> IntArray:
        """Return for each group the sum of one number a request."""
        return np.array(group_sums(self.group, len(self), values), np.int64)


@dataclass(frozen=True, slots=True)
class PromptLog:
    """The requests of a log in the order in which they were sent; `tells_reads`: it says what a cache served."""

    prompts: Prompts
    priced: PricedAlike
    tells_reads: bool


def read_prompts(engine: Engine, rows: ibis.Table, wanted: ledger.Plan) -> PromptLog:
    """Return the prompts of these rows of the usage, each of which has a time and a count of prompt tokens.

    They stand in order of time, then as in the log. Few logs say how they stand (those with blocks do); of the others
    requests of one session and time go by the size of their prompts, as those of a conversation do.
    """
    told = [name for name in ("prefix_blocks", "block_tokens", *_PLACED) if name in rows.columns]
    with_lists = "prefix_blocks" in told
    asked = rows.select(*_columns(engine, rows, wanted, told if with_lists else ()))
    portions = _Portions(wanted)
    for portion in engine.portions(asked, _ROWS_WITH_LISTS if with_lists else _ROWS):
        portions.add(portion)
    return portions.whole()


def _columns(engine: Engine, rows: ibis.Table, wanted: ledger.Plan, told: Sequence[str]) -> Iterator[ibis.Value]:
    yield engine.micros(rows.ts).name("ts_us")
    yield ledger.number(rows, "input_tokens").name("tokens")
    yield ledger.start_of(rows, wanted).name("start_s")
    yield ledger.prompt_bin(rows, wanted).name("input_tokens")
    session = ibis.ifelse(rows.session_id.notnull(), engine.hashed(rows.session_id), UNKNOWN_SESSION)
    yield session.cast("int64").name("session")
    for name in (*NAMES, *SUMS, *told):
        yield rows[name]


@dataclass(slots=True)
class _Portions:
    """What is kept of the portions so far: groups by the values of their keys, sums of each, and arrays."""

    wanted: ledger.Plan
    groups: dict[tuple[Any, ...], int] = field(default_factory=dict)
    files: dict[str | None, int] = field(default_factory=dict)
    sums: list[list[int]] = field(default_factory=list)
    arrays: dict[str, list[IntArray]] = field(default_factory=dict)
    tells_reads: bool = False

    def add(self, portion: pa.Table) -> None:
        """Take what is needed of some rows."""
        kept = {name: int64(portion.column(name)) for name in ("ts_us", "tokens", "session")}
        kept["group"] = self._grouped(portion)
        self.tells_reads |= portion.column("cache_read").null_count < len(portion)
        if "prefix_blocks" in portion.column_names:
            offsets, kept["ids"] = lists(portion.column("prefix_blocks"))
            kept |= {"counts": np.diff(offsets), **self._placed(portion)}
        for name, values in kept.items():
            self.arrays.setdefault(name, []).append(narrow(values))

    def _grouped(self, portion: pa.Table) -> IntArray:
        dims = list(ledger.dims(portion, PRICE_KEYS, self.wanted).values())
        codes, members = ledger.group(dims, len(portion))
        values = zip(*([dim.values[code] for code in dim.codes[members].tolist()] for dim in dims), strict=True)
        places = [self.groups.setdefault(keys, len(self.groups)) for keys in values]
        self.sums += [[0] * (len(SUMS) + 1) for _ in range(len(self.groups) - len(self.sums))]
        counted = [*(int64(portion.column(name)) for name in SUMS), np.ones(len(portion), np.int64)]
        for column, numbers in enumerate(counted):
            for place, number in zip(places, group_sums(codes, len(members), numbers), strict=True):
                self.sums[place][column] += number
        return np.array(places, np.int64)[codes]

    def _placed(self, portion: pa.Table) -> dict[str, IntArray]:
        files = ledger.dims(portion, ("source_file",), self.wanted)["source_file"]
        has_sizes = "block_tokens" in portion.column_names
        return {
            "file": files.at(lambda name: self.files.setdefault(name, len(self.files))),
            "row": int64(portion.column("source_row")),
            "size": int64(portion.column("block_tokens")) if has_sizes else np.zeros(len(portion), np.int64),
        }

    def whole(self) -> PromptLog:
        """Return all rows in their order."""
        group = _ranks(self.groups)[self._joined("group")]
        ts_us, tokens, session = (self._joined(name) for name in ("ts_us", "tokens", "session"))
        session = _numbered(session)
        placed = (self._joined("row"), _ranks(self.files)[self._joined("file")]) if "ids" in self.arrays else ()
        order = np.lexsort((group, tokens, session, *placed, ts_us) if not placed else (*placed, ts_us))
        blocks = self._blocks().take(order) if placed else None
        prompts = Prompts(ts_us[order], session[order], tokens[order].astype(np.int64), blocks)
        return PromptLog(prompts, PricedAlike(group[order], *self._priced()), self.tells_reads)

    def _priced(self) -> tuple[dict[str, Dim], dict[str, IntArray]]:
        """Return the keys and the sums of the groups, by the order of their values."""
        ordered = _in_order(self.groups)
        each = np.arange(len(ordered), dtype=np.int32)
        columns = zip(*ordered, strict=True) if ordered else ((),) * len(PRICE_KEYS)
        dims = {name: Dim(each, values).map(lambda one: one) for name, values in zip(PRICE_KEYS, columns, strict=True)}
        rows = [self.sums[self.groups[keys]] for keys in ordered]
        table = np.array(rows, np.int64).reshape(len(rows), len(SUMS) + 1)
        return dims, dict(zip((*SUMS, "requests"), table.T, strict=True))

    def _blocks(self) -> Blocks:
        counts, sizes = self._joined("counts"), self._joined("size").astype(np.int64)
        check_sizes(counts, sizes)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        return blocks_of(offsets, self._joined("ids"), sizes)

    def _joined(self, name: str) -> IntArray:
        """Return a column of all portions, which let go of it."""
        return np.concatenate(self.arrays.pop(name, [np.zeros(0, np.int64)]))


def _numbered(session: IntArray) -> IntArray:
    """Return hashes of sessions numbered from 0, unknown ones as they are."""
    _, codes = np.unique(session, return_inverse=True)
    return np.where(session == UNKNOWN_SESSION, UNKNOWN_SESSION, codes)


def _in_order(keys: Mapping[Any, int]) -> list[Any]:
    """Return keys, or tuples of them, ordered by their values, whatever order they were met in; None comes first."""

    def order(key: Any) -> Any:
        return [(one is not None, one) for one in (key if isinstance(key, tuple) else (key,))]

    return sorted(keys, key=order)


def _ranks(codes: Mapping[Any, int]) -> IntArray:
    """Return for each code the place of its key in their order."""
    ranks = np.zeros(len(codes), np.int32)
    ranks[[codes[key] for key in _in_order(codes)]] = np.arange(len(codes))
    return ranks  # type: ignore[return-value]
