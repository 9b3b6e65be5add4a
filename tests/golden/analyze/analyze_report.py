"""Four days of a gateway's log: cache, a model without a price, failures, a recorded cost and an invoice."""

from __future__ import annotations

from decimal import Decimal

from aggcost.errors import Issue
from aggcost.report import Advice, Coverage, DroppedBy, Duplicates, Input, Invoice, Period, Prices, Repeats, Report
from aggcost.report_arms import Arm, Day, Failures, Group, Latency, Minute, Tokens

MODELS = (
    ("claude-sonnet-4-5", "612.345", 40_000, (90_000_000, 30_000_000, 4_000_000, 14_000_000), "49.984899"),
    ("gpt-4o-2024-08-06", "333.335", 52_000, (88_000_000, 12_000_000, 0, 9_000_000), "27.209388"),
    ("gemini-2.5-pro", "180.005", 15_000, (70_000_000, 0, 0, 9_000_000), "14.693401"),
    ("gpt-5-mini", "60", 61_000, (120_000_000, 0, 0, 15_000_000), "4.897633"),
    ("gpt-5-nano", "21.4", 30_000, (60_000_000, 0, 0, 8_000_000), "1.746822"),
    ("mistral-large-2411", "12", 2_000, (3_000_000, 0, 0, 1_000_000), "0.979527"),
    ("grok-4-fast", "5.5", 9_000, (10_000_000, 0, 0, 2_000_000), "0.448950"),
    ("text-embedding-3-small", "0.48", 24_000, (24_000_000, 0, 0, 0), "0.039181"),
)


def group(key, cost, requests, tokens=(0, 0, 0, 0), share=None, unpriced=0):
    return Group(
        key=key,
        cost=None if cost is None else Decimal(cost),
        requests=requests,
        tokens=Tokens(input=tokens[0], cache_read=tokens[1], cache_write=tokens[2], output=tokens[3]),
        unpriced=unpriced,
        share=None if share is None else Decimal(share),
    )


TOKENS = Tokens(input=466_000_000, cache_read=42_000_000, cache_write=4_000_000, output=58_250_000)

