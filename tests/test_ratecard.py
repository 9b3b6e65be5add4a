import json
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from pricing import charge, epoch_s, line, per_million, rates_of

from aggcost.errors import ConfigError
from aggcost.price_sources import load_rates
from aggcost.ratecard import Unpriced


@pytest.fixture(scope="module")
def card():
    return load_rates()


@pytest.fixture
def with_file(tmp_path):
    """The card of a user's file over the catalogue; the text is what stands under `providers:`."""

    def with_file(*texts):
        paths = []
        for number, text in enumerate(texts):
            paths.append(tmp_path / f"prices{number}.yaml")
            paths[-1].write_text("aggcost_prices: 1\nproviders:\n" + text, encoding="utf-8")
        return load_rates(paths)

    return with_file


@pytest.mark.parametrize(
    ("provider", "model", "found"),
    [
        ("openai", "gpt-4o", "openai/gpt-4o"),
        ("OpenAI", "GPT-4o", "openai/gpt-4o"),
        ("openai", "gpt-4o-2024-08-06", "openai/gpt-4o"),
        ("openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"),
        ("openai", "openai/gpt-4o", "openai/gpt-4o"),
        ("openai", "gpt-5.2-20251211", "openai/gpt-5.2"),
        ("openai", "openrouter/openai/o3-mini", "openai/o3-mini"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::id", "openai/ft:gpt-4o-mini"),
        ("openrouter", "openai/gpt-4o", "openrouter/openai/gpt-4o"),
        ("openrouter", "openrouter/openai/gpt-4o", "openrouter/openai/gpt-4o"),
        ("anthropic", "claude-3-5-sonnet-20241022", "anthropic/claude-3-5-sonnet"),
        ("google", "publishers/google/models/gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("vertex_ai", "claude-3-5-sonnet-v2@20241022", "google/claude-3-5-sonnet"),
        ("gemini", "models/gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("google", "gemini-2.5-pro-preview-03-25", "google/gemini-2.5-pro"),
        ("bedrock", "bedrock/us.anthropic.claude-3-5-haiku-20241022-v1:0",
         "aws/regional.anthropic.claude-3-5-haiku-20241022-v1:0"),
        ("azure", "azure/gpt-4o", "azure/gpt-4o"),
        ("azure", "o3-mini", "azure/o3-mini"),
        (None, "o3-mini", "openai/o3-mini"),
        (None, "gpt-4o", "openai/gpt-4o"),
        (None, "claude-3-7-sonnet-20250219", "anthropic/claude-3-7-sonnet-latest"),
        (None, "openai/gpt-4o", "openai/gpt-4o"),
        (None, "openrouter/openai/o3-mini", "openrouter/openai/o3-mini"),
        (None, "xai/grok-3", "x-ai/grok-3"),
        (None, "azure/gpt-4o-mini", "azure/gpt-4o-mini"),
        (None, "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
         "aws/global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (None, "arn:aws:bedrock:us-east-1:1:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0",
         "aws/global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (None, "accounts/fireworks/models/glm-4p7", "fireworks/glm-4p7"),
    ],
)  # fmt: skip
def test_a_logged_name_means(card, provider, model, found):
    rates = card.resolve(provider, model).rates
    assert rates is not None
    # Azure has no list of its own for most models: it charges what their makers charge.
    assert f"{rates.provider}/{rates.model}" == found


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o-mini-new-thing"),
        ("openai", "gpt"),
        ("openai", ""),
        ("anthropic", "claude-sonnet-4-5-turbo"),
        ("anthropic", "gpt-4o"),
        ("google", "gemini-2.5-pro-tts-next"),
        ("azure", "my-deploy"),
        ("nobody", "gpt-4o"),
        (None, "gpt-99"),
        (None, "llama-99"),
        (None, ""),
    ],
)
def test_a_name_is_never_guessed_from_a_part_of_it(card, provider, model):
    assert card.resolve(provider, model).rates is None


def test_what_may_have_been_meant(card):
    assert "gpt-4o-mini" in card.resolve("openai", "gpt-4o-mni").suggestions
    assert card.resolve("opnai", "gpt-4o").suggestions == ("openai",)
    assert "gpt-4o-mini" in card.resolve(None, "gpt-4o-mni").suggestions
    assert card.resolve("openai", "zzzzzz").suggestions == ()


def test_a_name_that_several_providers_have_is_not_decided(card):
    found = card.resolve(None, "meta-llama/llama-3.3-70b-instruct")
    assert found.rates is None
    assert found.how == "several providers have that model; name one"
    assert {"novita/meta-llama/llama-3.3-70b-instruct", "openrouter/meta-llama/llama-3.3-70b-instruct"} <= {
        *found.suggestions
    }


def test_how_a_name_was_read(card):
    hows = {name: card.resolve(provider, name).how for provider, name in [
        ("openai", "gpt-4o"), ("openai", "gpt-5.2-20251211"), ("anthropic", "claude-3-5-sonnet-20241022"),
        (None, "o3-mini"), ("azure", "gpt-4.1"), (None, "openrouter/openai/o3-mini"),
    ]}  # fmt: skip
    assert hows == {
        "gpt-4o": "as logged, an alias: gpt-4o-2024-08-06 until 2024-05-13, gpt-4o-2024-05-13 until 2024-10-02, gpt-4o-2024-08-06 from 2024-10-02",
        "gpt-5.2-20251211": "date with dashes",
        "claude-3-5-sonnet-20241022": "as logged, a version of claude-3-5-sonnet",
        "o3-mini": "as logged; made by openai",
        "gpt-4.1": "as logged; azure charges the prices of openai",
        "openrouter/openai/o3-mini": "without the prefix openrouter/",
    }


def test_another_provider_charges_standard_prices_only(card):
    azure, openai = rates_of(card, "azure", "gpt-4o"), rates_of(card, "openai", "gpt-4o")
    assert azure.service_tiers == ("standard",)
    assert "batch" in openai.service_tiers


def test_own_prices_replace_the_catalogues_as_a_whole(with_file):
    card = with_file('  openai: {models: {gpt-4o: {rates: [{prices: {input: "1", output: "2"}}]}}}\n')
    for name in ("gpt-4o", "gpt-4o-2024-08-06", "openai/gpt-4o"):
        rates = rates_of(card, "openai", name)
        assert charge(rates, input=10**6) == "1"
        assert charge(rates, cache_read=10**6) == "1"  # not the 1.25 of the catalogue
        assert charge(rates, tier="batch", input=1) is None
    assert charge(rates_of(card, "openai", "gpt-4o-2024-05-13"), input=10**6) == "5"
    assert charge(rates_of(card, "azure", "gpt-4o"), input=10**6) == "2.5"  # the contract is with OpenAI


def test_the_first_file_wins(with_file):
    first = '  openai: {models: {gpt-4o: {rates: [{prices: {input: "1"}}]}}}\n'
    second = (
        '  openai: {models: {gpt-4o: {rates: [{prices: {input: "2"}}]}, mine: {rates: [{prices: {input: "3"}}]}}}\n'
    )
    card = with_file(first, second)
    assert charge(rates_of(card, "openai", "gpt-4o"), input=10**6) == "1"
    assert charge(rates_of(card, "openai", "mine"), input=10**6) == "3"
    assert [source.name for source in card.sources] == [
        "prices0.yaml",
        "prices1.yaml",
        "aggcost overlay",
        "genai-prices",
    ]


def test_own_facts_keep_the_catalogues_prices(with_file, card):
    changed = with_file("  openai: {models: {gpt-4o: {limits: {max_output: 16384}, retired: 2027-01-01}}}\n")
    rates, before = rates_of(changed, "openai", "gpt-4o"), rates_of(card, "openai", "gpt-4o")
    assert (rates.max_output, rates.retired) == (16384, date(2027, 1, 1))
    assert (rates.context_window, rates.periods) == (before.context_window, before.periods)
    assert rates.source == before.source


def test_own_facts_of_a_dated_name_keep_the_prices_of_that_name(with_file):
    card = with_file("  openai: {models: {gpt-4o-2024-05-13: {limits: {context: 64000}}}}\n")
    rates = rates_of(card, "openai", "gpt-4o-2024-05-13")
    assert (rates.context_window, charge(rates, input=10**6)) == (64000, "5")


def test_facts_without_any_price_are_unpriced(with_file):
    rates = rates_of(with_file("  openai: {models: {gpt-99: {limits: {context: 1000}}}}\n"), "openai", "gpt-99")
    assert rates.context_window == 1000
    assert charge(rates, input=1) is None


def test_an_own_model_is_found_without_its_provider(with_file):
    card = with_file('  acme: {models: {acme-1: {rates: [{prices: {input: "1"}}]}}}\n')
    assert rates_of(card, None, "acme-1").provider == "acme"
    assert rates_of(card, None, "acme/acme-1").provider == "acme"


def test_the_digest_stands_for_every_price(with_file, card):
    text = '  openai: {{models: {{gpt-4o: {{rates: [{{prices: {{input: "{}"}}}}]}}}}}}\n'
    digests = {card.digest, with_file(text.format(1)).digest, with_file(text.format(2)).digest}
    assert len(digests) == 3
    assert load_rates().digest == card.digest


def test_models_are_listed_once_and_sorted(with_file):
    card = with_file('  openai: {models: {gpt-4o: {rates: [{prices: {input: "1"}}]}, aaa: {}}}\n')
    names = [rates.model for rates in card.models("OpenAI")]
    assert names[0] == "aaa"
    assert names == sorted(set(names))
    assert {rates.provider for rates in card.models()} == set(card.providers())


def test_lines_of_many_rows_are_the_lines_of_each(card):
    """One table for all rows; which line a row gets does not depend on the other rows."""
    rates = rates_of(card, "openai", "gpt-5.4")
    whens = ["2026-10-13T23:59:59Z", "2026-10-14T00:00:00Z", "2026-01-01T00:00:00Z"]
    rows = [(when, prompt) for when in whens for prompt in (272_000, 272_001)] * 2
    lines, index = rates.lines("batch", None, np.array([epoch_s(w) for w, _ in rows]), np.array([p for _, p in rows]))
    assert index.dtype == np.int32
    assert [lines[place] for place in index] == [line(rates, when, prompt, "batch") for when, prompt in rows]


def test_lines_of_no_rows(card):
    empty = np.array([], np.int64)
    lines, index = rates_of(card, "openai", "gpt-5.4").lines(None, None, empty, empty)
    assert (lines, len(index)) == ([], 0)


ALIAS = """
  acme:
    models:
      old: {rates: [{prices: {input: "1"}}], limits: {context: 1000}}
      new: {rates: [{prices: {input: "2"}}], limits: {context: 2000}}
      current:
        alias: [{to: 2026-02-01, model: old}, {from: 2026-02-01, model: new}]
"""


def test_an_alias_means_different_models_at_different_times(with_file):
    card = with_file(ALIAS)
    rates = rates_of(card, "acme", "current")
    whens = ("2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z")
    assert [charge(rates, when, input=10**6) for when in whens] == ["1", "2"]
    assert (rates.model, rates.context_window) == ("current", 2000)
    assert (
        card.resolve("acme", "acme/current").how
        == "without the prefix acme/, an alias: old until 2026-02-01, new from 2026-02-01"
    )
    assert "current" in [one.model for one in card.models("acme")]


def test_an_alias_may_mean_a_model_of_the_catalogue_and_leave_times_without_a_meaning(with_file):
    card = with_file("  openai: {models: {ours: {alias: [{from: 2026-01-01, model: gpt-4o-2024-05-13}]}}}\n")
    rates = rates_of(card, "openai", "ours")
    assert charge(rates, "2026-01-01T00:00:00Z", input=10**6) == "5"
    assert line(rates, "2025-12-31T23:59:59Z") == Unpriced("unpriced_period", "openai/ours has no price at that time")


def test_an_own_price_of_an_alias_wins_over_what_it_means(with_file):
    card = with_file('  openai: {models: {gpt-4o: {rates: [{prices: {input: "1"}}]}}}\n')
    assert charge(rates_of(card, "openai", "gpt-4o"), "2024-07-01T00:00:00Z", input=10**6) == "1"


def test_an_alias_of_a_model_that_nobody_knows_names_the_nearest(with_file):
    card = with_file("  openai: {models: {ours: {alias: [{model: gpt-4o-minni}]}}}\n")
    with pytest.raises(ConfigError, match="price alias openai/ours: no price source has openai/gpt-4o-minni") as caught:
        card.resolve("openai", "ours")
    assert "gpt-4o-mini" in caught.value.hint


def test_own_history_may_leave_later_times_to_the_catalogue(with_file):
    text = '  openai: {{models: {{gpt-5: {{{}rates: [{{effective: {{to: 2026-01-01}}, prices: {{input: "9"}}}}]}}}}}}\n'
    merged = rates_of(with_file(text.format("gaps: below, ")), "openai", "gpt-5")
    assert [charge(merged, when, input=10**6) for when in ("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z")] == [
        "9",
        "1.25",
    ]
    assert [str(merged.source_of(one)) for one in merged.periods][:2] == ["prices0.yaml", "genai-prices 0.2.3"]
    whole = rates_of(with_file(text.format("")), "openai", "gpt-5")
    assert charge(whole, "2026-01-01T00:00:00Z", input=10**6) is None


def test_one_source_prices_an_instant_even_where_it_leaves_meters_out(with_file):
    """The history of a file has no price for cached input of its own: that of the catalogue is not borrowed."""
    card = with_file(
        '  openai: {models: {gpt-5: {gaps: below, rates: [{effective: {to: 2026-01-01}, prices: {input: "9"}}]}}}\n'
    )
    rates = rates_of(card, "openai", "gpt-5")
    assert charge(rates, "2025-12-31T00:00:00Z", cache_read=10**6) == "9"
    assert charge(rates, "2025-12-31T00:00:00Z", output=1) is None


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/jp.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ],
)
def test_an_arn_that_names_its_model(card, arn):
    assert per_million(line(rates_of(card, None, arn)), "input") == Decimal("3.3")
    assert per_million(line(rates_of(card, "bedrock", arn)), "input") == Decimal("3.3")


