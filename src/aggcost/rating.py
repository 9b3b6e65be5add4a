"""Rating: usage becomes money. The same function prices what was logged and what a policy proposes.

Every cell gets the rate line that applies to it (who serves it, service tier, region, time, size of
the prompt). Quantities are summed per line and multiplied once, as exact fractions; a charge is
rounded once, to 1e-12, when it is reported. A cell without a line is unpriced, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from aggcost import charging
from aggcost.integers import IntArray, Mask, group_sums
from aggcost.ledger import SUM_KEYS, Cells, Dim, group
from aggcost.meters import EXTRA_KEYS, PRICED, TOKEN_KEYS
from aggcost.policy import Route
from aggcost.ratecard import RateCard, RateLine, Resolution, Unpriced
from aggcost.scales import Scaling, scaled
from aggcost.shares import Index, Line, Lines, Shares, all_of
from aggcost.withheld import withhold

__all__ = ["Charge", "Charges", "Line", "Lines", "Rates", "Shares", "Totals", "all_of", "rate"]

_UNSCALED = Scaling()
_OF_USAGE = ("unpriced_usage", "unpriced_meter")  # why there is no price although the model has one


class Rates:
    """Rate lines of the cells of one ledger under one rate card, computed once for each route.

    This is the read-only view of prices that a price-aware policy gets. Requests that stay where they
    were logged keep the prices of `today`, where a policy brings a card of its own; `anew` rates them on this card
    too, as a question about prices does. A row that sums several requests
    has the lowest price tier, since the size of their prompts is not known; `sums_as_one` prices it as one request.
    """

    def __init__(
        self,
        cells: Cells,
        card: RateCard,
        today: Rates | None = None,
        *,
        anew: bool = False,
        sums_as_one: bool = False,
        scaling: Scaling = _UNSCALED,
    ) -> None:
        self.cells = cells
        self.card = card
        self._today = today
        self._anew = anew
        self.scaling = scaling
        self._by_route: dict[Route, Lines] = {}
        self._logged: Lines | None = None
        self._starts = _starts(cells)
        self._single = np.ones(len(cells), dtype=bool) if sums_as_one else ~_summed(cells)

    def on(self, cells: Cells, scaling: Scaling | None = None) -> Rates:
        """Return the same prices for other usage of the same cells, and with other scales on routes where given."""
        if scaling is None and cells is self.cells:
            return self
        return Rates(cells, self.card, self._today, anew=self._anew, scaling=scaling or self.scaling)

    def _prompts(self, route: Route | None) -> IntArray:
        """Return the smallest prompt of each cell's bin on a route, in tokens; 0 where no size is known."""
        return np.where(self._single, np.maximum(self.scaling.prompts(self.cells, route), 0), 0)

    def afresh(self, cells: Cells) -> Rates:
        """Return the same prices for another ledger."""
        today = None if self._today is None else self._today.afresh(cells)
        return Rates(cells, self.card, today, anew=self._anew, scaling=self.scaling)

    def offered(self, route: Route) -> Mask:
        """Return for each cell whether the model of a route is sold in the service tier that it would have there."""
        lines = self.of(route)
        sold = [isinstance(line, RateLine) or line.reason in _OF_USAGE for line in lines.table]
        found: Mask = np.array(sold, dtype=bool)[lines.index]
        return found

    def resolve(self, provider: str | None, model: str | None) -> Resolution:
        """Return how the card reads a logged provider and model."""
        return self.card.resolve(provider, model or "")

    def before(self) -> Lines:
        """Return the line of each cell as it is priced today."""
        return self.as_logged() if self._today is None else self._today.before()

    def as_logged(self) -> Lines:
        """Return the line of each cell that stays where it was logged."""
        if self._today is not None and not self._anew:
            return self._today.as_logged()
        if self._logged is None:
            self._logged = self._lines_as_logged()
        return self._logged

    def of(self, route: Route | None) -> Lines:
        """Return the line of each cell if it went to `route` (None: where it was logged).

        A route keeps the logged service tier where it names none, and the logged region only
        while the provider stays the same: regions are names of one provider.
        """
        if route is None:
            return self.as_logged()
        if route not in self._by_route:
            self._by_route[route] = self._lines_to(route)
        return self._by_route[route]

    def same_price(self, routes: Sequence[Route | None]) -> IntArray:
        """Return a code a cell: equal codes have the same prices on every one of the routes."""
        lines = [Dim(found.index, found.table) for found in map(self.of, routes)]
        scaled = routes if self.scaling.pairs else ()
        scales = [Dim(self.scaling.of(self.cells, route), self.scaling.table) for route in scaled]
        codes, _ = group([*lines, *scales], len(self.cells))
        return codes

    def cost(self, route: Route | None, rows: IntArray) -> Fraction | None:
        """Return what the cells at `rows` would cost on `route`, None if some of them have no price.

        Of monthly tiers it is the first: which one is reached depends on all that a policy sends there.
        """
        lines = self.of(route)
        zeros = np.zeros(len(rows), np.int32)
        scale = self.scaling.of(self.cells, route)[rows]
        ones, factors = np.ones(len(rows), np.int64), (Fraction(1),)
        table = self.scaling.table
        whole = Shares(rows, ones, 1, lines.index[rows], lines.table, zeros, factors, scale, table)
        totals = rate(self.cells, whole, {}).total()
        return None if totals.has_unpriced else totals.cost_usd

    def _lines_as_logged(self) -> Lines:
        dims = [self.cells.dims[name] for name in ("provider", "model", "service_tier", "region")]
        table = _Table(self._starts, self._prompts(None))
        for (provider, model, tier, region), rows in _groups(dims):
            table.fill(rows, self.resolve(provider, model), model, tier, region)
        return self._withhold(table.lines())

    def _lines_to(self, route: Route) -> Lines:
        dims = [self.cells.dims[name] for name in ("provider", "service_tier", "region")]
        table = _Table(self._starts, self._prompts(route))
        resolution = self.resolve(route.provider, route.model)
        for (provider, tier, region), rows in _groups(dims):
            kept = route.region or (region if provider == route.provider else None)
            table.fill(rows, resolution, route.model, route.service_tier or tier, kept)
        return self._withhold(table.lines())

    def _withhold(self, lines: Lines) -> Lines:
        return Lines(*withhold(self.cells, lines.index, lines.table))


