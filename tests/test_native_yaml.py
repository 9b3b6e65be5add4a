from datetime import date
from decimal import Decimal
from fractions import Fraction
from textwrap import dedent

import pytest
from pricing import NOW, charge, line, per_million, rates_of

from aggcost.errors import ConfigError
from aggcost.price_sources import load_rates, native_yaml
from aggcost.ratecard import RateCard, RateLine, Unpriced
from aggcost.tariff import Rounding

M = 1_000_000
HEAD = "aggcost_prices: 1\ncurrency: USD\nproviders:\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="prices.yaml"):
        path = tmp_path / name
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def card(write):
    """The card of one YAML file alone, without the catalogue."""
    return lambda text: RateCard([native_yaml.read(write(text))])


def model(rates, name="m"):
    """A file with one model of the provider acme, whose `rates` are given as lines."""
    lines = "\n".join(f"        {text}" for text in dedent(rates).strip().splitlines())
    return f"{HEAD}  acme:\n    models:\n      {name}:\n{lines}\n"


FULL = """
aggcost_prices: 1
currency: USD
source: {name: "acme contract 2026", url: null, checked: 2026-11-01}
providers:
  openai:
    models:
      gpt-5.4:
        match: {any: [{equals: gpt-5.4}, {regex: '^gpt-5\\.4-\\d{4}-\\d{2}-\\d{2}$'}]}
        deployments: {azure: [prod-chat, prod-chat-eu]}
        limits: {context: 1050000, max_output: 128000}
        capabilities: [tools, json_schema, vision]
        retired: null
        rates:
          - effective: {from: 2026-03-05T00:00:00Z, to: null}
            per: 1000000
            prices: {input: "2.50", cache_read: "0.25", output: "15.00"}
            tiers:
              - when: {prompt_tokens: {gt: 272000}}
                prices: {input: "5.00", cache_read: "0.50", output: "22.50"}
            modes:
              batch:    {prices: {input: "1.25", cache_read: "0.13", output: "7.50"},
                         tiers: [{when: {prompt_tokens: {gt: 272000}},
                                  prices: {input: "2.50", cache_read: "0.25", output: "11.25"}}]}
              priority: {prices: {input: "5.00", cache_read: "0.50", output: "30.00"}, tiers: unsupported}
            regions: {eu: {multiply: "1.10"}}
  deepseek:
    models:
      deepseek-v4-pro:
        rates:
          - effective: {from: 2026-08-22T16:00:00Z}
            prices: {input: "0.66", cache_read: "0.022", output: "1.98"}
            windows:
              - {tz: Asia/Shanghai, days: [mon, tue, wed, thu, fri], hours: ["09:00-12:00", "14:00-18:00"],
                 prices: {input: "1.32", cache_read: "0.044", output: "3.96"}}
"""


@pytest.fixture
def full(card):
    return card(FULL)


def test_facts_and_source(full):
    rates = rates_of(full, "openai", "gpt-5.4")
    assert (rates.context_window, rates.max_output, rates.retired) == (1_050_000, 128_000, None)
    assert rates.capabilities == ("tools", "json_schema", "vision")
    assert (rates.source.name, rates.source.checked) == ("acme contract 2026", date(2026, 11, 1))
    assert len(rates.source.digest or "") == 64
    assert (rates.cuts, rates.grid_s, rates.service_tiers) == ((272_001,), 3600, ("standard", "batch", "priority"))


@pytest.mark.parametrize(
    ("tier", "quantities", "expected"),
    [
        (None, {"input": 272_000, "output": 1000}, "0.695"),
        (None, {"input": 272_001, "output": 1000}, "1.382505"),
        ("batch", {"cache_read": 100_000}, "0.013"),
        ("batch", {"input": 272_001}, "0.6800025"),
        ("priority", {"input": 272_000}, "1.36"),
        ("priority", {"input": 272_001}, None),
        ("flex", {"input": 1}, None),
    ],
)
def test_service_tiers_and_prompt_sizes(full, tier, quantities, expected):
    assert charge(rates_of(full, "openai", "gpt-5.4"), NOW, tier, **quantities) == expected


