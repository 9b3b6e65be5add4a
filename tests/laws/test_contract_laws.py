"""Laws of contracts: schedules against the integral of their steps, terms against the definition, break-evens."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from contracts import analyzed, options, policy, request
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aggcost import backtest
from aggcost.break_even import MonthTerms, break_even_usd
from aggcost.contract import Adjustment, Contract, as_of, contracted
from aggcost.meters import USAGE_KEYS
from aggcost.model_rates import ModelRates, Period, RateLine, SourceInfo
from aggcost.money import PICO
from aggcost.months import month_grid_s, month_numbers, month_start_s
from aggcost.schedule import MonthlyPrices, Schedule, Tier, TierPrices
from aggcost.tariff import Tariff

YEAR = (1_767_225_600, 1_798_761_600)  # 2026 in UTC
fractions = st.fractions(0, 5, max_denominator=7)
ends = st.lists(st.integers(1, 60), min_size=0, max_size=4, unique=True).map(sorted)
months = st.builds(
    MonthTerms,
    st.fractions("0.1", 2, max_denominator=20),
    st.fractions(0, 500, max_denominator=3),
    st.fractions(0, 2, max_denominator=10),
    st.fractions(0, 500, max_denominator=3),
)


def priced(kind, bounds, prices):
    """A month whose tiers cost these prices a unit."""
    tiers = tuple(Tier(None if end is None else Fraction(end)) for end in (*bounds, None))
    lines = tuple(TierPrices((price,) * len(USAGE_KEYS), {}) for price in prices)
    return MonthlyPrices("x", Schedule(kind, "tokens", "UTC", USAGE_KEYS, tiers), 0, lines[0], lines)


def cost(month, quantity):
    return month.at(Fraction(quantity), month.before).base[0] * quantity


@given(ends, st.data(), st.integers(0, 80))
def test_graduated_is_the_sum_over_units_and_volume_the_last_unit_s_price(bounds, data, quantity):
    prices = data.draw(st.lists(fractions, min_size=len(bounds) + 1, max_size=len(bounds) + 1))
    of_unit = [prices[sum(unit > end for end in bounds)] for unit in range(1, quantity + 1)]
    assert cost(priced("graduated", bounds, prices), quantity) == sum(of_unit)
    assert cost(priced("volume", bounds, prices), quantity) == quantity * (of_unit[-1] if of_unit else 0)


@given(ends, fractions, st.integers(0, 80), st.sampled_from(["graduated", "volume"]))
def test_equal_tiers_are_one_flat_price(bounds, price, quantity, kind):
    assert cost(priced(kind, bounds, [price] * (len(bounds) + 1)), quantity) == price * quantity


@given(ends, st.data(), st.integers(0, 80), st.sampled_from(["graduated", "volume"]))
def test_doubling_every_price_doubles_the_month(bounds, data, quantity, kind):
    prices = data.draw(st.lists(fractions, min_size=len(bounds) + 1, max_size=len(bounds) + 1))
    assert cost(priced(kind, bounds, [2 * price for price in prices]), quantity) == 2 * cost(
        priced(kind, bounds, prices), quantity
    )


@given(st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"]), st.integers(*YEAR))
def test_a_step_of_the_grid_lies_in_one_month(zone, start):
    grid = month_grid_s(zone)
    begin = start - start % grid
    first, last = month_numbers(np.array([begin, begin + grid - 1]), zone).tolist()
    assert first == last
    assert month_start_s(first, zone) <= begin < month_start_s(first + 1, zone)


@st.composite
def adjustments(draw):
    begin, end = sorted(draw(st.lists(st.integers(*YEAR), min_size=2, max_size=2, unique=True)))
    span = draw(st.sampled_from([(None, None), (begin, None), (None, end), (begin, end)]))
    return Adjustment(
        provider=draw(st.sampled_from(["acme", "other"])), from_s=span[0], to_s=span[1], where="x",
        factor=draw(st.fractions("0.1", 2, max_denominator=20)), models=draw(st.sampled_from([None, ("one",), ("two",)])),
    )  # fmt: skip


def of_acme(*edges):
    """Rates of acme/one with another price between any two edges."""
    spans = zip((None, *edges), (*edges, None), strict=True)
    periods = (Period(*span, {"standard": Tariff({"input": Fraction(place)})}) for place, span in enumerate(spans, 1))
    return ModelRates("acme", "one", SourceInfo("test"), tuple(periods))


def input_usd(rates, start):
    lines, index = rates.lines(None, None, np.array([start]), np.array([0]))
    line = lines[index[0]]
    assert isinstance(line, RateLine)
    return line.prices[0]


@settings(deadline=None)
@given(
    st.lists(st.integers(*YEAR), max_size=2, unique=True).map(sorted),
    st.lists(adjustments(), max_size=4),
    st.lists(adjustments(), max_size=3),
    st.integers(*YEAR),
)
def test_a_contract_is_the_price_times_the_first_terms_that_hold(edges, discounts, uplifts, start):
    rates = of_acme(*edges)
    expected = input_usd(rates, start)
    for kind in (discounts, uplifts):
        held = [
            one.factor
            for one in kind
            if one.provider == "acme" and one.models in (None, ("one",))
            and (one.from_s is None or one.from_s <= start) and (one.to_s is None or start < one.to_s)
        ]  # fmt: skip
        expected *= held[0] if held else 1
    agreed = contracted(rates, Contract(tuple(discounts), tuple(uplifts)))
    assert input_usd(agreed, start) == expected
    assert input_usd(as_of(agreed, start), YEAR[0] - 1) == expected


@given(months, st.fractions(0, 2000, max_denominator=3))
def test_just_above_the_break_even_the_contract_is_cheaper_and_below_it_never(terms, list_usd):
    even = break_even_usd(terms)
    if even is None:
        assert terms.cost_usd(list_usd) >= list_usd
        return
    step = Fraction(1, 10**9)
    assert terms.cost_usd(even) == even
    assert terms.cost_usd(even + step) < even + step
    assume(list_usd <= even)
    assert terms.cost_usd(list_usd) >= list_usd


EVERYTHING = """\
providers:
  acme:
    models:
      one:
        rates:
          - prices: {input: "2", output: "10"}
            schedule: {kind: graduated, tiers: [{up_to: 1500}, {up_to: 4000, multiply: "0.7"}, {multiply: "0.333333"}]}
