"""What every kind of database must offer, and which table of one is a log."""

from __future__ import annotations

import pytest

from aggcost.engine import Engine
from aggcost.errors import InputError, UsageError
from aggcost.importers import ReadOptions, read_usage, sources
from aggcost.importers.formats import litellm
from aggcost.importers.layout import paths, segments
from aggcost.importers.stored import PROMPTS, Column, Table, Wanted, choose, read_of

SPEND = Table(
    "public",
    "LiteLLM_SpendLogs",
    tuple(Column(name, "text") for name in ("request_id", "call_type", "spend", "prompt_tokens", "startTime", "messages", "metadata")),
)  # fmt: skip


@pytest.fixture(params=sources.DATABASES, ids=lambda one: one.NAME)
def database(request):
    return request.param


def test_it_says_what_it_is(database):
    assert database.LOOKS
    assert database.__name__.endswith(f".databases.{database.NAME}")


@pytest.mark.parametrize("source", ["-", "no such file", "log.csv", "*.db", ""])
def test_files_are_not_its_business(database, source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text("model,input_tokens\n")
    assert not database.accepts(source)
    assert not database.accepts(str(tmp_path))


def test_other_urls_are_refused_without_repeating_them():
    with pytest.raises(InputError, match=r"^mysql://…: logs are not read from there$"):
        sources.find(["mysql://u:s3cr3t@h/db"])


@pytest.mark.parametrize(
    ("url", "shown", "again"),
    [
        (
            "postgresql://u:p@h:1/d?table=t&sslmode=require",
            "postgresql://u@h:1/d",
            "postgresql://u@h:1/d?table=t&sslmode=require",
        ),
        ("postgres://h/d?password=p&sslpassword=q&host=/tmp", "postgres://h/d", "postgres://h/d?host=/tmp"),
        ("postgresql://u:p@q@h/d", "postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql:///d", "postgresql:///d", "postgresql:///d"),
    ],
)
def test_a_url_is_shown_without_its_password(url, shown, again):
    assert sources.shown(url) == shown
    assert sources.again(url) == again


def test_spark_fetches_nothing(tmp_path):
    with pytest.raises(UsageError, match="postgresql://u@h/d: Spark reads canonical Parquet only"):
        read_usage(Engine("spark", None, tmp_path), ["postgresql://u:p@h/d"], ReadOptions())


def test_a_column_of_prompts_is_never_read_whoever_asks():
    read = read_of(SPEND, Wanted(mapped=("messages", "messages.text", "call_type:ms")))
    assert set(read) == {"request_id", "call_type", "spend", "prompt_tokens", "startTime", "metadata"}
    assert ("usage_object", "prompt_tokens_details", "cached_tokens") in read["metadata"]
    assert not PROMPTS & {str(segments(path)[1][0]).lower() for path in paths(litellm.LAYOUT)}


def test_the_usual_table_of_a_format_is_taken_before_others_like_it():
    copy = Table("public", "copy", SPEND.columns)
    assert choose([copy, SPEND], None, "db", Wanted()) == SPEND
    assert choose([copy], None, "db", Wanted()) == copy
    assert choose([copy, SPEND], "COPY", "db", Wanted()) == copy
    other = Table("old", "LiteLLM_SpendLogs", SPEND.columns)
    with pytest.raises(
        InputError, match=r"several tables hold a log: public\.LiteLLM_SpendLogs, old\.LiteLLM_SpendLogs"
    ):
        choose([SPEND, other], None, "db", Wanted())


def test_a_table_that_is_not_there_names_the_nearest():
    with pytest.raises(InputError, match=r"db: no table 'public\.LiteLLM_SpendLog'") as caught:
        choose([SPEND], "public.LiteLLM_SpendLog", "db", Wanted())
    assert caught.value.hint.startswith("did you mean 'public.LiteLLM_SpendLogs'")
