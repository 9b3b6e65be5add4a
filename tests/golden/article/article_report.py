"""The article's month under the article's policy: every figure from the article or worked out by hand."""

from __future__ import annotations

from decimal import Decimal

from aggcost.errors import Issue
from aggcost.finance import Investment, Reading, Roi, Sensitivity
from aggcost.report import Advice, Assumption, Coverage, Input, Period, Prices, Report
from aggcost.report_arms import Arm, Day, Failures, Group, Latency, Minute, Tokens
from aggcost.report_compare import AssertedPrice, Comparison, Component, Decision, SavingsInterval, Service

# 1.8 million served requests, 984 million tokens, four fifths of them prompt.
TOKENS = Tokens(input=787_200_000, output=196_800_000)


def group(key, cost, requests, mtok, share):
    tokens = Tokens(input=mtok * 800_000, output=mtok * 200_000)
    return Group(key=key, cost=Decimal(cost), requests=requests, tokens=tokens, share=Decimal(share))


TODAY = Arm(
    name="as_logged",
    policy_digest=None,
    cost=Decimal(3680),
    cost_monthly=Decimal(10000),
    requests=1_800_000,
    tokens=TOKENS,
    per_request=Decimal("0.002044444444"),
    per_1000_requests=Decimal("2.044444444444"),
    per_successful_request=Decimal("0.002044444444"),
    blended_per_mtok=Decimal("3.739837398374"),
    by={
        "model": (
            group("gpt-4o", "2000", 800_000, 400, "54.347826"),
            group("claude-sonnet", "1200", 400_000, 200, "32.608696"),
            group("gemini-flash", "480", 600_000, 384, "13.043478"),
        ),
        "provider": (
            group("openai", "2000", 800_000, 400, "54.347826"),
            group("anthropic", "1200", 400_000, 200, "32.608696"),
            group("google", "480", 600_000, 384, "13.043478"),
        ),
        "task": (
            group("intent", "1260", 720_000, 252, "34.239130"),
            group("sentiment", "975", 325_000, 162, "26.494565"),
            group("reasoning", "817.8", 123_000, 156, "22.222826"),
            group("response", "480", 600_000, 384, "13.043478"),
            group("entity", "147.2", 32_000, 29, "4"),
        ),
    },
    latency_ms=Latency(p50=890, p95=2800, p99=4200, n=1_800_000, label="measured"),
    failed=12_000,
    failures=(
        Failures(class_="5xx", requests=6_404),
        Failures(class_="429", requests=5_196),
        Failures(class_="other", requests=400),
    ),
    worst_minutes=(Minute(minute="2026-02-10T14:07", requests=61, failed=58),),
    availability=Decimal("99.399802"),
    successful_percent=Decimal("99.337748"),
    days=tuple(
        Day(day=f"2026-02-{day:02}", cost=Decimal("131.428571428571"), requests=64_285 + (day <= 20))
        for day in range(1, 29)
    ),
)

POLICY = Arm(
    name="article",
    policy_digest="5f0c9d7a6f7f4b1f3f0a0f6f8d9f2f3b0d6c1f5b6a7e8d9c0b1a2f3e4d5c6b7a",
    cost=Decimal(1390),
    cost_monthly=Decimal(2100),
    requests=1_800_000,
    tokens=TOKENS,
    per_request=Decimal("0.000772222222"),
    per_1000_requests=Decimal("0.772222222222"),
    per_successful_request=Decimal("0.000772222222"),
    blended_per_mtok=Decimal("1.412601626016"),
    by={
        "model": (
            group("gpt-4o", "592.8", 48_000, 118, "42.647482"),
            group("gemini-flash", "290", 600_000, 384, "20.863309"),
            group("claude-sonnet", "225", 75_000, 37, "16.187050"),
            group("sentiment-small", "195", 325_000, 162, "14.028777"),
            group("grok-3", "50.4", 720_000, 252, "3.625899"),
            group("gemini-2.0-flash", "36.8", 32_000, 29, "2.647482"),
        )
    },
    latency_ms=Latency(p50=620, p95=1100, p99=1800, n=1_800_000, label="assumed"),
    failed=1_400,
    availability=Decimal("99.910714"),
    successful_percent=Decimal("99.922737"),
)


def component(name, before, after, percent, label="recomputed"):
    saved = Decimal(before) - Decimal(after)
    return Component(
        name=name,
        before=Decimal(before),
        after=Decimal(after),
        savings=saved,
        savings_percent=Decimal(percent),
        label=label,
    )


def service(name, before, after, change, unit):
    return Service(
        name=name, before=Decimal(before), after=Decimal(after), change=Decimal(change), unit=unit,
        change_unit="points" if unit == "percent" else "percent",
        label_before="measured", label_after="assumed",
    )  # fmt: skip


