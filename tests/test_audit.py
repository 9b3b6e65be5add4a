"""The audit of recorded cost, end to end: which rows agree, which cause gives the others, which stay unexplained."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from aggcost.audit import audit
from aggcost.baseline import Options
from aggcost.errors import DataQualityError, UsageError
from aggcost.importers import ReadOptions
from aggcost.output import View, render

PRICES = """\
aggcost_prices: 1
providers:
  acme:
    models:
      m:
        rates:
          - effective: {to: 2026-01-01}
            prices: {input: "4", cache_read: "2", output: "20"}
          - effective: {from: 2026-01-01}
            prices: {input: "2", cache_read: "0.5", output: "10"}
            modes: {batch: {prices: {input: "1", cache_read: "0.5", output: "5"}}}
"""
HEADER = "timestamp,request_id,provider,model,input_tokens,cache_read_tokens,output_tokens,service_tier,cost_usd"
# 1,000 tokens in, 400 of them cached, 100 out: 600 x 2 + 400 x 0.5 + 100 x 10 = 2,400 millionths of a dollar.
ROWS = {
    "agrees": ("", "0.0024"),
    "agrees, nearly": ("", "0.002402"),
    "cached in full": ("", "0.003"),
    "cached twice": ("", "0.0032"),
    "old price": ("", "0.0052"),
    "as batch": ("", "0.0013"),
    "batch at list": ("batch", "0.0024"),
    "free": ("", "0"),
    "odd": ("", "0.0777"),
    "silent": ("", ""),
}


@pytest.fixture
def logged(tmp_path):
    (tmp_path / "prices.yaml").write_text(PRICES)
    lines = [f"2026-02-02T09:00:00Z,{name},acme,m,1000,400,100,{tier},{cost}" for name, (tier, cost) in ROWS.items()]
    (tmp_path / "log.csv").write_text("\n".join([HEADER, *lines, ""]).replace("agrees, nearly", "nearly"))
    return Options(
        logs=(str(tmp_path / "log.csv"),),
        read=ReadOptions(request_ids=True),
        prices=(tmp_path / "prices.yaml",),
    )


def test_each_row_is_explained_or_not(logged):
    found = audit(logged)
    assert (found.requests, found.agree, found.without_recorded) == (9, 2, 1)
    assert {(one.name, one.requests, one.recorded, one.rated) for one in found.causes} == {
        ("cache_at_full_price", 1, Decimal("0.003"), Decimal("0.0024")),
        ("cache_counted_twice", 1, Decimal("0.0032"), Decimal("0.0024")),
        ("older_price", 1, Decimal("0.0052"), Decimal("0.0024")),
        ("other_tier", 1, Decimal("0.0013"), Decimal("0.0024")),
        ("batch_at_list", 1, Decimal("0.0024"), Decimal("0.0013")),
        ("recorded_as_zero", 1, Decimal(0), Decimal("0.0024")),
        ("unexplained", 1, Decimal("0.0777"), Decimal("0.0024")),
    }


def test_the_parts_add_up(logged):
    found = audit(logged)
    assert found.recorded - found.rated == found.difference
    agreeing = Decimal("0.0024") + Decimal("0.002402") - 2 * Decimal("0.0024")
    assert sum(one.difference for one in found.causes) + agreeing == found.difference
    assert sum(one.requests for one in found.causes) + found.agree == found.requests


def test_the_odd_request_is_named(logged):
    (odd,) = audit(logged).odd
    assert (odd.request_id, odd.model, odd.recorded) == ("odd", "m", Decimal("0.0777"))
    assert odd.time == "2026-02-02T09:00:00Z"
    assert (odd.tokens.input, odd.tokens.cache_read, odd.tokens.output) == (600, 400, 100)


def test_a_wider_tolerance_accepts_more(logged):
    strict, wide = audit(logged, Decimal("0.01")), audit(logged, Decimal(50))
    assert (strict.agree, wide.agree) == (1, 5)  # within half of 0.0024 (0.0013 for batch): 0.003, 0.0032, 0.0013 too


def test_the_order_of_rows_does_not_matter(logged, tmp_path):
    first, *lines = (tmp_path / "log.csv").read_text().splitlines()
    random.Random(1).shuffle(lines)
    (tmp_path / "other.csv").write_text("\n".join([first, *lines, ""]))
    found, other = audit(logged), audit(replace(logged, logs=(str(tmp_path / "other.csv"),)))
    assert replace(other, inputs=found.inputs, next_commands=found.next_commands, odd=()) == replace(found, odd=())
    assert [replace(one, file=None) for one in other.odd] == [replace(one, file=None) for one in found.odd]


def test_a_log_without_costs_cannot_be_audited(logged, tmp_path):
    (tmp_path / "bare.csv").write_text("timestamp,model,input_tokens,output_tokens\n2026-02-02T09:00:00Z,m,1,1\n")
    with pytest.raises(DataQualityError, match="nothing to audit"):
        audit(replace(logged, logs=(str(tmp_path / "bare.csv"),)))


@pytest.mark.parametrize("tolerance", ["-1", "100"])
def test_a_tolerance_is_a_percentage(logged, tolerance):
    with pytest.raises(UsageError, match="tolerance"):
        audit(logged, Decimal(tolerance))


@pytest.mark.parametrize("name", ["table", "json", "markdown", "csv", "html"])
def test_every_format_tells_the_odd_request(logged, name):
    assert "0.0777" in render(audit(logged), name, View(width=80, detail=True))


def test_the_page_fits_80_columns(logged):
    lines = render(audit(logged), "table", View(width=80)).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "$0.098 is recorded for 9 requests, $0.077 more than the prices say ($0.020)."


def test_searches_and_audio_are_part_of_what_is_held_against_the_record(tmp_path):
    prices = """\
aggcost_prices: 1
providers:
  acme:
    models:
      m:
        rates:
          - prices: {input: "2", input_audio: "20", output: "10"}
            fees: {web_search: {price: "10", per: 1000}}
"""
    (tmp_path / "prices.yaml").write_text(prices)
    names = "timestamp,provider,model,input_tokens,input_audio_tokens,output_tokens,web_searches,file_searches,cost_usd"
    # 900 x 2 + 100 x 20 + 100 x 10 = 4,800 millionths of a dollar, and 3 searches are 30,000.
    rows = ["1000,100,100,3,,0.0348", "1000,100,100,,,0.0048", "1000,100,100,3,,0.0048", "1000,100,100,,1,0.0048"]
    lines = [f"2026-02-02T09:00:00Z,acme,m,{row}" for row in rows]
    (tmp_path / "log.csv").write_text("\n".join([names, *lines, ""]))
    options = Options(logs=(str(tmp_path / "log.csv"),), read=ReadOptions(), prices=(tmp_path / "prices.yaml",))
    (found,) = audit(options).models
    assert (found.requests, found.agree, found.rated) == (3, 2, Decimal("0.0744"))
    assert [one.name for one in found.causes] == ["unexplained"]
