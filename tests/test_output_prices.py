import json
import re
from textwrap import dedent

import pytest
from pricing import epoch_s

from aggcost.output.prices import model_json, model_table, models_json, models_table
from aggcost.price_sources import load_rates


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    path = tmp_path_factory.mktemp("prices") / "own.yaml"
    text = """
        aggcost_prices: 1
        providers:
          acme:
            models:
              one:
                limits: {context: 200000, max_output: 8000}
                retired: 2027-01-01
                rates:
                  - effective: {to: 2026-02-01}
                    prices: {input: "2", output: "8"}
                  - effective: {from: 2026-02-01}
                    prices: {input: "1", cache_read: "0.1", output: "4", requests: "5"}
                    tiers: [{when: {prompt_tokens: {gt: 128000}}, prices: {input: "2"}}]
                    modes: {priority: {prices: {input: "3"}, tiers: unsupported}}
                    windows: [{tz: Asia/Shanghai, days: [sat, sun], hours: ["22:00-02:00"], prices: {output: "2"}}]
                    regions: {eu: {multiply: "1.10"}}
              two: {limits: {context: 1000}}
              hears:
                rates:
                  - prices: {input: "1", input_audio: "32"}
                    fees: {second_audio_in: {price: "0.36", per: 3600, minimum: 10, round_up: 1}}
    """
    path.write_text(dedent(text), encoding="utf-8")
    return load_rates([path])


def test_every_price_of_a_model(card):
    table = model_table(card.resolve("acme", "one")).splitlines()
    assert table[:6] == [
        "acme/one (as logged)",
        "context 200,000, output at most 8,000, retired 2027-01-01, prices of own.yaml",
        "region eu: times 1.1",
        "",
        "USD per million tokens",
        "",
    ]
    assert len({len(row) for row in table[6:]}) == 1
    assert [re.split(r"  +", row) for row in table[6:]] == [
        [
            "tier",
            "from",
            "to",
            "window",
            "prompt",
            "input",
            "cached",
            "write 5m",
            "write 1h",
            "output",
            "1,000 requests",
        ],
        ["standard", "-", "2026-02-01", "-", "any", "2", "2", "2", "2", "8", "0"],
        ["standard", "2026-02-01", "-", "-", "any", "1", "0.1", "1", "1", "4", "5"],
        ["standard", "2026-02-01", "-", "-", "128,001+", "2", "0.1", "2", "2", "4", "5"],
        ["standard", "2026-02-01", "-", "sat,sun 22:00-02:00 Asia/Shanghai", "any", "1", "0.1", "1", "1", "2", "5"],
        [
            "standard",
            "2026-02-01",
            "-",
            "sat,sun 22:00-02:00 Asia/Shanghai",
            "128,001+",
            "2",
            "0.1",
            "2",
            "2",
            "2",
            "5",
        ],
        ["priority", "2026-02-01", "-", "-", "any", "3", "0.1", "3", "3", "4", "5"],
        ["priority", "2026-02-01", "-", "-", "128,001+", *["-"] * 6],
        ["priority", "2026-02-01", "-", "sat,sun 22:00-02:00 Asia/Shanghai", "any", "3", "0.1", "3", "3", "2", "5"],
        ["priority", "2026-02-01", "-", "sat,sun 22:00-02:00 Asia/Shanghai", "128,001+", *["-"] * 6],
    ]


def test_a_price_that_does_not_change_is_shown_once(card):
    """The catalogue dates batch and priority apart, which leaves the standard price as it was."""
    table = model_table(card.resolve("openai", "gpt-4o-2024-08-06"))
    rows = [line.split() for line in table.splitlines() if line.startswith(("standard", "batch"))]
    assert rows == [
        ["standard", "-", "-", "any", "2.5", "1.25", "2.5", "2.5", "10"],
        ["batch", "2024-04-15", "-", "any", "1.25", "1.25", "1.25", "1.25", "5"],
    ]
    assert "USD for 1,000 web_search: 10, 1,000 file_search: 2.5" in table


