"""Random rate cards: the vectorised lookup against the definition, one request at a time."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aggcost.meters import PART_KEYS, PRICED, TOKEN_KEYS, USAGE_KEYS
from aggcost.model_rates import Period, RateLine, SourceInfo, Unpriced, WindowTariffs
from aggcost.ratecard import ModelRates
from aggcost.tariff import Step, Tariff
from aggcost.windows import Window

METERS = sorted(PRICED)
TOKENS = {*TOKEN_KEYS, "cache_write", *PART_KEYS}
YEAR = (1_767_225_600, 1_798_761_600)  # 2026 in UTC
instants = st.integers(*YEAR)
sizes = st.integers(0, 6)
amounts = st.one_of(st.none(), st.fractions(0, 20, max_denominator=7))
prices = st.dictionaries(st.sampled_from(METERS), amounts, min_size=1)
steps = st.lists(
    st.builds(Step, sizes.map(lambda size: size + 1), prices), max_size=2, unique_by=lambda s: s.from_tokens
)
tariffs = st.builds(Tariff, prices, steps.map(lambda found: tuple(sorted(found, key=lambda step: step.from_tokens))))
tables = st.dictionaries(st.sampled_from(["standard", "batch"]), tariffs, min_size=1)
hours = st.tuples(st.integers(0, 23), st.integers(1, 24)).filter(lambda pair: pair[0] != pair[1])
windows = st.builds(
    Window,
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
    st.frozensets(st.integers(0, 6), min_size=1),
    hours.map(lambda pair: ((pair[0] * 3600, pair[1] * 3600),)),
)


@st.composite
def cards(draw):
    edges = sorted(draw(st.sets(instants, min_size=0, max_size=3)))
    spans = [*zip([None, *edges], [*edges, None], strict=True)]
    kept = [span for span in spans if draw(st.booleans())] or spans[:1]
    periods = tuple(
        Period(
            begin, end, draw(tables),
            tuple(WindowTariffs(draw(windows), draw(tables)) for _ in range(draw(st.integers(0, 2)))),
            draw(st.dictionaries(st.sampled_from(["eu", "us"]), st.fractions(1, 2, max_denominator=10))),
        )
        for begin, end in kept
    )  # fmt: skip
    return ModelRates("acme", "one", SourceInfo("test"), periods)


def in_window(window, start):
    local = datetime.fromtimestamp(start, UTC).astimezone(ZoneInfo(window.zone))
    second = local.hour * 3600 + local.minute * 60 + local.second
    ((begin, end),) = window.hours_s
    if begin < end or second >= begin:
        return begin <= second and (begin > end or second < end) and local.weekday() in window.days
    return second < end and (local - timedelta(days=1)).weekday() in window.days


def oracle(rates, tier, region, start, prompt):
    """The definition: the period, the last window that holds, the service tier, the size, the climb."""
    period = next(
        (p for p in rates.periods if (p.from_s is None or p.from_s <= start) and (p.to_s is None or start < p.to_s)),
        None,
    )
    if period is None:
        return "unpriced_period"
    table = period.tariffs
    for priced in period.windows:
        if in_window(priced.window, start):
            table = priced.tariffs
    if tier not in table:
        return "unpriced_mode"
    stated = dict(table[tier].prices)
    reached = [step for step in table[tier].steps if step.from_tokens <= prompt]
    if reached:
        stated.update(reached[-1].prices)
    if "requests" in stated and not stated.keys() & TOKENS:
        stated |= {"input": Fraction(0), "output": Fraction(0)}
    found = (climb(stated, key) for key in USAGE_KEYS)
    return tuple(None if price is None else price * period.regions.get(region, 1) for price in found)


def climb(stated, key):
    for place in (key, *PRICED[key].ancestors):
        if place in stated:
            return stated[place]
    return Fraction(0) if key == "requests" else None


@settings(max_examples=80, deadline=None)
@given(
    cards(),
    st.lists(st.tuples(instants, sizes), min_size=1, max_size=20),
    st.sampled_from(["standard", "batch", "flex"]),
    st.sampled_from([None, "eu"]),
)
def test_the_table_of_lines_is_the_definition(rates, rows, tier, region):
    lines, index = rates.lines(tier, region, *(np.array(column, np.int64) for column in zip(*rows, strict=True)))
    found = [lines[place] for place in index]
    assert [one.prices if isinstance(one, RateLine) else one.reason for one in found] == [
        oracle(rates, tier, region, start, prompt) for start, prompt in rows
    ]
    assert all(isinstance(one, RateLine | Unpriced) for one in lines)


@settings(max_examples=30, deadline=None)
@given(cards(), instants, sizes, st.sampled_from(["standard", "batch"]))
def test_nothing_changes_inside_a_cell(rates, start, prompt, tier):
    """A cell is one step of the grid and one bin between two cuts: every request in it has one line."""
    begin = start - start % rates.grid_s
    cuts = np.array([0, *rates.cuts])
    smallest = cuts[cuts <= prompt].max()
    lines, index = rates.lines(tier, None, np.array([begin, start]), np.array([smallest, prompt]))
    assert lines[index[0]] == lines[index[1]]


@settings(max_examples=30, deadline=None)
@given(cards(), instants, sizes, st.sampled_from(["standard", "batch"]))
def test_doubling_every_price_doubles_every_line(rates, start, prompt, tier):
    doubled = ModelRates("acme", "one", SourceInfo("test"), tuple(map(twice, rates.periods)))
    before, after = (one.lines(tier, None, np.array([start]), np.array([prompt]))[0][0] for one in (rates, doubled))
    if isinstance(before, RateLine):
        assert after.prices == tuple(None if price is None else price * 2 for price in before.prices)
    else:
        assert after == before


def twice(period):
    def table(tariffs):
        return {
            tier: Tariff(double(one.prices), tuple(Step(step.from_tokens, double(step.prices)) for step in one.steps))
            for tier, one in tariffs.items()
        }

    windows = tuple(WindowTariffs(priced.window, table(priced.tariffs)) for priced in period.windows)
    return Period(period.from_s, period.to_s, table(period.tariffs), windows, period.regions)


def double(stated):
    return {meter: None if price is None else price * 2 for meter, price in stated.items()}