discounts: [{provider: acme, percent: 7, effective: {from: 2026-02-10}}]
commitments: [{name: deal, provider: acme, monthly: "0.02", overage: {multiply: "0.9"}}]
credits: [{name: gift, provider: acme, monthly: "0.001"}]
"""
ROWS = [
    request(f"2026-02-{day:02d}T{hour:02d}:30:00Z", tokens=day * 7 + hour, output=hour, task=f"t{day % 3}")
    for day in range(1, 29)
    for hour in (0, 9, 23)
]
SPLIT = "rules: [{when: true, split: {acme/one: 12.5, as_logged: 87.5}}]\n"


def test_identity_saves_exactly_nothing_under_every_term(tmp_path):
    same = policy(tmp_path, "rules: []\n")
    (tmp_path / "split").mkdir()
    to_itself = policy(tmp_path / "split", SPLIT)
    report = backtest.simulate(options(tmp_path, ROWS, EVERYTHING), [same, to_itself])
    for compared, arm in zip(report.comparisons, report.arms[1:], strict=True):
        assert (compared.savings, compared.total.savings) == (0, 0)
        assert {row.savings for row in compared.components} == {0}
        assert arm.by["task"] == report.arms[0].by["task"]


def test_doubled_rates_double_a_graduated_month(tmp_path):
    rates = EVERYTHING.partition("commitments")[0]
    once = analyzed(tmp_path, ROWS, rates).arms[0].cost
    twice = analyzed(tmp_path, ROWS, rates.replace('"2"', '"4"').replace('"10"', '"20"')).arms[0].cost
    assert abs(twice - 2 * once) <= PICO  # each is rounded once


def test_order_and_files_change_nothing(tmp_path):
    asked = options(tmp_path, ROWS, EVERYTHING)
    whole = backtest.analyze(asked)
    (tmp_path / "parts").mkdir()
    parts = options(tmp_path / "parts", ROWS[::-2], EVERYTHING), options(tmp_path, ROWS[-2::-2], EVERYTHING)
    split = backtest.analyze(replace(asked, logs=tuple(one.logs[0] for one in parts)))
    assert (split.arms, split.contracts, split.tiers) == (whole.arms, whole.contracts, whole.tiers)
