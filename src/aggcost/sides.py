"""One side of a reconciliation, a log or a bill: what it used and what that cost, by provider, model and day."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

import ibis

from aggcost import grains, repeated, scanning
from aggcost.baseline import Options
from aggcost.charging import usd_by_meter
from aggcost.conditions import local_time
from aggcost.coverage import coverage, tier_issues, unpriced_issues
from aggcost.engine import Engine, open_engine
from aggcost.errors import DataQualityError, Issue
from aggcost.importers import InputFile, Quarantined, read_usage
from aggcost.ledger import Cells, Dim
from aggcost.meters import UNIT_KEYS, USAGE_KEYS
from aggcost.model_rates import canonical_tier
from aggcost.needs import Needs
from aggcost.ratecard import RateCard, RateLine
from aggcost.rating import Charge, Charges, Rates, all_of, rate
from aggcost.reached import at_reached_tiers
from aggcost.report import Coverage
from aggcost.scanning import Ledgers
from aggcost.variance import NOTHING, UNKNOWN_TIER, Measured, Slot, usd_of

_PICO = 10**12
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Key:
    """Whose quantities these are; None is unknown."""

    provider: str | None
    model: str | None
    day: date | None


@dataclass(slots=True)
class Group:
    """What was used by service tier and meter, and the US dollars that the rows themselves state (None: none do)."""

    used: dict[Slot, Measured] = field(default_factory=dict)
    stated_usd: Fraction | None = None

    def add(self, charge: Charge, sums: Mapping[str, int]) -> None:
        """Count a charge, whose quantities `sums` are whole; parts of a meter have a part in its rate."""
        named, line = charge.keys["service_tier"], charge.line
        tier = canonical_tier(named) if named else UNKNOWN_TIER
        usd = usd_by_meter(line, sums) if isinstance(line, RateLine) and charge.cost is not None else {}
        for meter in (*USAGE_KEYS, *UNIT_KEYS):
            if units := sums.get(meter, 0):
                priced = units if charge.cost is not None else 0
                slot = tier, meter
                self.used[slot] = self.used.get(slot, NOTHING) + Measured(units, priced, usd.get(meter, Fraction(0)))
        if charge.keys["recorded"]:
            self.stated_usd = (self.stated_usd or Fraction(0)) + Fraction(charge.recorded, _PICO)

    def own_usd(self, *, stated: bool) -> Fraction:
        """Return what the rows state, where that is asked for and they do; else their quantities at our rates."""
        return self.stated_usd if stated and self.stated_usd is not None else usd_of(self.used)


@dataclass(frozen=True, slots=True)
class Side:
    """A side as it was read: its groups, what repeats the id of another row, its files and what is wrong with it.

    `quarantined` are its unusable rows, where the options ask for them.
    """

    groups: Mapping[Key, Group]
    repeats: Mapping[Key, Group]
    inputs: tuple[InputFile, ...]
    coverage: Coverage
    issues: tuple[Issue, ...]
    quarantined: tuple[Quarantined, ...] = ()


def read_side(options: Options, files: Sequence[str], card: RateCard, name: str) -> Side:
    """Return what files say; `name` (log, bill) is put before their issues."""
    with open_engine(
        options.engine, master=options.master, threads=options.threads, memory_limit=options.memory_limit
    ) as engine:
        usage = read_usage(engine, files, options.read)
        grains.never_added(usage)
        ledgers = _scanned(engine, usage.table, options, card)
        rates = Rates(ledgers.cells, card)
        charges = _charges(ledgers, rates)
        found = repeated.told(engine, usage, coverage(ledgers.cells, charges), card)
        again = None if usage.again.repeats is None else _scanned(engine, usage.again.repeats, options, card)
        quarantined = () if options.quarantine is None else tuple(usage.locate(None))
    told = (
        *repeated.rated(usage.issues, found.repeats),
        *scanning.issue_of_cells(ledgers.cells),
        *unpriced_issues(_with_quantities(charges), card),
        *tier_issues(rates),
    )
    return Side(
        groups=_groups(charges, card),
        repeats={} if again is None else _groups(_charges(again, Rates(again.cells, card)), card),
        inputs=usage.inputs,
        coverage=replace(found, unpriced_models=coverage(ledgers.cells, _with_quantities(charges)).unpriced_models),
        issues=tuple(replace(issue, message=f"{name}: {issue.message}") for issue in told),
        quarantined=quarantined,
    )


def _scanned(engine: Engine, table: ibis.Table, options: Options, card: RateCard) -> Ledgers:
    found = scanning.scan(engine, table, needs=Needs(), cards=[(card, ())], by=(), zone=options.zone)
    if not found.by_the_hour:
        raise DataQualityError("too long a log to keep its days apart", hint="reconcile a month at a time")
    return found


def _charges(ledgers: Ledgers, rates: Rates) -> Charges:
    cells = ledgers.cells
    shares, _ = at_reached_tiers(cells, all_of(rates.as_logged(), cells))
    dims = {name: cells.dims[name] for name in ("provider", "model", "service_tier")} | {"day": _days(cells, ledgers)}
    return rate(cells, shares, {name: dim.take(shares.cell) for name, dim in dims.items()})


def _days(cells: Cells, ledgers: Ledgers) -> Dim:
    def day(start_s: int | None) -> date | None:
        local = local_time(start_s, ledgers.zone)
        return None if local is None else local.date()

    return cells.dims["start_s"].map(day)


def _with_quantities(charges: Charges) -> Charges:
    """Return the charges of rows that count something: a cost alone needs no price."""
    counted = (one for one in charges.rows if any(one.tokens) or one.requests or any(one.extra))
    return replace(charges, rows=tuple(counted))


def _groups(charges: Charges, card: RateCard) -> dict[Key, Group]:
    names: dict[tuple[str | None, str | None], tuple[str | None, str | None]] = {}
    found: dict[Key, Group] = {}
    for charge in charges.rows:
        logged = charge.keys["provider"], charge.keys["model"]
        if logged not in names:
            names[logged] = usual_name(card, *logged)
        found.setdefault(Key(*names[logged], charge.keys["day"]), Group()).add(charge, charges.sums_of(charge))
    return found


def usual_name(card: RateCard, provider: str | None, model: str | None) -> tuple[str | None, str | None]:
    """Return a provider and model as the prices name them: bills and logs have dates, aliases, names for people."""
    if model is None:
        return provider, None
    rates = card.resolve(provider, model).rates
    if rates is not None:
        return provider or rates.provider, rates.model
    return provider, _by_words(card, provider, model) or model


def _by_words(card: RateCard, provider: str | None, model: str) -> str | None:
    """Return the model whose name has the words of this one in any order: ``Claude Sonnet 3.7``."""
    if provider is None:
        return None
    words = _words(model)
    found = [one.model for one in card.models(provider) if _words(one.model) == words]
    return found[0] if len(found) == 1 else None


def _words(name: str) -> list[str]:
    return sorted(word for word in _NOT_IN_NAMES.sub(" ", name.lower()).split() if word != "latest")
