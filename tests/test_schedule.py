"""Monthly tiers by hand: graduated and volume, what they count, and every arm's own reached tier."""

from decimal import Decimal
from fractions import Fraction

import pytest
from contracts import analyzed, options, policy, price_file, request

from aggcost import backtest, ledger
from aggcost.errors import ConfigError
from aggcost.price_sources import native_yaml
from aggcost.schedule import Schedule, Tier

# 2 USD per million up to 1,000 tokens a month, then 1 USD up to 3,000, then 0.50.
TIERS = 'tiers: [{up_to: 1000}, {up_to: 3000, prices: {input: "1"}}, {prices: {input: "0.50"}}]'


def prices_of(schedule, rate='prices: {input: "2", output: "10"}'):
    return f"providers:\n  acme: {{models: {{one: {{rates: [{{{rate}, schedule: {schedule}}}]}}}}}}\n"


def cost(tmp_path, rows, schedule, **more):
    return analyzed(tmp_path, rows, prices_of(schedule, **more)).arms[0].cost


FEBRUARY = [request("2026-02-01T00:00:00Z", tokens=1500), request("2026-02-28T23:00:00Z", tokens=2000)]


def test_graduated_charges_every_unit_at_its_own_tier(tmp_path):
    by_hand = Fraction(1000 * 2 + 2000 * 1 + 500 * Fraction("0.50"), 1_000_000)
    assert cost(tmp_path, FEBRUARY, f"{{kind: graduated, {TIERS}}}") == Decimal("0.00425") == by_hand


def test_volume_charges_all_units_at_the_reached_tier(tmp_path):
    assert cost(tmp_path, FEBRUARY, f"{{kind: volume, {TIERS}}}") == Decimal("0.00175")  # 3,500 x 0.50


@pytest.mark.parametrize(
    ("tokens", "usd"), [(999, "0.001998"), (1000, "0.002"), (1001, "0.001001"), (3001, "0.0015005")]
)
def test_the_end_of_a_tier_belongs_to_it(tmp_path, tokens, usd):
    rows = [request("2026-02-01T00:00:00Z", tokens=tokens)]
    assert cost(tmp_path, rows, f"{{kind: volume, {TIERS}}}") == Decimal(usd)


@pytest.mark.parametrize(("tokens", "usd"), [(1000, "0.002"), (1001, "0.002001"), (3000, "0.004"), (3001, "0.0040005")])
def test_a_graduated_cost_never_jumps(tmp_path, tokens, usd):
    rows = [request("2026-02-01T00:00:00Z", tokens=tokens)]
    assert cost(tmp_path, rows, f"{{kind: graduated, {TIERS}}}") == Decimal(usd)


def test_each_month_begins_anew(tmp_path):
    rows = [request("2026-02-28T23:30:00Z", tokens=1000), request("2026-03-01T00:30:00Z", tokens=1000)]
    assert cost(tmp_path, rows, f"{{kind: volume, {TIERS}}}") == Decimal("0.004")


def test_months_are_those_of_the_stated_zone(tmp_path):
    rows = [request("2026-02-28T22:30:00Z", tokens=1000), request("2026-02-28T23:30:00Z", tokens=1000)]
    schedule = f"{{kind: volume, tz: Europe/Berlin, {TIERS}}}"
    assert cost(tmp_path, rows, schedule) == Decimal("0.004")  # in Berlin the second is of March
    half_hour = f"{{kind: volume, tz: Asia/Kolkata, {TIERS}}}"
    rows = [request("2026-02-28T18:15:00Z", tokens=1000), request("2026-02-28T18:45:00Z", tokens=1000)]
    assert cost(tmp_path, rows, half_hour) == Decimal("0.004")  # midnight of India is 18:30 UTC


def test_months_are_kept_apart_where_hours_are_not(tmp_path, monkeypatch):
    rows = [request(f"2026-{month:02d}-{day:02d}T12:00:00Z", tokens=250) for month in (1, 2, 3) for day in range(1, 29)]
    whole = cost(tmp_path, rows, f"{{kind: graduated, {TIERS}}}")
    assert whole == 3 * Decimal("0.006")  # 7,000 tokens a month: 1,000 x 2 + 2,000 x 1 + 4,000 x 0.50
    monkeypatch.setattr(ledger, "MAX_CELLS", 200)
    assert cost(tmp_path, rows, f"{{kind: graduated, {TIERS}}}") == whole


def test_a_request_without_a_time_has_no_month_and_no_price(tmp_path):
    rows = [request("2026-02-01T00:00:00Z", tokens=10), request("", tokens=10)]
    report = analyzed(tmp_path, rows, prices_of(f"{{kind: volume, {TIERS}}}"))
    assert report.coverage.unpriced == 1
    assert "unpriced_period" in {issue.code for issue in report.issues}


def test_requests_are_counted_where_the_schedule_says_so(tmp_path):
    tiers = 'tiers: [{up_to: 2}, {prices: {requests: "500"}}]'  # 1 USD a request, then 0.50
    rows = [request(f"2026-02-0{day}T00:00:00Z", tokens=7) for day in (1, 2, 3)]
    flat = 'prices: {requests: "1000"}'
    assert cost(tmp_path, rows, f"{{kind: graduated, over: requests, {tiers}}}", rate=flat) == Decimal("2.5")
    assert cost(tmp_path, rows, f"{{kind: volume, over: requests, {tiers}}}", rate=flat) == Decimal("1.5")


