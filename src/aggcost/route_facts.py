"""What is known of routes: the facts of their models, under what the policy states itself."""

from __future__ import annotations

from datetime import UTC, datetime, time

from aggcost.abilities import ABILITIES, STATED_BY_TABLES, canonical
from aggcost.eligibility import Facts
from aggcost.policy import Policy, Route
from aggcost.ratecard import ModelRates, RateCard
from aggcost.requirements import StatedFacts


def facts_of_routes(policy: Policy, card: RateCard) -> dict[Route, Facts]:
    """Return what is known of every route that the policy names."""
    return {route: _facts(card, route, policy.stated.get(route, StatedFacts())) for route in policy.routes}


def _facts(card: RateCard, route: Route, stated: StatedFacts) -> Facts:
    rates = card.resolve(route.provider, route.model).rates
    has, lacks = _abilities(rates, stated)
    return Facts(
        context_window=stated.context_window or (None if rates is None else rates.context_window),
        max_output=stated.max_output or (None if rates is None else rates.max_output),
        retired_s=_retired_s(rates),
        has=has,
        lacks=lacks,
        region=stated.region,
        data_policy=None if stated.data_policy is None else frozenset(stated.data_policy),
    )


def _abilities(rates: ModelRates | None, stated: StatedFacts) -> tuple[frozenset[str], frozenset[str]]:
    """Return what the model can do, and what it is known not to: a table says nothing of words it does not use."""
    if stated.abilities is not None:
        return frozenset(stated.abilities), frozenset(ABILITIES) - frozenset(stated.abilities)
    if rates is None or rates.capabilities is None:
        return frozenset(), frozenset()
    has = canonical(rates.capabilities)
    return has, STATED_BY_TABLES - has


def _retired_s(rates: ModelRates | None) -> int | None:
    if rates is None or rates.retired is None:
        return None
    return int(datetime.combine(rates.retired, time(), UTC).timestamp())
