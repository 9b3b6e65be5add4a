"""A month's bill of two providers held against a gateway's log: figures by hand, and a model with a hostile name."""

from __future__ import annotations

from decimal import Decimal

from aggcost.errors import Issue
from aggcost.report import Coverage, DroppedBy, Duplicates, Input, Period, Prices
from aggcost.report_arms import Tokens
from aggcost.report_reconcile import Figures, LeftOut, Part, Reconciliation, Row

D = Decimal


def figures(cost: str, requests: int | None, fresh: int, cached: int, output: int) -> Figures:
    return Figures(cost=D(cost), requests=requests, tokens=Tokens(input=fresh, cache_read=cached, output=output))


def row(day: str, who: str, log: Figures, bill: Figures, *parts: Part) -> Row:
    provider, _, model = who.partition("/")
    return Row(
        key=f"{day} {who}",
        provider=provider,
        model=model or None,
        day=day,
        log=log,
        bill=bill,
        difference=bill.cost - log.cost,
        parts=parts,
    )


def part(name: str, amount: str, share: str, tokens: int = 0) -> Part:
    return Part(name=name, amount=D(amount), share=D(share), tokens=tokens)  # type: ignore[arg-type]


SAME = tuple(
    row(
        f"2026-02-{day:02}",
        "openai/gpt-4o",
        figures("20", 1000, 8_000_000, 0, 0),
        figures("20", 1000, 8_000_000, 0, 0),
    )
    for day in range(1, 18)
)
ROWS = (
    row("2026-02-18", "openai/gpt-4o", figures("20", 1000, 8_000_000, 0, 0), figures("60", 3000, 24_000_000, 0, 0),
        part("missing_requests", "40", "100", 16_000_000)),
    row("2026-02-19", "openai/gpt-4o", figures("20", 1000, 8_000_000, 0, 0), figures("15", 1000, 4_000_000, 4_000_000, 0),
        part("cache", "-5", "100", 4_000_000)),
    row("2026-02-19", "x-ai/grok\x1b[2J|<b>", figures("0", 10, 1000, 0, 10),
        Figures(cost=D("0.5"), requests=None, tokens=None), part("unexplained", "0.5", "100")),
    *SAME,
)  # fmt: skip
DIFFERENCE = D("35.5")
AGAIN = {
    "records": 3,
    "requests": 3,
    "tokens": Tokens(input=2_000, output=5),
    "cost": D("0.0055"),
    "recorded_cost": None,
}
DROPPED = Duplicates(**AGAIN, by=(DroppedBy(key="litellm: settlement row", format="litellm", reason="settlement row",
                                            **AGAIN),))  # fmt: skip
REPORT = Reconciliation(
    inputs=(Input(path="gateway.csv", sha256="ab" * 32, format="generic", bytes=2_000_000, records=19_013,
                  read_as="generic (names of fields)"),),
    bill_inputs=(Input(path="usage.json", sha256="cd" * 32, format="openai-usage", bytes=9000, records=24),),
    prices=Prices(source="genai-prices 0.2.3", digest="ef" * 32),
    period=Period(from_="2026-02-01", to="2026-02-19", days=19, timezone="UTC", indicative=False,
                  name="2026-02-01 to 2026-02-19"),
    coverage=Coverage(records=19_013, priced=19_000, free=0, unpriced=10, not_billed=0, quarantined=0, duplicate=3,
                      filtered=0, tokens=Tokens(input=152_001_000, output=10), unpriced_models=("x-ai/grok\x1b[2J|<b>",),
                      priced_percent=D("99.999"), duplicates=DROPPED),
    bill_coverage=Coverage(records=24, priced=23, free=0, unpriced=1, not_billed=0, quarantined=0, duplicate=0,
                           filtered=0, tokens=Tokens(input=164_000_000, cache_read=4_000_000), unpriced_models=()),
    log=figures("380", 19_010, 152_001_000, 0, 10),
    bill=figures("415.5", 21_000, 164_000_000, 4_000_000, 0),
    bill_basis="recorded",
    difference=DIFFERENCE,
    difference_percent=D("8.543923"),
    tolerance_percent=D(1),
    within_tolerance=False,
    parts=(part("missing_requests", "40", "112.676056", 16_000_000), part("cache", "-5", "-14.084507", 4_000_000),
           part("unexplained", "0.5", "1.408451")),
    rows=ROWS,
    left_out=(
        LeftOut(key="bill 2026-02-20 openai", side="bill", provider="openai", day="2026-02-20", cost=D("21.25"),
                requests=1100),
        LeftOut(key="log 2026-02-03 anthropic", side="log", provider="anthropic", day="2026-02-03", cost=D("3"),
                requests=None),
    ),
    issues=(Issue("unpriced_model", "warning", 10, "log: models without a price: x-ai/grok\x1b[2J|<b>"),),
)  # fmt: skip
