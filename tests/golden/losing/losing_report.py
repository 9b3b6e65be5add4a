"""A policy that costs more, over three days, with a model nobody can price: nothing reads as good news."""

from __future__ import annotations

from decimal import Decimal

from aggcost.errors import Issue
from aggcost.finance import Investment, Reading, Roi
from aggcost.report import Coverage, Input, Period, Prices, Report
from aggcost.report_arms import Arm, Group, Tokens
from aggcost.report_compare import Comparison, Component, Decision, Service

TOKENS = Tokens(input=1_000_000, output=200_000)
HALF = Decimal("1500.5")


def arm(name, digest, cost, monthly, by):
    return Arm(
        name=name,
        policy_digest=digest,
        cost=Decimal(cost),
        cost_monthly=Decimal(monthly),
        requests=3_001,
        tokens=TOKENS,
        per_request=None,
        per_1000_requests=None,
        blended_per_mtok=None,
        by=by,
    )


def group(key, cost, requests):
    return Group(key=key, cost=Decimal(cost), requests=requests, tokens=TOKENS, share=Decimal(100))


def component(name, before, after, percent):
    return Component(
        name=name,
        before=Decimal(before),
        after=Decimal(after),
        savings=Decimal(before) - Decimal(after),
        savings_percent=Decimal(percent),
    )


def reading(name, text, savings):
    return Reading(
        name=name, text=text, monthly_savings=Decimal(savings), payback_months=None,
        investment=Decimal(3000), roi_percent=Decimal(-103),
    )  # fmt: skip


ROI = Roi(
    investment=Decimal(3000),
    monthly_savings=Decimal("-7.5"),
    payback_months=None,
    recovered_in_month=None,
    annual_savings=Decimal(-90),
    first_year_net=Decimal(-3090),
    roi_percent=Decimal(-103),
    npv=Decimal("-3085.503797"),
    readings=(
        reading("api_only", "API cost alone", "-7.5"),
        reading("fee_5_percent", "a further 5 % router fee on what remains", "-8.4"),
    ),
    assumed_share_percent=None,
    payback_reason="never",
    payback_by_hours_months=None,
    discounted_payback_months=None,
    horizon_months=12,
    discount_rate_percent=Decimal(10),
    investment_parts=Investment(
        hours=Decimal(10), hourly_rate=Decimal(150), one_off=Decimal(1000), parallel_run=Decimal(500)
    ),
    hours_savings_monthly=None,
    hours_count_as=None,
)

COMPARISON = Comparison(
    baseline="as_logged",
    candidate="premium",
    savings=Decimal("-0.75"),
    savings_percent=Decimal(-100),
    components=(
        component("openai", "7.5", "15", "-100"),
        Component(name="acme", before=None, after=None, savings=None, savings_percent=None),
    ),
    total=component("total", "7.5", "15", "-100"),
    service_notes=(
        "the log has no latencies of acme/mystery; assert its service levels under `routes:` in the policy",
    ),
    service=(
        Service(
            name="p95 latency", before=Decimal(900), after=None, change=None, unit="ms",
            label_before="measured", label_after=None,
        ),
        Service(
            name="uptime", before=Decimal("99.999"), after=Decimal("99.1"), change=Decimal("-0.899"), unit="percent",
            change_unit="points", label_before="measured", label_after="modelled",
        ),
    ),
    decisions=(
        Decision(
            rule="canary", requests=HALF, share=Decimal(50), from_="openai/gpt-5-nano", to="azure/gpt-5-nano",
            before=Decimal("0.375"), after=Decimal("1.125"), refused=12,
        ),
        Decision(
            rule="canary", requests=HALF, share=Decimal("0.01"), from_="openai/gpt-5-nano", to="openai/gpt-5-nano",
            before=Decimal("0.375"), after=Decimal("0.375"),
        ),
    ),
    moved_requests=HALF,
    moved_percent=Decimal(50),
    roi=ROI,
    warnings=("rule 'never-matches' matched no request",),
)  # fmt: skip

REPORT = Report(
    command="simulate",
    inputs=(Input(path="-", sha256="d4" * 32, format="csv", bytes=90_000, records=3_002),),
    prices=Prices(source="the shipped catalogue", digest="e5" * 32),
    period=Period(
        from_="2026-05-01T00:00:00+00:00",
        to="2026-05-04T00:00:00+00:00",
        days=3,
        timezone="UTC",
        indicative=True,
        name="1 to 3 May 2026",
        basis="mean of 3 complete days x 30.4375",
    ),
    coverage=Coverage(
        records=3_002,
        priced=3_001,
        free=0,
        unpriced=1,
        not_billed=0,
        quarantined=0,
        duplicate=0,
        filtered=0,
        tokens=TOKENS,
        unpriced_models=("acme/mystery",),
        priced_percent=Decimal("99.9999"),
    ),
    arms=(
        arm("as_logged", None, "0.75", "7.5", {"model": (group("gpt-5-nano", "0.75", 3_001),)}),
        arm("premium", "f6" * 32, "1.5", "15", {"model": (group("gpt-5-nano", "1.5", 3_001),)}),
    ),
    comparisons=(COMPARISON,),
    issues=(
        Issue(code="unpriced_model", severity="warning", count=1, message="no price for acme/mystery", where="-:17"),
    ),
)
