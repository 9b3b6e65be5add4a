"""Checks that the terms of a contract mean something: their providers and models must have prices somewhere."""

from __future__ import annotations

from aggcost.contract import Adjustment
from aggcost.errors import ConfigError, did_you_mean
from aggcost.ratecard import RateCard


def check_contract(card: RateCard) -> None:
    """Refuse a term that no price could ever come under, which is likely a typing error; ConfigError names its line."""
    known = card.providers() if card.contract.terms else ()
    for term in card.contract.terms:
        if term.provider not in known:
            raise ConfigError(
                f"{term.where}: no price source knows the provider {term.provider!r}",
                hint=did_you_mean(term.provider, known),
            )
        if isinstance(term, Adjustment):
            _check_models(card, term)


def _check_models(card: RateCard, term: Adjustment) -> None:
    for name in term.models or ():
        found = card.resolve(term.provider, name)
        if found.rates is None:
            near = ", ".join(found.suggestions)
            raise ConfigError(
                f"{term.where}: {term.provider} has no model {name!r}", hint=f"did you mean {near}?" if near else None
            )
        if found.rates.model.lower() != name:
            raise ConfigError(
                f"{term.where}: {name!r} is priced as {found.rates.model}",
                hint=f"name {found.rates.model}, with all that is read as it",
            )