class _Table:
    """Collects the lines of groups of cells into one table; `prompts` are the sizes that tiers of prices look at."""

    def __init__(self, starts: IntArray, prompts: IntArray) -> None:
        self._starts, self._prompts = starts, prompts
        self._index = np.zeros(len(starts), np.int32)
        self._lines: list[Line] = []

    def fill(
        self, rows: IntArray, resolution: Resolution, model: str | None, tier: str | None, region: str | None
    ) -> None:
        rates = resolution.rates
        if rates is None:
            self._put(rows, [Unpriced("unpriced_model", f"no price for {model!r}")])
        else:
            self._put(rows, *rates.lines(tier, region, self._starts[rows], self._prompts[rows]))

    def _put(self, rows: IntArray, lines: Sequence[Line], index: Index | int = 0) -> None:
        self._index[rows] = len(self._lines) + np.asarray(index, np.int32)
        self._lines.extend(lines)

    def lines(self) -> Lines:
        return Lines(self._index, tuple(self._lines))


@dataclass(frozen=True, slots=True)
class Totals:
    """What a group of charges adds up to.

    `cost_usd` is exact and sums what has a price. Counts of requests and tokens are weighted by the
    shares, hence fractions. `recorded_usd` and `rated_recorded_usd` compare the cost stated in the log with ours, over
    the requests that have both. `units` are what few logs count, in units of their meters.
    """

    cost_usd: Fraction
    tokens: Mapping[str, Fraction]
    requests: Fraction
    priced: Fraction
    free: Fraction
    unpriced: Fraction
    unpriced_tokens: Fraction
    recorded_usd: Fraction
    rated_recorded_usd: Fraction
    units: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def has_price(self) -> bool:
        """Whether anything in the group could be priced; rows may sum an unknown number of requests, counted as 0."""
        return bool(self.priced or self.free or self.cost_usd)

    @property
    def has_unpriced(self) -> bool:
        """Whether anything in the group could not be priced."""
        return bool(self.unpriced or self.unpriced_tokens)


