"""Bins of tokens and milliseconds are the same on every engine, however it works out logarithms."""

from __future__ import annotations

import math
from fractions import Fraction

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aggcost.engine import open_engine
from aggcost.timing import INPUT_BINS, MARGIN, MS_BINS, OUTPUT_BINS, Bins

ALL = pytest.mark.parametrize("bins", [INPUT_BINS, OUTPUT_BINS, MS_BINS])


@ALL
def test_no_bound_is_near_a_whole_number(bins: Bins):
    """A step between two numbers lies far from both, on the scale of what engines may differ by."""
    clear = Fraction(MARGIN) * 2
    for step in range(bins.per_octave * bins.octaves):
        if not step % bins.per_octave:
            continue  # powers of two: each engine finds them within the margin
        above = math.ceil(2 ** (step / bins.per_octave))
        for number in (above - 1, above):
            # number^p against 2^step, exactly: how many steps apart?
            apart = abs(Fraction(number**bins.per_octave, 2**step) - 1) / 2
            assert number == 1 or apart > clear, (step, number)


@ALL
def test_bins_begin_at_their_bounds(tmp_path, bins: Bins):
    bounds = sorted({*bins.bounds})
    numbers = sorted({0, *bounds, *(bound - 1 for bound in bounds), bounds[-1] * 10})
    path = tmp_path / "numbers.parquet"
    pq.write_table(pa.table({"n": pa.array([None, *numbers], pa.int64())}), path)
    with open_engine(threads=1) as engine:
        table = engine.read_parquet(path)
        found = engine.to_arrow(table.mutate(bin=bins.of(table.n))).to_pydict()
    told = dict(zip(found["n"], found["bin"], strict=True))
    assert told.pop(None) == -1
    assert told == {number: sum(bound <= number for bound in bins.bounds) for number in numbers}
