"""Nothing that a log says may steer a terminal; what people write stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from aggcost.output.clean import MAX_CELLS, UNSAFE, clean, cut, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\x00\x07\x7f", "a\\x00\\x07\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u200b\ufeff", "\\u200b\\ufeff"),
        ("\udcff", "\\udcff"),
        ("\U000e0041", "\\U000e0041"),
        ("two\nlines\t", "two\\nlines\\x09"),
        ("gpt-4o [bold] <b>", "gpt-4o [bold] <b>"),
        ("e\u0301le\u0300ve 模型 🤖", "e\u0301le\u0300ve 模型 🤖"),
    ],
)
def test_clean(text, shown):
    assert clean(text) == shown


@given(st.text(alphabet=st.characters(), max_size=300))
def test_any_text_becomes_one_safe_line_of_at_most_eighty_cells(text):
    shown = clean(text)
    assert not UNSAFE.search(shown)
    assert "\n" not in shown
    assert cell_len(shown) <= MAX_CELLS
    assert len(shown) <= 4 * MAX_CELLS + 3
    shown.encode("utf-8")  # no surrogate is left
    assert visible(shown) == shown


def test_cut_counts_cells_and_not_characters():
    assert cut("模型模型", 8) == "模型模型"
    assert cut("模型模型x", 8) == "模型..."
    assert cut("abcdefgh", 5) == "ab..."
    assert cell_len(cut("a" + "\u0301" * 1000, 10)) <= 10
