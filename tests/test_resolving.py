"""`aggcost prices resolve`: every name of a log, how it was read, and a price file for those without a price."""

import json

import pytest
from pricing import charge, rates_of
from typer.testing import CliRunner

from aggcost.baseline import Options
from aggcost.cli.prices import app
from aggcost.errors import ConfigError
from aggcost.output.names import names_json, names_table, price_stanza
from aggcost.price_sources import load_rates
from aggcost.report_names import ReadName
from aggcost.resolving import resolve

LOG = """\
timestamp,provider,model,input_tokens,output_tokens,service_tier
2026-11-02T09:00:00Z,openai,gpt-4o,1000,100,
2026-11-02T09:00:00Z,openai,gpt-4o,1000,100,bogus
2026-11-02T09:00:00Z,deepseek,deepseek-v4-pro,5000,100,
2025-06-09T09:00:00Z,openai,o3,10,1,
2025-06-11T09:00:00Z,openai,o3,10,1,
2026-11-02T09:00:00Z,openai,gpt-4o-mni,900,90,
2026-11-02T09:00:00Z,azure,My-Deploy,800,80,
2026-11-02T09:00:00Z,azure_openai,my-deploy,700,70,
2026-11-02T09:00:00Z,,"odd ""name: {x}",600,60,
2026-11-02T09:00:00Z,openai,,500,50,
"""


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(LOG, encoding="utf-8")
    return str(path)


@pytest.fixture
def names(log):
    return resolve(Options(logs=(log,)))


def test_every_name_is_listed_with_what_became_of_it(names):
    assert names[0] == ReadName(
        provider="deepseek", model="deepseek-v4-pro", requests=1, tokens=5100, how="as logged",
        read_as="deepseek/deepseek-v4-pro", sources=("aggcost overlay 2026-11-27",), unpriced_requests=0, unpriced=(),
        suggestions=(),
    )  # fmt: skip
    assert names[1] == ReadName(
        provider="openai", model="gpt-4o", requests=2, tokens=2200,
        how=(
            "as logged, an alias: gpt-4o-2024-08-06 until 2024-05-13, gpt-4o-2024-05-13 until 2024-10-02, "
            "gpt-4o-2024-08-06 from 2024-10-02"
        ),
        read_as="openai/gpt-4o", sources=("genai-prices 0.2.3",), unpriced_requests=1, unpriced=("unpriced_mode",),
        suggestions=(),
    )  # fmt: skip
    assert [(one.provider, one.model) for one in names] == [
        ("deepseek", "deepseek-v4-pro"), ("openai", "gpt-4o"), ("openai", "gpt-4o-mni"), ("azure", "My-Deploy"),
        ("azure", "my-deploy"), (None, 'odd "name: {x}'), ("openai", None), ("openai", "o3"),
    ]  # fmt: skip


def test_both_sources_of_a_history_are_named(names):
    assert names[-1].sources == ("aggcost overlay 2026-11-27", "genai-prices 0.2.3")


def test_a_name_without_a_price_has_up_to_three_suggestions(names):
    (misspelled,) = [one for one in names if one.model == "gpt-4o-mni"]
    assert misspelled.read_as is None
    assert misspelled.suggestions[0] == "gpt-4o-mini"
    assert len(misspelled.suggestions) <= 3
    assert all(not one.suggestions for one in names if one.read_as)


def test_the_stanza_is_a_price_file_once_it_is_filled_in(names, tmp_path):
    stanza = price_stanza(names)
    path = tmp_path / "own.yaml"
    path.write_text(stanza, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"own\.yaml:7: expected a plain decimal number, found 'FILL IN'"):
        load_rates([path])
    path.write_text(stanza.replace("FILL IN", '"2"'), encoding="utf-8")
    card = load_rates([path])
    for provider, model in (("openai", "gpt-4o-mni"), ("azure", "My-Deploy"), (None, 'odd "name: {x}')):
        assert charge(rates_of(card, provider, model), input=10**6) == "2"
    again = resolve(Options(logs=(str(tmp_path / "log.csv"),), prices=(path,)))
    assert [one.model for one in again if one.read_as is None] == [None]
    assert price_stanza(again) == ""


def test_a_deployment_written_in_two_ways_stands_once(names):
    assert price_stanza(names).lower().count("my-deploy") == 1


def test_the_table_says_what_may_be_meant_and_what_is_missing(names):
    table = names_table(names)
    assert "openai/gpt-4o: 1 requests without a price (unpriced_mode)" in table
    assert "openai/gpt-4o-mni: perhaps gpt-4o-mini" in table
    assert table.rstrip().endswith(price_stanza(names).rstrip())


def test_json_has_the_stanza_as_text(names):
    tree = json.loads(names_json(names))
    assert (tree["command"], tree["stanza"]) == ("prices resolve", price_stanza(names))
    assert tree["names"][0]["sources"] == ["aggcost overlay 2026-11-27"]
    assert json.loads(names_json(names[:2]))["stanza"] is None


def test_a_secret_among_the_names_is_not_shown(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("timestamp,provider,model,input_tokens,output_tokens\n"
                    "2026-11-02T09:00:00Z,openai,sk-proj-abcdefghijklmnop1234567890,1,1\n")  # fmt: skip
    found = resolve(Options(logs=(str(path),)))
    for text in (names_table(found), names_json(found)):
        assert "abcdefghijklmnop" not in text


def test_the_command(log, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["resolve", log])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].split() == [
        "logged", "requests", "tokens", "read", "as", "price", "source",
    ]  # fmt: skip
    assert [line for line in result.stdout.splitlines() if len(line) > 80 and "perhaps" not in line] == []
    result = CliRunner().invoke(app, ["resolve", log, "--format", "json", "--catalogue-only"])
    assert json.loads(result.stdout)["command"] == "prices resolve"
