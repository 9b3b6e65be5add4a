"""docs/formats.md says what the importers do: every format, field and synonym, and the cells it shows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from aggcost.cli.analyze import WARN_UP_TO_PERCENT
from aggcost.cli.common import MAX_QUARANTINED_PERCENT
from aggcost.engine import open_engine
from aggcost.importers import FORMATS, Format, casts
from aggcost.importers.casts import Cell
from aggcost.importers.fields import SYNONYMS

sys.path.insert(0, str(Path(__file__).parent.parent / "docs"))
import build_formats

PAGE = (Path(__file__).parent.parent / "docs" / "formats.md").read_text(encoding="utf-8")
FIELDS = re.findall(r"^\| `(\w+)` \|(.*?)\|", PAGE, re.MULTILINE)
ACCEPTED = {
    "count": ["1200", "5.0", str(10**12)],
    "amount": ["0.0125", "1.5e-05", "-0.01"],
    "duration": ["0.91", "5"],
    "time": ["2026-02-02", "2026-02-02 09:00", "2026-02-02T09:00:00.123456Z"],
    "status": ["ok", "success", "completed", "error", "failed", "timeout", "rate_limited", "cancelled", "aborted",
               "rejected", "refused", "blocked"],
}  # fmt: skip
REFUSED = {
    "count": ["12.7", "1_000", "1,000", "1e3", "0x10", "-1", str(10**12 + 1)],
    "amount": ["$1", "1,25"],
    "duration": ["1.2s", "-5"],
    "time": ["02/03/2026", "9 am"],
    "status": ["perhaps"],
}


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.NAME)
def test_a_format_has_its_section(one: Format) -> None:
    section = " ".join(PAGE.partition(f"\n### {one.NAME}\n")[2].partition("\n### ")[0].split())
    for text in (one.TITLE, one.RULE, one.SEMANTICS, *one.CAPABILITIES.values()):
        assert text in section


def test_the_sections_are_those_of_the_registry() -> None:
    assert build_formats.with_formats(PAGE) == PAGE, "make docs"


def test_every_field_is_listed_with_all_its_names_in_order() -> None:
    listed = {field: tuple(re.findall(r"`(\w+)`", names)) for field, names in FIELDS}
    assert listed == {field: tuple(name for name in synonyms if name != field) for field, synonyms in SYNONYMS.items()}


def sql(kind: str, text: str) -> str:
    cell = Cell("'" + text + "'")
    if kind == "time":
        return casts.timestamp(cell, "UTC")
    if kind == "duration":
        return casts.milliseconds(cell, None)
    return {"count": casts.count, "amount": casts.money, "status": casts.status}[kind](cell)


@pytest.mark.parametrize("kind", ACCEPTED)
def test_cells_are_read_as_the_page_says(kind: str) -> None:
    with open_engine() as engine:
        for text in ACCEPTED[kind] + REFUSED[kind]:
            (value,) = engine.rows(f"SELECT {sql(kind, text)}")[0]
            assert (value is not None) == (text in ACCEPTED[kind]), text


@pytest.mark.parametrize("kind", ACCEPTED)
def test_the_page_shows_those_cells(kind: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {kind} |"))
    accepted, refused = row.split(" | ")[1:3]
    shown = re.findall(r"`([^`]+)`", accepted) if kind in ("count", "amount") else []
    assert set(shown) <= set(ACCEPTED[kind])
    assert set(re.findall(r"`([^`]+)`", refused)) <= set(REFUSED[kind])


def test_the_page_names_the_shares_that_end_with_exit_3() -> None:
    said = " ".join(PAGE.split())
    assert f"more than {MAX_QUARANTINED_PERCENT} % of the rows are, `analyze` above {WARN_UP_TO_PERCENT} %" in said
