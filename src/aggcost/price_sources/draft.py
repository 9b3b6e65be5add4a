"""What a price table states, on its way into the price format of docs/prices.md.

A source reads its own fields into `Draft`s and gives them to a `Conversion`, which keeps every amount exact, notes
what was rounded or left out, and names the place of what it cannot read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from aggcost.errors import ConfigError
from aggcost.meters import PRICED, REQUESTS
from aggcost.money import dec, plain
from aggcost.names import canonical_provider

Tree = dict[str, Any]
MTOK = 1_000_000
# Published prices have fewer digits; a binary float that was printed in full has 16 or 17.
_DIGITS = Context(prec=12, rounding=ROUND_HALF_EVEN)
_DYNAMIC = Decimal(-1)
_SMALLEST, _LARGEST = -30, 12  # powers of ten, in USD


@dataclass(frozen=True, slots=True)
class Amount:
    """USD for `per` units of a meter."""

    usd: Decimal
    per: int


Stated = dict[str, Amount]


@dataclass(slots=True)
class PriceSet:
    """Prices by meter, and what changes past a prompt size: (``gt`` or ``ge``, tokens) to prices."""

    prices: Stated = field(default_factory=dict)
    tiers: dict[tuple[str, int], Stated] = field(default_factory=dict)

    def tier(self, operator: str, tokens: int) -> Stated:
        """Return the prices past a size, to be filled."""
        return self.tiers.setdefault((operator, tokens), {})


@dataclass(slots=True)
class WindowDraft:
    """Prices at some hours of some days: `when` is `tz`, `days` and `hours` as the price format writes them."""

    when: Tree
    prices: PriceSet

    def tree(self, others: set[str], *, tiered: bool) -> Tree:
        """Return the window in the price format; where sizes matter outside of it, it has one price at any size."""
        own = _set_tree(self.prices, others)
        return self.when | ({"tiers": []} if tiered else {}) | own


@dataclass(slots=True)
class RateDraft:
    """What holds from one day to another (dates, or None: open). `dynamic`: the price is only known per request."""

    standard: PriceSet = field(default_factory=PriceSet)
    modes: dict[str, PriceSet] = field(default_factory=dict)
    windows: list[WindowDraft] = field(default_factory=list)
    regions: dict[str, Decimal] = field(default_factory=dict)
    dynamic: bool = False
    from_day: str | None = None
    to_day: str | None = None

    def mode(self, name: str) -> PriceSet:
        """Return the prices of a service tier, to be filled."""
        return self.modes.setdefault(name, PriceSet())

    def tree(self, others: set[str]) -> Tree:
        """Return the rate in the price format, nothing where it states no price that a meter can hold."""
        effective = {"from": self.from_day, "to": self.to_day}
        tree: Tree = {"effective": effective} if any(effective.values()) else {}
        if self.dynamic:
            return tree | {"prices": "dynamic"}
        own = _set_tree(self.standard, others)
        if not own["prices"] and "tiers" not in own:
            return {}
        tree |= own | self._modes(others, tiered="tiers" in own)
        if self.windows:
            tree["windows"] = [window.tree(others, tiered="tiers" in own) for window in self.windows]
        if self.regions:
            tree["regions"] = {name: {"multiply": plain(factor)} for name, factor in self.regions.items()}
        return tree

    def _modes(self, others: set[str], *, tiered: bool) -> Tree:
        modes = {name: _set_tree(own, others) for name, own in self.modes.items()}
        for own in modes.values():
            # The table is silent on larger prompts of this service tier: their price is unknown, not the smaller one.
            if tiered and "tiers" not in own:
                own["tiers"] = "unsupported"
        stated = {name: own for name, own in modes.items() if own["prices"]}
        return {"modes": stated} if stated else {}


@dataclass(slots=True)
class Draft:
    """One model as a table states it; what the table does not state stays empty.

    `others` names what the table prices and no meter can hold.
    """

    rates: list[RateDraft] = field(default_factory=lambda: [RateDraft()])
    match: Tree | None = None
    context: int | None = None
    max_output: int | None = None
    capabilities: list[str] | None = None
    retired: str | None = None
    deprecated: bool = False
    others: set[str] = field(default_factory=set)

    @property
    def rate(self) -> RateDraft:
        """The only rate of a model whose table has no dates."""
        return self.rates[0]

    def tree(self) -> Tree:
        """Return the model in the price format."""
        others = set(self.others)
        rates = [tree for rate in self.rates if (tree := rate.tree(others))]
        limits = {"context": self.context, "max_output": self.max_output}
        facts: Tree = {
            "match": self.match,
            "limits": {name: limit for name, limit in limits.items() if limit},
            "capabilities": self.capabilities,
            "retired": self.retired,
            "deprecated": self.deprecated or None,
            "also_priced": sorted(others),
            "rates": rates,
        }
        empty: tuple[Any, ...] = (None, {})
        return {key: fact for key, fact in facts.items() if fact not in empty and (fact != [] or key == "capabilities")}


def _set_tree(stated: PriceSet, others: set[str]) -> Tree:
    tree: Tree = {"prices": _prices(stated.prices, others)}
    tiers = [
        {"when": {"prompt_tokens": {operator: tokens}}, "prices": prices}
        for (operator, tokens), own in sorted(stated.tiers.items(), key=lambda item: item[0][1])
        if (prices := _prices(own, others))
    ]
    return tree | {"tiers": tiers} if tiers else tree


def _prices(stated: Stated, others: set[str]) -> Tree:
    """Return prices as the format writes them; meters that this program does not have are added to `others`."""
    others.update(stated.keys() - PRICED.keys())
    return {meter: _text(meter, stated[meter]) for meter in PRICED if meter in stated}


def _text(meter: str, amount: Amount) -> str | Tree:
    """Return the price of a million tokens, or a price with its own number of units where a meter is no token."""
    if PRICED[meter].per == MTOK and amount.per <= MTOK and meter != "char":
        return plain(amount.usd * (MTOK // amount.per))
    if meter == REQUESTS.key:
        return {"price": plain(amount.usd * (1000 // amount.per)), "per": 1000}
    return {"price": plain(amount.usd), "per": amount.per}


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a conversion changed or left out, and where it stands in the table."""

    where: str
    message: str