def test_only_what_held_at_a_time(card):
    rows = json.loads(model_json(card.resolve("acme", "one"), epoch_s("2026-01-31T23:59:59Z")))["prices"]
    assert rows == [
        {
            "service_tier": "standard",
            "from": None,
            "to": "2026-02-01T00:00:00Z",
            "window": None,
            "prompt_tokens_from": 0,
            "usd_per_mtok": {
                "input": "2", "cache_read": "2", "cache_write_5m": "2", "cache_write_1h": "2",
                "cache_write_other": "2", "output": "8",
            },
            "usd_per_1000_requests": "0",
            "fees": {},
            "source": {"name": "own.yaml", "version": None, "url": None, "checked": None, "note": None},
        }
    ]  # fmt: skip


def test_parts_and_fees_have_columns_of_their_own(card):
    heading, row = model_table(card.resolve("acme", "hears")).splitlines()[-2:]
    assert heading.endswith("output  input audio  cache read audio  3,600 second_audio_in")
    assert row.split()[-8:] == ["1", "-", "32", "32", "0.36,", "at", "least", "10"]
    (tree,) = json.loads(model_json(card.resolve("acme", "hears")))["prices"]
    assert tree["usd_per_mtok"]["input_audio"] == "32"
    assert tree["fees"] == {"second_audio_in": {"price": "0.36", "per": 3600, "minimum": "10", "round_up": "1"}}


def test_the_source_of_each_price_is_shown_where_there_are_several(card):
    table = model_table(card.resolve("openai", "o3")).splitlines()
    assert (
        table[1]
        == "context 200,000, output at most 100,000, prices of aggcost overlay 2026-11-27 and genai-prices 0.2.3"
    )
    assert table[2] == "dates of service tiers, or regions, by aggcost overlay 2026-11-27"
    rows = [re.split(r"  +", row)[:6] for row in table if row.startswith("standard")]
    assert rows == [
        ["standard", "aggcost overlay", "-", "2025-04-17", "any", "10"],
        ["standard", "aggcost overlay", "2025-04-17", "2025-06-10", "any", "10"],
        ["standard", "genai-prices", "2025-06-10", "-", "any", "2"],
    ]
    tree = json.loads(model_json(card.resolve("openai", "o3"), epoch_s("2025-05-01")))
    assert {row["source"]["url"] for row in tree["prices"]} == {"https://github.com/langfuse/langfuse/pull/7223"}
    assert {one["name"] for one in tree["amended_by"]} == {"aggcost overlay"}


def test_a_model_without_prices_says_so(card):
    assert model_table(card.resolve("acme", "two")).endswith("\nno price\n")
    assert json.loads(model_json(card.resolve("acme", "two")))["prices"] == []


def test_the_list_of_models(card):
    lines = models_table(card.models("acme")).splitlines()
    assert [line.split() for line in lines[2:]] == [
        ["provider", "model", "context", "input", "output", "source"],
        ["acme", "hears", "-", "1", "-", "own.yaml"],
        ["acme", "one", "200,000", "1", "4", "own.yaml"],
        ["acme", "two", "1,000", "-", "-", "own.yaml"],
    ]
    assert [one["model"] for one in json.loads(models_json(card.models("acme")))["models"]] == ["hears", "one", "two"]


def test_a_contract_is_in_the_prices_and_said(tmp_path):
    path = tmp_path / "contract.yaml"
    path.write_text("""\
aggcost_prices: 1
providers:
  acme:
    models:
      one:
        rates:
          - prices: {input: "2", output: "10"}
            schedule: {kind: volume, meters: [input], tiers: [{up_to: 1000000}, {multiply: "0.5"}]}
discounts: [{provider: acme, percent: 15, effective: {from: 2026-03-01}}]
""")
    found = load_rates([path]).resolve("acme", "one")
    text = model_table(found)
    assert "contract: list price times 0.85, in the prices below" in text
    assert "monthly tiers, volume, tokens of input: up to 1,000,000, above (UTC)" in text
    rows = [line.split() for line in text.splitlines() if line.startswith("standard")]
    assert [(row[1], row[-5], row[-1]) for row in rows] == [("-", "2", "10"), ("2026-03-01", "1.7", "8.5")]
    assert models_table([found.rates]).splitlines()[-1].split()[3:5] == ["1.7", "8.5"]
