"""The article's month on an offer: no policy, a commitment, a credit, monthly tiers, and a break-even not reached."""

from __future__ import annotations

import runpy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from aggcost.compare import component
from aggcost.report import Assumption
from aggcost.report_compare import Decision
from aggcost.report_contract import ContractFigures, ReachedTier

ARTICLE = runpy.run_path(str(Path(__file__).parents[1] / "article" / "article_report.py"))
ONE = ARTICLE["REPORT"]
COMPARISON = ONE.comparisons[0]
NAME = "acme offer, as of 2026-04-01"
SERVED = [
    replace(
        row,
        after=row.before,
        change=None if row.before is None else Decimal(0),
        label_after=row.label_before,
    )
    for row in COMPARISON.service
]

MODELS = (  # before and after: 15 % off, 10 % on, as it was
    ("openai/gpt-4o", 800_000, "44.444444", 2000, 1700),
    ("anthropic/claude-sonnet", 400_000, "22.222222", 1200, 1320),
    ("google/gemini-flash", 600_000, "33.333333", 480, 480),
)
TODAY = ONE.arms[0]
OFFERED = replace(
    ONE.arms[1],
    name=NAME,
    cost=Decimal(3500),
    cost_monthly=Decimal(3775),
    by={
        "model": tuple(
            replace(group, cost=Decimal(after), share=None)
            for group, (*_, after) in zip(TODAY.by["model"], MODELS, strict=True)
        )
    },
)
ASKED = replace(
    COMPARISON,
    candidate=NAME,
    kind="prices",
    savings=Decimal(180),
    savings_percent=Decimal("4.891304"),
    components=(
        *(component(name.partition("/")[0], Decimal(was), Decimal(now), "recomputed") for name, _, _, was, now in MODELS),
        component("openai deal: shortfall", Decimal(0), Decimal(300), "recomputed"),
        component("starter credit", Decimal(-50), Decimal(-25), "recomputed"),
    ),
    total=component("total", Decimal(3630), Decimal(3775), "recomputed"),
    outside=(),
    service=tuple(SERVED),
    decisions=tuple(
        Decision(
            rule="otherwise", requests=requests, share=Decimal(share), from_=name, to=None,
            before=Decimal(was), after=Decimal(now),
        )
        for name, requests, share, was, now in MODELS
    ),
    moved_requests=0,
    moved_percent=Decimal(0),
    without_evidence_percent=Decimal(0),
    asserted_prices=(),
    roi=None,
    warnings=(),
)  # fmt: skip


def tier(arm, month, number, quantity, over="tokens"):
    return ReachedTier(
        arm=arm, rate="acme contract: openai/gpt-4o", month=month, kind="graduated", over=over,
        quantity=Decimal(quantity), tier=number, tiers=3,
    )  # fmt: skip


REPORT = replace(
    ONE,
    arms=(replace(TODAY, cost_monthly=Decimal(3630)), OFFERED),
    comparisons=(ASKED,),
    contracts=(
        ContractFigures(
            arm=NAME, provider="openai", terms=("15 % off every model", "openai deal: 2000 USD a month committed"),
            list_monthly=Decimal(2000), contract_monthly=Decimal(2000), cheaper=False,
            break_even_monthly=Decimal(2000), break_even_requests=800_000, break_even_tokens=400_000_000,
        ),
        ContractFigures(
            arm=NAME, provider="anthropic", terms=("10 % on every model",), list_monthly=Decimal(1200),
            contract_monthly=Decimal(1320), cheaper=False, break_even_monthly=None, break_even_requests=None,
            break_even_tokens=None,
        ),
    ),
    tiers=(
        tier("as_logged", "2026-02", 1, 900_000),
        tier(NAME, "2026-02", 3, "1234567.5"),
        tier(NAME, "2026-03", 2, "1500.25", over="usd"),
    ),
    assumptions=(
        Assumption(name="contract with openai", value="15 % off every model, from 2026-04-01", source="offer.yaml:3"),
    ),
    next_commands=("aggcost simulate logs.csv --prices offer.yaml --prices-at 2026-04-01 --detail",),
)  # fmt: skip
