"""Rating cells by hand: lines, factors, shares, and what has no price."""

from fractions import Fraction

import numpy as np

from aggcost.ledger import SUM_KEYS, Cells, Dim
from aggcost.meters import USAGE_KEYS
from aggcost.policy import Route
from aggcost.price_sources import load_rates
from aggcost.ratecard import RateLine, Unpriced
from aggcost.rating import Rates, Shares, all_of, rate

NONE = None
PRICES = """\
aggcost_prices: 1
currency: USD
source: {name: by hand, checked: 2026-02-01}
providers:
  acme:
    models:
      large:
        rates:
          - prices: {input: "2.00", cache_read: "0.50", output: "10.00"}
            tiers: [{when: {prompt_tokens: {gt: 1000}}, prices: {input: "4.00", output: "20.00"}}]
      per-call: {rates: [{prices: {requests: {price: "2.50", per: 1000}}}]}
"""


def cells(*rows, known=True):
    """Cells of (provider, model, prompt bin, input, cache_read, output, requests)."""

    def dim(values):
        distinct = tuple(dict.fromkeys(values))
        return Dim(np.array([distinct.index(value) for value in values], np.int32), distinct)

    columns = list(zip(*rows, strict=True))
    dims = {
        "provider": dim(columns[0]), "model": dim(columns[1]), "input_tokens": dim(columns[2]),
        "service_tier": dim([NONE] * len(rows)), "region": dim([NONE] * len(rows)), "start_s": dim([0] * len(rows)),
        "outcome": dim(["usage"] * len(rows)), "tokens_known": dim([known] * len(rows)),
        "recorded": dim([False] * len(rows)), "summed": dim([False] * len(rows)),
    }  # fmt: skip
    sums = {key: np.zeros(len(rows), np.int64) for key in (*SUM_KEYS, "records", "recorded_pico")}
    for key, column in zip(("input", "cache_read", "output", "requests"), columns[3:], strict=True):
        sums[key] = np.array(column, np.int64)
    sums["records"] = sums["requests"]
    return Cells(dims, sums)


def card(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES)
    return load_rates([path])


def totals(tmp_path, found):
    rates = Rates(found, card(tmp_path))
    return rate(found, all_of(rates.as_logged(), found), {}).total()


def test_a_cell_is_charged_by_the_tier_of_its_prompts(tmp_path):
    found = cells(("acme", "large", 0, 900, 100, 10, 1), ("acme", "large", 1001, 1500, 500, 10, 1))
    below = Fraction(900 * 2 + 10 * 10, 1_000_000) + Fraction(100, 2_000_000)
    above = Fraction(1500 * 4 + 10 * 20, 1_000_000) + Fraction(500, 2_000_000)
    assert totals(tmp_path, found).cost_usd == below + above


def test_an_unknown_model_has_no_cost_and_is_counted(tmp_path):
    sums = totals(tmp_path, cells(("acme", "large", 0, 1000, 0, 0, 2), ("acme", "unheard", 0, 70, 0, 7, 3)))
    assert sums.cost_usd == Fraction(2000, 1_000_000)
    assert (sums.unpriced, sums.unpriced_tokens, sums.priced) == (3, 77, 2)


def test_without_token_counts_only_a_price_per_request_applies(tmp_path):
    found = cells(("acme", "large", 0, 0, 0, 0, 4), ("acme", "per-call", 0, 0, 0, 0, 4), known=False)
    sums = totals(tmp_path, found)
    assert sums.unpriced == 4
    assert sums.cost_usd == Fraction("0.01")


def shares_of(lines, parts, whole, factors):
    size = len(parts)
    return Shares(
        cell=np.zeros(size, np.int64), parts=np.array(parts, np.int64), whole=whole,
        line=np.arange(size, dtype=np.int32) % len(lines), lines=lines,
        factor=np.arange(size, dtype=np.int32) % len(factors), factors=factors,
    )  # fmt: skip


def line(input_usd):
    prices = tuple(Fraction(input_usd) if key == "input" else Fraction(0) for key in USAGE_KEYS)
    return RateLine(prices, "by hand")


def test_a_split_charges_each_share_by_its_own_line():
    found = cells(("acme", "large", 0, 1000, 0, 0, 10))
    charges = rate(found, shares_of((line("0.03"), line("0.01")), [1, 3], 4, (Fraction(1), Fraction(1, 2))), {})
    assert charges.total().cost_usd == 1000 * (Fraction("0.03") / 4 + Fraction("0.01") / 2 * Fraction(3, 4))
    assert charges.total().requests == 10


def test_prices_that_do_not_terminate_stay_exact():
    found = cells(("acme", "large", 0, 1000, 0, 0, 10))
    charges = rate(found, shares_of((line(Fraction(1, 3)),), [1], 1, (Fraction(1, 7),)), {})
    assert charges.total().cost_usd == Fraction(1000, 21)


def test_an_unpriced_share_costs_nothing_known():
    found = cells(("acme", "large", 0, 1000, 0, 0, 10))
    totals = rate(found, shares_of((Unpriced("unpriced_model", "?"), line("1")), [1, 1], 2, (Fraction(1),)), {}).total()
    assert (totals.unpriced, totals.priced, totals.cost_usd) == (5, 5, 500)


def test_a_route_is_priced_as_if_logged_there(tmp_path):
    found = cells(("acme", "large", 0, 900, 100, 10, 1), ("other", "x", 1001, 1500, 500, 10, 1))
    rates = Rates(found, card(tmp_path))
    moved = rates.of(Route("acme", "large"))
    assert [moved.table[index].prices[0] * 1_000_000 for index in moved.index] == [2, 4]
    assert rates.of(Route("acme", "large")) is moved


def test_same_price_tells_tiers_apart(tmp_path):
    found = cells(
        ("acme", "large", 0, 1, 0, 0, 1), ("acme", "large", 1001, 1, 0, 0, 1), ("acme", "large", 0, 1, 0, 0, 1)
    )
    codes = Rates(found, card(tmp_path)).same_price([Route("acme", "large"), None])
    assert codes[0] == codes[2] != codes[1]


def test_cost_of_cells_without_a_price_is_unknown(tmp_path):
    found = cells(("acme", "large", 0, 1000, 0, 0, 1))
    rates = Rates(found, card(tmp_path))
    assert rates.cost(Route("acme", "large"), np.array([0])) == Fraction(2000, 1_000_000)
    assert rates.cost(Route("acme", "unheard"), np.array([0])) is None
