"""Sessions of coding agents by hand: lines that repeat an answer, subagents, messages of the program itself."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from reading_logs import log, read
from typer.testing import CliRunner

from aggcost.cli import app

USAGE = {"input_tokens": 3, "cache_creation_input_tokens": 12304, "cache_read_input_tokens": 0, "output_tokens": 550}


def answer(message="msg_1", request="req_1", usage=None, **members):
    """Return a line of a session of Claude Code."""
    model = members.pop("model", "claude-3-7-sonnet-20250219")
    line = {
        "type": "assistant", "timestamp": "2026-02-02T09:00:00.000Z", "sessionId": "s1", "uuid": "u", "cwd": "/srv/shop",
        "isSidechain": False, "version": "2.0.14",
        "message": {"id": message, "role": "assistant", "model": model, "usage": USAGE if usage is None else usage},
    }  # fmt: skip
    return line | ({} if request is None else {"requestId": request}) | members


def used(output, **more):
    return {"input_tokens": 10, "output_tokens": output} | more


def session(folder, *lines, name="s1.jsonl"):
    return log(folder, "".join(json.dumps(line) + "\n" for line in lines), name)


def billed(found, column="output"):
    return sorted(row[column] for row in found.good if row["filtered"] is None and not row["duplicate"])


def cost(*paths):
    result = CliRunner().invoke(app, ["analyze", *map(str, paths), "--format", "json"])
    assert result.exit_code in (0, 1), result.output
    return Decimal(json.loads(result.stdout)["arms"][0]["cost"])


def test_the_cost_of_an_invoice_through_a_session(tmp_path):
    assert cost(session(tmp_path, answer())) == Decimal("0.054399")


def test_input_contains_nothing_that_was_cached(tmp_path):
    parts = {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000}
    usage = used(400, cache_creation_input_tokens=3000, cache_read_input_tokens=5000, cache_creation=parts)
    (row,) = read(session(tmp_path, answer(usage=usage | {"input_tokens": 100}))).good
    names = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "cache_write_other", "output")
    assert [row[name] for name in names] == [100, 5000, 1000, 2000, 0, 400]
    assert (row["provider"], row["session_id"], row["tags"]) == ("anthropic", "s1", '{"project":"shop"}')


def test_an_answer_on_several_lines_counts_once_and_whole(tmp_path):
    first, last = answer(usage=used(1)), answer(usage=used(550))
    assert billed(read(session(tmp_path, first, last, first))) == [550]


def test_a_resumed_session_copies_old_lines(tmp_path):
    old = session(tmp_path, answer(usage=used(7)))
    new = session(tmp_path, answer(usage=used(7)), answer("msg_2", "req_2", used(8)), name="s2.jsonl")
    assert billed(read(old, new)) == [7, 8]


def test_one_message_of_two_requests_is_two(tmp_path):
    assert billed(read(session(tmp_path, answer(usage=used(7)), answer(request="req_2", usage=used(8))))) == [7, 8]


@pytest.mark.parametrize("requests", [("req_1", "req_9"), ("req_9", "req_1"), ("req_1", None), (None, "req_9")])
def test_a_subagent_that_replays_a_message_adds_nothing(tmp_path, requests):
    main, side = requests
    lines = answer(request=side, usage=used(900), isSidechain=True), answer(request=main, usage=used(7))
    assert billed(read(session(tmp_path, *lines))) == [7]
    assert billed(read(session(tmp_path, *reversed(lines)))) == [7]


def test_a_subagent_replays_a_message_in_a_file_of_its_own(tmp_path):
    main = session(tmp_path, answer(usage=used(7)))
    side = session(tmp_path, answer(request="req_9", usage=used(7), isSidechain=True), name="agent-1.jsonl")
    assert billed(read(side, main)) == [7]


def test_what_subagents_asked_themselves_counts(tmp_path):
    lines = [answer("msg_2", request, used(9), isSidechain=True) for request in ("req_2", "req_3")]
    assert billed(read(session(tmp_path, answer(usage=used(7)), *lines))) == [7, 9]


def test_among_equal_totals_the_dearer_and_then_the_one_that_names_its_speed_stays(tmp_path):
    dear = session(tmp_path, answer(costUSD=0.1), answer(costUSD=0.3), answer(costUSD=0.2))
    assert billed(read(dear), "recorded_cost") == [Decimal("0.3")]
    fast = session(tmp_path, answer(), answer(usage=USAGE | {"speed": "fast"}), answer())
    assert billed(read(fast), "service_tier") == ["fast"]


def test_lines_without_a_message_id_are_never_repeats(tmp_path):
    assert billed(read(session(tmp_path, *[answer(None, request, used(7)) for request in ("req_1", "req_1", None)]))) == [
        7, 7, 7,
    ]  # fmt: skip


def test_messages_of_the_program_and_of_the_user_are_no_requests(tmp_path):
    made = answer("x", None, used(0), model="<synthetic>", isApiErrorMessage=True)
    said = answer() | {"type": "user", "message": {"role": "user", "content": "hello"}}
    summary = {"type": "summary", "summary": "hello", "leafUuid": "u"}
    found = read(session(tmp_path, summary, said, made, answer(usage=used(7))))
    assert billed(found) == [7]
    assert [row["filtered"] for row in found.rows].count("not_a_request") == 3
    assert found.bad == []


@pytest.mark.parametrize(
    "lines", [[{"type": "summary", "summary": "s", "leafUuid": "u"}], [answer() | {"message": {}}]]
)
def test_a_session_without_answers_is_a_session(tmp_path, lines):
    found = read(session(tmp_path, *lines))
    assert (found.inputs[0].format, billed(found)) == ("claude-code", [])


def test_the_tier_and_who_served_it(tmp_path):
    lines = [
        answer("msg_bdrk_1", usage=used(1, service_tier="batch")),
        answer("msg_vrtx_1", usage=used(2, service_tier="priority")),
        answer("msg_1", usage=used(3, service_tier="default")),
        answer("msg_2", usage=used(4, service_tier="standard", speed="fast")),
    ]
    found = sorted(read(session(tmp_path, *lines)).good, key=lambda row: row["output"])
    assert [row["provider"] for row in found] == ["aws", "google", "anthropic", "anthropic"]
    assert [row["service_tier"] for row in found] == ["batch", "priority", "standard", "fast"]


def test_a_failure_stays_a_row(tmp_path):
    (row,) = read(session(tmp_path, answer(usage=used(0), isApiErrorMessage=True))).good
    assert row["status"] == "error"


def test_counts_beyond_all_bounds_are_quarantined_not_fatal(tmp_path):
    odd = answer("msg_9", usage=used("9" * 30, cache_read_input_tokens="9223372036854775807"))
    found = read(session(tmp_path, odd, odd, answer(usage=used(7))))
    assert billed(found) == [7]
    assert {(column, reason) for _, column, reason in found.places} <= {
        ("output_tokens", "not_a_count"), ("cache_read_tokens", "not_a_count"),
    }  # fmt: skip
    assert len(found.places) == 2


def counts(prompt, cached=0, output=5, **more):
    parts = {
        "input_tokens": prompt,
        "cached_input_tokens": cached,
        "output_tokens": output,
        "reasoning_output_tokens": 1,
    }
    return parts | {"total_tokens": prompt + output} | more


def event(total, last=None, time="09:00:00.000", **info):
    info |= {"total_token_usage": total} | ({} if last is None else {"last_token_usage": last})
    return codex("event_msg", {"type": "token_count", "info": info, "rate_limits": None}, time)


def codex(kind, payload, time="09:00:00.000"):
    return {"timestamp": f"2026-02-02T{time}Z", "type": kind, "payload": payload}


def meta(session="c1", **more):
    return codex("session_meta", {"id": session, "cwd": "/srv/shop", "cli_version": "0.60.1"} | more)


def turn(model="gpt-5.2-codex"):
    return codex("turn_context", {"cwd": "/srv/shop", "model": model})


def test_every_event_of_tokens_is_written_twice_and_the_first_is_empty(tmp_path):
    empty = codex("event_msg", {"type": "token_count", "info": None, "rate_limits": {}})
    lines = [meta(), empty, turn(), event(counts(100, 40), counts(100, 40)), event(counts(100, 40), counts(100, 40))]
    lines += [event(counts(350, 90, 12), counts(250, 50, 7)), event(counts(350, 90, 12), counts(250, 50, 7))]
    found = read(session(tmp_path, *lines))
    assert (billed(found, "input"), billed(found, "cache_read"), billed(found)) == ([60, 200], [40, 50], [5, 7])
    assert {(row["provider"], row["model"], row["session_id"]) for row in found.good if row["filtered"] is None} == {
        ("openai", "gpt-5.2-codex", "c1")
    }


def test_without_the_last_answer_the_growth_of_the_totals_counts(tmp_path):
    lines = [meta(), turn(), event(counts(100, 40)), event(counts(350, 90, 12)), event(counts(350, 90, 12))]
    found = read(session(tmp_path, *lines, event(counts(20, 10, 3))))  # a session that began again
    assert (billed(found, "input"), billed(found, "cache_read"), billed(found)) == (
        [10, 60, 200],
        [10, 40, 50],
        [3, 5, 7],
    )


def test_a_total_that_is_no_count_is_quarantined(tmp_path):
    lines = [meta(), turn(), event(counts(100, 40)), event(counts(350, 90, 12.5)), event(counts(400, 90, 30))]
    assert (4, "output_tokens", "not_a_count") in read(session(tmp_path, *lines)).places


def test_the_model_is_that_of_the_turn_unless_the_event_names_another(tmp_path):
    lines = [meta(model_provider="azure"), event(counts(1), counts(1)), turn("gpt-5"), event(counts(2), counts(2))]
    lines += [turn("gpt-5-mini"), event(counts(3), counts(3)), event(counts(4), counts(4), model="o3")]
    found = read(session(tmp_path, *lines))
    rows = {(row["input"], row["model"], row["provider"]) for row in found.good if row["filtered"] is None}
    assert rows == {(1, None, "azure"), (2, "gpt-5", "azure"), (3, "gpt-5-mini", "azure"), (4, "o3", "azure")}


def test_the_lines_of_one_file_say_nothing_of_another(tmp_path):
    one = session(tmp_path, meta(), turn("gpt-5"), event(counts(9), counts(9)))
    other = session(tmp_path, event(counts(9), counts(9)), name="s2.jsonl")
    for found in (read(one, other), read(other, one)):
        assert {row["model"] for row in found.good if row["filtered"] is None} == {"gpt-5", None}


def test_an_archived_session_repeats_what_was_answered(tmp_path):
    lines = [meta(), turn(), event(counts(100, 40), counts(100, 40), "09:00:01.000")]
    old = session(tmp_path, *lines)
    new = session(tmp_path, *lines, event(counts(300, 50), counts(200, 10), "09:09:00.000"), name="archived.jsonl")
    assert billed(read(old, new), "input") == [60, 190]


def test_what_a_session_of_codex_cost(tmp_path):
    usage = counts(9126, 4864, 3197)
    assert cost(session(tmp_path, meta(), turn("gpt-5"), event(usage, usage), event(usage, usage))) == Decimal(
        "0.0379055"
    )