@dataclass(frozen=True, slots=True)
class Charge:
    """The quantities of one group under one rate, and their cost (None: unpriced).

    All numbers are whole, in the units of the `Charges` they belong to.
    """

    keys: Mapping[str, Any]
    line: Line
    tokens: tuple[int, ...]
    requests: int
    records: int
    cost: int | None
    recorded: int
    extra: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Charges:
    """All charges of one arm, kept apart by keys.

    Quantities are in 1/`whole`, costs in 1/(`whole` x `denominator`) US dollars, recorded costs in
    1e-12/`whole`: integers add up fast and exactly. `extra_columns` are those of `meters.EXTRA_KEYS` that the log
    counts, and sums of what prices with a minimum bill.
    """

    rows: tuple[Charge, ...]
    whole: int
    denominator: int
    extra_columns: tuple[str, ...] = ()

    def by(self, name: str) -> dict[Any, Totals]:
        """Return the totals for each value of one key."""
        return {value: totals for (value,), totals in self.by_all([name]).items()}

    def by_all(self, names: Sequence[str]) -> dict[tuple[Any, ...], Totals]:
        """Return the totals for each combination of values of several keys."""
        groups: dict[tuple[Any, ...], list[Charge]] = {}
        for charge in self.rows:
            groups.setdefault(tuple(charge.keys[name] for name in names), []).append(charge)
        return {values: self._totals(rows) for values, rows in groups.items()}

    def total(self, keep: Callable[[Charge], bool] | None = None) -> Totals:
        """Return the totals of the charges that `keep` accepts, of all of them by default."""
        return self._totals([charge for charge in self.rows if keep is None or keep(charge)])

    def sums_of(self, charge: Charge) -> dict[str, int]:
        """Return the sums of a charge by meter or column, in 1/`whole`."""
        keys = (*SUM_KEYS, *self.extra_columns)
        return dict(zip(keys, (*charge.tokens, charge.requests, *charge.extra), strict=True))

    def _totals(self, rows: Sequence[Charge]) -> Totals:
        priced = [charge for charge in rows if charge.cost is not None]
        both = [charge for charge in priced if charge.keys["recorded"]]
        free = sum(charge.requests for charge in priced if _is_free(charge.line))
        unpriced = [charge for charge in rows if charge.cost is None]
        return Totals(
            cost_usd=self._usd(priced),
            tokens={key: self._count(charge.tokens[at] for charge in rows) for at, key in enumerate(TOKEN_KEYS)},
            requests=self._count(charge.requests for charge in rows),
            priced=self._count(charge.requests for charge in priced) - Fraction(free, self.whole),
            free=Fraction(free, self.whole),
            unpriced=self._count(charge.requests for charge in unpriced),
            unpriced_tokens=self._count(sum(charge.tokens) for charge in unpriced),
            recorded_usd=self._count(charge.recorded for charge in both) / 10**12,
            rated_recorded_usd=self._usd(both),
            units={
                key: self._count(charge.extra[at] for charge in rows) / PRICED[key].scale
                for at, key in enumerate(self.extra_columns)
                if key in PRICED
            },
        )

    def _count(self, numbers: Iterable[int]) -> Fraction:
        return Fraction(sum(numbers), self.whole)

    def _usd(self, rows: Iterable[Charge]) -> Fraction:
        return Fraction(sum(charge.cost or 0 for charge in rows), self.whole * self.denominator)