def test_dollars_are_counted_at_the_prices_of_the_rate(tmp_path):
    # 1,000 x 2 + 100 x 10 = 3,000 millionths at list: the first 1,000 in full, the other 2,000 at 90 %.
    rows = [request("2026-02-01T00:00:00Z", tokens=1000, output=100)]
    tiers = 'tiers: [{up_to: "0.001"}, {multiply: "0.9"}]'
    assert cost(tmp_path, rows, f"{{kind: graduated, over: usd, {tiers}}}") == Decimal("0.0028")
    assert cost(tmp_path, rows, f"{{kind: volume, over: usd, {tiers}}}") == Decimal("0.0027")


def test_a_meter_may_have_tiers_of_its_own(tmp_path):
    rows = [request("2026-02-01T00:00:00Z", tokens=5000, output=300)]
    output = 'tiers: [{up_to: 100}, {multiply: "0.5"}]'
    one = f"{{kind: graduated, meters: [output], {output}}}"
    assert cost(tmp_path, rows, one) == Decimal(
        "0.012"
    )  # 5,000 x 2 + 100 x 10 + 200 x 5: input is neither counted nor changed
    both = f"[{one}, {{kind: volume, meters: [input], {TIERS}}}]"
    assert cost(tmp_path, rows, both) == Decimal("0.0045")  # 5,000 x 0.50 + 2,000


def test_a_tier_multiplies_windows_service_tiers_and_sizes_alike(tmp_path):
    rate = (
        'prices: {input: "2"}, tiers: [{when: {prompt_tokens: {gt: 500}}, prices: {input: "4"}}], '
        'modes: {batch: {prices: {input: "1"}, tiers: []}}'
    )
    rows = [
        request("2026-02-01T00:00:00Z", tokens=500),
        request("2026-02-02T00:00:00Z", tokens=1000),
        request("2026-02-03T00:00:00Z", tokens=500, service_tier="batch"),
    ]
    halved = '{kind: volume, tiers: [{up_to: 1999}, {multiply: "0.5"}]}'
    assert cost(tmp_path, rows, halved, rate=rate) == Decimal("0.00275")  # (500 x 2 + 1,000 x 4 + 500 x 1) / 2
    assert cost(tmp_path, rows, halved.replace("1999", "2000"), rate=rate) == Decimal("0.0055")


def test_breakdowns_add_up_at_the_price_of_the_whole_month(tmp_path):
    rows = [
        request("2026-02-01T00:00:00Z", tokens=1000, task="a"),
        request("2026-02-02T00:00:00Z", tokens=3000, task="b"),
    ]
    arm = analyzed(tmp_path, rows, prices_of(f"{{kind: graduated, {TIERS}}}")).arms[0]
    assert arm.cost == Decimal("0.0045")  # 1,000 x 2 + 2,000 x 1 + 1,000 x 0.50
    assert {group.key: group.cost for group in arm.by["task"]} == {"a": Decimal("0.001125"), "b": Decimal("0.003375")}


TWO = f"""\
{prices_of(f"{{kind: volume, {TIERS}}}")}\
  other: {{models: {{two: {{rates: [{{prices: {{input: "2", output: "10"}}, schedule: {{kind: volume, {TIERS}}}}}]}}}}}}
"""


def test_every_arm_reaches_tiers_of_its_own(tmp_path):
    moves = policy(tmp_path, "rules: [{when: task == 'a', route: other/two}]\notherwise: as_logged\n")
    rows = [
        request("2026-02-01T00:00:00Z", tokens=500, task="a"),
        request("2026-02-02T00:00:00Z", tokens=600, task="b"),
    ]
    before, after = backtest.simulate(options(tmp_path, rows, TWO), [moves]).arms
    assert before.cost == Decimal("0.0011")  # 1,100 tokens at 1
    assert after.cost == Decimal("0.0022")  # 500 and 600 tokens, each below its 1,000, at 2


def test_shares_of_a_split_count_by_their_weight(tmp_path):
    splits = policy(tmp_path, "rules: [{when: true, split: {other/two: 40, as_logged: 60}}]\notherwise: as_logged\n")
    rows = [request("2026-02-01T00:00:00Z", tokens=2000)]
    report = backtest.simulate(options(tmp_path, rows, TWO), [splits])
    assert report.arms[1].cost == Decimal("0.0028")  # 1,200 at 1, reached; 800 at 2


def test_the_cheapest_route_is_chosen_by_the_first_tier(tmp_path):
    text = f"""\
providers:
  acme: {{models: {{one: {{rates: [{{prices: {{input: "3"}}}}]}}}}}}
  big: {{models: {{b: {{rates: [{{prices: {{input: "2"}}, schedule: {{kind: volume, {TIERS}}}}}]}}}}}}
  flat: {{models: {{f: {{rates: [{{prices: {{input: "1.50"}}}}]}}}}}}
"""
    chooses = policy(tmp_path, "rules: [{when: true, route: {cheapest: [big/b, flat/f]}}]\n")
    report = backtest.simulate(options(tmp_path, [request("2026-02-01T00:00:00Z", tokens=5000)], text), [chooses])
    assert report.arms[1].cost == Decimal("0.0075")  # flat at 1.50, although 5,000 tokens at big would cost 0.50


