"""What is private is shown as a mark, what only looks a little like it stays as it is."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from aggcost.errors import Issue
from aggcost.output import FORMATS, View, render
from aggcost.output.clean import clean, visible
from aggcost.output.redacted import redacted
from aggcost.report_reconcile import Reconciliation

MARK = re.compile("\u2039redacted:[0-9a-f]{6}\u203a")
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

PRIVATE = (
    "sk-proj-Ab3dEf6hIj9kLm2nOp5qRs8tUv", "sk-ant-api03-4f9c2b7e1d8a6053-_xYzAA", "sk-or-v1-0123456789abcdef0123456789abcdef",
    "sk-1234567890abcdef", "sk_live_51Hxxabcdefghij1234", "sk-lf-1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
    "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuv", "xoxb-123456789012-abcdefABCDEF", "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "glpat-abcdefghij0123456789", "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH", JWT, "gsk_abcdefghij0123456789abcdef",
    "alice@example.com", "Bob.O_Neil+llm@mail.example.co.uk", "anna%40example.org", "müller@bücher.example",
    "4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "3782 822463 10005", "378282246310005", "5555555555554444",
    "6011111111111117", "30569309025904", "api_key=0f3a9b1c2d4e5f60718293a4b5c6d7e8", "Bearer dGhpcyBpcyBhIHNlY3JldDEy",
    "token: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "SECRET_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE",
)  # fmt: skip

HARMLESS = (
    "gpt-4o-2024-08-06", "gpt-4o", "gpt-4.1-mini-2025-04-14", "claude-3-5-sonnet-20241022", "claude-3-5-sonnet@20240620",
    "claude-sonnet-4@default", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "gemini-2.5-pro-preview-05-06", "@cf/meta/llama-3.1-8b-instruct",
    "accounts/fireworks/models/llama-v3p1-405b-instruct", "ft:gpt-4o-mini-2024-07-18:acme:support:9aBcDeF1",
    "projects/123456789012/locations/us-central1/endpoints/1234567890123456789", "deepseek/deepseek-r1-distill-qwen-32b",
    "arn:aws:iam::111111111111:role/reporting", "arn:aws:bedrock:us-east-1:424242424242:inference-profile/us.amazon.nova-pro-v1:0",
    "550e8400-e29b-41d4-a716-446655440000", "a1b2c3d4-4242-4242-4242-4242abcdef12", "01920a3f-7c1e-7d7e-8e2a-6f1b2c3d4e5f",
    "chatcmpl-9aBcDeFgHiJkLmNoPqRsTuVwXyZ012", "msg_01XFDUDYJgAACzvnptvVoYEL", "req_011CQ8qsA2bY3cZ4dW5eV6fU",
    "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b", "2026-02-01", "2026-02-01T12:00:00.123456Z", "2026-02-01 to 2026-02-28, UTC",
    "20260201123456", "1769904000000", "1769904000000000", "1769904000000000000", "1,800,000 requests", "4,242,424,242,424,242",
    "4242424242424243", "4242 4242 4242 4243", "order-2026-000123456", "order 4711000815", "ORD-20260201-000042", "customer-support", "risk-assessment-2024010112",
    "task-0123456789abcdef", "desk-4f9c2b7e1d8a6053", "sk-hynix-memory-forecast-2024", "sk-report-20240801", "sk", "token-classification-bert-base-uncased-v2",
    "tokens: 123456789", "key=value", "secret-santa-planning", "password-reset", "text-embedding-3-large", "llama3.3:70b-instruct-q4_K_M",
    "us-east-1", "on_demand", "default", "u12", "user_1234", "team@host", "v1.2@main", "bearer of bad news", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "模型-四", "0.000000123456", "123456789012345678901234567890", "eyJust-a-name",
    "10.0.0.1", "192.168.100.200:8080", "+1 2025550143", "logs/2026-02-01/part-00000-4242424242424242.csv.gz"[:35],
)  # fmt: skip


@pytest.mark.parametrize("text", PRIVATE)
def test_private_text_is_a_mark_wherever_it_stands(text):
    for around in ("{}", "openai/{}", "no price for '{}'", "a, {}, b", "({})"):
        shown = redacted(around.format(text))
        assert MARK.search(shown), shown
        assert text not in shown
        assert around.partition("{}")[0] in shown
        assert redacted(shown) == shown


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays(text):
    assert redacted(text) == text


def test_the_harmless_list_is_long_enough():
    assert len(set(HARMLESS)) >= 60


def test_marks_tell_one_from_another_and_are_the_same_everywhere():
    assert redacted("alice@example.com") != redacted("bob@example.com")
    assert redacted("openai/alice@example.com") == f"openai/{redacted('alice@example.com')}"


def test_it_is_redacted_before_it_is_cut():
    key = "x" * 70 + " sk-proj-Ab3dEf6hIj9kLm2nOp5qRs8tUv"
    assert "sk-" not in clean(key)
    assert clean(key, 80) == visible(key)[:77] + "..."


def test_long_text_takes_no_time():
    for text in ("a" * 200_000, "a." * 100_000, "4" * 200_000, "sk-a-" * 40_000, "4242 " * 40_000, "key-" * 50_000):
        redacted(text)


def planted(report):
    """Return the report with private values wherever it says something of a log."""
    issue = Issue("odd", "error", 1, "no price for 4242 4242 4242 4242", f"{PRIVATE[8]}.csv:3", f"ask {PRIVATE[16]}")
    coverage = replace(report.coverage, unpriced=1, unpriced_models=(f"openai/{JWT}",))
    told = replace(report, issues=(issue,), next_commands=(f"aggcost simulate {PRIVATE[6]}.csv",), coverage=coverage)
    if isinstance(report, Reconciliation):
        key = f"alice@example.com {PRIVATE[0]}"
        return replace(told, rows=tuple(replace(row, key=key, model=PRIVATE[0], provider=key) for row in report.rows))
    arm = report.arms[0]
    keyed = {field: tuple(replace(one, key=PRIVATE[0]) for one in groups) for field, groups in arm.by.items()}
    keyed["user"] = tuple(replace(one, key="alice@example.com") for one in arm.by.get("model", ()))
    return replace(told, arms=(replace(arm, by=keyed), *report.arms[1:]))


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_shows_it(report, name):
    text = render(planted(report), name, View(width=200, detail=True))
    private = (*PRIVATE[:1], "alice", "example.com", "4242 4242", PRIVATE[8], PRIVATE[6], JWT[:20])
    assert [one for one in private if one in text] == []
    assert "redacted:" in text