def _is_free(line: Line) -> bool:
    return isinstance(line, RateLine) and line.free


def rate(cells: Cells, shares: Shares, keys: Mapping[str, Dim]) -> Charges:
    """Return the charges of the shares, kept apart by `keys` (one code a share)."""
    dims = {"recorded": cells.dims["recorded"].take(shares.cell), **keys}
    groups, members = group((*dims.values(), *_rate_dims(shares)), len(shares.cell))
    extra_keys = tuple(key for key in EXTRA_KEYS if _is_counted(cells, key))
    pricer = charging.Pricer(shares.lines, shares.factors, _pairs(shares), (*_COLUMNS, *extra_keys), extra_keys)
    sums = [group_sums(groups, len(members), cells.sums[name][shares.cell]) for name in pricer.columns]
    rows, unit = [], shares.unit
    for position, share in enumerate(members.tolist()):
        found = {name: dim.values[dim.codes[share]] for name, dim in dims.items()}
        used = scaled(pricer.columns, [column[position] for column in sums], shares.scale_of(share), unit)
        rows.append(_charge(pricer, shares, share, found, used))
    return Charges(tuple(rows), shares.whole * unit, pricer.denominator, pricer.columns[len(_COLUMNS) :])


_COLUMNS = (*SUM_KEYS, "records", "recorded_pico")


def _pairs(shares: Shares) -> list[tuple[int, int]]:
    """Return the lines and factors that occur together, by their places."""
    used = np.unique(shares.line.astype(np.int64) * len(shares.factors) + shares.factor)
    return [divmod(pair, len(shares.factors)) for pair in used.tolist()]


def _charge(
    pricer: charging.Pricer, shares: Shares, share: int, keys: Mapping[str, Any], sums: Sequence[int]
) -> Charge:
    """Return the charge of a group; its sums begin with those of `_COLUMNS`."""
    *tokens, requests, records, recorded = sums[: len(_COLUMNS)]
    parts, line = int(shares.parts[share]), int(shares.line[share])
    found = shares.lines[line]
    # A bill of costs alone counts neither tokens nor requests: without a price they are still not free.
    cost = None if isinstance(found, Unpriced) else pricer.cost(line, int(shares.factor[share]), sums)
    return Charge(
        keys=keys,
        line=found,
        tokens=tuple(quantity * parts for quantity in tokens),
        requests=requests * parts,
        records=records,
        cost=None if cost is None else cost * parts,
        recorded=recorded * parts,
        extra=tuple(quantity * parts for quantity in sums[len(_COLUMNS) :]),
    )


def _is_counted(cells: Cells, meter: str) -> bool:
    """Return whether a log counts a meter that few logs count; every ledger has the sum of reasoning tokens."""
    return meter in cells.sums and (meter != "reasoning" or bool(cells.sums[meter].any()))


def _rate_dims(shares: Shares) -> tuple[Dim, ...]:
    weights, parts = np.unique(shares.parts, return_inverse=True)
    return (
        *shares.scale_dims(),
        Dim(shares.line, shares.lines),
        Dim(shares.factor, shares.factors),
        Dim(parts.astype(np.int32), tuple(weights.tolist())),
    )


def _groups(dims: Sequence[Any]) -> Iterable[tuple[tuple[Any, ...], IntArray]]:
    """Yield each combination of values that occurs, with the positions of its cells."""
    codes, _ = group(dims, len(dims[0].codes))
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    for rows in np.split(order, starts[1:]) if len(order) else ():
        yield tuple(dim.values[dim.codes[rows[0]]] for dim in dims), rows


def _starts(cells: Cells) -> IntArray:
    """Return the start of each cell's time bucket (epoch seconds), -1 where the time is unknown."""
    return cells.dims["start_s"].at(lambda start_s: -1 if start_s is None else start_s)


def _summed(cells: Cells) -> Mask:
    return cells.dims["summed"].mask(bool)
