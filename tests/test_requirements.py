"""What a policy requires of routes and states of them, read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggcost.errors import ConfigError
from aggcost.policy import Policy, Route, load_policy
from aggcost.requirements import Requirements, StatedFacts

MOVES = "rules: [{name: a, when: true, route: openai/a}]\n"


def read(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "p.yaml"
    path.write_text("policy: 1\n" + text, encoding="utf-8")
    return load_policy(path)


def test_what_is_required_of_routes(tmp_path: Path) -> None:
    assert read(tmp_path, "require: {}\n").require == Requirements(context=True)
    assert read(tmp_path, "require: {context: false, capabilities: true}\n").require == Requirements(False, shown=True)  # noqa: FBT003
    assert read(tmp_path, "require: {capabilities: false}\n").require == Requirements()
    text = "require: {capabilities: [tools, vision, tools], region: [EU, us], data_policy: zero_retention}\n"
    assert read(tmp_path, text).require == Requirements(
        abilities=("tools", "vision"), regions=("eu", "us"), data_policy=("zero_retention",)
    )


def test_a_rule_has_needs_of_its_own(tmp_path: Path) -> None:
    text = "rules: [{when: true, route: openai/a, needs: [json_schema]}, {when: true, route: openai/a, needs: []}]\n"
    assert [rule.needs for rule in read(tmp_path, text).rules] == [("json_schema",), ()]
    assert read(tmp_path, MOVES).rules[0].needs is None


def test_what_a_policy_states_of_a_route_beside_its_service(tmp_path: Path) -> None:
    policy = read(
        tmp_path,
        MOVES + "routes: {openai/a: {capabilities: [], context_window: 128000, max_output: 8192, region: EU-west-1,"
        " data_policy: [zero_retention, no_training]}}\n",
    )
    assert policy.stated == {
        Route("openai", "a"): StatedFacts((), 128_000, 8_192, "eu-west-1", ("zero_retention", "no_training"))
    }
    assert policy.service_levels == {}
    both = read(tmp_path, MOVES + "routes: {openai/a: {availability: 99, region: eu}}\n")
    assert both.service_levels.keys() == both.stated.keys() == {Route("openai", "a")}
    assert read(tmp_path, MOVES + "routes: {openai/a: {availability: 99}}\n").stated == {}


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("require: {capabilities: [tool]}", ":2: unknown ability 'tool'", "did you mean 'tools'?"),
        ("require: {capabilities: [function_calling]}", "unknown ability 'function_calling'", "did you mean 'tools'?"),
        ("require: {capabilities: [structured_outputs]}", "structured_outputs", "did you mean 'json_schema'?"),
        ("require: {capabilities: [telepathy]}", "unknown ability 'telepathy'", "abilities: tools, json_schema, vision"),
        ("require: {capabilities: tools}", "expected true or false", None),
        ("require: {regions: eu}", "unknown key 'regions'", "did you mean 'region'?"),
        ("require: {data_policy: Zero retention}", "expected a word of small letters", "zero_retention"),
        (MOVES + "require: {data_policy: zero_dpa}\nroutes: {openai/a: {data_policy: [zero_dpas]}}",
         ":3: no route states the data policy 'zero_dpa'", "did you mean 'zero_dpas'?"),
        (MOVES + "routes: {openai/a: {context_window: 0}}", "a whole number from 1 on", None),
        (MOVES + "routes: {openai/a: {contextwindow: 9}}", "unknown key", "did you mean 'context_window'?"),
        ("rules: [{when: true, route: openai/a, needs: [visions]}]", "unknown ability", "did you mean 'vision'?"),
    ],
)  # fmt: skip
def test_a_slip_is_refused_with_the_nearest_word(tmp_path: Path, text: str, said: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert said in caught.value.message
    assert hint is None or hint in (caught.value.hint or "")


def test_a_data_policy_that_no_route_grants_is_no_slip(tmp_path: Path) -> None:
    text = "require: {data_policy: zero_retention}\nroutes: {openai/a: {data_policy: no_training}}\n"
    assert read(tmp_path, MOVES + text).require.data_policy == ("zero_retention",)
