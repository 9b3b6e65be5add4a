"""Every worked example of docs/prices.md: a price file, and what requests cost under it."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from contracts import options, request
from pricing import NOW, charge, rates_of

from aggcost import backtest
from aggcost.money import plain
from aggcost.price_sources import load_rates, tables
from aggcost.ratecard import RateCard

SHIPPED = re.compile(r"\| provider [^\n]*\n\|[-|]+\n(?P<rows>(?:\|[^\n]*\n)+)")
PAGE = Path(__file__).parent.parent / "docs" / "prices.md"
EXAMPLE = re.compile(
    r"```(?P<format>yaml|json)\n(?P<text>[^`]*)```\n\n"
    r"\| (?P<kind>model|in one month|list)[ ,][^\n]*\n\|[-|]+\n(?P<rows>(?:\|[^\n]*\n)+)"
)


def examples(kind):
    for example in EXAMPLE.finditer(PAGE.read_text(encoding="utf-8")):
        if example["kind"] != kind:
            continue
        for row in example["rows"].splitlines():
            yield example["format"], example["text"], *(cell.strip() for cell in row.strip("|").split("|"))


def test_the_page_has_examples_of_every_section():
    kinds = [example["kind"] for example in EXAMPLE.finditer(PAGE.read_text(encoding="utf-8"))]
    assert [kinds.count(kind) for kind in ("model", "in one month", "list")] == [12, 1, 1]
    assert PAGE.read_text(encoding="utf-8").count("```yaml") == 13


@pytest.mark.parametrize("example", list(examples("model")))
def test_the_page_is_right(tmp_path, example):
    kind, text, model, when, tier, region, usage, usd = example
    path = tmp_path / f"prices.{kind}"
    path.write_text(text, encoding="utf-8")
    rates = rates_of(RateCard([tables.read(path)]), "acme", model)
    quantities = {meter: int(amount) for meter, amount in (part.split() for part in usage.split(", "))}
    cost = charge(rates, when or NOW, tier or None, region or None, **quantities)
    assert (cost or "unpriced") == usd


def shipped_examples():
    for table in SHIPPED.finditer(PAGE.read_text(encoding="utf-8")):
        for row in table["rows"].splitlines():
            yield tuple(cell.strip() for cell in row.strip("|").split("|"))


@pytest.mark.parametrize("example", list(shipped_examples()))
def test_the_page_is_right_about_the_shipped_prices(example):
    provider, model, when, tier, region, usage, usd = example
    quantities = {meter: int(amount) for meter, amount in (part.split() for part in usage.split(", "))}
    assert charge(rates_of(load_rates(), provider, model), when, tier or None, region or None, **quantities) == usd


def under(tmp_path, text, *rows):
    return backtest.analyze(options(tmp_path, list(rows), text.removeprefix("aggcost_prices: 1\n")))


@pytest.mark.parametrize("example", list(examples("in one month")))
def test_the_monthly_tiers_are_right(tmp_path, example):
    _, text, model, usage, tier, usd = example
    amounts = {meter: int(amount) for meter, amount in (part.split() for part in usage.split(", "))}
    row = request("2026-02-10T00:00:00Z", f"acme/{model}", tokens=amounts["input"], output=amounts.get("output", 0))
    report = under(tmp_path, text, row)
    assert plain(report.arms[0].cost) == usd
    (reached,) = report.tiers
    assert f"{reached.tier} of {reached.tiers}" == tier


@pytest.mark.parametrize("example", list(examples("list")))
def test_the_months_under_contract_are_right(tmp_path, example):
    _, text, listed, *lines, paid, cheaper = example
    edges = [request("2026-02-01T00:30:00Z"), request("2026-02-28T23:30:00Z")]
    used = request("2026-02-10T00:00:00Z", tokens=int(listed) * 1_000_000)
    report = under(tmp_path, text, *edges, used)
    (figures,) = report.contracts
    assert (plain(figures.list_monthly), plain(figures.contract_monthly)) == (listed, paid)
    assert figures.cheaper is (cheaper == "yes")
    discounted = figures.list_monthly * Decimal("0.85")
    assert figures.contract_monthly == discounted + sum(map(Decimal, lines))
    if figures.list_monthly:
        assert figures.break_even_monthly == 49_500
