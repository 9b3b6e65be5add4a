"""A log held against a bill: differences whose parts are worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from aggcost.baseline import Options
from aggcost.errors import UsageError
from aggcost.importers import ReadOptions
from aggcost.price_sources import load_rates
from aggcost.reconcile import reconcile, verdict
from aggcost.report_reconcile import Reconciliation
from aggcost.sides import usual_name

# US dollars per million tokens, so that 1,000 tokens cost a whole number of thousandths.
PRICES = """\
aggcost_prices: 1
currency: USD
source: {name: contract, checked: 2026-02-01}
providers:
  acme:
    models:
      one:
        rates:
          - prices: {input: "2", cache_read: "0.5", output: "10"}
            modes: {batch: {prices: {input: "1", cache_read: "0.25", output: "5"}}}
      called: {rates: [{prices: {input: "1", output: "0", requests: {price: "0.25", per: 1000}}}]}
      two: {rates: [{prices: {input: "1", output: "4"}}]}
      long:
        rates:
          - prices: {input: "1", output: "10"}
            tiers: [{when: {prompt_tokens: {gt: 1000}}, prices: {input: "2", output: "20"}}]
"""
LOG = "timestamp,request_id,provider,model,service_tier,input_tokens,cache_read_tokens,output_tokens\n"
BILL = "timestamp,grain,provider,model,service_tier,requests,input_tokens,cache_read_tokens,output_tokens,cost_usd\n"
HALF = [
    "2026-02-02T09:00:00Z,r1,acme,one,,1000,0,100",
    "2026-02-02T10:00:00Z,r2,acme,one,,1000,0,100",
]  # 0.003 each


def against(folder: Path, log: Sequence[str], bill: Sequence[str], **more: object) -> Reconciliation:
    paths = {name: folder / f"{name}.{end}" for name, end in (("log", "csv"), ("bill", "csv"), ("prices", "yaml"))}
    paths["log"].write_text(LOG + "".join(f"{row}\n" for row in log))
    paths["bill"].write_text(BILL + "".join(f"{row}\n" for row in bill))
    paths["prices"].write_text(PRICES)
    asked = Options(logs=(str(paths["log"]),), prices=(paths["prices"],), **more)  # type: ignore[arg-type]
    return reconcile(asked, (str(paths["bill"]),))


def parts(found: Reconciliation) -> dict[str, str]:
    assert sum((part.amount for part in found.parts), Decimal(0)) == found.difference
    return {part.name: format(part.amount.normalize(), "f") for part in found.parts}


def row(rest: str, day: int = 2) -> str:
    return f"2026-02-{day:02}T00:00:00Z,bucket,acme,{rest}"


def test_a_bill_that_agrees(tmp_path):
    found = against(tmp_path, HALF, [row("one,,2,2000,0,200,0.006")])
    assert (found.difference, found.within_tolerance, found.parts, found.bill_basis) == (0, True, (), "recorded")
    assert (found.log.cost, found.log.requests, found.bill.requests) == (Decimal("0.006"), 2, 2)


def test_a_usage_report_without_costs_is_priced_at_our_rates(tmp_path):
    found = against(tmp_path, HALF, [row("one,,2,2000,0,200,")])
    assert (found.bill.cost, found.difference, found.bill_basis) == (Decimal("0.006"), 0, "rated")


def test_an_hour_is_missing_from_the_log(tmp_path):
    found = against(tmp_path, HALF, [row("one,,3,3000,0,300,0.009")])
    assert parts(found) == {"missing_requests": "0.003"}
    assert (found.parts[0].tokens, found.difference_percent) == (1100, Decimal("33.333333"))
    assert not found.within_tolerance


def test_the_log_has_requests_that_the_bill_has_not(tmp_path):
    assert parts(against(tmp_path, HALF, [row("one,,1,1000,0,100,0.003")])) == {"extra_requests": "-0.003"}


def test_a_model_that_is_only_in_the_log(tmp_path):
    log = [*HALF, "2026-02-02T09:00:00Z,r3,acme,two,,1000,0,0"]
    assert parts(against(tmp_path, log, [row("one,,2,2000,0,200,0.006")])) == {"extra_requests": "-0.001"}


def test_another_price(tmp_path):
    assert parts(against(tmp_path, HALF, [row("one,,2,2000,0,200,0.0075")])) == {"price": "0.0015"}


def test_cached_tokens_logged_as_plain_input(tmp_path):
    # 1,000 tokens at 0.5 instead of 2 dollars per million
    found = against(tmp_path, HALF, [row("one,,2,2000,1000,200,0.0045")])
    assert parts(found) == {"cache": "-0.0015"}
    assert found.parts[0].tokens == 1000


def test_batch_on_the_bill(tmp_path):
    found = against(tmp_path, HALF, [row("one,standard,1,1000,0,100,0.003"), row("one,batch,1,1000,0,100,0.0015")])
    assert parts(found) == {"service_tier": "-0.0015"}
    assert found.parts[0].tokens == 1100


def test_a_report_without_service_tiers_says_nothing_of_them(tmp_path):
    log = [HALF[0], HALF[1].replace("one,,", "one,batch,")]  # 0.003 and 0.0015
    assert against(tmp_path, log, [row("one,,2,2000,0,200,")]).difference == 0
    assert parts(against(tmp_path, log, [row("one,,2,2000,0,200,0.005")])) == {"price": "0.0005"}


def test_duplicates(tmp_path):
    found = against(tmp_path, [*HALF, HALF[1]], [row("one,,2,2000,0,200,0.006")])
    assert parts(found) == {"duplicates": "-0.003"}
    assert found.log.cost == Decimal("0.009")


def test_repeats_that_were_billed_are_no_duplicates(tmp_path):
    assert against(tmp_path, [*HALF, HALF[1]], [row("one,,3,3000,0,300,0.009")]).difference == 0


def test_duplicates_are_dropped_where_that_is_asked(tmp_path):
    asked = ReadOptions(dedupe="id")
    assert against(tmp_path, [*HALF, HALF[1]], [row("one,,2,2000,0,200,0.006")], read=asked).difference == 0


def test_a_retry_is_no_duplicate(tmp_path):
    failed = HALF[1].replace("10:00:00Z", "09:30:00Z")
    status = [f"{row},{word}" for row, word in ((HALF[0], "ok"), (failed, "error"), (HALF[1], "ok"))]
    log = tmp_path / "tried.csv"
    log.write_text(LOG.replace("\n", ",status\n") + "\n".join(status) + "\n")
    against(tmp_path, HALF, [row("one,,2,2000,0,200,0.006")])
    found = reconcile(Options(logs=(str(log),), prices=(tmp_path / "prices.yaml",)), (str(tmp_path / "bill.csv"),))
    assert parts(found) == {"extra_requests": "-0.003"}
    assert found.coverage.retries is not None
    assert (found.coverage.retries.records, found.coverage.retries.cost) == (1, Decimal("0.003"))


def test_the_coverage_says_what_was_dropped(tmp_path):
    found = against(tmp_path, [*HALF, HALF[1]], [row("one,,2,2000,0,200,0.006")], read=ReadOptions(dedupe="id"))
    assert (found.coverage.duplicate, found.coverage.duplicates.cost) == (1, Decimal("0.003"))
    assert found.bill_coverage.duplicates.records == 0


def test_unusable_rows_of_both_sides_are_written(tmp_path):
    bad = tmp_path / "bad.csv"
    log = [*HALF, "2026-02-02T09:00:00Z,r3,acme,one,,many,0,0"]
    against(tmp_path, log, [row("one,,2,2000,0,200,0.006"), row("one,,x,1,0,0,")], quarantine=bad)
    assert bad.read_text().splitlines() == [
        "file,line,column,reason",
        f"{tmp_path}/log.csv,4,input_tokens,not_a_count",
        f"{tmp_path}/bill.csv,3,requests,not_a_count",
    ]


def test_everything_at_once(tmp_path):
    log = [*HALF, HALF[1], "2026-02-03T09:00:00Z,r4,acme,two,,1000,0,1000"]
    bill = [row("one,,2,2000,1000,200,0.0045"), row("two,,2,2000,0,2000,0.012", 3)]
    # two: 0.005 logged, 0.010 expected, 0.012 billed
    found = parts(against(tmp_path, log, bill))
    assert found == {"missing_requests": "0.005", "price": "0.002", "cache": "-0.0015", "duplicates": "-0.003"}


def test_costs_without_tokens_leave_the_rest_unexplained(tmp_path):
    found = against(tmp_path, HALF, [row("one,,,,,,0.007")])
    assert parts(found) == {"unexplained": "0.001"}
    assert (found.bill.tokens, found.bill.requests) == (None, None)


def test_costs_without_models_are_compared_by_provider(tmp_path):
    log = [*HALF, "2026-02-02T09:00:00Z,r3,acme,two,,1000,0,0"]
    found = against(tmp_path, log, [row(",,,,,,0.007")])
    assert (found.difference, [(one.provider, one.model) for one in found.rows]) == (0, [("acme", None)])


def test_costs_beside_models_that_nobody_sent_a_request_to(tmp_path):
    found = against(tmp_path, HALF, [row("one,,,,,,0.006"), row(",,,,,,0.5")])
    assert [(one.model, one.difference) for one in found.rows] == [(None, Decimal("0.5")), ("one", 0)]
    assert parts(found) == {"unexplained": "0.5"}


def test_counts_and_costs_from_two_reports(tmp_path):
    found = against(tmp_path, HALF, [row("one,,2,2000,0,200,"), row("one,,,,,,0.0061")])
    assert parts(found) == {"price": "0.0001"}


def test_counts_without_models_have_the_rates_of_the_log(tmp_path):
    found = against(tmp_path, HALF, [row(",,3,3000,0,300,0.010")])
    assert parts(found) == {"missing_requests": "0.003", "price": "0.001"}


def test_a_sum_of_long_prompts_has_the_rates_of_the_log(tmp_path):
    log = [f"2026-02-02T09:00:0{second}Z,r{second},acme,long,,2000,0,100" for second in range(2)]
    # 4,000 x 2 + 200 x 20 in the dearer tier, which the bill's sum alone could not tell
    assert against(tmp_path, log, [row("long,,2,4000,0,200,0.012")]).difference == 0
    assert parts(against(tmp_path, log, [row("long,,2,4000,0,200,0.012")])) == {}


def test_a_report_that_counts_no_requests_takes_those_of_the_log(tmp_path):
    log = ["2026-02-02T09:00:00Z,r1,acme,called,,1000,0,100"]  # 0.001 and 0.25 a thousand requests
    found = against(tmp_path, log, [row("called,,,1000,0,100,")])
    assert (found.log.cost, found.difference, found.bill.requests) == (Decimal("0.00125"), 0, None)


def test_what_has_no_price_is_unexplained(tmp_path):
    log = [*HALF, "2026-02-02T09:00:00Z,r3,acme,nobody,,1000,0,0"]
    found = against(tmp_path, log, [row("one,,2,2000,0,200,0.006"), row("nobody,,1,1000,0,0,0.004")])
    assert parts(found) == {"unexplained": "0.004"}


def test_days_and_providers_of_one_side_only_are_left_out(tmp_path):
    log = [*HALF, "2026-02-03T09:00:00Z,r3,acme,one,,1000,0,0", "2026-02-02T09:00:00Z,r4,openai,gpt-4o,,1000,0,0"]
    found = against(tmp_path, log, [row("one,,1,1000,0,0,0.002", 1), row("one,,2,2000,0,200,0.006")])
    assert found.difference == 0
    left = [(one.side, one.provider, one.day, one.cost) for one in found.left_out]
    assert left == [
        ("log", "acme", "2026-02-03", Decimal("0.002")),
        ("log", "openai", "2026-02-02", Decimal("0.0025")),
        ("bill", "acme", "2026-02-01", Decimal("0.002")),
    ]


def test_a_day_inside_the_log_without_requests_is_missing(tmp_path):
    log = [*HALF, "2026-02-04T09:00:00Z,r3,acme,one,,1000,0,0"]
    bill = [row("one,,2,2000,0,200,0.006"), row("one,,1,500,0,0,0.001", 3), row("one,,1,1000,0,0,0.002", 4)]
    found = against(tmp_path, log, bill)
    assert parts(found) == {"missing_requests": "0.001"}
    assert found.period.days == 3


def test_nothing_in_common_is_exit_3(tmp_path):
    found = against(tmp_path, HALF, [row("one,,1,1000,0,0,0.002", 9)])
    assert found.rows == ()
    reason = verdict(found, Decimal(1))
    assert reason is not None
    assert reason.exit_code == 3


def test_a_bill_with_bad_rows_is_exit_3(tmp_path):
    reason = verdict(against(tmp_path, HALF, [row("one,,2,2000,0,200,0.006"), row("one,,x,,,,1")]), Decimal(1))
    assert reason is not None
    assert "1 of 2 rows of the bill" in reason.message


USAGE = """{"object": "page", "data": [{"object": "bucket", "start_time": 1769990400, "end_time": 1770076800, "results": [
{"object": "organization.usage.completions.result", "input_tokens": 200000, "input_cached_tokens": 50000,
"output_tokens": 2000, "num_model_requests": 2, "model": "gpt-4o-2024-08-06", "batch": null, "service_tier": null}
]}]}
"""
COSTS = """{"object": "page", "data": [{"object": "bucket", "start_time": 1769990400, "end_time": 1770076800, "results": [
{"object": "organization.costs.result", "amount": {"value": 0.46, "currency": "usd"},
"line_item": "gpt-4o-2024-08-06, input"},
{"object": "organization.costs.result", "amount": {"value": 0.02, "currency": "usd"}, "line_item": "web search"}
]}]}
"""


def test_usage_and_costs_of_openai(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text(LOG + "".join(f"2026-02-02T0{n}:00:00Z,r{n},openai,gpt-4o,,100000,0,1000\n" for n in range(2)))
    bills = {"usage.json": USAGE, "costs.json": COSTS}
    for name, text in bills.items():
        (tmp_path / name).write_text(text)
    found = reconcile(Options(logs=(str(log),)), [str(tmp_path / name) for name in bills])
    # 50,000 tokens at 1.25 instead of 2.50; 0.4575 expected and 0.46 billed; a search that no request log has
    assert parts(found) == {"price": "0.0025", "cache": "-0.0625", "unexplained": "0.02"}
    assert [one.format for one in found.bill_inputs] == ["openai-usage", "openai-costs"]
    alone = reconcile(Options(logs=(str(log),)), [str(tmp_path / "costs.json")])
    assert parts(alone) == {"unexplained": "-0.04"}
    assert [issue.code for issue in alone.issues] == ["bill_counts_no_tokens"]


def test_rows_have_the_largest_difference_first(tmp_path):
    log = [*HALF, "2026-02-03T09:00:00Z,r3,acme,one,,1000,0,0"]
    found = against(tmp_path, log, [row("one,,2,2000,0,200,0.007"), row("one,,1,1000,0,0,0.5", 3)])
    assert [one.day for one in found.rows] == ["2026-02-03", "2026-02-02"]


def test_a_field_to_break_down_by_is_refused(tmp_path):
    with pytest.raises(UsageError, match="--by team"):
        against(tmp_path, HALF, [row("one,,2,2000,0,200,0.006")], by=("team",))


@pytest.mark.parametrize(
    ("provider", "model", "name"),
    [
        ("anthropic", "Claude Haiku 4.5", "claude-haiku-4-5"),
        ("anthropic", "Claude Sonnet 3.7", "claude-3-7-sonnet-latest"),
        ("openai", "gpt-4o-2024-08-06", "gpt-4o"),
        ("openai", "Web Search", "Web Search"),
    ],
)
def test_names_for_people_are_models(provider, model, name):
    assert usual_name(load_rates(), provider, model) == (provider, name)


def test_fractions_of_the_last_digit_go_to_the_largest_part(tmp_path):
    found = against(tmp_path, HALF, [row("one,,3,3001,1000,301,0.010000000001")])
    assert found.rows[0].difference == Decimal("0.004000000001")
    assert sum((Fraction(part.amount) for part in found.rows[0].parts), Fraction(0)) == Fraction("0.004000000001")
    assert found.rows[0].day == date(2026, 2, 2).isoformat()
