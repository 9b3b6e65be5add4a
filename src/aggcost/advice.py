"""The article's advice for a size of spend, with its reason, and an answer where it gives none."""

from __future__ import annotations

from decimal import Decimal

from aggcost.report import Advice

# The article's bands of monthly spend in US dollars; it leaves the one from 1,000 to 3,000 open.
STAY_BELOW_USD, AGGREGATE_FROM_USD, NEGOTIATE_ABOVE_USD = Decimal(1_000), Decimal(3_000), Decimal(10_000)


def advice(monthly_usd: Decimal | None) -> Advice | None:
    """Return what a month's spend on requests usually calls for; None where it is unknown."""
    if monthly_usd is None:
        return None
    if monthly_usd < STAY_BELOW_USD:
        return Advice(
            text="stay with the providers you have; shorten prompts and use prompt caching first",
            reason="under $1,000 a month a migration rarely pays for its engineering hours",
        )
    if monthly_usd < AGGREGATE_FROM_USD:
        return Advice(
            text="optimise prompts and caching first, then simulate routing the simplest task to a cheaper model",
            reason="between $1,000 and $3,000 a month the answer hangs on the migration's cost: see the payback",
        )
    if monthly_usd <= NEGOTIATE_ABOVE_USD:
        return Advice(
            text="consider aggregation: simulate a policy that routes each task to the cheapest model that serves it",
            reason="from $3,000 to $10,000 a month routing by task usually pays back within months",
        )
    return Advice(
        text="evaluate aggregation and negotiate directly with the providers: compare both as policies",
        reason="above $10,000 a month volume discounts compete with what an aggregator saves",
    )
