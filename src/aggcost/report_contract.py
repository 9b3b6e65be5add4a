"""What contracts make of an arm's month: their break-even volumes, and the tiers that its months reached."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from aggcost.units import Count, TokenCount, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFigures:
    """An arm's month at a provider with a contract, beside the same usage without one.

    `list_monthly` is the usage at list prices, `contract_monthly` what the contract makes of it: after discounts and
    uplifts, with shortfall and overage, less credits. From `break_even_monthly` on (usage at list prices, USD a month)
    the contract is the cheaper one; `break_even_requests` and `break_even_tokens` are the same at the arm's own mix.
    The first is None where the contract never is, all of them where the arm has no usage to tell the mix from.
    `terms` are in words. `cheaper` says which side of it the arm's month is on.
    """

    arm: str
    provider: str
    terms: tuple[str, ...]
    list_monthly: Usd
    contract_monthly: Usd
    cheaper: bool
    break_even_monthly: Usd | None
    break_even_requests: Count | None
    break_even_tokens: TokenCount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedTier:
    """The tier of a schedule that an arm reached in a calendar month, counted from 1 of `tiers`.

    `rate` names the price and its source; `quantity` is in tokens, requests or US dollars (`over`).
    """

    arm: str
    rate: str
    month: str
    kind: Literal["graduated", "volume"]
    over: Literal["tokens", "requests", "usd"]
    quantity: Annotated[Decimal, "in `over`"]
    tier: int
    tiers: int
