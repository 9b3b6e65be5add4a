"""Every format of every golden report, byte for byte, and what must hold for any of them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from rich.cells import cell_len

from aggcost.errors import UsageError
from aggcost.output import FORMATS, View, render
from aggcost.output.clean import UNSAFE


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("80.txt", View(width=80)),
        ("200.txt", View(width=200)),
        ("80-detail.txt", View(width=80, detail=True)),
        ("colour.txt", View(width=120, colour=True)),
        ("ascii.txt", View(width=80, unicode=False)),
    ],
)
def test_tables_are_golden(case, report, golden, name, view):
    golden(f"{case}/{name}", render(report, "table", view))


@pytest.mark.parametrize(
    ("name", "format_name"), [("report.md", "markdown"), ("report.csv", "csv"), ("report.html", "html")]
)
def test_other_formats_are_golden(case, report, golden, name, format_name):
    golden(f"{case}/{name}", render(report, format_name, View(detail=True)))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_ends_in_one_newline_and_is_the_same_twice(report, name):
    text = render(report, name)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert text == render(report, name)


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(report, width):
    for line in render(report, "table", View(width=width)).splitlines():
        assert cell_len(line) <= width, line
        assert line == line.rstrip()


def test_the_default_screen_is_about_forty_lines(article):
    assert render(article).count("\n") <= 40


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "json"])
def test_nothing_live_reaches_a_terminal(report, name):
    text = render(report, name, View(detail=True))
    assert not UNSAFE.search(text)


def test_colour_adds_only_our_own_sequences(report):
    coloured = render(report, "table", View(colour=True))
    plain = render(report, "table", View())
    for sequence in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[1;31m", "\x1b[1;32m"):
        coloured = coloured.replace(sequence, "")
    assert coloured == plain


def test_colour_needs_no_terminal_and_none_is_used_unasked(article, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in render(article, "table", View(colour=False))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" in render(article, "table", View(colour=True))


def test_the_width_of_the_environment_does_not_matter(article, monkeypatch):
    expected = render(article)
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("TERM", "dumb")
    assert render(article) == expected


def test_an_encoding_without_bars_gets_ascii(report):
    assert render(report, "table", View(unicode=False, detail=True)).isascii()


def test_tables_stand_side_by_side_only_where_there_is_room(article):
    wide = render(article, "table", View(width=116)).splitlines()
    narrow = render(article, "table", View(width=80)).splitlines()
    assert any("total" in line and "failed requests" in line for line in wide)
    assert not any("total" in line and "failed requests" in line for line in narrow)


def _bill(text):
    """Return the amounts before and after, row by row, of the first table."""
    lines = text.split("$ a month", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [
        [Decimal(word.replace(",", "")) for word in line.split() if "." in word and "%" not in word] for line in lines
    ]


def test_shown_cents_add_up(article):
    comparison = article.comparisons[0]
    thirds = tuple(replace(row, before=Decimal("33.335"), after=Decimal("1.115")) for row in comparison.components[:3])
    total = replace(comparison.total, before=Decimal("100.005"), after=Decimal("3.345"))
    rows = _bill(render(replace(article, comparisons=(replace(comparison, components=thirds, total=total),))))
    assert sum(row[0] for row in rows[:-1]) == rows[-1][0]
    assert sum(row[1] for row in rows[:-1]) == rows[-1][1]


def test_a_bill_without_prices_says_so(article):
    comparison = article.comparisons[0]
    unknown = replace(comparison.total, before=None, after=None, savings=None, savings_percent=None)
    unpriced = replace(comparison, total=unknown, roi=None, savings=None, savings_percent=None)
    text = render(replace(article, comparisons=(unpriced,)))
    assert "the cost is unknown" in text
    assert "$0" not in text.splitlines()[0]


def test_the_identity_is_exactly_as_today(article):
    comparison = article.comparisons[0]
    same = replace(comparison, total=replace(comparison.total, after=Decimal(10000), savings=Decimal(0)))
    text = render(replace(article, comparisons=(replace(same, moved_requests=0, roi=None),)))
    assert text.startswith("policy article: $10,000 a month, exactly as today.\n")


def test_many_rows_are_folded_and_still_add_up(article):
    comparison = article.comparisons[0]
    many = tuple(replace(comparison.components[0], name=f"provider-{n:02}") for n in range(30))
    total = replace(comparison.total, before=Decimal(60000 + 6320), after=Decimal(680 * 30 + 710))
    text = render(
        replace(article, comparisons=(replace(comparison, components=(*many, comparison.components[3]), total=total),))
    )
    rows = _bill(text)
    assert "other (23)" in text
    assert len(rows) == 10
    assert sum(row[0] for row in rows[:-1]) == rows[-1][0]


def test_an_unknown_format_names_the_nearest(article):
    with pytest.raises(UsageError, match="expected one of table, json") as error:
        render(article, "jsn")
    assert error.value.hint == "did you mean 'json'?"


TAGS = {
    "html", "head", "meta", "title", "style", "body", "p", "div", "table", "thead", "tbody", "tr", "th", "td",
    "dl", "dt", "dd", "details", "summary",
}  # fmt: skip


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()
        self.attributes = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_no_element_of_the_page_is_made_from_data(report):
    page = _Tags()
    page.feed(render(report, "html"))
    assert page.tags <= TAGS
    assert page.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope"}
    assert "default-src 'none'" in render(report, "html")


def test_no_cell_of_the_csv_is_a_formula(report):
    rows = list(csv.reader(io.StringIO(render(report, "csv"))))
    assert rows[0] == ["section", "key", "metric", "value"]
    for row in rows[1:]:
        assert len(row) == 4
        for cell in row:
            if cell.lstrip().startswith(tuple("=+-@\t\r＝＋－＠")):  # noqa: RUF001
                assert Decimal(cell) < 0


def test_csv_keys_are_unique_and_hold_every_figure(report):
    rows = list(csv.reader(io.StringIO(render(report, "csv"))))[1:]
    assert len({tuple(row[:3]) for row in rows}) == len(rows)


def test_the_csv_of_the_article_is_easy_to_look_up(article):
    rows = {tuple(row[:3]): row[3] for row in csv.reader(io.StringIO(render(article, "csv")))}
    assert rows["arms", "as_logged", "cost_monthly"] == "10000"
    assert rows["arms", "as_logged/by/model/gpt-4o", "tokens.input"] == "320000000"
    assert rows["comparisons", "article/components/overheads", "savings"] == "5610"
    assert rows["comparisons", "article/service/p95 latency", "change"] == "-60.714286"
    assert rows["comparisons", "article", "roi.payback_months"] == "3.037975"
    assert rows["comparisons", "article/roi/readings/api_only", "payback_months"] == "10.480349"


def test_markdown_shows_markup_and_makes_none(report):
    text = render(report, "markdown", View(detail=True))
    own = re.compile(r"<!-- aggcost \w+ -->|<!-- -->|</?details>|</?summary>|<br>")
    rest = re.sub(r"\\.", "", own.sub("", text))  # neither what is ours nor what is escaped
    assert "<" not in rest
    assert "[" not in rest
    assert "`" not in rest
    assert not re.search(r"@\w|#\d|://|www\.", text)
