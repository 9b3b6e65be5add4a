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
from aggcost.integers import IntArray, int64, lists
from aggcost.ledger import Cells, Plan
from aggcost.meters import TOKEN_KEYS
from aggcost.prefix_cache import Blocks, blocks_of, check_sizes

if TYPE_CHECKING:
    from aggcost.engine import Engine

SECOND_US = 1_000_000
UNKNOWN = -1
_BLOCKS = ("prefix_blocks", "block_tokens")
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
        table = self.engine.to_arrow(
            joined.select(
                cell=joined.key_cell,
                ts_us=ts_us(joined).fill_null(UNKNOWN),
                file=joined.file_number.fill_null(0),
                line=joined[_place(joined)].fill_null(0).cast("int64"),
                **{name: joined[name] for name in _BLOCKS if blocks and name in joined.columns},
                **{name: joined[f"row_{name}"].fill_null(0).cast("int64") for name in (*summed, "requests")},
                **{name: joined[f"row_{name}"].fill_null(UNKNOWN).cast("int64") for name in named},
            )
        )
        return _sorted(table, [*summed, "requests"], list(extra))

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


def ts_us(usage: ibis.Table) -> ibis.Value:
    """Return the time of a row in microseconds since 1970, UTC."""
    seconds = usage.ts.truncate("s").epoch_seconds().cast("int64")
    return seconds * SECOND_US + usage.ts.microsecond().cast("int64")


def _sorted(table: pa.Table, summed: Sequence[str], extra: Sequence[str]) -> Ordered:
    ts_us, cell = int64(table.column("ts_us")), int64(table.column("cell"))
    counted = {name: int64(table.column(name)) for name in summed}
    places = [int64(table.column("line")), int64(table.column("file")), ts_us]
    order = np.lexsort([*counted.values(), cell, *places])
    blocks = _blocks(table)
    return Ordered(
        cell[order],
        ts_us[order],
        {name: values[order] for name, values in counted.items()},
        {name: int64(table.column(f"extra {name}"))[order] for name in extra},
        None if blocks is None else blocks.take(order),
    )


def _blocks(table: pa.Table) -> Blocks | None:
    """Return the blocks of prompts; DataQualityError where the log does not say how many tokens one has."""
    if "prefix_blocks" not in table.column_names:
        return None
    offsets, ids = lists(table.column("prefix_blocks"))
    sizes = np.zeros(table.num_rows, np.int64)
    if "block_tokens" in table.column_names:
        sizes = int64(table.column("block_tokens"))
    check_sizes(np.diff(offsets), sizes)
    return blocks_of(offsets, ids, sizes)
