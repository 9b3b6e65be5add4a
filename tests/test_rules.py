from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from aggcost import rules
from aggcost.errors import RuleError
from aggcost.rules import Atom, Condition, FieldType, atom_cuts, atom_truth, combine, cuts, matches
from aggcost.rules_tree import Mask


def parse(text: str, **extra: FieldType) -> Condition:
    return rules.parse(text, where="cheap.yaml:12", extra=extra)


def texts(text: str, **extra: FieldType) -> list[str]:
    return [atom.text for atom in parse(text, **extra).atoms]


def refused(text: str) -> RuleError:
    with pytest.raises(RuleError) as caught:
        parse(text)
    return caught.value


# -- what it means ---------------------------------------------------------------------------------

ROW = {"task": "intent", "provider": "x-ai", "input_tokens": 8000, "hour": 9, "weekday": "sat", "tags.feature": "Chat"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("task == 'intent'", True),
        ("task != 'intent'", False),
        ('task == "entity"', False),
        ("'intent' == task", True),
        ("task in ['entity', 'intent']", True),
        ("task not in ['entity', 'intent']", False),
        ("input_tokens < 8000", False),
        ("input_tokens <= 8000", True),
        ("input_tokens > 7_999", True),
        ("input_tokens >= 8000.0", True),
        ("8000 > input_tokens", False),
        ("1000 < input_tokens <= 8000", True),
        ("8000 < input_tokens <= 9000", False),
        ("input_tokens in [1, 8000]", True),
        ("provider == 'xai'", True),
        ("provider in ['Grok', 'openai']", True),
        ("lower(tags.feature) == 'chat'", True),
        ("tags.feature == 'chat'", False),
        ("starts_with(task, 'in') and ends_with(task, 'nt') and contains(task, 'ten')", True),
        ("contains(lower(tags.feature), 'ha')", True),
        ("hour >= 9 and weekday in ['sat', 'sun']", True),
        ("hour() < 9 or weekday() == 'mon'", False),
        ("not (task == 'entity' or hour < 9)", True),
        ("true", True),
        ("False", False),
        ("true and not false", True),
        ("is_missing(user)", True),
        ("is_missing(task)", False),
        ("user == 'ann'", None),
        ("not user == 'ann'", None),
        ("user != 'ann'", None),
        ("user == 'ann' or task == 'intent'", True),
        ("user == 'ann' or task == 'entity'", None),
        ("user == 'ann' and task == 'entity'", False),
        ("user == 'ann' and task == 'intent'", None),
        ("100 < latency_ms < 200", None),
    ],
)
def test_a_condition_on_one_request(text: str, expected: object) -> None:
    assert matches(parse(text), ROW) is expected


def test_and_binds_tighter_than_or() -> None:
    condition = parse("task == 'intent' or task == 'entity' and hour < 9")
    assert matches(condition, ROW) is True
    assert matches(parse("(task == 'intent' or task == 'entity') and hour < 9"), ROW) is False


def test_many_lines_read_like_one() -> None:
    condition = parse("\n  task == 'intent'\n  and (\n    hour >= 9\n  )\n")
    assert matches(condition, ROW) is True


def test_extra_fields_are_known_only_where_they_are_named() -> None:
    assert texts("rule == 'unified' and depth > 3", rule="text", depth="number") == ["rule == 'unified'", "depth > 3"]
    assert "unknown field 'rule'" in refused("rule == 'unified'").message


# -- tests of one field ----------------------------------------------------------------------------


def test_equal_tests_have_equal_text() -> None:
    assert texts("task != 'a' and not task == 'a' and task in ['a'] and 'a' == task") == ["task == 'a'"]
    assert texts("task in ['b', 'a', 'b'] or task not in ['a', 'b']") == ["task in ['a', 'b']"]
    assert texts("provider == 'xai' or provider == 'x-ai'") == ["provider == 'x-ai'"]
    assert texts("hour() >= 9 or hour >= 9 or 9 <= hour") == ["hour >= 9"]
    assert texts('task == "it\'s"') == ['task == "it\'s"']


def test_every_kind_of_test_has_its_own_text() -> None:
    conditions = ["task == 'a'", "lower(task) == 'a'", "starts_with(task, 'a')", "ends_with(task, 'a')",
                  "contains(task, 'a')", "is_missing(task)", "task in ['a', 'b']", "tags.task == 'a'"]  # fmt: skip
    assert len({text for condition in conditions for text in texts(condition)}) == len(conditions)
    assert [texts(condition) for condition in conditions] == [[condition] for condition in conditions]


def test_a_test_says_which_names_decide_it() -> None:
    def asked(text: str) -> tuple[str, ...] | None:
        return parse(text).atoms[0].names_asked

    assert asked("user == 'ann'") == ("ann",)
    assert asked("user not in ['bob', 'ann']") == ("ann", "bob")
    assert asked("is_missing(user)") == ()
    assert asked("lower(user) == 'ann'") is None
    assert asked("starts_with(user, 'a')") is None
    assert asked("hour == 9") is None