def decision(rule, requests, share, routes, costs, evidence=None):
    return Decision(
        rule=rule, requests=requests, share=Decimal(share), from_=routes[0], to=routes[1],
        before=Decimal(costs[0]), after=Decimal(costs[1]), evidence=evidence,
    )  # fmt: skip


def reading(name, text, savings, months, roi_percent, investment="24000"):
    return Reading(
        name=name, text=text, monthly_savings=Decimal(savings), payback_months=Decimal(months),
        investment=Decimal(investment), roi_percent=Decimal(roi_percent),
    )  # fmt: skip


def doubt(name, text, kind, hard, figures):
    savings_kind, savings_hard, payback_kind, payback_hard = map(Decimal, figures)
    return Sensitivity(
        name=name, text=text, kind=kind, hard=hard, savings_kind=savings_kind, savings_hard=savings_hard,
        payback_kind=payback_kind, payback_hard=payback_hard,
    )  # fmt: skip


ROI = Roi(
    investment=Decimal(24000),
    monthly_savings=Decimal(7900),
    payback_months=Decimal("3.037975"),
    recovered_in_month=4,
    annual_savings=Decimal(94800),
    first_year_net=Decimal(70800),
    roi_percent=Decimal(295),
    npv=Decimal("66063.853852"),
    readings=(
        reading("api_only", "API cost alone", "2290", "10.480349", "14.5"),
        reading("hours_as_cash", "engineering hours saved counted as cash", "16350", "1.46789", "717.5"),
        reading("hours_charged", "remaining engineering hours charged", "6600", "3.636364", "230"),
        reading("from_project_start", "counted from the start of the project", "7900", "4.42259", "295"),
        reading("fee_5_percent", "a further 5 % router fee on what remains", "7795", "3.078897", "289.75"),
        reading(
            "lost_discount_10_percent", "a 10 % volume discount lost on what remains",
            "7666.666667", "3.130435", "283.333333",
        ),
        reading(
            "lost_discount_20_percent", "a 20 % volume discount lost on what remains", "7375", "3.254237", "268.75"
        ),
        reading("policy_cost_plus_50_percent", "what remains costs 50 % more", "6850", "3.50365", "242.5"),
        reading(
            "all_together", "half more migration hours, cost +50 %, a 5 % fee, remaining hours charged",
            "5392.5", "6.675939", "79.75", "36000",
        ),
    ),
    sensitivity=(
        doubt("migration_hours", "hours of the migration", "half", "twice", ("7900", "7900", "1.518987", "6.075949")),
        doubt("hourly_rate", "price of an hour", "2/3", "4/3", ("7900", "7900", "2.025316", "4.050633")),
        doubt("overheads", "the saving on overheads", "all of it", "half of it",
              ("7900", "5095", "3.037975", "4.710500")),
        doubt("list_prices", "list prices and traffic, both sides", "as today", "-30 %",
              ("7900", "5530", "3.037975", "4.339964")),
        doubt("policy_cost", "what remains", "as stated", "+100 %", ("7900", "5800", "3.037975", "4.137931")),
        doubt("upkeep", "remaining engineering hours", "not charged", "charged",
              ("7900", "6600", "3.037975", "3.636364")),
        doubt("lost_discount", "a discount lost on what remains", "none", "20 %",
              ("7900", "7375", "3.037975", "3.254237")),
        doubt("router_fee", "a further router fee on what remains", "none", "5 %",
              ("7900", "7795", "3.037975", "3.078897")),
    ),
    assumed_share_percent=Decimal("71.012658"),
    payback_reason=None,
    payback_by_hours_months=Decimal("3.037975"),
    discounted_payback_months=Decimal("3.087941"),
    horizon_months=12,
    discount_rate_percent=Decimal(10),
    investment_parts=Investment(
        hours=Decimal(160), hourly_rate=Decimal(150), one_off=Decimal(0), parallel_run=Decimal(0)
    ),
    hours_savings_monthly=Decimal(8450),
    hours_count_as="capacity",
)  # fmt: skip

