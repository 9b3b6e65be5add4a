"""Every worked example of docs/prices.md: a price file, and what requests cost under it."""

import re
from pathlib import Path

import pytest
from pricing import NOW, charge, rates_of

from aggcost.price_sources import load_rates, tables
from aggcost.ratecard import RateCard

SHIPPED = re.compile(r"\| provider [^\n]*\n\|[-|]+\n(?P<rows>(?:\|[^\n]*\n)+)")
PAGE = Path(__file__).parent.parent / "docs" / "prices.md"
EXAMPLE = re.compile(
    r"```(?P<kind>yaml|json)\n(?P<text>.*?)```\n\n\| model [^\n]*\n\|[-|]+\n(?P<rows>(?:\|[^\n]*\n)+)", re.DOTALL
)


def examples():
    for example in EXAMPLE.finditer(PAGE.read_text(encoding="utf-8")):
        for row in example["rows"].splitlines():
            yield example["kind"], example["text"], *(cell.strip() for cell in row.strip("|").split("|"))


def test_the_page_has_examples_of_every_section():
    assert len(list(EXAMPLE.finditer(PAGE.read_text(encoding="utf-8")))) == 10
    assert PAGE.read_text(encoding="utf-8").count("```yaml") == 10


@pytest.mark.parametrize("example", list(examples()))
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
