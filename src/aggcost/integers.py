"""The integers of a scan as numpy arrays: read from Arrow as they lie in memory, summed exactly.

numpy and Arrow wrap silently where a sum leaves 64 bits; nothing here does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from aggcost.errors import DataQualityError

IntArray = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
_EXACT_ROWS = 2**21
_LISTED = 2**16


def int64(column: pa.ChunkedArray) -> IntArray:
    """Return a column as int64 (decimals in units of their last digit), nulls as 0."""
    if not len(column):
        return np.zeros(0, np.int64)
    values = column.combine_chunks()
    whole = _unscaled(values) if pa.types.is_decimal(values.type) else numbers(values).astype(np.int64)
    return np.where(_known(values), whole, 0) if values.null_count else whole


def lists(column: pa.ChunkedArray) -> tuple[IntArray, IntArray]:
    """Return a column of lists of int64 as offsets (one more than rows) and values; a null is an empty list."""
    chunks = [chunk for chunk in column.chunks if len(chunk)]
    lengths = [np.zeros(1, np.int64), *map(_lengths, chunks)]
    values = [np.zeros(0, np.int64), *(numbers(chunk.flatten()) for chunk in chunks)]
    return np.cumsum(np.concatenate(lengths)), np.concatenate(values)


def _lengths(values: pa.Array) -> IntArray:
    lengths = np.diff(numbers(values.offsets).astype(np.int64))
    return np.where(_known(values), lengths, 0) if values.null_count else lengths


def numbers(values: pa.Array) -> np.ndarray[Any, Any]:
    """Return the integers of an array as they lie in memory, whatever where it is null."""
    # Arrow's own to_numpy imports pandas first, which takes longer than a small log.
    if not len(values):
        return np.zeros(0, np.int64)
    return np.frombuffer(values.buffers()[1], dtype=str(values.type))[values.offset :][: len(values)]


def _known(values: pa.Array) -> Mask:
    bits = np.unpackbits(np.frombuffer(values.buffers()[0], np.uint8), bitorder="little")
    return bits[values.offset :][: len(values)].astype(bool)


def _unscaled(values: pa.Array) -> IntArray:
    """Read the 128-bit integers behind a decimal column, refusing what 64 bits cannot hold."""
    halves = np.frombuffer(values.buffers()[1], dtype="<i8").reshape(-1, 2)[values.offset :][: len(values)]
    low, high = halves[:, 0], halves[:, 1]
    wide = high != low >> 63
    if (wide & _known(values) if values.null_count else wide).any():
        raise DataQualityError("a sum of this log does not fit 64 bits", hint="are token counts or costs mistyped?")
    return low.copy()


def group_sums(codes: IntArray, groups: int, values: IntArray) -> list[int]:
    """Return for each group the exact sum of its values, as Python integers.

    numpy's int64 wraps silently, so the halves of each number are summed apart. Doubles hold these
    sums exactly: fewer than 2^21 halves of 32 bits stay below 2^53.
    """
    if len(values) > _EXACT_ROWS:
        parts = range(0, len(values), _EXACT_ROWS)
        sums = [group_sums(codes[at : at + _EXACT_ROWS], groups, values[at : at + _EXACT_ROWS]) for at in parts]
        return [sum(column) for column in zip(*sums, strict=True)]
    low = np.bincount(codes, weights=values & 0xFFFFFFFF, minlength=groups)
    high = np.bincount(codes, weights=values >> 32, minlength=groups)
    return [(int(upper) << 32) + int(lower) for upper, lower in zip(high, low, strict=True)]


def total(values: IntArray) -> int:
    """Return the exact sum of a column of the ledger."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def narrow(values: IntArray) -> Any:
    """Return integers in 32 bits where these hold them: of many rows, half the memory."""
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    small = np.iinfo(np.int32)
    return values.astype(np.int32) if small.min <= low and high <= small.max else values.copy()


def each(*columns: IntArray | Mask) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of some columns as Python's numbers, of which few are held at a time."""
    for at in range(0, len(columns[0]), _LISTED):
        yield from zip(*(column[at : at + _LISTED].tolist() for column in columns), strict=True)
