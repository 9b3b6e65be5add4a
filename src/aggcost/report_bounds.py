"""The bounds of a policy: what else could have been done with the same requests and routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from aggcost.units import Label, Percent, Requests, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomSplit:
    """The coin that costs what the policy costs: `cheap_percent` of the requests to `cheap`, the others to `dear`.

    Both are routes of the policy, None as logged: those that cost least and most if every request went there that they
    can take. `cheap_percent` is None where no coin costs as much.
    """

    cheap: str | None
    dear: str | None
    cheap_cost: Usd
    dear_cost: Usd
    cheap_percent: Percent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCost:
    """What it would cost if every movable request went to one route (None: stayed as logged) that can take it."""

    route: str | None
    cost: Usd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the requests that a policy may move could cost, in the period, with those that it may not move unchanged.

    `cost` is that of the policy with all its calls; `cheapest_eligible` sends each movable request to the cheapest
    route that can take it, of all routes that the policy names and as logged, in one call. None where some of it has no
    price.
    """

    movable_requests: Requests
    cost: Usd | None
    cheapest_eligible: Usd | None
    room: Annotated[Usd | None, "`cost` minus `cheapest_eligible`"]
    random_split: RandomSplit | None
    routes: tuple[RouteCost, ...] = ()
    label: Label = "recomputed"