READ_AS = "litellm; JSON, one object a line; prompt_tokens contains cached tokens; spend is USD"
REPORT = Report(
    command="analyze",
    inputs=(
        Input(
            path="logs/2026-03-02.jsonl.zst",
            sha256="a1" * 32,
            format="jsonl",
            bytes=61_002_113,
            records=120_010,
            read_as=READ_AS,
        ),
        Input(
            path="logs/2026-03-04.jsonl.zst",
            sha256="b2" * 32,
            format="jsonl",
            bytes=61_733_020,
            records=120_207,
            read_as=READ_AS,
        ),
    ),
    prices=Prices(source="the shipped catalogue (genai-prices 0.2.3)", digest="c3" * 32),
    period=Period(
        from_="2026-03-02T00:00:00+01:00",
        to="2026-03-06T00:00:00+01:00",
        days=4,
        timezone="Europe/Berlin",
        indicative=True,
        name="2 to 5 March 2026",
        basis="mean of 4 complete days x 30.4375",
    ),
    coverage=Coverage(
        records=240_217,
        priced=233_000,
        free=0,
        unpriced=1_000,
        not_billed=6_100,
        quarantined=17,
        duplicate=100,
        filtered=0,
        tokens=TOKENS,
        unpriced_models=("acme/house-model-7b",),
        priced_percent=Decimal("99.995612"),
        duplicates=Duplicates(
            records=100,
            requests=100,
            tokens=Tokens(input=110_000, cache_read=40_000, output=5_200),
            cost=Decimal("1.25"),
            recorded_cost=Decimal("1.2"),
            unpriced=10,
            not_billed=6,
            by=(
                DroppedBy(
                    key="claude-code: message id + request id",
                    format="claude-code",
                    reason="message id + request id",
                    records=90,
                    requests=90,
                    tokens=Tokens(input=100_000, cache_read=40_000, output=5_000),
                    cost=Decimal("1.25"),
                    recorded_cost=Decimal("1.2"),
                    not_billed=6,
                ),
                DroppedBy(
                    key="generic: request id (--dedupe id)",
                    format="generic",
                    reason="request id (--dedupe id)",
                    records=10,
                    requests=10,
                    tokens=Tokens(input=10_000, output=200),
                    cost=None,
                    recorded_cost=None,
                    unpriced=10,
                ),
            ),
        ),
        retries=Repeats(
            records=12,
            requests=12,
            tokens=Tokens(input=9_000, output=800),
            cost=Decimal("0.0425"),
            recorded_cost=None,
            not_billed=2,
        ),
    ),
    arms=(
        Arm(
            name="as_logged",
            policy_digest=None,
            cost=Decimal("1225.065"),
            cost_monthly=Decimal("9322.034929687500"),
            recorded_cost=Decimal("1219.9"),
            variance=Decimal("5.165"),
            variance_percent=Decimal("0.423395"),
            requests=234_000,
            tokens=TOKENS,
            per_request=Decimal("0.005257789700"),
            per_1000_requests=Decimal("5.257789699571"),
            per_successful_request=Decimal("0.005257789700"),
            per_conversation=Decimal("0.040835500000"),
            sessions=30_000,
            blended_per_mtok=Decimal("2.148294"),
            by={
                "model": (*(group(*row) for row in MODELS), group("house-model-7b", None, 1_000, unpriced=1_000)),
                "provider": (
                    group("anthropic", "612.345", 40_000, share="49.984899"),
                    group("openai", "415.215", 167_000, share="33.893304"),
                    group("google", "180.005", 15_000, share="14.693401"),
                    group("mistral", "12", 2_000, share="0.979527"),
                    group("x-ai", "5.5", 9_000, share="0.448950"),
                    group("acme", None, 1_000, unpriced=1_000),
                ),
                "task": (
                    group("support", "801.1", 101_000, share="65.392449", unpriced=1_000),
                    group("search", "300.48", 93_000, share="24.527678"),
                    group(None, "123.485", 40_000, share="10.079873"),
                ),
            },
            latency_ms=Latency(p50=812, p95=4_120, p99=None, n=940, label="measured"),
            failed=6_100,
            failures=(
                Failures(class_="429", requests=4_000),
                Failures(class_="5xx", requests=1_500),
                Failures(class_="timeout", requests=600),
                Failures(class_="other", requests=0),
            ),
            worst_minutes=(
                Minute(minute="2026-03-03T14:07", requests=412, failed=398),
                Minute(minute="2026-03-03T14:08", requests=407, failed=371),
            ),
            successful_percent=Decimal("97.459392"),
            days=(
                Day(day="2026-03-02", cost=Decimal("290.5"), requests=58_000),
                Day(day="2026-03-03", cost=Decimal("401.065"), requests=61_000),
                Day(day="2026-03-04", cost=Decimal("333.5"), requests=60_000),
                Day(day="2026-03-05", cost=Decimal(200), requests=55_000),
            ),
        ),
    ),
    issues=(
        Issue(code="duplicate_id", severity="info", count=100, message="rows repeat a request id and were dropped"),
        Issue(
            code="unpriced_model",
            severity="warning",
            count=1_000,
            message="no price for acme/house-model-7b (500,000 tokens)",
            where="logs/2026-03-02.jsonl.zst:77",
            hint="state it in a price file: prices: [prices/own.yaml]",
        ),
        Issue(
            code="invalid_tokens",
            severity="error",
            count=17,
            message="input_tokens is not a count of tokens",
            where="logs/2026-03-04.jsonl.zst:5012",
            hint="--quarantine FILE lists them",
        ),
        Issue(code="no_latency", severity="info", count=239_277, message="rows without a latency"),
    ),
    invoice=Invoice(amount=Decimal(1250), gap=Decimal("24.935"), gap_percent=Decimal("2.035402")),
    advice=Advice(
        text="aggregate: route by task through one interface",
        reason="$9,322 a month is between $3,000 and $10,000",
    ),
    next_commands=("aggcost analyze logs --detail", "aggcost simulate logs --policy cheap"),
)
