"""The tree and the JSON that is made of it."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

import aggcost
from aggcost.output.as_json import as_json, encode
from aggcost.output.schema import report_schema
from aggcost.report_arms import Group, Tokens, fold, ranked

SCHEMA = Path(aggcost.__file__).parent / "data" / "report.schema.json"


def test_the_shipped_schema_is_the_dataclasses(request):
    text = json.dumps(report_schema(), indent=2) + "\n"
    if request.config.getoption("--update-golden"):
        SCHEMA.write_text(text, encoding="utf-8")
    assert text == SCHEMA.read_text(encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(report_schema())


def test_json_is_golden_and_valid(case, report, golden):
    text = as_json(report)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(json.loads(text))
    golden(f"{case}/report.json", text)


def test_the_schema_refuses_numbers_that_are_not_plain(article):
    validator = jsonschema.Draft202012Validator(report_schema())
    for wrong in (10000, 1e4, "1E+4", "10000.0", "-0", "NaN", "00", ".5"):
        tree = json.loads(as_json(article))
        tree["arms"][0]["cost_monthly"] = wrong
        assert list(validator.iter_errors(tree)), wrong


@pytest.mark.parametrize("name", ["arms", "comparisons", "schema_version", "coverage"])
def test_the_schema_misses_no_key(article, name):
    tree = json.loads(as_json(article))
    del tree[name]
    assert list(jsonschema.Draft202012Validator(report_schema()).iter_errors(tree))


def test_the_fixed_names_of_the_json(article):
    tree = json.loads(as_json(article))
    assert tree["schema_version"] == "1"
    assert list(tree["period"])[:5] == ["from", "to", "days", "timezone", "indicative"]
    assert tree["arms"][0]["name"] == "as_logged"
    comparison = tree["comparisons"][0]
    assert comparison["decisions"][0]["from"] == "openai/gpt-4o"
    assert comparison["components"][3] == {
        "name": "overheads", "before": "6320", "after": "710", "savings": "5610",
        "savings_percent": "88.765823", "label": "assumed",
    }  # fmt: skip
    assert comparison["roi"]["payback_months"] == "3.037975"
    assert tree["arms"][0]["failures"][0] == {"class": "5xx", "requests": 6404}


def test_requests_of_a_split_are_integers_where_whole(article):
    for requests, expected in ((Decimal("720000.00"), 720000), (Decimal("0.5"), "0.5"), (7, 7), (Decimal(0), 0)):
        arm = replace(article.arms[0], requests=requests)
        assert encode(arm)["requests"] == expected
        assert type(encode(arm)["requests"]) is type(expected)


def test_a_float_never_enters_json(article):
    with pytest.raises(TypeError, match="float"):
        encode(replace(article.arms[0], cost=0.1))


def test_equal_reports_give_equal_bytes_and_unsafe_characters_are_escaped(article):
    name = "bad\x1b[31m\u202e\x9b\u200b\ud800é"
    hostile = replace(article, period=replace(article.period, name=name))
    text = as_json(hostile)
    assert text == as_json(replace(hostile))
    assert text.encode("utf-8")
    assert not any(character in text for character in "\x1b\u202e\x9b\u200b\ud800")
    assert json.loads(text)["period"]["name"] == name


def test_an_unsafe_character_beyond_the_basic_plane_round_trips(article):
    hostile = replace(article, period=replace(article.period, name="a\U000e0041b"))
    assert json.loads(as_json(hostile))["period"]["name"] == "a\U000e0041b"


def _group(key, cost, requests=1):
    return Group(key=key, cost=None if cost is None else Decimal(cost), requests=requests, tokens=Tokens(input=10))


def test_ranked_is_dearest_first_then_by_key_with_shares():
    groups = (_group("b", "1"), _group("a", "1"), _group(None, None), _group("z", "2"))
    found = ranked(groups, Decimal(4))
    assert [group.key for group in found] == ["z", "a", "b", None]
    assert [group.share for group in found] == [Decimal(50), Decimal(25), Decimal(25), None]


def test_fold_sums_the_rest_and_never_hides_a_single_line():
    groups = tuple(_group(str(n), "1.5", 2) for n in range(5))
    shown, other = fold(groups, 3)
    assert [group.key for group in shown] == ["0", "1", "2"]
    assert other is not None
    assert (other.key, other.cost, other.requests, other.tokens.input) == ("other (2)", Decimal(3), 4, 20)
    assert fold(groups, 4) == (groups, None)


def test_fold_of_unpriced_groups_has_no_cost():
    _, other = fold(tuple(_group(str(n), None) for n in range(4)), 1)
    assert other is not None
    assert other.cost is None
