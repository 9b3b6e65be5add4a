"""The rate card: which prices apply to a logged provider and model, from several price sources.

Sources are asked in order, so a user's prices win over the overlay's, and those over the catalogue's.
At any instant the rates of one (provider, model) come from one source, never mixed; its facts (context
window, retirement and so on) come from the first source that states them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from aggcost.contract import Contract, as_of, contracted, joined
from aggcost.errors import ConfigError, did_you_mean, nearest
from aggcost.matching import Form, name_forms, nameless_arn
from aggcost.model_rates import STANDARD, Line, ModelRates, RateLine, SourceInfo, Unpriced, utc_text
from aggcost.names import canonical_provider
from aggcost.price_book import Book, Listing, ProviderBook
from aggcost.price_history import amended, spliced, with_gaps_filled

__all__ = [
    "Book", "Line", "Listing", "ModelRates", "ProviderBook", "RateCard", "RateLine", "Resolution", "SourceInfo",
    "Unpriced",
]  # fmt: skip

_T = TypeVar("_T")
FACTS = ("context_window", "max_output", "capabilities", "retired")


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
        self.sources: tuple[SourceInfo, ...] = tuple(book.source for book in self.books if not book.facts_only)
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
        found = sorted({(name, listing.model) for name in names for listing in self._listings(name)})
        rates = (self._listed(name, model) for name, model in found)
        return [self._agreed(one) for one in rates if one is not None]

    def fact_sources(self, rates: ModelRates) -> dict[str, SourceInfo]:
        """Return which source states each known fact of a model, by the fact's name (`context_window` and so on)."""
        found: dict[str, SourceInfo] = {}
        for _, book in self._provider_books(rates.provider):
            listing = book.find(rates.model.lower())
            stated = listing.load() if listing else None
            for name in FACTS:
                if stated is not None and getattr(stated, name) is not None:
                    found.setdefault(name, stated.source)
        return found

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
        if nameless := nameless_arn(forms[0].name):
            return Resolution(None, nameless, forms[0].name)
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
        nameless = nameless_arn(forms[0].name)
        return Resolution(
            None, nameless or "no price source knows that model", forms[0].name, () if nameless else known
        )

    def _find_or_fall_back(self, provider: str, forms: Sequence[Form]) -> Resolution | None:
        return self._find(provider, forms) or self._find_fallback(provider, forms)

    def _find(self, provider: str, forms: Sequence[Form]) -> Resolution | None:
        """Look a model up at one provider: exactly, as a deployment, by its other spellings, by clauses."""
        steps = (
            (forms[:1], self._exact),
            (forms, self._deployed),
            (forms[1:], self._exact),
            (forms, self._covered),
        )
        for candidates, look_up in steps:
            for form in candidates:
                if found := look_up(provider, form):
                    return found
        return None

    def _exact(self, provider: str, form: Form) -> Resolution | None:
        listing = self._named(provider, form.name)
        if listing is None:
            return None
        return Resolution(self._rates(provider, listing), f"{form.how}{_alias_text(listing)}")

    def _named(self, provider: str, name: str) -> Listing | None:
        """Return the first listing of this very name that says what it costs, else the first with its facts."""
        exact = [listing for _, book in self._provider_books(provider) if (listing := book.exact(name))]
        return next((one for one in exact if one.alias or one.load().periods), exact[0] if exact else None)

    def _covered(self, provider: str, form: Form) -> Resolution | None:
        listing = _first(book.find(form.name) for _, book in self._provider_books(provider))
        if listing is None:
            return None
        how = f"{form.how}, a version of {listing.model}"
        return Resolution(self._assemble(provider, listing.model, self.books), how)

    def _deployed(self, provider: str, form: Form) -> Resolution | None:
        meant = _first(book.deployments.get((provider, form.name)) for book in self.books)
        return Resolution(self._listed(*meant), f"deployment of {'/'.join(meant)}") if meant else None

    def _find_fallback(self, provider: str, forms: Sequence[Form]) -> Resolution | None:
        """Use the prices of another provider where the source itself says that they are charged."""
        for book, own in self._provider_books(provider):
            charging = [one for one in self.books if one is book or one.corrects]
            for other in own.fallbacks:
                makers = book.provider(other)
                for form in forms if makers else ():
                    if makers and (listing := makers.find(form.name)):
                        rates = self._assemble(other, listing.model, charging)
                        how = f"{form.how}; {provider} charges the prices of {other}"
                        return Resolution(rates and _as_sold_by(provider, rates), how)
        return None

    def _listed(self, provider: str, model: str) -> ModelRates | None:
        """Return the rates of a name that some source may list: of what it means where that is an alias."""
        listing = self._named(provider, model.lower())
        return self._rates(provider, listing) if listing else self._assemble(provider, model, self.books)

    def _rates(self, provider: str, listing: Listing) -> ModelRates | None:
        own = self._assemble(provider, listing.model, self.books)
        if not listing.alias:
            return own
        parts = []
        for span in listing.alias:
            target = self._assemble(provider, span.model, self.books)
            if target is None:
                known = [one.model for one in self._listings(provider)]
                raise ConfigError(
                    f"price alias {provider}/{listing.model}: no price source has {provider}/{span.model}",
                    hint=did_you_mean(span.model, known),
                )
            parts.append((span, target))
        rates = spliced(listing.model, parts)
        return replace(rates, **_facts([own, rates])) if own else rates

    def _assemble(self, provider: str, model: str, books: Sequence[Book]) -> ModelRates | None:
        """Return the rates of some sources, each time of the first that has any, with the facts of the first with each.

        `model` is looked up as a name that no alias stands for. Only a source that says so leaves the
        times without a price to the next one.
        """
        rated: ModelRates | None = None
        found: list[ModelRates] = []
        for book in reversed(books):
            opened = book.provider(provider)
            listing = opened.find(model.lower()) if opened else None
            own = listing.load() if listing and not listing.alias else None
            if own is not None:
                found.insert(0, own)
                rated = _over(own, rated)
            if rated is not None:
                rated = amended(rated, book.amendments)
        return replace(rated, model=model, **_facts(found)) if rated else None

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


