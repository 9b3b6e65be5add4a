"""The ledger: what a scan keeps apart, and sums that stay exact."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from aggcost import integers, ledger, rules
from aggcost.errors import DataQualityError
from aggcost.integers import group_sums, int64, total
from aggcost.ledger import Dim, combine, group, plan


def atoms(*texts):
    return [atom for text in texts for atom in rules.parse(text, where="test").atoms]


def test_a_plan_cuts_numbers_where_a_test_or_a_price_changes():
    wanted = plan(atoms("input_tokens < 8000 and output_tokens > 20"), prompt_cuts=[200_001])
    assert wanted.cuts == {"input_tokens": (8000, 200_001), "output_tokens": (21,)}
    assert (wanted.tests, wanted.asked, wanted.names) == ((), {}, ())


def test_names_of_many_values_are_kept_only_where_some_test_asks():
    wanted = plan(atoms("user == 'a' or user in ['b', 'c']", "contains(user, 'z')", "operation == 'chat'"))
    assert wanted.asked == {"user": ("a", "b", "c")}
    assert [atom.text for atom in wanted.tests] == ["contains(user, 'z')"]
    assert wanted.names == ("operation",)


def test_hours_are_read_from_the_bucket_unless_time_is_cut_elsewhere():
    assert plan(atoms("hour < 6")).tests == ()
    assert [atom.text for atom in plan(atoms("hour < 6"), instants=(0,)).tests] == ["hour < 6"]


def test_a_sum_over_64_bits_is_exact():
    values = np.array([2**62, 2**62, 2**62, -5], dtype=np.int64)
    assert total(values) == 3 * 2**62 - 5
    assert group_sums(np.array([0, 0, 0, 1]), 2, values) == [3 * 2**62, -5]


def test_group_sums_agree_with_python_integers():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 50, 5000)
    values = rng.integers(-(2**60), 2**60, 5000)
    expected = [sum(int(value) for value in values[codes == code]) for code in range(50)]
    assert group_sums(codes, 50, values) == expected


def test_long_ledgers_are_summed_in_pieces(monkeypatch):
    monkeypatch.setattr(integers, "_EXACT_ROWS", 7)
    codes = np.arange(100) % 3
    assert group_sums(codes, 3, np.arange(100)) == [sum(range(code, 100, 3)) for code in range(3)]


@pytest.mark.parametrize("largest", [2**22, 4])
def test_groups_are_the_distinct_combinations(monkeypatch, largest):
    monkeypatch.setattr(ledger, "_LARGEST_CODE", largest)
    rng = np.random.default_rng(2)
    dims = [Dim(rng.integers(0, 9, 400).astype(np.int32), tuple(range(9))) for _ in range(4)]
    codes, members = group(dims, 400)
    keys = list(zip(*(dim.codes.tolist() for dim in dims), strict=True))
    assert len(members) == len(set(keys))
    for row, code in enumerate(codes.tolist()):
        assert keys[members[code]] == keys[row]


def test_codes_never_wrap():
    dims = [Dim(np.array([0, 999], np.int32), tuple(range(1000))) for _ in range(40)]
    codes, width = combine(dims, 2)
    assert codes.min() >= 0
    assert width < 2**62
    assert codes[0] != codes[1]


def test_equal_values_share_a_code_after_a_change():
    dim = Dim(np.array([0, 1, 2], np.int32), (1, 2, 3)).map(lambda value: value % 2)
    assert dim.values == (1, 0)
    assert dim.codes.tolist() == [0, 1, 0]


def test_a_column_is_read_as_it_lies_with_nulls_as_0():
    tens = pa.array([Decimal("0.5"), None, Decimal(-3)], pa.decimal128(38, 1))
    assert int64(pa.chunked_array([[1, None], [3]])).tolist() == [1, 0, 3]
    assert int64(pa.chunked_array([tens, tens.slice(1)])).tolist() == [5, 0, -30, 0, -30]
    assert int64(pa.chunked_array([pa.array([7, None, 9, None]).slice(1, 2)])).tolist() == [0, 9]
    assert not len(int64(pa.chunked_array([], pa.int64())))


def test_a_decimal_beyond_64_bits_is_refused():
    with pytest.raises(DataQualityError, match="64 bits"):
        int64(pa.chunked_array([pa.array([None, Decimal(2**63)], pa.decimal128(38, 0))]))
