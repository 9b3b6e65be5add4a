from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from aggcost.errors import ConfigError
from aggcost.strict_yaml import MAX_BYTES, Node, check_unique, from_data, load, parse


def read(text: str) -> Node:
    return parse(text, "f.yaml")


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return caught.value.message


def test_scalars_stay_text_until_they_are_typed() -> None:
    node = read("a: NO\nb: 1.10\nc: 12:30:45\nd: 0777\non: actual\ne: 1e3\n")
    assert {key: value.text() for key, value in node.mapping().items()} == {
        "a": "NO", "b": "1.10", "c": "12:30:45", "d": "0777", "on": "actual", "e": "1e3",
    }  # fmt: skip
    assert str(node.mapping()["b"].decimal()) == "1.10"


def test_null_is_what_is_not_quoted() -> None:
    node = read("a:\nb: ~\nc: null\nd: 'null'\ne: ''\n")
    assert [value.is_null for value in node.mapping().values()] == [True, True, True, False, False]
    assert read("").is_null
    assert node.given("a") is None
    assert node.given("absent") is None
    assert node.given("d") is not None


def test_numbers_are_exact_and_plain() -> None:
    node = read("x: 0.1\nn: 12\nm: -3\n")
    assert node.mapping()["x"].decimal() == Decimal("0.1")
    assert node.mapping()["n"].integer() == 12
    assert node.mapping()["m"].integer() == -3


@pytest.mark.parametrize("text", ["nan", "inf", "1_000", "0x10", "5 %", "$3", "12:30"])
def test_what_is_not_a_plain_number_is_refused(text: str) -> None:
    node = read(f"line1: 1\nx: {text}").mapping()["x"]
    with pytest.raises(ConfigError, match=r"^f\.yaml:2: expected a plain decimal number, found "):
        node.decimal()


@pytest.mark.parametrize("text", ["1.0", "0777", "1e3", "", "0b1", "9" * 19, "[1]"])
def test_what_is_not_a_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected a whole number"):
        read(f"x: {text}").mapping()["x"].integer()


def test_a_minimum_is_named() -> None:
    with pytest.raises(ConfigError, match="a whole number from 1 on, found '0'"):
        read("x: 0").mapping()["x"].integer(minimum=1)


def test_limits_of_a_decimal_are_inclusive() -> None:
    node = read("x: 100\ny: -0.1").mapping()
    assert node["x"].decimal(minimum=0, maximum=100) == 100
    with pytest.raises(ConfigError, match="a number up to 99, found '100'"):
        node["x"].decimal(maximum=99)
    with pytest.raises(ConfigError, match=r"a number from 0 on, found '-0\.1'"):
        node["y"].decimal(minimum=0)


def test_a_version_and_a_name_twice_are_refused() -> None:
    node = read("policy: 2\nnames: [a,\n  b,\n  a]").mapping()
    with pytest.raises(ConfigError, match=r"f\.yaml:1: this program reads version 1 of this format, not '2'"):
        node["policy"].version("1")
    with pytest.raises(ConfigError, match=r"f\.yaml:4: the name 'a' is already on line 2"):
        check_unique(node["names"].list())


def test_booleans_are_true_and_false_only() -> None:
    node = read("a: true\nb: False\nc: yes\nd: 'true'\n").mapping()
    assert node["a"].boolean()
    assert not node["b"].boolean()
    for key in "cd":
        with pytest.raises(ConfigError, match="expected true or false"):
            node[key].boolean()


def test_an_unknown_key_names_its_line_and_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        read("rules: []\notherwize: as_logged\n").fields(required=("rules",), optional=("otherwise",))
    assert caught.value.message == "f.yaml:2: unknown key 'otherwize'"
    assert caught.value.hint == "did you mean 'otherwise'?"


@pytest.mark.parametrize("text", ["name: x", "rules:\nname: x"])
def test_a_missing_key_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=r"f\.yaml:1: the key 'rules' is missing"):
        read(text).fields(required=("rules",), optional=("name",))