def test_an_offer_that_ends_at_a_size_says_so(full):
    found = line(rates_of(full, "openai", "gpt-5.4"), prompt=300_000, tier="priority")
    assert found == Unpriced("unpriced_mode", "openai/gpt-5.4: priority is not offered from 272001 prompt tokens")


def test_a_region_multiplies(full):
    rates = rates_of(full, "openai", "gpt-5.4")
    found = line(rates, region="EU")
    assert [per_million(found, meter) for meter in ("input", "cache_read", "output")] == [
        Decimal("2.75"), Decimal("0.275"), Decimal("16.5"),
    ]  # fmt: skip
    assert line(rates, region="us") == line(rates)


def test_before_the_first_price_there_is_none(full):
    found = line(rates_of(full, "openai", "gpt-5.4"), "2026-03-04T23:59:59Z")
    assert found == Unpriced("unpriced_period", "openai/gpt-5.4 has no price at that time")
    assert isinstance(line(rates_of(full, "openai", "gpt-5.4"), "2026-03-05T00:00:00Z"), RateLine)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-11-21T02:30:00Z", "2.64"),  # Saturday
        ("2026-11-23T00:59:59Z", "2.64"),
        ("2026-11-23T01:00:00Z", "5.28"),
        ("2026-11-23T03:59:59Z", "5.28"),
        ("2026-11-23T04:00:00Z", "2.64"),
        ("2026-11-23T10:00:00Z", "2.64"),
        ("2026-08-22T15:59:59Z", None),
    ],
)
def test_windows_of_weekdays_in_their_own_zone(full, when, expected):
    assert charge(rates_of(full, "deepseek", "deepseek-v4-pro"), when, input=M, output=M) == expected


def test_a_deployment_is_mapped_by_name_only(full):
    assert full.resolve("azure", "prod-chat").how == "deployment of openai/gpt-5.4"
    assert full.resolve("azure", "PROD-CHAT-EU").rates == rates_of(full, "openai", "gpt-5.4")
    assert full.resolve("azure", "my-deploy").rates is None
    assert full.resolve("openai", "prod-chat").rates is None


def test_a_pattern_covers_dated_names(full):
    assert rates_of(full, "openai", "gpt-5.4-2026-03-05").model == "gpt-5.4"
    assert full.resolve("openai", "gpt-5.4-mini").rates is None


def test_an_azure_deployment_of_a_catalogue_model(write):
    text = HEAD + "  openai: {models: {gpt-4o: {deployments: {azure: [my-deploy]}}}}\n"
    rates = rates_of(load_rates([write(text)]), "azure", "my-deploy")
    assert charge(rates, input=1000, output=100) == "0.0035"
    assert load_rates().resolve("azure", "my-deploy").rates is None


@pytest.mark.parametrize(
    ("price", "per"), [("0.0000025", 1), ("0.0025", 1000), ("2.5", 1_000_000), ("0.00025", 100), ("25", 10_000_000)]
)
def test_one_price_in_different_units_is_one_rate(card, price, per):
    rates = rates_of(card(model(f'rates: [{{per: {per}, prices: {{input: "{price}"}}}}]')), "acme", "m")
    assert line(rates) == RateLine((*[Fraction(25, 10**7)] * 5, None, Fraction(0)), "prices.yaml: acme/m")


def test_a_unit_that_no_decimal_can_state_stays_exact(card):
    rates = rates_of(card(model('rates: [{prices: {input: {price: "0.04", per: 3600}}}]')), "acme", "m")
    assert charge(rates, input=3600) == "0.04"


def test_unquoted_prices_are_read_from_their_text(card):
    assert charge(rates_of(card(model("rates: [{prices: {input: 1.10}}]")), "acme", "m"), input=10**12) == "1100000"


def test_a_price_for_a_thousand_requests_beside_token_prices(card):
    text = model('rates: [{prices: {input: "1", output: "1", requests: {price: "12", per: 1000}}}]')
    assert charge(rates_of(card(text), "acme", "m"), input=500, output=500, requests=1) == "0.013"