@dataclass(slots=True)
class Conversion:
    """The table `file` being converted: its models in the price format by provider, and the notes."""

    file: str
    providers: dict[str, Tree] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    _origin: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, provider: str, model: str, draft: Draft, where: str) -> None:
        """Keep a model; of two entries that mean the same one the first counts, and a difference is noted."""
        if not f"{provider}{model}".isprintable():
            self.note(repr(where), "left out: its name has characters that nobody sees")
            return
        provider, tree = canonical_provider(provider), draft.tree()
        key = (provider, model.lower())
        models = self.providers.setdefault(provider, {"models": {}})["models"]
        if key not in self._origin:
            self._origin[key] = where
            models[model] = tree
        elif models.get(model, {}).get("rates") != tree.get("rates"):
            self.note(where, f"left out: {provider}/{model} has other prices as {self._origin[key]}")

    def note(self, where: str, message: str) -> None:
        """Remember what was changed or left out."""
        self.notes.append(Note(where, message))

    def error(self, where: str, message: str) -> ConfigError:
        """Return an error that names the file and the place inside it."""
        return ConfigError(f"{self.file}: {where}: {message}")

    def usd(self, value: Any, where: str) -> Decimal:
        """Return a price as it stands there; float noise is rounded to 12 significant digits, and noted."""
        number = self.number(value, where)
        if number < 0:
            raise self.error(where, f"a price cannot be negative: {value}")
        if number and not _SMALLEST < number.adjusted() < _LARGEST:
            raise self.error(where, f"not a price: {value}")
        rounded = number if isinstance(value, str) else _DIGITS.plus(number)
        if rounded != number:
            self.note(where, f"float noise: {number} read as {plain(rounded)}")
        return rounded

    def number(self, value: Any, where: str) -> Decimal:
        """Return a number, or one that is written as text."""
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            raise self.error(where, f"expected a number, found {_shown(value)}")
        try:
            return dec(value) if isinstance(value, str) else Decimal(value)
        except ValueError:
            raise self.error(where, f"expected a number, found {value!r}") from None

    def tokens(self, value: Any, where: str) -> int | None:
        """Return a number of tokens, None where it is not stated (null, 0 or a text)."""
        if value is None or isinstance(value, str):
            return None
        number = self.number(value, where)
        if number != number.to_integral_value() or number < 0:
            raise self.error(where, f"expected a number of tokens, found {value}")
        return int(number) or None

    def mapping(self, value: Any, where: str) -> Mapping[str, Any]:
        """Return an object of the table."""
        if not isinstance(value, dict):
            raise self.error(where, f"expected an object, found {_shown(value)}")
        return value

    def items(self, value: Any, where: str) -> list[Any]:
        """Return a list of the table."""
        if not isinstance(value, list):
            raise self.error(where, f"expected a list, found {_shown(value)}")
        return value

    def is_dynamic(self, value: Any, where: str) -> bool:
        """Return whether a price is -1: only known when a request is made."""
        return self.number(value, where) == _DYNAMIC

    def stated(self, facts: Mapping[str, Any], meters: Mapping[str, str], per: int, where: str) -> Stated:
        """Return the prices of the named fields, by meter; of two fields for one meter the first counts."""
        found: Stated = {}
        for key, meter in meters.items():
            if facts.get(key) is not None and meter not in found:
                found[meter] = Amount(self.usd(facts[key], f"{where}.{key}"), per)
        return found


def _shown(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", type(None): "nothing"}
    return kinds.get(type(value), repr(value))