def test_the_truth_of_a_test_for_a_value() -> None:
    assert atom_truth(Atom("hour", ">=", (9,)), 9) is True
    assert atom_truth(Atom("hour", ">=", (9,)), None) is None
    assert atom_truth(Atom("hour", "is_missing"), None) is True
    assert atom_truth(Atom("task", "==", ("straße",), lowered=True), "STRAßE") is True
    assert atom_truth(Atom("task", "==", ("ä",), lowered=True), "Ä") is False  # only A-Z have a small form


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input_tokens < 8000", (8000,)),
        ("input_tokens >= 8000", (8000,)),
        ("input_tokens > 8000", (8001,)),
        ("input_tokens <= 8000", (8001,)),
        ("input_tokens == 5", (5, 6)),
        ("input_tokens in [7, 5, 6]", (5, 6, 7, 8)),
        ("task == 'a'", ()),
        ("is_missing(input_tokens)", ()),
    ],
)
def test_cuts_of_one_test(text: str, expected: object) -> None:
    assert cuts([parse(text)]).get("input_tokens", ()) == expected
    if "task" not in text:
        assert atom_cuts(parse(text).atoms[0]) == expected


def test_cuts_unite_over_conditions() -> None:
    found = cuts([parse("input_tokens < 10 and hour >= 9"), parse("5 <= input_tokens or output_tokens > 3")])
    assert found == {"hour": (9,), "input_tokens": (5, 10), "output_tokens": (4,)}


# -- many rows -------------------------------------------------------------------------------------


def arrays(answers: Iterable[bool | None]) -> tuple[Mask, Mask]:
    return np.array([a is True for a in answers]), np.array([a is None for a in answers])


def test_arrays_combine_by_the_same_logic() -> None:
    condition = parse("task == 'a' and not user == 'b' or hour > 3")
    three = (True, False, None)
    rows = [(a, b, c) for a in three for b in three for c in three]
    columns = dict(zip(("task == 'a'", "user == 'b'", "hour > 3"), map(list, zip(*rows, strict=True)), strict=True))
    true, unknown = combine(condition, lambda atom: arrays(columns[atom.text]))
    value = {True: {"task": "a", "user": "b", "hour": 4}, False: {"task": "x", "user": "x", "hour": 3}, None: {}}
    for index, (a, b, c) in enumerate(rows):
        row = {"task": value[a].get("task"), "user": value[b].get("user"), "hour": value[c].get("hour")}
        answer = matches(condition, row)
        assert (true[index], unknown[index]) == (answer is True, answer is None)


def test_a_condition_without_tests_fits_any_arrays() -> None:
    true, unknown = combine(parse("true"), lambda _: pytest.fail("there is no test"))
    assert list(np.array([True, False, True]) & true) == [True, False, True]
    assert not (unknown & np.array([True])).any()


# -- errors ----------------------------------------------------------------------------------------


def test_an_error_points_at_the_place() -> None:
    problem = refused("task == 'intent' and input_token < 8000")
    assert problem.message == (
        "cheap.yaml:12: unknown field 'input_token'\n"
        "    task == 'intent' and input_token < 8000\n"
        "                         ^"
    )
    assert problem.hint == "did you mean 'input_tokens' or 'output_tokens'?"
    assert problem.exit_code == 2


def test_the_caret_counts_characters_and_lines() -> None:
    problem = refused("task == 'ü'\n and hour < 'x'")
    assert problem.message.splitlines()[1:] == ["     and hour < 'x'", "                ^"]
    problem = refused("   taks == 'x'")
    assert problem.message.splitlines()[2].index("^") == 4 + 3