def test_a_value_of_the_wrong_kind_says_what_was_found() -> None:
    node = read("a: [1]\nb: {c: 1}\nd: x").mapping()
    with pytest.raises(ConfigError, match=r"f\.yaml:1: expected text, found a list"):
        node["a"].text()
    with pytest.raises(ConfigError, match=r"f\.yaml:2: expected a list, found a mapping"):
        node["b"].list()
    with pytest.raises(ConfigError, match=r"f\.yaml:3: expected a mapping \(key: value\), found 'x'"):
        node["d"].mapping()


def test_a_choice_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match="expected month or week, found 'mounth'") as caught:
        read("per: mounth").mapping()["per"].choice(("month", "week"))
    assert caught.value.hint == "did you mean 'month'?"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\n", "f.yaml:1: anchors (&) are not allowed"),
        ("a: 1\nb: *x\n", "f.yaml:2: aliases (*) are not allowed"),
        ("a: 1\n<<: {b: 1}\n", "f.yaml:2: merge keys (<<) are not allowed"),
        ("a: !!python/name:os.system 1\n", "f.yaml:1: tags (tag:yaml.org,2002:python/name:os.system) are not allowed"),
        ("a: ! x\n", "f.yaml:1: tags (!) are not allowed"),
        ("%YAML 1.1\n---\na: 1\n", "f.yaml:1: directives (% lines) are not allowed"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: a second document begins here"),
        ("budget: 100\nbudget: 999999\n", "f.yaml:2: the key 'budget' is already on line 1"),
        ("a: {b: 1, 'b': 2}\n", "f.yaml:1: the key 'b' is already on line 1"),
        ("? [a]\n: 1\n", "f.yaml:1: a key must be text"),
        ("~: 1\n", "f.yaml:1: a key must be text"),
        ('a: "\\e[31m"\n', "f.yaml:1: invisible or control characters are not allowed"),
        ("a: 1\nb: \u202eevil\n", "f.yaml:2: invisible or control characters are not allowed"),
        ("a: 1\nb: \x07\n", "f.yaml:2: not valid YAML: special characters are not allowed"),
        ("a: [1, 2\nb: 3\n", "f.yaml:2: not valid YAML: "),
        ("a: 1\n\tb: 2\n", "f.yaml:2: not valid YAML: "),
        ("a: '\n", "f.yaml:2: not valid YAML: "),
    ],
)
def test_what_a_configuration_does_not_need_is_refused_with_its_line(text: str, said: str) -> None:
    assert refused(text).startswith(said)


def test_depth_and_number_of_values_are_limited() -> None:
    assert "nested more than 20 levels deep" in refused("[" * 50_000)
    assert "more than 20,000 values" in refused("- x\n" * 20_001)
    read("- x\n" * 19_999)
    read("[" * 20 + "]" * 20)


def test_a_file_is_read_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xc3\xbc\n")
    assert load(path).mapping()["a"].text() == "ü"
    assert load(path).mapping()["a"].where == f"{path}:1"


@pytest.mark.parametrize(
    ("raw", "said"),
    [(b"a: \xff", "is not UTF-8 text (byte 3)"), (b"#" * (MAX_BYTES + 1), "is larger than 256 KB")],
)
def test_a_file_that_cannot_be_text_is_refused(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(path) in caught.value.message
    assert said in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*absent\.yaml: No such file"):
        load(tmp_path / "absent.yaml")


def test_data_reads_like_a_file() -> None:
    node = from_data({"n": 12, "d": Decimal("1.10"), "b": True, "z": None, "t": "null", "l": ["x"]}, "rates.json")
    found = node.mapping()
    assert found["n"].integer() == 12
    assert str(found["d"].decimal()) == "1.10"
    assert found["b"].boolean()
    assert found["z"].is_null
    assert found["t"].text() == "null"
    assert [item.text() for item in found["l"].list()] == ["x"]
    assert node.where == "rates.json"
    with pytest.raises(TypeError):
        from_data(0.1, "rates.json")