def test_a_price_for_requests_alone_includes_their_tokens(card):
    rates = rates_of(card(model('rates: [{prices: {requests: "2.50"}}]')), "acme", "m")
    assert charge(rates, input=900, output=100, requests=1) == "0.0025"
    found = line(rates)
    assert isinstance(found, RateLine)
    assert not found.free


def test_service_tiers_and_windows_are_stated_in_the_unit_of_their_rate(card):
    text = """
        rates:
          - per: 1000
            prices: {input: "4"}
            modes: {batch: {prices: {input: "2"}}, flex: {per: 1, prices: {input: "3"}}}
            windows:
              - hours: ["00:00-06:00"]
                prices: {input: "3"}
                modes: {batch: {prices: {input: "1"}}, flex: {prices: {input: "1"}}}
    """
    rates = rates_of(card(model(text)), "acme", "m")
    noon, night = NOW, "2026-11-23T00:00:00Z"
    assert [charge(rates, noon, tier, input=1000) for tier in (None, "batch", "flex")] == ["4", "2", "3000"]
    assert [charge(rates, night, tier, input=1000) for tier in (None, "batch", "flex")] == ["3", "1", "1"]


def test_requests_keep_their_own_unit_under_another_per(card):
    rates = rates_of(card(model('rates: [{per: 1, prices: {input: "1", requests: "2.50"}}]')), "acme", "m")
    assert charge(rates, input=1, requests=1) == "1.0025"


GPT_AUDIO = 'rates: [{prices: {input: "2.5", input_audio: "32", output: "10", output_audio: "64"}}]'


def test_a_part_with_a_price_leaves_the_meter_it_is_in(card):
    rates = rates_of(card(model(GPT_AUDIO)), "acme", "m")
    assert charge(rates, input=1100, input_audio=1000, output=450, output_audio=400) == "0.05835"


def test_a_part_without_a_price_stays_in_the_meter_it_is_in(card):
    rates = rates_of(card(model('rates: [{prices: {input: "1.1", output: "4.4"}}]')), "acme", "m")
    assert charge(rates, input=1000, output=5000, reasoning=4000, input_image=7) == "0.0231"
    assert line(rates).extra == {}


@pytest.mark.parametrize(
    ("prices", "usd"),
    [
        ('input: "1", cache_read: "2", input_audio: "4", cache_read_audio: "8"', "0.000008"),
        ('input: "1", cache_read: "2", input_audio: "4", cache_read_audio: "0"', "0"),
        ('input: "1", cache_read: "2", input_audio: "4"', "0.000002"),
        ('input: "1", input_audio: "4"', "0.000004"),
        ('input: "1"', "0.000001"),
        ('input: "1", cache_read_audio: unsupported', None),
        ('cache_read_audio: "8"', "0.000008"),
    ],
)
def test_cached_audio_climbs_to_the_nearest_price(card, prices, usd):
    rates = rates_of(card(model(f"rates: [{{prices: {{{prices}}}}}]")), "acme", "m")
    assert charge(rates, cache_read=1, cache_read_audio=1) == usd


def test_fees_are_charged_beside_tokens(card):
    text = 'rates: [{prices: {input: "3", output: "15"}, fees: {web_search: {price: "10", per: 1000}}}]'
    rates = rates_of(card(model(text)), "acme", "m")
    assert charge(rates, input=1000, output=500, web_search=3) == "0.0405"
    assert charge(rates, input=1000, output=500, file_search=1) is None


def test_seconds_are_counted_in_thousandths_and_rounded_as_stated(card):
    fee = '{price: "0.36", per: 3600, minimum: 10, round_up: "0.5"}'
    rates = rates_of(card(model(f"rates: [{{prices: {{}}, fees: {{second_audio_in: {fee}}}}}]")), "acme", "m")
    assert charge(rates, second_audio_in=3) == charge(rates, second_audio_in=10) == "0.001"
    assert line(rates).extra == {"second_audio_in": Fraction(1, 10_000_000)}
    assert line(rates).roundings == {"second_audio_in": Rounding(10_000, 500)}


