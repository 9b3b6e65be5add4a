import json

import pytest
from typer.testing import CliRunner

from aggcost.cli.prices import app
from aggcost.errors import UsageError


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in an empty directory; an error of the program is raised."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        result = CliRunner().invoke(app, arguments)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.stdout

    return run


def test_show_says_how_the_name_was_read_and_what_it_costs(run):
    shown = run("show", "o3-mini")
    assert shown.startswith("openai/o3-mini (as logged; made by openai)\n")
    assert "standard" in shown


def test_show_at_a_date(run):
    at = json.loads(run("show", "o3", "--at", "2025-06-09", "--format", "json"))
    inputs = {row["service_tier"]: row["usd_per_mtok"]["input"] for row in at["prices"]}
    assert inputs == {"standard": "10", "batch": "5", "flex": "5"}


def test_list_names_the_models_of_a_provider(run):
    listed = json.loads(run("list", "--provider", "xai", "--format", "json"))["models"]
    assert {one["provider"] for one in listed} == {"x-ai"}
    assert "grok-3" in {one["model"] for one in listed}


def test_the_price_files_of_the_flag_and_of_the_project_count(run, tmp_path):
    text = 'aggcost_prices: 1\nproviders: {{openai: {{models: {{{}: {{rates: [{{prices: {{input: "7"}}}}]}}}}}}}}\n'
    (tmp_path / "own.yaml").write_text(text.format("gpt-4o"), encoding="utf-8")
    (tmp_path / "theirs.yaml").write_text(text.format("gpt-5"), encoding="utf-8")
    (tmp_path / "aggcost.yaml").write_text("aggcost: 1\nprices: [theirs.yaml]\n", encoding="utf-8")
    assert "prices of own.yaml" in run("show", "gpt-4o", "--prices", "own.yaml")
    assert "prices of theirs.yaml" in run("show", "gpt-5")


def test_an_unknown_model_names_the_nearest(run):
    with pytest.raises(UsageError, match="no price for 'gpt-4o-mni'") as caught:
        run("show", "gpt-4o-mni", "--provider", "openai")
    assert "gpt-4o-mini" in (caught.value.hint or "")


def test_an_unknown_provider_and_a_bad_date(run):
    with pytest.raises(UsageError, match="no price source knows the provider 'acme'"):
        run("list", "--provider", "acme")
    with pytest.raises(UsageError, match="expected a date such as 2026-02-01"):
        run("show", "gpt-4o", "--at", "soon")
