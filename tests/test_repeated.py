"""What is dropped as a duplicate, repeated and tried again, with tokens and money worked out by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from test_agent_sessions import answer, session, used
from test_spans import chat, traces

from aggcost import backtest
from aggcost.baseline import Options
from aggcost.importers import FORMATS, ReadOptions
from aggcost.report import Coverage, Repeats, Report
from aggcost.report_arms import Tokens

# US dollars per million tokens: 1,000 tokens of input cost 0.001, of output 0.01, read from a cache 0.0001.
PRICES = """\
aggcost_prices: 1
currency: USD
source: {name: contract, checked: 2026-02-01}
providers:
"""
MODEL = '{rates: [{prices: {input: "1", cache_read: "0.1", cache_write: "2", output: "10"}}]}'
LOG = "timestamp,request_id,provider,model,status,attempt,input_tokens,output_tokens,cost_usd\n"


def analyzed(folder: Path, *logs: Path, **read: object) -> Report:
    prices = folder / "prices.yaml"
    models = "".join(f"      {name}: {MODEL}\n" for name in ("one", "gpt-4o", "gpt-5"))
    prices.write_text(
        PRICES + "".join(f"  {provider}:\n    models:\n{models}" for provider in ("acme", "anthropic", "openai"))
    )
    return backtest.analyze(
        Options(logs=tuple(map(str, logs)), prices=(prices,), read=ReadOptions(**read))  # type: ignore[arg-type]
    )


def covered(folder: Path, *logs: Path, **read: object) -> Coverage:
    return analyzed(folder, *logs, **read).coverage


def write(folder: Path, *rows: str, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_text(LOG + "".join(f"{row}\n" for row in rows))
    return path


def lines(folder: Path, *records: object, name: str = "log.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def reasons(found: Coverage) -> dict[str, tuple[int, str | None]]:
    """Return for each key that dropped something how many records, and what they would have cost."""
    return {part.key: (part.records, money(part.cost)) for part in found.duplicates.by}


def money(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount.normalize(), "f")


def test_nothing_dropped_is_a_known_nothing(tmp_path):
    found = covered(tmp_path, write(tmp_path, "2026-02-02T09:00:00Z,r1,acme,one,ok,,1000,100,"))
    assert (found.duplicate, found.duplicates.cost, found.duplicates.by) == (0, Decimal(0), ())
    assert (found.repeats, found.retries) == (Repeats(), Repeats())


def test_lines_of_one_answer_and_its_sidechain(tmp_path):
    first, last = (answer(usage=used(n), model="one") for n in (1, 550))
    side = answer(request="req_9", usage=used(900), model="one", isSidechain=True)
    found = covered(tmp_path, session(tmp_path, first, last, side))
    # Dropped are the first line (10 in, 1 out) and the sidechain's copy (10 in, 900 out).
    assert (found.records, found.priced, found.duplicate) == (3, 1, 2)
    assert found.duplicates.tokens == Tokens(input=20, output=901)
    assert reasons(found) == {"claude-code: message id + request id": (2, "0.00903")}
    assert found.duplicates.recorded_cost is None


def codex(*totals: int) -> list[dict[str, object]]:
    def event(number: int, total: int, last: int) -> dict[str, object]:
        info = {
            "total_token_usage": {"input_tokens": total, "output_tokens": 0},
            "last_token_usage": {"input_tokens": last, "output_tokens": 0},
        }
        stamp = f"2026-02-02T09:00:{number:02}Z"
        return {"timestamp": stamp, "type": "event_msg", "payload": {"type": "token_count", "info": info}}

    meta = {"timestamp": "2026-02-02T09:00:00Z", "type": "session_meta", "payload": {"id": "s1"}}
    turn = {"timestamp": "2026-02-02T09:00:00Z", "type": "turn_context", "payload": {"model": "gpt-5"}}
    events, before, last = [], 0, 0
    for number, total in enumerate(totals):
        last = total - before or last
        events.append(event(number, total, last))
        before = total
    return [meta, turn, *events]


def test_repeated_totals_of_codex(tmp_path):
    found = covered(tmp_path, lines(tmp_path, *codex(1000, 1000, 1500, 1500, 1500)))
    # 1,000 and 500 are billed; 1,000 stands once more, 500 twice.
    assert (found.records, found.priced, found.duplicate, found.filtered) == (7, 2, 3, 2)
    assert found.tokens.input == 1500
    assert found.duplicates.tokens == Tokens(input=2000)
    assert reasons(found) == {"codex: repeated total": (3, "0.002")}


def test_an_archived_session_repeats_its_answers(tmp_path):
    logs = [lines(tmp_path, *codex(1000, 1000), name=f"{name}.jsonl") for name in "ab"]
    assert reasons(covered(tmp_path, *logs)) == {
        "codex: repeated total": (2, "0.002"), "codex: session + time + total": (1, "0.001"),
    }  # fmt: skip


def test_spans_around_spans_count_leaves_only(tmp_path):
    spans = (
        chat("a", prompt=3000, output=30),
        chat("b", "a", prompt=1000, output=10),
        chat("c", "a", prompt=2000, output=20),
    )
    found = covered(tmp_path, traces(tmp_path, *spans, chat("c", "a", prompt=2000, output=20)))
    assert (found.priced, found.duplicate, found.tokens) == (2, 2, Tokens(input=3000, output=30))
    assert reasons(found) == {"otlp: nested span": (1, "0.0033"), "otlp: trace id + span id": (1, "0.0022")}


def observation(updated: str, output: int) -> dict[str, object]:
    return {
        "id": "o1", "traceId": "t1", "type": "GENERATION", "startTime": "2026-02-02T09:00:00.000Z",
        "updatedAt": updated, "model": "gpt-4o", "usageDetails": {"input": 1000, "output": output, "total": 1000 + output},
        "costDetails": {"total": 0.5}, "modelParameters": {}, "level": "DEFAULT", "endTime": "2026-02-02T09:00:01.000Z",
    }  # fmt: skip


def test_the_newest_version_of_an_observation(tmp_path):
    found = covered(
        tmp_path,
        lines(tmp_path, observation("2026-02-02T09:00:01Z", 5), observation("2026-02-02T09:00:09Z", 100)),
        assume={"provider": "openai"},
    )
    assert (found.tokens, found.duplicates.tokens) == (
        Tokens(input=1000, output=100), Tokens(input=1000, output=5),
    )  # fmt: skip
    assert reasons(found) == {"langfuse: newer version of an observation": (1, "0.00105")}
    assert found.duplicates.recorded_cost == Decimal("0.5")


def spend(request: str, prompt: int, spent: float, **more: object) -> dict[str, object]:
    return {
        "request_id": request, "call_type": "aretrieve_batch", "spend": spent, "prompt_tokens": prompt,
        "completion_tokens": 0, "startTime": "2026-02-02T09:00:00", "endTime": "2026-02-02T09:00:01",
        "model": "gpt-4o", "custom_llm_provider": "openai", "status": "success",
    } | more  # fmt: skip


def test_settlement_rows(tmp_path):
    log = lines(tmp_path, spend("b1", 0, 0.25), spend("b1_batch_cost", 4000, 0.75), spend("b2", 1000, 0.125))
    found = covered(tmp_path, log)
    assert (found.records, found.duplicate, found.tokens.input) == (3, 1, 5000)
    assert reasons(found) == {"litellm: settlement row": (1, "0")}
    assert found.duplicates.recorded_cost == Decimal("0.25")


ROWS = (
    "2026-02-02T09:00:00Z,r1,acme,one,ok,,1000,100,0.5",
    "2026-02-02T09:00:01Z,r2,acme,one,ok,,2000,0,",
    "2026-02-02T09:00:02Z,r3,acme,unknown,ok,,7,7,0.25",
)


def test_ids_are_dropped_where_that_is_asked(tmp_path):
    found = covered(tmp_path, write(tmp_path, *ROWS, *ROWS), dedupe="id")
    assert reasons(found) == {"generic: request id (--dedupe id)": (3, "0.004")}
    assert (found.records, found.priced, found.unpriced, found.duplicate) == (6, 2, 1, 3)
    assert found.duplicates.tokens == Tokens(input=3007, output=107)
    assert (found.duplicates.unpriced, found.duplicates.recorded_cost) == (1, Decimal("0.75"))


def test_what_has_no_price_costs_nothing_known(tmp_path):
    found = covered(tmp_path, write(tmp_path, ROWS[2], ROWS[2]), dedupe="id").duplicates
    assert (found.cost, found.unpriced) == (None, 1)


def test_a_file_given_twice(tmp_path):
    again = write(tmp_path, *ROWS, name="z.csv"), write(tmp_path, *ROWS, name="a.csv")
    assert reasons(covered(tmp_path, *again, dedupe="id")) == {"generic: same file twice": (3, "0.004")}
    kept = covered(tmp_path, *again)
    assert (kept.duplicate, kept.repeats and kept.repeats.records) == (0, 3)


def test_exports_that_overlap(tmp_path):
    logs = write(tmp_path, *ROWS[:2]), write(tmp_path, *ROWS[1:], name="b.csv")
    assert reasons(covered(tmp_path, *logs, dedupe="id")) == {"generic: request id (--dedupe id)": (1, "0.002")}


def test_the_warning_of_repeats_that_are_kept_has_both_costs(tmp_path):
    report = analyzed(tmp_path, write(tmp_path, *ROWS, *ROWS))
    (issue,) = (issue for issue in report.issues if issue.code == "repeated_request_id")
    assert issue.message == (
        "3 requests repeat the id of another one; they are counted and billed; the log records 0.75 USD for 2 of them; "
        "at our prices 0.004 USD, 1 of them without a price"
    )
    found = report.coverage.repeats
    assert found is not None
    assert (found.records, found.cost, found.recorded_cost, found.unpriced) == (3, Decimal("0.004"), Decimal("0.75"), 1)


def test_logged_attempts_after_the_first_are_retries(tmp_path):
    rows = (
        "2026-02-02T09:00:00Z,r1,acme,one,error,1,0,0,",
        "2026-02-02T09:00:01Z,r1,acme,one,error,2,0,0,",  # not billed
        "2026-02-02T09:00:02Z,r1,acme,one,ok,3,1000,100,0.5",
        "2026-02-02T09:00:03Z,r9,acme,one,ok,2,1000,0,",  # its first attempt is in no row
        "2026-02-02T09:00:04Z,r2,acme,one,ok,1,5000,0,",
    )
    for options in ({}, {"dedupe": "id"}):
        found = covered(tmp_path, write(tmp_path, *rows), **options)
        assert found.retries == Repeats(
            records=3, requests=3, tokens=Tokens(input=2000, output=100), cost=Decimal("0.003"),
            recorded_cost=Decimal("0.5"), not_billed=1,
        )  # fmt: skip
        assert (found.repeats, found.duplicate) == (Repeats(), 0)


def test_a_success_after_a_failure_of_its_id_is_a_retry(tmp_path):
    rows = (
        "2026-02-02T09:00:00Z,r1,acme,one,error,,1000,0,",  # billed, and tried again
        "2026-02-02T09:00:01Z,r1,acme,one,error,,2000,0,",
        "2026-02-02T09:00:02Z,r1,acme,one,ok,,3000,0,",
        "2026-02-02T09:00:03Z,r1,acme,one,ok,,3000,0,",  # served already: a repeat
        "2026-02-02T09:00:00Z,r2,acme,one,error,,0,0,",
        "2026-02-02T09:00:00Z,r2,acme,one,ok,,7000,0,",  # in the same second
        "2026-02-02T09:00:00Z,r3,acme,one,ok,,100,0,",
        "2026-02-02T09:00:01Z,r3,acme,one,error,,200,0,",  # after a success nothing is tried again
    )
    found = covered(tmp_path, write(tmp_path, *rows))
    assert found.retries is not None
    assert found.repeats is not None
    assert (found.retries.records, found.retries.tokens.input, found.retries.cost) == (3, 12000, Decimal("0.012"))
    assert (found.repeats.records, found.repeats.cost) == (1, Decimal("0.003"))
    dropped = covered(tmp_path, write(tmp_path, *rows), dedupe="id")
    assert (dropped.duplicates.records, dropped.duplicates.cost) == (1, Decimal("0.003"))
    assert dropped.retries == found.retries


def test_a_log_without_ids_and_attempts_does_not_know(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("timestamp,provider,model,input_tokens\n2026-02-02T09:00:00Z,acme,one,1\n")
    found = covered(tmp_path, path)
    assert (found.retries, found.repeats) == (None, None)


@pytest.mark.parametrize("one", FORMATS, ids=lambda one: one.NAME)
def test_every_format_that_tells_repeats_says_by_what(one):
    layout = one.LAYOUT
    if layout is not None:
        assert bool(layout.key) == bool(layout.key_is)
        assert bool(layout.key) or not (layout.repeated or layout.node)
