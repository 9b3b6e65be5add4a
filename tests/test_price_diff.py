"""Two tables compared, and price files checked: figures by hand."""

import json
from datetime import date
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from aggcost.cli.prices import app
from aggcost.price_check import price_check
from aggcost.price_diff import Compared, price_diff
from aggcost.price_sources import tables

HEAD = "aggcost_prices: 1\nsource: {name: x, checked: 2026-11-01}\nproviders:\n  acme:\n    models:\n"
A = (
    HEAD
    + """\
      one: {rates: [{prices: {input: "2", cache_read: "0.5", output: "10"}}]}
      two: {rates: [{prices: {input: "1", output: "4"}, tiers: [{when: {prompt_tokens: {gt: 1000}}, prices: {input: "2"}}]}]}
      only: {rates: [{prices: {input: "1"}}]}
"""
)
B = (
    HEAD
    + """\
      one: {rates: [{prices: {input: "2.02", cache_read: "0.25", output: "10"}}]}
      two: {rates: [{prices: {input: "1", output: "4"}, tiers: [{when: {prompt_tokens: {ge: 1000}}, prices: {input: "3"}}]}]}
"""
)
LOG = """\
timestamp,request_id,provider,model,input_tokens,cache_read_tokens,output_tokens
2026-02-02T09:00:00Z,r1,acme,one,3000000,2000000,1000
2026-02-02T09:01:00Z,r2,acme,two,500,0,10
2026-02-02T09:02:00Z,r3,acme,only,500,0,0
"""


@pytest.fixture
def files(tmp_path):
    for name, text in (("a.yaml", A), ("b.yaml", B), ("log.csv", LOG)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def compare(files, threshold="1"):
    a, b = (Compared(name, tables.read(files / name)) for name in ("a.yaml", "b.yaml"))
    return price_diff(a, b, at_s=0, threshold_percent=Decimal(threshold))


def test_differences_of_more_than_the_threshold_the_widest_first(files):
    found = compare(files)
    assert [(one.model, one.meter, one.percent) for one in found.differences] == [
        ("one", "cache_read", Decimal(-50)),
        ("two", "input", Decimal(50)),
    ]
    assert (found.shared, found.only_a, found.only_b, found.agree) == (2, 1, 0, 0)


def test_a_difference_of_exactly_the_threshold_is_none(files):
    assert ("one", "input") not in {(one.model, one.meter) for one in compare(files, "1").differences}
    assert ("one", "input") in {(one.model, one.meter) for one in compare(files, "0.99").differences}


def test_the_token_between_gt_and_ge_of_one_number_is_no_difference(files):
    (price,) = next(one for one in compare(files).differences if one.model == "two").prices
    assert (price.from_tokens, price.a, price.b) == (1001, Decimal(2), Decimal(3))


def run(files, monkeypatch, *arguments):
    monkeypatch.chdir(files)
    return CliRunner().invoke(app, arguments)


def test_the_effect_on_a_bill(files, monkeypatch):
    shown = run(files, monkeypatch, "diff", "a.yaml", "b.yaml", "log.csv", "--threshold", "0.5", "--format", "json")
    tree = json.loads(shown.stdout)
    # one: 1,000,000 fresh tokens at +0.02 and 2,000,000 cached at -0.25 a million; two: the small prompt costs the same
    assert [(one["model"], one["meter"], one["effect"]) for one in tree["differences"]] == [
        ("one", "cache_read", "-0.5"),
        ("one", "input", "0.02"),
        ("two", "input", "0"),
    ]
    assert tree["log"] == {"requests": 2, "bill_a": "3.01054", "bill_b": "2.53054"}


def test_the_table_of_differences(files, monkeypatch):
    shown = run(files, monkeypatch, "diff", "a.yaml", "b.yaml", "--at", "2026-02-01").stdout
    assert shown.splitlines()[:3] == [
        "A  a.yaml",
        "B  b.yaml",
        "2 models in both (1 only in A, 0 only in B); at 2026-02-01T00:00:00Z",
    ]
    assert all(len(text) <= 80 for text in shown.splitlines())


def checked(tmp_path, text, **more):
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    found = price_check([path], today=date(2026, 11, 27), stale_days=90, **more)
    return [(one.code, one.severity) for one in found.findings], found.exit_code


def test_a_file_without_faults(tmp_path):
    assert checked(tmp_path, A) == ([], 0)


def test_gaps_ends_and_age(tmp_path):
    rates = '[{effective: {to: 2025-01-01}, prices: {input: "1"}}, {effective: {from: 2025-02-01, to: 2026-01-01}, prices: {input: "1"}}]'
    text = HEAD.replace("2026-11-01", "2026-01-01") + f"      one: {{rates: {rates}}}\n"
    assert checked(tmp_path, text) == ([("gap", "warning"), ("ended", "warning"), ("stale", "warning")], 1)


def test_prices_at_once_make_a_file_unusable(tmp_path):
    rates = '[{prices: {input: "1"}}, {effective: {from: 2025-02-01}, prices: {input: "1"}}]'
    assert checked(tmp_path, f"{HEAD}      one: {{rates: {rates}}}\n") == ([("overlap", "error")], 2)


def test_a_file_without_a_date_is_named(tmp_path):
    assert checked(tmp_path, A.replace("source: {name: x, checked: 2026-11-01}\n", "")) == ([("unchecked", "info")], 0)


def test_two_files_that_price_one_model(tmp_path):
    paths = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for path, text in zip(paths, (A, B), strict=True):
        path.write_text(text, encoding="utf-8")
    found = price_check(paths, today=date(2026, 11, 27), stale_days=90)
    assert [one.message.partition(":")[0] for one in found.findings] == ["acme/one", "acme/two"]


def test_a_retired_model_that_a_log_still_uses(files, monkeypatch):
    retired = A.replace("one: {rates", "one: {retired: 2026-02-02, rates").replace(
        "two: {rates", "two: {retired: 2026-02-03, rates"
    )
    (files / "a.yaml").write_text(retired, encoding="utf-8")
    done = run(files, monkeypatch, "check", "a.yaml", "--log", "log.csv", "--at", "2026-11-27", "--format", "json")
    tree = json.loads(done.stdout)
    assert done.exit_code == 1
    assert [(one["code"], one["where"]) for one in tree["findings"]] == [("retired", "acme/one")]
    assert tree["logged_models"] == 3
