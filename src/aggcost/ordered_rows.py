"""Rows of a log in the order of time, as arrays of integers: each with the cell of the ledger that it belongs to.

The keys of the cells go back into the engine and are joined to the rows, so that a row is known by a number. Only rows
of the cells that are asked for come out, and only columns that are not zero in all of them. Rows of one instant are
ordered by file and line, then by what they count: rows that are equal in all of that may stand for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aggcost import ledger, quantities
from aggcost.integers import IntArray, int64, lists, narrow
from aggcost.ledger import Cells, Plan
from aggcost.meters import TOKEN_KEYS
from aggcost.prefix_cache import Blocks, blocks_of, check_sizes

if TYPE_CHECKING:
    from aggcost.engine import Engine

SECOND_US = 1_000_000
UNKNOWN = -1
_BLOCKS = ("prefix_blocks", "block_tokens")
_PORTION = 1 << 17  # rows
_NOT_SUMMED = frozenset({"records", "first_s", "last_s", "requests"})


@dataclass(frozen=True, slots=True)
class Ordered:
    """Rows in order: `cell` of the ledger, `ts_us` (-1: unknown, these stand first), `sums` and `extra` by name.

    `blocks` are those of their prompts, where they were asked for and the log names them.
    """

    cell: IntArray
    ts_us: IntArray
    sums: Mapping[str, IntArray]
    extra: Mapping[str, IntArray]
    blocks: Blocks | None = None

    def __len__(self) -> int:
        return len(self.cell)

    def take(self, which: IntArray) -> Ordered:
        """Return some of the rows, in their order."""
        sums = {name: values[which] for name, values in self.sums.items()}
        extra = {name: values[which] for name, values in self.extra.items()}
        blocks = None if self.blocks is None else self.blocks.take(which)
        return Ordered(self.cell[which], self.ts_us[which], sums, extra, blocks)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A ledger whose cells are found again at the rows of its log; `keys` has a row a cell, as the engine has them."""

    engine: Engine
    usage: ibis.Table
    plan: Plan
    zone: tzinfo
    cells: Cells
    keys: pa.Table

    def rows(self, among: IntArray, extra: Mapping[str, ibis.Value], *, blocks: bool = False) -> Ordered:
        """Return the rows of the cells at the positions `among`, with `extra` columns of integers (null is -1).

        With `blocks` they have those of their prompts, where the log names them.
        """
        summed = [n for n in self.cells.sums if n not in _NOT_SUMMED and self.cells.sums[n][among].any()]
        named = {f"extra {name}": value for name, value in extra.items()}
        joined = self._joined(among, summed, named)
        asked = joined.select(
            cell=joined.key_cell,
            ts_us=self.engine.micros(joined.ts).fill_null(UNKNOWN).cast("int64"),
            file=joined.file_number.fill_null(0),
            line=joined[_place(joined)].fill_null(0).cast("int64"),
            **{name: joined[name] for name in _BLOCKS if blocks and name in joined.columns},
            **{name: joined[f"row_{name}"].fill_null(0).cast("int64") for name in (*summed, "requests")},
            **{name: joined[f"row_{name}"].fill_null(UNKNOWN).cast("int64") for name in named},
        )
        arrays: dict[str, list[IntArray]] = {}
        for portion in self.engine.portions(asked, _PORTION):
            _take(portion, arrays)
        return _sorted(arrays, [*summed, "requests"], list(extra))

    def _joined(self, among: IntArray, summed: Sequence[str], extra: Mapping[str, ibis.Value]) -> ibis.Table:
        """Return the rows of these cells with the number of their cell, and of their file."""
        usage, names = self.usage, self.keys.column_names
        numbers = self.keys.take(pa.array(among)).append_column("cell", pa.array(among, pa.int64()))
        lookup = _stored(self.engine, "cells", numbers.rename_columns([f"key_{name}" for name in (*names, "cell")]))
        files = _stored(self.engine, "files", _files(self.engine, usage))
        counted = {**_counted(usage, self.plan), **extra}
        kept = usage.mutate(
            **{f"of_{key.get_name()}": key for key in ledger.keys(usage, self.plan, self.zone)},
            **{f"row_{name}": counted[name] for name in (*summed, "requests", *extra)},
        )
        same = [kept[f"of_{name}"].identical_to(lookup[f"key_{name}"]) for name in names]
        return kept.join(lookup, same).left_join(files, "source_file")