def test_an_arn_that_names_no_model_says_so_until_it_is_mapped(card, with_file):
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
    for provider in (None, "bedrock"):
        found = card.resolve(provider, arn)
        assert (found.rates, found.suggestions) == (None, ())
        assert (
            found.how == "the ARN of an application-inference-profile does not name its model: say it in `deployments`"
        )
    model = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
    for name in (arn, "abc123"):
        mapped = with_file(
            f"  aws: {{models: {{{json.dumps(model)}: {{deployments: {{aws: [{json.dumps(name)}]}}}}}}}}\n"
        )
        assert per_million(line(rates_of(mapped, "bedrock", arn)), "input") == 3


def test_a_geography_of_bedrock_that_the_catalogue_does_not_list_costs_what_a_region_costs(card):
    rates = rates_of(card, "bedrock", "ca.anthropic.claude-opus-5")
    assert per_million(line(rates), "input") == Decimal("5.5")
    assert card.resolve("bedrock", "ca.anthropic.claude-opus-5").how == "Bedrock in the geography ca"
    assert card.resolve("bedrock", "us-gov.anthropic.claude-opus-5").rates is None


@pytest.mark.parametrize(
    "name", ["claude-3-5-haiku@20241022", "claude-3-5-haiku-20241022", "claude-3-5-haiku-2024-10-22"]
)
def test_three_spellings_of_a_date(card, name):
    for provider in ("anthropic", "vertex_ai", "bedrock"):
        assert per_million(line(rates_of(card, provider, name)), "output") == 4


def test_a_name_that_merely_begins_like_a_model_has_no_price(card):
    for provider in (None, "openai", "azure"):
        assert card.resolve(provider, "gpt-4o-mini-new-thing").rates is None
