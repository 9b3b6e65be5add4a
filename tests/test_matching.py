import pytest

from aggcost.matching import Clause, name_forms


def starts(text):
    return Clause("starts_with", text)


@pytest.mark.parametrize(
    "name",
    [
        "claude-sonnet-4-5",
        "claude-sonnet-4-5-20250929",
        "claude-sonnet-4-5@20250929",
        "claude-sonnet-4-5-2025-09-29",
        "claude-sonnet-4-5-latest",
        "claude-sonnet-4-5-v1:0",
        "claude-sonnet-4-5-v2@20241022",
        "claude-sonnet-4-5-preview-06-17",
        "claude-sonnet-4-5-preview-09-2025",
        "claude-sonnet-4-5-0324",
        "claude-sonnet-4-5-001",
    ],
)
def test_a_clause_covers_versions_of_a_name(name):
    assert starts("claude-sonnet-4-5").covers(name)


@pytest.mark.parametrize(
    "name",
    [
        "claude-sonnet-4-5-new-thing",
        "claude-sonnet-4-5-mini",
        "claude-sonnet-4-50",
        "claude-sonnet-4-5-1",
        "claude-sonnet-4-5.1",
        "claude-sonnet-4-5:free",
        "my-claude-sonnet-4-5",
        "claude-sonnet-4",
    ],
)
def test_a_clause_does_not_cover_what_merely_looks_alike(name):
    assert not starts("claude-sonnet-4-5").covers(name)


def test_a_version_may_begin_inside_the_clause():
    assert starts("claude-sonnet-4-2025").covers("claude-sonnet-4-20250514")
    assert starts("gpt-5-nano-").covers("gpt-5-nano-2025-08-07")
    assert starts("ft:gpt-4o-2024-").covers("ft:gpt-4o-2024-08-06")
    assert Clause("contains", "gemini-2.0-flash-0").covers("gemini-2.0-flash-001")
    assert not starts("claude-opus-4-1").covers("claude-opus-4-10")


def test_contains_allows_only_a_region_a_vendor_or_a_path_before_it():
    clause = Clause("contains", "claude-3-5-haiku-20241022")
    assert clause.covers("us.anthropic.claude-3-5-haiku-20241022-v1:0")
    assert clause.covers("models/claude-3-5-haiku-20241022")
    assert not clause.covers("not-claude-3-5-haiku-20241022")


def test_ends_with_and_equals():
    assert Clause("ends_with", "/us.zai.glm-5.3").covers("inference-profile/us.zai.glm-5.3")
    assert Clause("equals", "gpt-4o").covers("gpt-4o")
    assert not Clause("equals", "gpt-4o").covers("gpt-4o-2024-08-06")


def test_a_pattern_must_cover_the_whole_name_up_to_a_version():
    assert Clause("regex", r"gpt-5\.4-\d{4}").covers("gpt-5.4-2026-03-05")
    assert not Clause("regex", r"gpt-5\.4").covers("gpt-5.4-mini")
    assert not Clause("regex", r"5\.4").covers("gpt-5.4")
    assert not Clause("regex", r"gpt-6").covers("gpt-5.4")


def test_a_lookahead_is_a_condition_beside_another_clause():
    no_speech = Clause("regex", r"^(?!.*-tts(?:$|-))")
    clause = Clause("all", parts=(starts("gemini-2.5-pro"), no_speech))
    assert clause.covers("gemini-2.5-pro-preview-05-06")
    assert not Clause("all", parts=(starts("gemini-2.5-pro-tts"), no_speech)).covers("gemini-2.5-pro-tts")


def test_a_maker_is_recognised_without_regard_to_versions():
    assert Clause("contains", "claude").mentions("claude-anything-new")
    assert Clause("any", parts=(starts("gpt-"), Clause("regex", "^o[134]"))).mentions("o3-mini")
    assert not starts("gpt-").mentions("o3-mini")


def forms(model):
    return [(form.name, form.provider) for form in name_forms(model)]


@pytest.mark.parametrize(
    ("model", "form"),
    [
        (" GPT-4o ", ("gpt-4o", None)),
        ("openai/gpt-4o", ("gpt-4o", "openai")),
        ("xai/grok-3", ("grok-3", "x-ai")),
        ("openrouter/openai/gpt-4o", ("openai/gpt-4o", "openrouter")),
        ("openrouter/openai/gpt-4o", ("gpt-4o", "openai")),
        ("azure/gpt-4o", ("gpt-4o", "azure")),
        ("bedrock/us.anthropic.claude-x", ("us.anthropic.claude-x", "aws")),
        ("anthropic.claude-x", ("anthropic.claude-x", "aws")),
        ("vertex_ai/gemini-2.5-pro", ("gemini-2.5-pro", "google")),
        ("models/gemini-2.5-pro", ("gemini-2.5-pro", None)),
        ("publishers/google/models/gemini-2.5-pro", ("gemini-2.5-pro", "google")),
        ("projects/p/locations/eu/publishers/anthropic/models/claude-x", ("claude-x", "google")),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.x-v1:0", ("eu.anthropic.x-v1:0", "aws")),
        ("claude-3-5-sonnet@20240620", ("claude-3-5-sonnet-20240620", None)),
        ("claude-3-5-sonnet@20240620", ("claude-3-5-sonnet-2024-06-20", None)),
        ("gpt-5.2-20251211", ("gpt-5.2-2025-12-11", None)),
        ("ft:gpt-4o-mini-2024-07-18:acme::id", ("ft:gpt-4o-mini-2024-07-18", None)),
    ],
)
def test_other_spellings_of_a_name(model, form):
    assert form in forms(model)


def test_the_name_as_logged_comes_first_and_no_form_twice():
    found = name_forms("openrouter/openai/gpt-5.2-20251211")
    assert found[0].name == "openrouter/openai/gpt-5.2-20251211"
    assert len({(form.name, form.provider, form.how) for form in found}) == len(found)


def test_a_number_that_is_no_date_is_left_alone():
    assert forms("model-20259999") == [("model-20259999", None)]


def test_each_spelling_says_how_it_came_about():
    by_name = {form.name: form.how for form in name_forms("openrouter/openai/gpt-5.2-20251211")}
    assert by_name["openai/gpt-5.2-20251211"] == "without the prefix openrouter/"
    assert by_name["gpt-5.2-2025-12-11"] == "without the prefix openai/, date with dashes"