def numbered(engine: Engine, usage: ibis.Table, wanted: Plan, zone: tzinfo) -> Numbered:
    """Return the ledger of `ledger.scan`, its cells in an order that no engine decides."""
    table, keys = ledger.scan_table(engine, usage, wanted, zone)
    table = table.take(_order(table, keys))
    return Numbered(engine, usage, wanted, zone, ledger.cells_of(table, keys, wanted), table.select(keys))


def _order(table: pa.Table, names: Sequence[str]) -> pa.Array:
    import pyarrow.compute as pc  # noqa: PLC0415 - slow to import, and only replays in order need it

    return pc.sort_indices(table, sort_keys=[(name, "ascending") for name in names])


def _place(usage: ibis.Table) -> str:
    """Return the column that says where in its file a row stands; few logs have the number of every row."""
    return "source_row" if "source_row" in usage.columns else "source_line"


def _stored(engine: Engine, name: str, table: pa.Table) -> ibis.Table:
    path = engine.folder / f"{name}.parquet"
    pq.write_table(table, path)
    return engine.read_parquet(path)


def _files(engine: Engine, usage: ibis.Table) -> pa.Table:
    """Return a number for each file, in the order of their names."""
    found = engine.to_arrow(usage.select("source_file").distinct()).column("source_file").to_pylist()
    names = sorted(name for name in found if name is not None)
    numbers = pa.array(range(len(names)), pa.int64())
    return pa.table({"source_file": pa.array(names, pa.string()), "file_number": numbers})


def _counted(usage: ibis.Table, wanted: Plan) -> dict[str, ibis.Value]:
    """Return what each row adds to the sums of its cell."""
    tokens = {name: usage[name] for name in (*TOKEN_KEYS, "reasoning")}
    pico = (usage.recorded_cost.cast("decimal(38, 12)") * 10**12).cast("int64")
    extra = quantities.counted(usage, wanted.roundings)
    return {**tokens, "requests": usage.request_count, "recorded_pico": pico, **extra}


def _take(portion: pa.Table, arrays: dict[str, list[IntArray]]) -> None:
    """Keep the integers of some rows in as few bytes as hold them."""
    for name in portion.column_names:
        if name != "prefix_blocks":
            arrays.setdefault(name, []).append(narrow(int64(portion.column(name))))
            continue
        offsets, ids = lists(portion.column(name))
        arrays.setdefault("counts", []).append(np.diff(offsets))
        arrays.setdefault("ids", []).append(ids)


def _sorted(arrays: dict[str, list[IntArray]], summed: Sequence[str], extra: Sequence[str]) -> Ordered:
    """Return the rows in order; each column is let go of once it is sorted."""

    def joined(name: str) -> IntArray:
        return np.concatenate(arrays.pop(name, [np.zeros(0, np.int64)]))

    ts_us, cell = joined("ts_us"), joined("cell")
    counted = {name: joined(name) for name in summed}
    order = _order_of(ts_us, [*counted.values(), cell, joined("line"), joined("file")])
    blocks = _blocks(joined("counts"), joined("ids"), joined("block_tokens")) if "counts" in arrays else None
    for name in summed:
        counted[name] = counted[name][order]
    return Ordered(
        cell[order],
        ts_us[order],
        counted,
        {name: joined(f"extra {name}")[order] for name in extra},
        None if blocks is None else blocks.take(order),
    )


def _order_of(ts_us: IntArray, places: Sequence[IntArray]) -> IntArray:
    """Return the order by time, of equal times by `places`, the last one first."""
    order = np.argsort(ts_us, kind="stable")
    same = np.diff(ts_us[order]) == 0
    no = np.zeros(1, dtype=bool)
    tied = np.flatnonzero(np.concatenate([no, same]) | np.concatenate([same, no])) if len(order) else order
    rows = order[tied]
    order[tied] = rows[np.lexsort([*(one[rows] for one in places), ts_us[rows]])]
    return order


def _blocks(counts: IntArray, ids: IntArray, sizes: IntArray) -> Blocks:
    """Return the blocks of prompts; DataQualityError where the log does not say how many tokens one has."""
    sizes = sizes.astype(np.int64) if len(sizes) else np.zeros(len(counts), np.int64)
    check_sizes(counts, sizes)
    return blocks_of(np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]), ids, sizes)
