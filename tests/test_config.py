from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from aggcost import shipped
from aggcost.change_costs import Overhead, Upkeep
from aggcost.config import Budget, Finance, Project, find_project, load_project
from aggcost.errors import ConfigError, RuleError
from aggcost.rules import matches

WHOLE = """\
aggcost: 1
logs: [logs/2026-02/*.csv.gz, /data/x.parquet]
timezone: Europe/Berlin
prices: [prices/contract.yaml]
tasks:
  - {task: intent, when: tags.feature == 'router' or (operation == 'chat' and output_tokens < 20)}
components: [{name: GPT-4o calls, where: provider == 'openai'}]
overheads: [{name: caching layer, monthly: 2100}]
upkeep: {hours_per_week: 15, hourly_rate: 150}
finance: {horizon_months: 24, discount_rate: 8.5, growth_percent_monthly: -1}
budgets:
  - {name: total, limit: 2500, per: month, on: run_rate}
  - {name: openai, where: provider == 'openai', limit: 900.50, per: week, on: actual}
  - {name: short, limit: 1}
"""


def read(tmp_path: Path, text: str) -> Project:
    path = tmp_path / "aggcost.yaml"
    path.write_text(text, encoding="utf-8")
    return load_project(path)


def test_a_project_says_all_that_its_file_says(tmp_path: Path) -> None:
    project = read(tmp_path, WHOLE)
    assert project.logs == (f"{tmp_path}/logs/2026-02/*.csv.gz", "/data/x.parquet")
    assert project.timezone == "Europe/Berlin"
    assert project.prices == (tmp_path / "prices" / "contract.yaml",)
    ((task, when),) = project.tasks
    assert task == "intent"
    assert matches(when, {"operation": "chat", "output_tokens": 19}) is True
    ((component, where),) = project.components
    assert component == "GPT-4o calls"
    assert matches(where, {"provider": "openai"}) is True
    assert project.overheads == (Overhead("caching layer", Decimal(2100)),)
    assert project.upkeep == Upkeep(Decimal(15), Decimal(150), "capacity")
    assert project.finance == Finance(24, Decimal("8.5"), Decimal(-1))
    total, openai, short = project.budgets
    assert total == Budget("total", None, Decimal(2500), "month", "run_rate")
    assert (openai.limit_usd, openai.per, openai.on) == (Decimal("900.50"), "week", "actual")
    assert openai.where is not None
    assert (short.per, short.on) == ("month", "run_rate")
    assert project.path == tmp_path / "aggcost.yaml"


def test_what_a_project_leaves_out_has_a_stated_default(tmp_path: Path) -> None:
    project = read(tmp_path, "aggcost: 1\nlogs:\n")
    assert project == Project(path=tmp_path / "aggcost.yaml")
    assert project.finance == Finance(12, Decimal(10), Decimal(0))
    assert Project.empty() == Project()


def test_the_own_folder_of_a_project_is_no_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "team [a]"
    folder.mkdir()
    assert read(folder, "aggcost: 1\nlogs: ['*.csv']\n").logs == (f"{tmp_path}/team [[]a]/*.csv",)


def test_a_url_is_no_path(tmp_path: Path) -> None:
    url = "postgresql://reader@db.example/litellm?table=logs"
    assert read(tmp_path, f"aggcost: 1\nlogs: ['{url}']\n").logs == (url,)


def test_logs_stay_as_written_beside_a_relative_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("aggcost.yaml").write_text("aggcost: 1\nlogs: [a.csv]\n", encoding="utf-8")
    assert load_project(Path("aggcost.yaml")).logs == ("a.csv",)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("log: [a.csv]", ":2: unknown key 'log'", "did you mean 'logs'?"),
        ("timezone: Berlin/Europe", ":2: unknown time zone 'Berlin/Europe'", "Europe/Berlin"),
        ("timezone: ../../etc/passwd", ":2: unknown time zone", None),
        ("tasks: [{task: a}]", "the key 'when' is missing", None),
        ("tasks: [{task: a, when: rule == 'x'}]", ":2: unknown field 'rule'", None),
        ("components: [{name: a, where: true}, {name: a, where: true}]", "the name 'a' is already on line 2", None),
        ("overheads: [{name: a, monthly: $5}]", "expected a plain decimal number, found '$5'", None),
        ("upkeep: {hours: 3}", "unknown key 'hours'", "hours_per_week"),
        ("finance: {horizon_months: 0}", "a whole number from 1 on", None),
        ("finance: {horizon_months: 601}", "a horizon is at most 600 months", None),
        ("finance: {discount_rate: -1}", "a number from 0 on", None),
        ("budgets: [{name: a, limit: nan}]", "expected a plain decimal number", None),
        ("budgets: [{name: a, limit: 1, per: year}]", "expected month or day or week", None),
        ("budgets: [{name: a, limit: 1, on: runrate}]", "expected run_rate or actual", "did you mean 'run_rate'?"),
        ("budgets: [{name: a, limit: 1}, {name: a, limit: 2}]", "the name 'a' is already on line 2", None),
        ("budgets: [{name: a}]", "the key 'limit' is missing", None),
    ],
)
def test_a_slip_is_refused_with_its_line_and_the_nearest(
    tmp_path: Path, text: str, said: str, hint: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"aggcost: 1\n{text}\n")
    assert caught.value.message.startswith(f"{tmp_path}/aggcost.yaml:2: ")
    assert said in caught.value.message
    assert hint is None or hint in (caught.value.hint or "")


def test_a_condition_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"aggcost\.yaml:3: unknown field 'providr'"):
        read(tmp_path, "aggcost: 1\ncomponents:\n  - {name: a, where: providr == 'openai'}\n")


def test_the_version_must_be_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="reads version 1 of this format, not '3'"):
        read(tmp_path, "aggcost: 3\n")


def test_a_project_is_found_upward(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_project(below) is None
    read(tmp_path, "aggcost: 1\n")
    assert find_project(below) == tmp_path / "aggcost.yaml"
    read(tmp_path / "a", "aggcost: 1\n")
    assert find_project(below) == tmp_path / "a" / "aggcost.yaml"


def test_the_article_states_the_overheads_of_its_table() -> None:
    project = load_project(shipped.article() / "aggcost.yaml")
    assert sum(overhead.monthly_usd for overhead in project.overheads) == 6_320
    assert [name for name, _ in project.components] == ["GPT-4o calls", "Claude operations", "Gemini workloads"]
    assert all(path.is_file() for path in project.prices)