COMPARISON = Comparison(
    baseline="as_logged",
    candidate="article",
    savings=Decimal(2290),
    savings_percent=Decimal("62.228261"),
    components=(
        component("GPT-4o calls", 2000, 680, 66),
        component("Claude operations", 1200, 420, 65),
        component("Gemini workloads", 480, 290, "39.583333"),
        component("overheads", 6320, 710, "88.765823", "assumed"),
    ),
    total=component("total", 10000, 2100, 79),
    outside=(
        component("compute", 3220, 460, "85.714286", "assumed"),
        component("caching layer", 2100, 250, "88.095238", "assumed"),
        component("failover infrastructure", 1000, 0, 100, "assumed"),
    ),
    service=(
        service("p50 latency", 890, 620, "-30.337079", "ms"),
        service("p95 latency", 2800, 1100, "-60.714286", "ms"),
        service("p99 latency", 4200, 1800, "-57.142857", "ms"),
        service("uptime", "99.399802", "99.910714", "0.510912", "percent"),
        service("failed requests", 12000, 1400, "-88.333333", "requests"),
    ),
    decisions=(
        decision("intent-to-grok", 720_000, 40, ("openai/gpt-4o", "x-ai/grok-3"), ("1260", "50.4"), "evals/intent.md"),
        decision(
            "sentiment-to-small", 325_000, "18.055556",
            ("anthropic/claude-sonnet", "acme/sentiment-small"), ("975", "195"),
        ),
        decision(
            "responses-unified", 593_750, "32.986111",
            ("google/gemini-flash", "google/gemini-flash"), ("475", "285"),
        ),
        decision(
            "entity-to-flash", 32_000, "1.777778", ("openai/gpt-4o", "google/gemini-2.0-flash"), ("147.2", "36.8")
        ),
        decision("premium-stays", 48_000, "2.666667", ("openai/gpt-4o", "openai/gpt-4o"), ("592.8", "592.8")),
        decision(
            "premium-stays", 75_000, "4.166667", ("anthropic/claude-sonnet", "anthropic/claude-sonnet"), ("225", "225")
        ),
        decision("otherwise", 6_250, "0.347222", ("google/gemini-flash", "google/gemini-flash"), ("5", "5")),
    ),
    moved_requests=1_670_750,
    moved_percent=Decimal("92.819444"),
    without_evidence_percent=Decimal("52.819444"),
    asserted_prices=(
        AssertedPrice(
            provider="openai", model="gpt-4o", meter="input", asserted=Decimal(5), catalogue=Decimal("2.5"),
            difference_percent=Decimal(100), where="prices.yaml:6",
        ),
        AssertedPrice(
            provider="x-ai", model="grok-3", meter="input", asserted=Decimal("0.2"), catalogue=Decimal(3),
            difference_percent=Decimal("-93.333333"), where="prices.yaml:24",
        ),
        AssertedPrice(
            provider="google", model="gemini-2.0-flash", meter="input", asserted=Decimal("1.25"),
            catalogue=Decimal("0.1"), difference_percent=Decimal(1150), where="prices.yaml:30",
        ),
    ),
    roi=ROI,
    interval=SavingsInterval(
        mean=Decimal(2290), low=Decimal("2256.75"), high=Decimal("2323.25"), next_low=Decimal("2243.90"),
        next_high=Decimal("2336.10"), confidence_percent=95, days=28, autocorrelation=Decimal("0.13"),
    ),
)  # fmt: skip

REPORT = Report(
    command="simulate",
    inputs=(
        Input(
            path="logs/2026-02.csv.gz",
            sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            format="csv",
            bytes=148_000_000,
            records=1_812_000,
        ),
    ),
    prices=Prices(
        source="fixtures/article/prices.yaml, then the shipped catalogue (genai-prices 0.2.3)",
        digest="2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    ),
    period=Period(
        from_="2026-02-01T00:00:00+00:00",
        to="2026-03-01T00:00:00+00:00",
        days=28,
        timezone="UTC",
        indicative=False,
        name="February 2026",
        basis="calendar month",
    ),
    coverage=Coverage(
        records=1_812_000,
        priced=1_800_000,
        free=0,
        unpriced=0,
        not_billed=12_000,
        quarantined=0,
        duplicate=0,
        filtered=0,
        tokens=TOKENS,
        unpriced_models=(),
        priced_percent=Decimal(100),
    ),
    arms=(TODAY, POLICY),
    comparisons=(COMPARISON,),
    assumptions=(
        Assumption(name="caching layer", value="$2,100.00 a month today", source="aggcost.yaml:14"),
        Assumption(
            name="output length on another model", value="1.0 x as logged", source="default", range="0.7 to 1.5"
        ),
        Assumption(name="context windows", value="fit where unknown (2 models)", source="default"),
    ),
    issues=(
        Issue(
            code="missing_field",
            severity="info",
            count=12_000,
            message="requests without a task: rules that test it do not match them",
            where="logs/2026-02.csv.gz:184",
        ),
    ),
    advice=Advice(
        text="aggregate: route by task through one interface",
        reason="$3,680 a month of requests is between $3,000 and $10,000",
    ),
    next_commands=("aggcost simulate --policy article --detail", "aggcost check --policy article"),
)
