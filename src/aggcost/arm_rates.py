"""The rates of an arm: prices for the usage that a policy makes of the log's, in the tokens of each route."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aggcost.errors import ConfigError
from aggcost.scales import Key, Scaling

if TYPE_CHECKING:
    from aggcost.ledger import Cells
    from aggcost.policy import Policy
    from aggcost.ratecard import RateCard
    from aggcost.rating import Rates
    from aggcost.routes import Route


def arm_rates(policy: Policy, cells: Cells, own: Rates) -> Rates:
    """Return `own` for the usage of `cells`, tokens scaled as the policy assumes of pairs of models."""
    if cells is own.cells and not policy.levers.pairs:
        return own
    return own.on(cells, scaling_of(policy, own.card))


def names_of(card: RateCard) -> Callable[[str | None, str | None], Key]:
    """Return what the card calls a provider and model; a name that it does not know stays."""

    def names(provider: str | None, model: str | None) -> Key:
        found = card.resolve(provider, model or "").rates
        return (provider, model) if found is None else (found.provider, found.model)

    return names


def scaling_of(policy: Policy, card: RateCard) -> Scaling:
    """Return the scales of a policy; names that the card reads as one model are one."""
    names = names_of(card)

    def key(route: Route) -> Key:
        return names(route.provider, route.model)

    pairs = policy.levers.pairs
    if any(pair.learned for pair in pairs):
        raise ConfigError(
            f"{policy.path}: answer_ratio: learned needs the whole log", hint="aggcost simulate learns it"
        )
    scaled = [(None if one.source is None else key(one.source), key(one.target), one.scale) for one in pairs]
    return Scaling(scaled, names)