def test_a_long_condition_is_shown_around_the_caret() -> None:
    lines = refused("task == '" + "x" * 500 + "' and nope == 1").message.splitlines()
    assert len(lines[1]) <= 104
    assert lines[1][lines[2].index("^") :].startswith("nope")


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("task < 'm'", "task is text, and text has no order here", "starts_with"),
        ("task == 5", "task is text, and 5 is a number", "write '5'"),
        ("task == true", "true is neither a field nor text", "write 'true'"),
        ("input_tokens == 'a'", "input_tokens is a number, and 'a' is text", "digits"),
        ("input_tokens < 1.5", "1.5 is not a whole number", "digits"),
        ("input_tokens < 1e999", "1e999 is not a whole number", "digits"),
        ("input_tokens < 1e3", "1e3 is not a whole number", "digits"),
        ("input_tokens < 0x10", "0x10 is not a whole number", "digits"),
        ("input_tokens < 1234567890123456", "not a whole number", "at most 15"),
        ("input_tokens < -1", "input_tokens is compared with a whole number", ""),
        ("input_tokens < output_tokens", "input_tokens is compared with a whole number", "cannot be compared"),
        ("task == intent", "intent is neither a field nor text", "write 'intent'"),
        ("task == None", "nothing equals None", "is_missing(task)"),
        ("task is None", "`is` does not compare", "is_missing"),
        ("task", "task is not compared with anything", "== 'intent'"),
        ("task == 'a' and hour", "hour is not compared with anything", "== 1000"),
        ("lower(task)", "task is not compared with anything", "== 'intent'"),
        ("tags == 'a'", "tags is not one value", "tags.feature"),
        ("tags.a.b == 'x'", "a field must stand here", ""),
        ("task.upper == 'x'", "a field must stand here", ""),
        ("task in 'a'", "`in` needs a list", "['a', 'b']"),
        ("task in []", "`in` needs a list", ""),
        ("task in ['a', 1]", "1 is a number", ""),
        ("input_tokens + 1 > 5", "a condition does not calculate", ""),
        ("1 < 2", "a field must stand here", ""),
        ("'a' == 'a'", "a field must stand here", ""),
        ("5", "this is not a test", ""),
        ("task == 'a' 'b'", "a text is one pair of quotes", ""),
        ("task == r'a'", "a text is one pair of quotes", ""),
        ("task == '''a'''", "a text is one pair of quotes", ""),
        ("task == b'a'", "a text is one pair of quotes", ""),
        ("task == f'a'", "task is compared with text in quotes", ""),
        ("starts_with(task)", "starts_with takes 2 value(s)", "starts_with(model, 'gpt')"),
        ("starts_with(hour, 'a')", "hour is a number", ""),
        ("startswith(task, 'a')", "unknown function 'startswith'", "did you mean 'starts_with'?"),
        ("len(task) > 3", "unknown function 'len'", "functions: "),
        ("lower(hour) == 'a'", "lower looks at a text field", ""),
        ("lower(task) == 'Intent'", "lower(...) never holds capitals", "write 'intent'"),
        ("hour(ts) > 3", "hour cannot be used like this", "hour() >= 9"),
        ("weekday == 'saturday'", "weekday is never 'saturday'", "mon, tue"),
        ("status == 'failed'", "status is never 'failed'", "ok, error"),
        ("status in ['ok', 'errors']", "status is never 'errors'", "did you mean 'error'?"),
        ("", "the condition is empty", "true"),
        ("  \n ", "the condition is empty", "true"),
        ("task = 'a'", "unexpected '='", "write =="),
        ("task == 'a' && hour > 3", "unexpected '&'", "`and`"),
        ("task == 'a' || hour > 3", "unexpected '|'", "`or`"),
        ("!(task == 'a')", "unexpected '!'", "`not`"),
        ("task == 'a' AND hour > 3", "AND is not known", "`and`"),
        ("task == 'a' # or all", "unexpected '#'", "YAML comment"),
        ("task == 'a\\x41'", "cannot hold a backslash", None),
        ("task == 'a\nb'", "cannot hold a line break", None),
        ("task == 'a", "the text that begins here does not end", "close it with '"),
        ("(task == 'a'", "the bracket that opens here is not closed", None),
        ("task == 'a')", "this bracket was never opened", None),
        ("ta\u017fk == 'a'", "unexpected character '\u017f'", "ASCII"),
        ("task == 'a';", "unexpected ';'", ""),
        ("task == 'a' task", "this is not a condition", ""),
        ("task == 'a', hour > 3", "this is not a test", ""),
        ("lambda: 1", "this is not a test", ""),
        ("[x for x in [1]]", "this is not a test", ""),
        ("(task := 'a') == 'b'", "unexpected '='", ""),
        ("__import__('os').system('id')", "a field must stand here", ""),
        ("().__class__.__bases__[0]", "this is not a test", ""),
        ("(" * 25 + "true" + ")" * 25, "more than 24 brackets", None),
        ("not " * 60 + "true", "nested more than 50 levels", None),
        ("true or " * 250 + "true", "longer than 2,000 characters", "split"),
    ],
)
def test_what_a_condition_cannot_say(text: str, said: str, hint: str | None) -> None:
    problem = refused(text)
    assert said in problem.message.splitlines()[0]
    assert problem.message.startswith("cheap.yaml:12: ")
    assert problem.message.splitlines()[2].strip() == "^"
    assert problem.hint is None if hint is None else hint in (problem.hint or "")


def test_limits_are_inclusive() -> None:
    assert matches(parse("(" * 24 + "true" + ")" * 24), {}) is True
    assert matches(parse("not " * 50 + "true"), {}) is True
    assert matches(parse("true" + " " * 1996), {}) is True


@pytest.mark.filterwarnings("error")
def test_hostile_texts_are_refused_cleanly() -> None:
    for text in ("9**9**9", "'a'*10**10", "f'{open(1)}'", "exit()", "1 if true else 2", "task @ 1", "`id`", "\x00",
                 "\ud800 == 'a'", "task == '\ud800'", "yield", "await x", "*task", "task[0] == 'a'", "not", "in",
                 "1is 2", "(" * 24 + ")" * 24, "'" * 1999, "not " * 490, "tags." * 300 + "x"):  # fmt: skip
        refused(text)
