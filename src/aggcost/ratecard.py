"""The rate card: which prices apply to a logged provider and model, from several price sources.

Sources are asked in order, so a user's prices win over the catalogue's. The rates of one
(provider, model) come from one source, never mixed; its facts (context window, retirement and so
on) come from the first source that states them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from aggcost.contract import Contract, as_of, contracted, joined
from aggcost.errors import nearest
from aggcost.matching import Clause, Form, name_forms
from aggcost.model_rates import STANDARD, Line, ModelRates, RateLine, SourceInfo, Unpriced
from aggcost.names import canonical_provider

__all__ = [
    "Book", "Line", "Listing", "ModelRates", "ProviderBook", "RateCard", "RateLine", "Resolution", "SourceInfo",
    "Unpriced",
]  # fmt: skip

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Listing:
    """A model in a price source: how its name is matched, and its rates, read when first asked for."""

    model: str
    clause: Clause | None
    load: Callable[[], ModelRates]


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
    `contract` are terms beside its prices; they hold for the prices of every source.
    """

    source: SourceInfo
    provider_names: tuple[str, ...]
    open: Callable[[str], ProviderBook]
    deployments: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    makes: Mapping[str, Clause] = field(default_factory=dict)
    contract: Contract = field(default_factory=Contract)

    def provider(self, name: str) -> ProviderBook | None:
        """Return what the source says of a provider, or None where it does not know it."""
        return self.open(name) if name in self.provider_names else None


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a logged name was read: its rates, or None; `how` says by which rule, for people."""

    rates: ModelRates | None
    how: str
    asked: str = ""
    candidates: tuple[str, ...] = ()
    ambiguous: bool = False

    @property
    def suggestions(self) -> tuple[str, ...]:
        """Models (or providers, where that is what nobody knows) that may have been meant, best first.

        Where several providers have the model: all of them, as ``provider/model``.
        """
        return self.candidates if self.ambiguous else nearest(self.asked, self.candidates)


class RateCard:
    """All prices of one run, from several sources in order of precedence.

    `digest` (SHA-256) stands for every price in it. With `at_s` (epoch seconds UTC) requests of any time have the
    prices, and the contract the terms, of that instant.
    """

    def __init__(self, books: Sequence[Book], *, at_s: int | None = None) -> None:
        self.books = tuple(books)
        self.at_s = at_s
        self.contract = joined(book.contract for book in self.books)
        self._resolved: dict[tuple[str | None, str], Resolution] = {}
        self.sources: tuple[SourceInfo, ...] = tuple(book.source for book in self.books)
        parts = "\n".join(f"{source.name} {source.digest}" for source in self.sources)
        self.digest: str = hashlib.sha256(parts.encode()).hexdigest()

    def resolve(self, provider: str | None, model: str) -> Resolution:
        """Return the rates of a logged model, by the rules of docs/prices.md; never by a part of its name."""
        key = (canonical_provider(provider) if provider else None, model)
        if key not in self._resolved:
            forms = name_forms(model)
            found = self._at(key[0], forms) if key[0] else self._anywhere(forms)
            self._resolved[key] = replace(found, rates=found.rates and self._agreed(found.rates))
        return self._resolved[key]

    def at(self, at_s: int | None) -> RateCard:
        """Return the card as it holds at an instant (epoch seconds UTC), for requests of any time."""
        return RateCard(self.books, at_s=at_s)

    def without_contract(self) -> RateCard:
        """Return the card without discounts, uplifts, commitments and credits."""
        return RateCard([replace(book, contract=Contract()) for book in self.books], at_s=self.at_s)

    def models(self, provider: str | None = None) -> list[ModelRates]:
        """Return the rates of every model (of one provider), sorted by provider and model."""
        names = [canonical_provider(provider)] if provider else self.providers()
        found = {(name, listing.model) for name in names for listing in self._listings(name)}
        rates = (self._assemble(name, model) for name, model in sorted(found))
        return [self._agreed(one) for one in rates if one is not None]

    def providers(self) -> tuple[str, ...]:
        """Return the canonical names of every provider that some source knows."""
        return tuple(sorted({name for book in self.books for name in book.provider_names}))

    def _agreed(self, rates: ModelRates) -> ModelRates:
        """Return the rates under the contract, and as of the card's instant where it has one."""
        agreed = contracted(rates, self.contract)
        return agreed if self.at_s is None else as_of(agreed, self.at_s)

    def _at(self, provider: str, forms: Sequence[Form]) -> Resolution:
        """Resolve where the log names the provider."""
        usable = [form for form in forms if form.provider in (None, provider)]
        if found := self._find_or_fall_back(provider, usable):
            return found
        known = tuple(listing.model for listing in self._listings(provider))
        if known:
            return Resolution(None, f"{provider} has no model of that name", forms[0].name, known)
        return Resolution(None, f"no price source knows the provider {provider!r}", provider, self.providers())

    def _anywhere(self, forms: Sequence[Form]) -> Resolution:
        """Resolve where the log names no provider: by the name's own prefix, its maker, or the only one with it."""
        for form in forms:
            if form.provider and (found := self._find_or_fall_back(form.provider, [form])):
                return found
        plain = [form for form in forms if form.provider is None]
        makers = [name for name in self.providers() if self._makes(name, plain)]
        for providers, why in ((makers, "made by"), (self.providers(), "only known at")):
            found_at = [(name, found) for name in providers if (found := self._find(name, plain))]
            if len(found_at) == 1:
                name, found = found_at[0]
                return replace(found, how=f"{found.how}; {why} {name}")
            if found_at:
                several = tuple(f"{found.rates.provider}/{found.rates.model}" for _, found in found_at if found.rates)
                return Resolution(
                    None, "several providers have that model; name one", forms[0].name, several, ambiguous=True
                )
        known = tuple(listing.model for name in self.providers() for listing in self._listings(name))
        return Resolution(None, "no price source knows that model", forms[0].name, known)

    def _find_or_fall_back(self, provider: str, forms: Sequence[Form]) -> Resolution | None:
        return self._find(provider, forms) or self._find_fallback(provider, forms)

    def _find(self, provider: str, forms: Sequence[Form]) -> Resolution | None:
        """Look a model up at one provider: exactly, as a deployment, by its other spellings, by clauses."""
        steps = (
            (forms[:1], self._exact),
            (forms[:1], self._deployed),
            (forms[1:], self._exact),
            (forms, self._covered),
        )
        for candidates, look_up in steps:
            for form in candidates:
                if found := look_up(provider, form):
                    return found
        return None

    def _exact(self, provider: str, form: Form) -> Resolution | None:
        listing = _first(book.exact(form.name) for _, book in self._provider_books(provider))
        return self._resolution(provider, listing.model, form.how) if listing else None

    def _covered(self, provider: str, form: Form) -> Resolution | None:
        listing = _first(book.find(form.name) for _, book in self._provider_books(provider))
        if listing is None:
            return None
        return self._resolution(provider, listing.model, f"{form.how}, a version of {listing.model}")

    def _deployed(self, provider: str, form: Form) -> Resolution | None:
        meant = _first(book.deployments.get((provider, form.name)) for book in self.books)
        return self._resolution(*meant, f"deployment of {'/'.join(meant)}") if meant else None

    def _find_fallback(self, provider: str, forms: Sequence[Form]) -> Resolution | None:
        """Use the prices of another provider where the source itself says that they are charged."""
        for book, own in self._provider_books(provider):
            for other in own.fallbacks:
                makers = book.provider(other)
                for form in forms if makers else ():
                    if makers and (listing := makers.find(form.name)):
                        rates = _as_sold_by(provider, listing.load())
                        return Resolution(rates, f"{form.how}; {provider} charges the prices of {other}")
        return None

    def _resolution(self, provider: str, model: str, how: str) -> Resolution:
        return Resolution(self._assemble(provider, model), how)

    def _assemble(self, provider: str, model: str) -> ModelRates | None:
        """Return the rates of the first source that has any, with the facts of the first that states each."""
        listings = (book.find(model.lower()) for _, book in self._provider_books(provider))
        found = [listing.load() for listing in listings if listing]
        if not found:
            return None
        rated = _first(rates if rates.periods else None for rates in found) or found[0]
        return replace(
            rated,
            model=model,
            context_window=_first(rates.context_window for rates in found),
            max_output=_first(rates.max_output for rates in found),
            retired=_first(rates.retired for rates in found),
            capabilities=_first(rates.capabilities for rates in found),
            deprecated=any(rates.deprecated for rates in found),
        )

    def _makes(self, provider: str, forms: Sequence[Form]) -> bool:
        clauses = [book.makes[provider] for book in self.books if provider in book.makes]
        return any(clause.mentions(form.name) for clause in clauses for form in forms)

    def _listings(self, provider: str) -> Iterator[Listing]:
        for _, book in self._provider_books(provider):
            yield from book.listings

    def _provider_books(self, provider: str) -> Iterator[tuple[Book, ProviderBook]]:
        for book in self.books:
            if opened := book.provider(provider):
                yield book, opened


def _as_sold_by(provider: str, rates: ModelRates) -> ModelRates:
    """Return another provider's standard prices; its other service tiers are not this provider's."""
    periods = tuple(
        replace(
            period,
            tariffs=_standard_only(period.tariffs),
            windows=tuple(replace(window, tariffs=_standard_only(window.tariffs)) for window in period.windows),
        )
        for period in rates.periods
    )
    return replace(rates, provider=provider, periods=periods)


def _standard_only(tariffs: Mapping[str, _T]) -> dict[str, _T]:
    return {tier: tariff for tier, tariff in tariffs.items() if tier == STANDARD}


def _first(values: Iterator[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)