def test_the_weights_of_tiers_are_exact():
    tiers = (Tier(Fraction(3)), Tier(Fraction(5)), Tier(None))
    graduated = Schedule("graduated", "tokens", "UTC", ("input",), tiers)
    assert graduated.weights(Fraction(7)) == (Fraction(3, 7), Fraction(2, 7), Fraction(2, 7))
    assert graduated.weights(Fraction(0)) == (1, 0, 0)
    assert Schedule("volume", "tokens", "UTC", ("input",), tiers).weights(Fraction(5)) == (0, 1, 0)


@pytest.mark.parametrize(
    ("schedule", "rate", "message"),
    [
        ("{kind: marginal, tiers: [{}]}", None, "expected graduated or volume, found 'marginal'"),
        ("{kind: volume, per: year, tiers: [{}]}", None, "expected month, found 'year'"),
        ("{kind: volume, tz: Mars, tiers: [{}]}", None, "unknown time zone 'Mars'"),
        ("{kind: volume, over: words, tiers: [{}]}", None, "expected tokens or requests or usd"),
        ("{kind: volume, meters: [inputs], tiers: [{}]}", None, "unknown meter 'inputs'"),
        ("{kind: volume, tiers: []}", None, "the last tier has no `up_to`"),
        ("{kind: volume, tiers: [{up_to: 5}]}", None, "the last tier has no `up_to`"),
        ("{kind: volume, tiers: [{}, {}]}", None, "only the last tier has no `up_to`"),
        ("{kind: volume, tiers: [{up_to: 5}, {up_to: 5}, {}]}", None, "ascending order"),
        ("{kind: volume, tiers: [{up_to: 0}, {}]}", None, "a tier ends above 0"),
        ('{kind: volume, tiers: [{prices: {input: "1"}, multiply: "1"}]}', None, "either `prices` or `multiply`"),
        ('{kind: volume, over: usd, tiers: [{prices: {input: "1"}}]}', None, "write `multiply`|no prices of its own"),
        ('{kind: volume, meters: [output], tiers: [{prices: {input: "1"}}]}', None, "does not price input"),
        ("[{kind: volume, tiers: [{}]}, {kind: volume, tiers: [{}]}]", None, "two schedules price"),
        ('{kind: volume, tiers: [{prices: {input: "1"}}]}', 'prices: {input: "2"}, modes: {batch: {prices: {input: "1"}}}', "beside modes"),
    ],
)  # fmt: skip
def test_a_schedule_that_cannot_be_meant_is_refused(tmp_path, schedule, rate, message):
    text = prices_of(schedule, **({"rate": rate} if rate else {}))
    with pytest.raises(ConfigError, match=message):
        native_yaml.read(price_file(tmp_path, text))


def test_a_month_that_is_logged_in_part_is_said(tmp_path):
    schedule = prices_of(f"{{kind: volume, {TIERS}}}")
    whole = [request("2026-02-01T00:30:00Z", tokens=1500), request("2026-02-28T23:30:00Z", tokens=2000)]
    report = analyzed(tmp_path, whole, schedule)
    assert not [issue for issue in report.issues if issue.code == "tier_of_partial_month"]
    (tier,) = report.tiers
    assert (tier.arm, tier.month, tier.kind, tier.over, tier.quantity) == (
        "as_logged",
        "2026-02",
        "volume",
        "tokens",
        3500,
    )
    assert (tier.tier, tier.tiers, tier.rate) == (3, 3, "prices.yaml: acme/one")
    part = [*whole, request("2026-03-01T00:30:00Z", tokens=5)]
    (issue,) = [one for one in analyzed(tmp_path, part, schedule).issues if one.code == "tier_of_partial_month"]
    assert issue.message == ("monthly tiers were reached on what is logged of 2026-03, which is not the whole month")
    abroad = analyzed(tmp_path, whole, prices_of(f"{{kind: volume, tz: Europe/Berlin, {TIERS}}}"))
    (issue,) = [one for one in abroad.issues if one.code == "tier_of_partial_month"]
    assert "2026-02, 2026-03" in issue.message  # in Berlin February begins an hour before the log


def test_an_arm_with_a_tier_of_a_month_logged_in_part_says_it_too(tmp_path):
    moves = policy(tmp_path, "rules: [{when: true, route: other/two}]\n")
    rows = [request("2026-02-01T00:00:00Z", "third/three", tokens=500)]
    text = TWO + '  third: {models: {three: {rates: [{prices: {input: "1"}}]}}}\n'
    report = backtest.simulate(options(tmp_path, rows, text), [moves])
    assert [tier.arm for tier in report.tiers] == ["policy"]
    assert "tier_of_partial_month" in {issue.code for issue in report.issues}
