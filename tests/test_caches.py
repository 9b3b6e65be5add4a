"""`aggcost caches`: three prompts by hand, sessions and what is refused."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from itertools import takewhile

import pytest
from typer.testing import CliRunner

from aggcost.baseline import Options
from aggcost.caches import Asked, caches
from aggcost.cli import app
from aggcost.errors import DataQualityError, UsageError
from aggcost.importers import ReadOptions
from aggcost.output.caches import caches_json, caches_table

PRICES = """\
aggcost_prices: 1
source: {name: by hand, checked: 2026-11-01}
providers:
  acme:
    models:
      m: {rates: [{prices: {input: "2", cache_read: "0.5", cache_write_5m: "2.5", cache_write_1h: "4", output: "10"}}]}
      plain: {rates: [{prices: {input: "1", output: "4"}}]}
"""
HEADER = "timestamp,provider,model,session_id,input_tokens,output_tokens,cache_read_tokens,prefix_blocks"
# The second prompt begins as the first; the third is the first, 390 s after the second.
ROWS = [
    '2026-02-02T09:00:00Z,acme,m,a,3000,0,,"[1,2,3]"',
    '2026-02-02T09:00:10Z,acme,m,b,3000,0,1000,"[1,2,9]"',
    '2026-02-02T09:06:40Z,acme,m,a,3000,0,,"[1,2,3]"',
]


def logged(folder, rows=ROWS, header=HEADER, **read):
    (folder / "log.csv").write_text("\n".join([header, *rows, ""]))
    (folder / "prices.yaml").write_text(PRICES)
    options = ReadOptions(**{"assume": {"block_tokens": "1000"}, **read})
    return Options(logs=(str(folder / "log.csv"),), prices=(folder / "prices.yaml",), read=options)


def test_three_prompts_by_hand(tmp_path):
    found = caches(logged(tmp_path), Asked(capacities=(3,)))
    assert (found.method, found.requests, found.prompt_tokens, found.blocks) == ("blocks", 3, 9000, 9)
    assert found.cost_without_cache_usd == Decimal("0.018")
    for_ever, hour, minutes = found.served
    assert (for_ever.blocks, for_ever.read_tokens, for_ever.write_tokens, for_ever.label) == (
        5,
        5000,
        4000,
        "recomputed",
    )
    assert (for_ever.read_percent, for_ever.mean_percent) == (Decimal("55.555556"), Decimal("55.5556"))
    # 5,000 x 0.5 + 4,000 x 2.5 = 12,500 of 18,000; for an hour 4,000 x 4; in five minutes the third prompt finds nothing.
    assert (for_ever.cost_usd, for_ever.savings_percent) == (Decimal("0.0125"), Decimal("30.555556"))
    assert (hour.read_tokens, hour.cost_usd) == (5000, Decimal("0.0185"))
    assert (minutes.blocks, minutes.read_tokens, minutes.write_tokens) == (2, 2000, 7000)
    assert (minutes.cost_usd, minutes.savings_usd) == (Decimal("0.0185"), Decimal("-0.0005"))


def test_capacities_by_hand(tmp_path):
    found = caches(logged(tmp_path), Asked(capacities=(3,)))
    assert [(one.capacity_blocks, one.blocks, one.read_tokens) for one in found.curve] == [
        (1, 0, 0), (2, 0, 0), (3, 4, 4000), (4, 5, 5000),
    ]  # fmt: skip
    assert found.useful_blocks == 4


def test_what_the_log_itself_read_is_measured(tmp_path):
    logged_reads = caches(logged(tmp_path), Asked()).logged
    assert logged_reads is not None
    assert (logged_reads.read_tokens, logged_reads.read_percent) == (1000, Decimal("11.111111"))
    assert (logged_reads.cost_usd, logged_reads.savings_usd) == (Decimal("0.0165"), Decimal("0.0015"))


def test_a_cache_for_each_session(tmp_path):
    found = caches(logged(tmp_path), Asked(per_session=True))
    assert (found.own, found.served[0].read_tokens) == (("session",), 3000)


def test_a_minimum_leaves_small_prefixes_out(tmp_path):
    # Two blocks are too few for it: only the third prompt, which is the first, has a prefix of 3,000.
    assert [one.read_tokens for one in caches(logged(tmp_path), Asked(minimum_tokens=2500)).served] == [3000, 3000, 0]
    found = caches(logged(tmp_path), Asked(minimum_tokens=3001)).served[0]
    assert (found.read_tokens, found.write_tokens, found.cost_usd) == (0, 0, Decimal("0.018"))


def test_models_share_a_cache_unless_each_has_its_own(tmp_path):
    rows = [ROWS[0], ROWS[1].replace(",m,", ",plain,"), ROWS[2]]
    shared = caches(logged(tmp_path, rows), Asked())
    assert (shared.models, shared.served[0].read_tokens) == (2, 5000)
    assert shared.without_cached_price == ("acme/plain",)
    assert caches(logged(tmp_path, rows), Asked(per_model=True)).served[0].read_tokens == 3000
    own = caches(logged(tmp_path, rows), Asked(per_model=True, per_session=True))
    assert (own.own, own.served[0].read_tokens) == (("session", "model"), 3000)


def test_sessions_stand_in_for_blocks(tmp_path):
    header = HEADER.removesuffix(",prefix_blocks")
    rows = [row[: row.rindex(',"[')] for row in ROWS]
    found = caches(logged(tmp_path, rows, header), Asked())
    assert (found.method, found.own, found.blocks, found.curve) == ("sessions", ("session",), None, ())
    assert {one.label for one in found.served} == {"modelled"}
    # The third prompt follows the first, 400 s later.
    assert [one.read_tokens for one in found.served] == [3000, 3000, 0]
    assert found.served[0].cost_usd == (3000 * Decimal("0.5") + 6000 * Decimal("2.5")) / 1_000_000


def test_the_order_of_the_file_decides_between_requests_of_one_time(tmp_path):
    time = "2026-02-02T09:00:00Z,acme,m,a"
    rows = [f'{time},1000,0,,"[7]"', f'{time},2000,0,,"[7,8]"', f'{time},1000,0,,"[7]"']
    assert caches(logged(tmp_path, rows), Asked()).served[0].read_tokens == 2000
    assert caches(logged(tmp_path, rows[1:]), Asked()).served[0].read_tokens == 1000


def test_prompts_of_many_portions_are_one_log(tmp_path):
    """More rows than are read at once, with ids of 32 and of 64 bits, in files that overlap in time."""
    draw = random.Random(11)
    names, held, served = ["a.jsonl", "b.jsonl"], set(), 0
    rows = {name: [] for name in names}
    for second in range(6000):
        for name in names:
            first = [f"hash {draw.randrange(4)}"] if second > 4500 else []
            ids = [*first, *(draw.randrange(3) for _ in range(draw.randrange(4)))]
            rows[name].append(
                {"timestamp": f"{second}", "session_id": "s", "input_tokens": 7 * len(ids), "prefix_blocks": ids}
            )
            served += 7 * len([*takewhile(held.__contains__, ids)])
            held.update(ids)
    for name in names:
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows[name]))
    read = ReadOptions(
        mapping={"timestamp": "timestamp:s"}, assume={"block_tokens": "7", "model": "m", "provider": "acme"}
    )
    found = caches(Options(logs=tuple(str(tmp_path / name) for name in names), read=read), Asked())
    assert (found.requests, found.served[0].read_tokens) == (12_000, served)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_of_one_session_and_time_changes_nothing(tmp_path, seed):
    header = HEADER.removesuffix(",cache_read_tokens,prefix_blocks")
    rows = [f"2026-02-02T09:00:00Z,acme,{model},a,{size},{out}"
            for size, out, model in [(1000, 1, "m"), (1000, 2, "m"), (3000, 1, "plain"), (2000, 5, "m")]]  # fmt: skip
    turned = rows[seed:] + rows[:seed]
    assert caches_json(caches(logged(tmp_path, turned, header), Asked())) == caches_json(
        caches(logged(tmp_path, rows, header), Asked())
    )


def test_who_takes_no_part_is_counted(tmp_path):
    rows = [*ROWS, ',acme,m,a,3000,0,,"[1]"', '2026-02-02T09:00:00Z,acme,m,a,,0,,"[1]"',
            '2026-02-02T09:00:00Z,acme,m,a,5,0,,"nope"']  # fmt: skip
    found = caches(logged(tmp_path, rows), Asked())
    assert (found.requests, found.left_out) == (
        3, {"have no count of prompt tokens": 1, "have no time": 1, "are quarantined": 1},
    )  # fmt: skip
    assert "1 requests have no time and take no part" in caches_table(found)


def test_what_has_no_price_is_in_no_cost(tmp_path):
    found = caches(logged(tmp_path, [ROWS[0], ROWS[1].replace(",m,", ",unknown,")]), Asked())
    assert (found.unpriced, found.cost_without_cache_usd) == (1, Decimal("0.006"))
    assert found.served[0].read_tokens == 2000


def test_a_log_that_tells_too_little_is_refused(tmp_path):
    header = "timestamp,provider,model,input_tokens"
    bare = logged(tmp_path, ["2026-02-02T09:00:00Z,acme,m,3000"], header, assume={})
    with pytest.raises(DataQualityError, match="neither blocks of prompts nor sessions"):
        caches(bare, Asked())
    with pytest.raises(DataQualityError, match="not how many tokens a block has"):
        caches(logged(tmp_path, assume={}), Asked())
    with pytest.raises(DataQualityError, match="not how many tokens a block has"):
        caches(logged(tmp_path, assume={"block_tokens": "0"}), Asked())
    nameless = [row.replace(",a,", ",,").replace(",b,", ",,") for row in ROWS]
    with pytest.raises(DataQualityError, match="names no sessions"):
        caches(logged(tmp_path, nameless), Asked(per_session=True))
    with pytest.raises(DataQualityError, match="no request has a time"):
        caches(logged(tmp_path, [',acme,m,a,3000,0,,"[1]"']), Asked())


@pytest.mark.parametrize("asked", [Asked(capacities=(0,)), Asked(capacities=(5, -1)), Asked(minimum_tokens=-1)])
def test_a_size_is_none_below_one(tmp_path, asked):
    with pytest.raises(UsageError, match="expected"):
        caches(logged(tmp_path), asked)


def test_without_blocks_a_cache_has_no_size(tmp_path):
    rows = [row[: row.rindex(',"[')] for row in ROWS]
    with pytest.raises(UsageError, match="names no blocks"):
        caches(logged(tmp_path, rows, HEADER.removesuffix(",prefix_blocks")), Asked(capacities=(5,)))


@pytest.mark.parametrize("width", [80, 200])
def test_the_page_fits(tmp_path, width):
    lines = caches_table(caches(logged(tmp_path), Asked()), width).splitlines()
    assert max(map(len, lines)) <= width
    for_ever = "kept for ever 55.56 % 55.56 % 55.56 % 0.012500 30.6 %"
    assert for_ever.split() in [line.split() for line in lines]


def test_the_command(tmp_path):
    options = logged(tmp_path)
    flags = [*options.logs, "--prices", str(options.prices[0]), "--assume", "block_tokens=1000"]
    run = CliRunner().invoke(app, ["caches", *flags, "--capacity", "3", "--format", "json"])
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert (found["schema_version"], found["command"]) == ("1", "caches")
    assert found["served"][2]["savings_usd"] == "-0.0005"
    assert [one["capacity_blocks"] for one in found["curve"]] == [1, 2, 3, 4]
    assert CliRunner().invoke(app, ["caches", *flags[:-2]]).exit_code != 0
