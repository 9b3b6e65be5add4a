"""A price source as the rate card asks it: providers, the names of their models, rates read when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aggcost.contract import Contract
from aggcost.matching import Clause
from aggcost.model_rates import ModelRates, SourceInfo
from aggcost.price_history import AliasSpan, Amendment


@dataclass(frozen=True, slots=True)
class Listing:
    """A model in a price source: how its name is matched, and its rates, read when first asked for.

    An `alias` has no rates of its own: its name means other models of the provider, at different times.
    """

    model: str
    clause: Clause | None
    load: Callable[[], ModelRates]
    alias: tuple[AliasSpan, ...] = ()


@dataclass(slots=True)
class ProviderBook:
    """The models of one provider in one price source.

    `fallbacks` are the providers whose prices it charges for models it does not list.
    """

    provider: str
    listings: Sequence[Listing]
    fallbacks: tuple[str, ...] = ()
    _exact: dict[str, Listing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for listing in self.listings:
            for name in listing.clause.equal_names() if listing.clause else ():
                self._exact.setdefault(name, listing)
        for listing in self.listings:
            self._exact.setdefault(listing.model.lower(), listing)

    def exact(self, name: str) -> Listing | None:
        """Return the model that lists this very name (lower case)."""
        return self._exact.get(name)

    def find(self, name: str) -> Listing | None:
        """Return the model that lists the name or, failing that, the first whose clause covers it."""
        return self.exact(name) or next((one for one in self.listings if one.clause and one.clause.covers(name)), None)


@dataclass(frozen=True, slots=True)
class Book:
    """One price source: its providers by canonical name, each opened when first asked for.

    `deployments` say what a name of somebody's own means: (provider, name in lower case) is
    (provider, model). `makes` recognises, by provider, the names of the models that it makes itself.
    A source that `corrects` speaks of the prices in the sources below it, also where another provider
    charges them; its `amendments` say since when they hold, and where they differ by region. `facts_only`:
    it states limits and abilities, and no price. `contract` are terms beside its prices; they hold for the prices of
    every source.
    """

    source: SourceInfo
    provider_names: tuple[str, ...]
    open: Callable[[str], ProviderBook]
    deployments: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    makes: Mapping[str, Clause] = field(default_factory=dict)
    amendments: Sequence[Amendment] = ()
    corrects: bool = False
    facts_only: bool = False
    contract: Contract = field(default_factory=Contract)

    def provider(self, name: str) -> ProviderBook | None:
        """Return what the source says of a provider, or None where it does not know it."""
        return self.open(name) if name in self.provider_names else None
