"""Questions about prices: the same usage on another card, or on today's as it holds at another date.

Such a question is a policy that moves nothing and brings prices for everything. Nothing else changes: latency and
failures stay as they were measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aggcost.baseline import Options
from aggcost.errors import UsageError
from aggcost.model_rates import day_text
from aggcost.policy import Policy, repricing
from aggcost.price_sources import load_rates, read_book
from aggcost.ratecard import RateCard
from aggcost.rating import Rates


def questions(files: Sequence[Path], at_s: int | None) -> list[Policy]:
    """Return one question for each price file, or for today's prices at another date (epoch seconds UTC)."""
    if not files and at_s is None:
        raise UsageError(
            "nothing to compare with: name a policy, or prices",
            hint="aggcost simulate LOG --policy P, or --prices FILE, or --prices-at DATE",
        )
    if not files:
        return [repricing("today" + _when(at_s), (), at_s)]
    return [repricing(read_book(file).source.name + _when(at_s), (file,), at_s) for file in files]


def _when(at_s: int | None) -> str:
    return "" if at_s is None else f", as of {day_text(at_s)}"


def card_of(options: Options, policy: Policy) -> RateCard:
    """Return the card that a policy's requests are rated on."""
    if not policy.anew:
        return options.card(policy.prices)
    return load_rates(policy.prices, over=options.card()).at(policy.at_s)


def rates_of(policy: Policy, card: RateCard, today: Rates) -> Rates:
    """Return the rates of a policy: what stays keeps today's, but where the prices are the question."""
    return Rates(today.cells, card, today, anew=policy.anew)
