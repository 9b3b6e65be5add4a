"""What every importer must offer, built in or not."""

from __future__ import annotations

import json

import pytest
from reading_logs import log, read

from aggcost.errors import UsageError
from aggcost.importers import FORMATS
from aggcost.importers.casts import Cell
from aggcost.importers.fields import SYNONYMS
from aggcost.importers.registry import choose

# Headers that each format takes for its own.
HEADERS = {
    "generic": ("timestamp", "model", "input_tokens", "output_tokens"),
    "litellm": ("request_id", "call_type", "spend", "prompt_tokens", "startTime", "metadata", "cache_hit"),
}


@pytest.fixture(params=FORMATS, ids=lambda one: one.NAME)
def importer(request):
    return request.param


def test_it_says_what_it_is(importer):
    assert importer.NAME in HEADERS, "give its headers here"
    assert importer.TITLE
    assert "token" in importer.SEMANTICS
    assert set(importer.CAPABILITIES) == set(FORMATS[-1].CAPABILITIES)


def test_it_knows_its_own_headers(importer):
    assert choose(HEADERS[importer.NAME], None) is importer
    assert choose(("a", "b"), importer.NAME) is importer


def test_its_fields_are_those_of_the_contract(importer):
    names = HEADERS[importer.NAME]
    found = importer.fields(names, {name: Cell(name) for name in names}, {}, "a log")
    assert found.keys() <= SYNONYMS.keys()
    assert "input_tokens" in found


def test_the_map_of_the_user_wins(importer):
    names = (*HEADERS[importer.NAME], "mine")
    found = importer.fields(names, {name: Cell(name) for name in names}, {"task": "mine"}, "a log")
    assert found["task"].cell == Cell("mine")


def test_a_log_of_its_headers_is_read(importer, tmp_path):
    row = dict.fromkeys(HEADERS[importer.NAME]) | {
        HEADERS[importer.NAME][0]: None,
        "prompt_tokens": 3,
        "input_tokens": 3,
    }
    found = read(log(tmp_path, json.dumps({name: row[name] for name in HEADERS[importer.NAME]}), "log.jsonl"))
    assert found.inputs[0].format == importer.NAME
    assert found.values("input") == [3]


def test_an_unknown_format_names_the_nearest():
    with pytest.raises(UsageError, match="unknown format 'litelm'") as caught:
        choose(("a",), "litelm")
    assert caught.value.hint == "did you mean 'litellm'?"