def _over(own: ModelRates, below: ModelRates | None) -> ModelRates:
    """Return the rates of a source over those of the sources below it."""
    if below is None:
        return own
    if not own.periods:
        return below if below.periods else own
    return with_gaps_filled(own, below) if own.gaps_below else own


def _facts(found: Sequence[ModelRates]) -> dict[str, Any]:
    """Return each fact as the first source states it that knows it."""
    return {
        "context_window": _first(rates.context_window for rates in found),
        "max_output": _first(rates.max_output for rates in found),
        "retired": _first(rates.retired for rates in found),
        "capabilities": _first(rates.capabilities for rates in found),
        "deprecated": any(rates.deprecated for rates in found),
    }


def _alias_text(listing: Listing) -> str:
    """Return what a name means at which time, in words; "" where it is no alias."""
    if not listing.alias:
        return ""
    meanings = [
        f"{span.model} {'until' if span.to_s else 'from'} {_day(span.to_s or span.from_s or 0)}"
        if span.to_s or span.from_s
        else span.model
        for span in listing.alias
    ]
    return f", an alias: {', '.join(meanings)}"


def _day(instant_s: int) -> str:
    return utc_text(instant_s).removesuffix("T00:00:00Z")


def _as_sold_by(provider: str, rates: ModelRates) -> ModelRates:
    """Return another provider's standard prices; its other service tiers and its regions are not this provider's."""
    periods = tuple(
        replace(
            period,
            tariffs=_standard_only(period.tariffs),
            windows=tuple(replace(window, tariffs=_standard_only(window.tariffs)) for window in period.windows),
            regions={},
        )
        for period in rates.periods
    )
    return replace(rates, provider=provider, periods=periods)


def _standard_only(tariffs: Mapping[str, _T]) -> dict[str, _T]:
    return {tier: tariff for tier, tariff in tariffs.items() if tier == STANDARD}


def _first(values: Iterator[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)