def test_a_service_tier_that_states_a_fee_states_its_minimum_too(card):
    text = """
        rates:
          - prices: {}
            fees: {page: {price: "4", per: 1000, minimum: 5}}
            modes: {batch: {prices: {}, fees: {page: {price: "2", per: 1000}}}, flex: {prices: {}}}
    """
    rates = rates_of(card(model(text)), "acme", "m")
    assert [charge(rates, tier=tier, page=1) for tier in (None, "batch", "flex")] == ["0.02", "0.002", "0.02"]


def test_a_price_per_request_with_a_fee_still_includes_the_tokens(card):
    text = 'rates: [{prices: {requests: "2.50"}, fees: {web_search: {price: "10", per: 1000}}}]'
    rates = rates_of(card(model(text)), "acme", "m")
    assert charge(rates, input=900, output=100, requests=1, web_search=1) == "0.0125"


def test_unsupported_is_not_free(card):
    rates = rates_of(card(model('rates: [{prices: {input: "1", cache_write: unsupported}}]')), "acme", "m")
    assert charge(rates, input=M) == "1"
    assert charge(rates, cache_write_5m=1) is None


def test_fireworks_cached_tokens(card):
    rates = rates_of(card(model('rates: [{prices: {input: "1.4", cache_read: "0.26"}}]')), "acme", "m")
    assert charge(rates, input=44_341 - 41_518, cache_read=41_518) == "0.01474688"


def test_tiers_at_least_and_more_than(card):
    text = """
        rates:
          - prices: {input: "1"}
            tiers:
              - {when: {prompt_tokens: {gt: 200}}, prices: {input: "3"}}
              - {when: {prompt_tokens: {ge: 100}}, prices: {input: "2"}}
    """
    rates = rates_of(card(model(text)), "acme", "m")
    assert rates.cuts == (100, 201)
    prices = [per_million(line(rates, prompt=prompt), "input") for prompt in (99, 100, 200, 201)]
    assert prices == [1, 2, 2, 3]


def test_a_window_and_a_service_tier_combine_where_the_card_says_how(card):
    text = """
        rates:
          - prices: {input: "4", output: "8"}
            modes: {batch: {prices: {input: "2"}}, flex: {prices: {output: "3"}}}
            windows:
              - {hours: ["00:00-06:00"], prices: {input: "3"}, modes: {batch: {prices: {input: "1"}}}}
    """
    rates = rates_of(card(model(text)), "acme", "m")
    night, noon = "2026-11-23T05:59:59Z", "2026-11-23T12:00:00Z"
    found = {
        (when, tier): [per_million(line(rates, when, tier=tier), meter) for meter in ("input", "output")]
        for when in (night, noon)
        for tier in (None, "batch", "flex")
    }
    assert found == {
        (night, None): [3, 8], (night, "batch"): [1, 8], (night, "flex"): [3, 3],
        (noon, None): [4, 8], (noon, "batch"): [2, 8], (noon, "flex"): [4, 3],
    }  # fmt: skip
    assert (rates.instants, rates.dated) == ((), True)


def test_an_unknown_time_is_unpriced_only_where_time_matters(card):
    dated = rates_of(card(model('rates: [{effective: {from: 2026-01-01}, prices: {input: "1"}}]')), "acme", "m")
    always = rates_of(card(model('rates: [{prices: {input: "1"}}]')), "acme", "m")
    unknown = "1969-12-31T23:59:59Z"  # second -1
    assert line(dated, unknown) == Unpriced(
        "unpriced_period", "acme/m has prices that depend on the time, which is unknown"
    )
    assert isinstance(line(always, unknown), RateLine)


def test_a_dynamic_price_is_unknown(card):
    text = model(
        'rates: [{effective: {to: 2026-01-01}, prices: dynamic}, {effective: {from: 2026-01-01}, prices: {input: "1"}}]'
    )
    rates = rates_of(card(text), "acme", "m")
    assert line(rates, "2025-12-31T23:59:59Z") == Unpriced(
        "dynamic", "acme/m has a price that is only known when a request is made"
    )
    assert charge(rates, "2026-01-01T00:00:00Z", input=M) == "1"


ERRORS = {
    "unknown key": (
        'rates: [{prices: {inptu: "1"}}]', "prices.yaml:7: unknown key 'inptu'", "did you mean 'input'?"),
    "unknown key of a rate": (
        'rates: [{price: {input: "1"}}]', "prices.yaml:7: unknown key 'price'", "did you mean 'prices'"),
    "not a number": ('rates: [{prices: {input: "1,50"}}]', "expected a plain decimal number, found '1,50'", None),
    "not finite": ("rates: [{prices: {input: .nan}}]", "expected a plain decimal number, found '.nan'", None),
    "negative": ('rates: [{prices: {input: "-1"}}]', "a price cannot be negative: -1", None),
    "per nothing": ('rates: [{per: 0, prices: {input: "1"}}]', "expected a whole number from 1 on", None),
    "no operator": (
        'rates: [{prices: {input: "1"}, tiers: [{when: {prompt_tokens: 5}, prices: {input: "2"}}]}]',
        "expected a mapping", None),
    "two operators": (
        'rates: [{prices: {input: "1"}, tiers: [{when: {prompt_tokens: {gt: 5, ge: 5}}, prices: {input: "2"}}]}]',
        "expected `gt` (more than) or `ge` (at least)", None),
    "two tiers at one size": (
        ('rates: [{prices: {input: "1"}, tiers: [{when: {prompt_tokens: {gt: 5}}, prices: {input: "2"}}, '
        '{when: {prompt_tokens: {ge: 6}}, prices: {input: "3"}}]}]'),
        "two tiers begin at 6 prompt tokens", None),
    "overlap": (
        ('rates: [{effective: {to: 2026-02-01}, prices: {input: "1"}}, '
        '{effective: {from: 2026-01-31}, prices: {input: "2"}}]'),
        "acme/m has two prices at once: [the beginning, 2026-02-01T00:00:00Z) and [2026-01-31T00:00:00Z, open end)",
        None),
    "two without dates": ('rates: [{prices: {input: "1"}}, {prices: {input: "2"}}]', "two prices at once", None),
    "backwards": (
        'rates: [{effective: {from: 2026-02-01, to: 2026-02-01}, prices: {input: "1"}}]', "must be before", None),
    "time without a zone": (
        'rates: [{effective: {from: 2026-02-01T00:00:00}, prices: {input: "1"}}]', "time with its zone", None),
    "no such day": ('rates: [{effective: {from: 2026-02-30}, prices: {input: "1"}}]', "no such time", None),
    "unknown zone": (
        'rates: [{prices: {input: "1"}, windows: [{tz: Asia/Peking, hours: ["01:00-02:00"], prices: {input: "2"}}]}]',
        "unknown time zone 'Asia/Peking'", "IANA"),
    "zone that is a path": (
        'rates: [{prices: {input: "1"}, windows: [{tz: ../UTC, hours: ["01:00-02:00"], prices: {input: "2"}}]}]',
        "unknown time zone", None),
    "unknown day": (
        'rates: [{prices: {input: "1"}, windows: [{days: [thr], hours: ["01:00-02:00"], prices: {input: "2"}}]}]',
        "unknown day 'thr'", "'thu'"),
    "empty window": (
        'rates: [{prices: {input: "1"}, windows: [{hours: ["02:00-02:00"], prices: {input: "2"}}]}]',
        "expected hours such as 09:00-12:00", None),
    "later than midnight": (
        'rates: [{prices: {input: "1"}, windows: [{hours: ["02:00-24:01"], prices: {input: "2"}}]}]',
        "expected hours such as 09:00-12:00", None),
    "window against service tier": (
        ('rates: [{prices: {input: "4"}, modes: {batch: {prices: {input: "2"}}}, '
        'windows: [{hours: ["01:00-02:00"], prices: {input: "3"}}]}]'),
        "this window and the service tier 'batch' both price input", "modes: {batch:"),
    "service tier against sizes": (
        ('rates: [{prices: {input: "4"}, tiers: [{when: {prompt_tokens: {gt: 5}}, prices: {input: "8"}}], '
        "modes: {batch: {prices: {input: 2}}}}]"),
        "the standard price of input depends on the prompt size", "`tiers: []`"),
    "unsupported tiers of nothing": (
        'rates: [{prices: {input: "4"}, modes: {batch: {prices: {input: "2"}, tiers: unsupported}}}]',
        "expected a list of tiers", None),
    "service tier only in a window": (
        ('rates: [{prices: {input: "4"}, windows: [{hours: ["01:00-02:00"], prices: {input: "3"}, '
        'modes: {batch: {prices: {input: "1"}}}}]}]'),
        "service tier 'batch' has no prices outside the window", None),
    "a fee for an unknown number": (
        'rates: [{prices: {input: "1"}, fees: {web_search: "10"}}]',
        "say how many units of web_search this is the price of", 'web_search: {price: "10", per: 1000}'),
    "a fee for tokens": (
        'rates: [{prices: {}, fees: {output: {price: "10", per: 1000}}}]', "unknown key 'output'", "known keys"),
    "a fee twice": (
        ('rates: [{prices: {page: {price: "1", per: 1000}}, fees: {page: {price: "10", per: 1000}}}]'),
        "page already has a price under `prices`", None),
    "a minimum of tokens": (
        'rates: [{prices: {input: {price: "1", minimum: 10}}}]', "unknown key 'minimum'", "known keys: price, per"),
    "a minimum finer than what is counted": (
        'rates: [{prices: {}, fees: {page: {price: "1", per: 1, minimum: "0.5"}}}]',
        "expected a number of units of page above 0, found '0.5'", None),
    "a minimum by size": (
        ('rates: [{prices: {input: "1"}, tiers: [{when: {prompt_tokens: {gt: 5}}, '
        'prices: {page: {price: "1", per: 1, minimum: 2}}}]}]'),
        "a minimum holds whatever the size of the prompt", None),
    "two kinds of match": ("match: {equals: a, regex: b}", "expected one of equals", None),
    "bad pattern": ("match: {regex: '('}", "not a regular expression", None),
    "no context": ("limits: {context: 0}", "expected a whole number from 1 on", None),
    "bad date": ("retired: soon", "expected a date such as 2026-12-31", None),
    "zero multiplier": (
        'rates: [{prices: {input: "1"}, regions: {eu: {multiply: "0"}}}]', "a multiplier must be more than 0", None),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_what_is_wrong_is_said_with_its_place(card, name):
    text, message, hint = ERRORS[name]
    with pytest.raises(ConfigError) as caught:
        card(model(text))
    assert "prices.yaml:" in caught.value.message
    assert message in caught.value.message
    assert (hint or "") in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("aggcost_prices: 2\nproviders: {}", "prices.yaml:1: this program reads version 1"),
        ("aggcost_prices: 1\ncurrency: EUR\nproviders: {}", "prices.yaml:2: not supported yet: prices in EUR"),
        ("aggcost_prices: 1", "the key 'providers' is missing"),
        ("aggcost_prices: 1\nproviders: {xai: {models: {}}, x-ai: {models: {}}}", "x-ai is already there as 'xai'"),
        ("aggcost_prices: 1\nproviders: {a: {models: {M: {}, m: {}}}}", "m is already there as 'M'"),
        (
            "aggcost_prices: 1\nproviders: {a: {models: {x: {deployments: {b: [n]}}, y: {deployments: {b: [N]}}}}}",
            "b/n is already a deployment of a/x",
        ),
    ],
)
def test_heads_that_are_refused(card, text, message):
    with pytest.raises(ConfigError) as caught:
        card(text)
    assert message in caught.value.message


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        native_yaml.read(tmp_path / "nowhere.yaml")
