"""Coverage: what became of every record of the log, and which of it has no price."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction

import numpy as np

from aggcost import charging
from aggcost.arms import tokens
from aggcost.errors import Issue
from aggcost.integers import Mask, total
from aggcost.ledger import DUPLICATE, FILTERED, NOT_BILLED, QUARANTINED, USAGE, Cells
from aggcost.meters import PRICED, TOKEN_KEYS
from aggcost.money import percent, plain, settle
from aggcost.ratecard import RateCard, RateLine, Unpriced
from aggcost.rating import Charge, Charges, Rates, Totals, all_of, rate
from aggcost.report import Coverage
from aggcost.report_arms import Tokens

_CODES = {
    "unpriced_model": "models without a price",
    "unpriced_mode": "a service tier without a price",
    "unpriced_period": "no price at the time of the request",
    "unpriced_usage": "the log does not tell what is charged",
    "unpriced_meter": "a meter without a price",
    "dynamic": "a price that is only known at run time",
}


def coverage(cells: Cells, charges: Charges) -> Coverage:
    """Return the counts of records by outcome; `charges` are those of the log as it is."""
    sums = charges.total()
    unpriced = [charge for charge in charges.rows if charge.cost is None]
    return Coverage(
        records=total(cells.sums["records"]),
        priced=_records(charges, lambda charge: charge.cost is not None and not _free(charge)),
        free=_records(charges, _free),
        unpriced=sum(charge.records for charge in unpriced),
        not_billed=_outcome(cells, NOT_BILLED),
        quarantined=_outcome(cells, QUARANTINED),
        duplicate=_outcome(cells, DUPLICATE),
        filtered=_outcome(cells, FILTERED),
        tokens=_tokens(cells),
        unpriced_models=tuple(sorted({_name(charge) for charge in unpriced})),
        priced_percent=_priced_percent(sums),
    )


def _free(charge: Charge) -> bool:
    return charge.cost is not None and isinstance(charge.line, RateLine) and charge.line.free


def _records(charges: Charges, keep: Callable[[Charge], bool]) -> int:
    return sum(charge.records for charge in charges.rows if keep(charge))


def _outcome(cells: Cells, name: str) -> int:
    return total(cells.sums["records"][cells.dims["outcome"].where(name)])


def _tokens(cells: Cells) -> Tokens:
    kept = cells.dims["outcome"].mask(lambda outcome: outcome not in (QUARANTINED, FILTERED, DUPLICATE))
    return tokens({key: Fraction(total(cells.sums[key][kept])) for key in TOKEN_KEYS})


def _priced_percent(sums: Totals) -> Decimal | None:
    tokens = sum(sums.tokens.values(), Fraction(0))
    if tokens:
        return percent(tokens - sums.unpriced_tokens, tokens)
    return percent(sums.requests - sums.unpriced, sums.requests)


def _name(charge: Charge) -> str:
    return f"{charge.keys['provider'] or '?'}/{charge.keys['model'] or '?'}"


def unpriced_issues(charges: Charges, card: RateCard) -> tuple[Issue, ...]:
    """Return an issue for each reason why requests have no price, naming the models and the nearest known ones."""
    found: dict[str, dict[str, Charge]] = {}
    requests: dict[str, int] = {}
    for charge in charges.rows:
        if charge.cost is None:
            reason = charge.line.reason if isinstance(charge.line, Unpriced) else "unpriced_meter"
            found.setdefault(reason, {}).setdefault(_name(charge), charge)
            requests[reason] = requests.get(reason, 0) + (charge.requests // charges.whole or charge.records)
    return tuple(
        Issue(
            code=reason,
            severity="warning",
            count=requests[reason],
            message=f"{_CODES[reason]}: {_listed(names)}{_of_meters(charges) if reason == 'unpriced_meter' else ''}",
            hint=_hint(reason, names.values(), card),
        )
        for reason, names in sorted(found.items())
    )


def _of_meters(charges: Charges) -> str:
    """Return which meters have no price, and what the rest of their requests comes to."""
    meters: set[str] = set()
    known_usd = Fraction(0)
    for charge in charges.rows:
        line = charge.line.known if isinstance(charge.line, Unpriced) else charge.line
        if charge.cost is None and line is not None:
            sums = charges.sums_of(charge)
            meters |= set(charging.without_price(line, sums))
            known_usd += sum(charging.usd_by_meter(line, sums).values(), Fraction(0)) / charges.whole
    rest = f"; the rest of these requests, {plain(settle(known_usd))} USD, is in no total" if known_usd else ""
    return f" ({', '.join(sorted(meters))}){rest}"


def untold_issues(charges: Charges) -> tuple[Issue, ...]:
    """Return an issue where prices tell parts of prompts or answers apart (audio, reasoning) that the log does not."""
    models: dict[str, set[str]] = {}
    requests = 0
    for charge in charges.rows:
        if isinstance(charge.line, RateLine) and charge.cost:
            used = charges.sums_of(charge)
            untold = {
                part
                for part in charging.parts_apart(charge.line)
                if part not in charges.extra_columns and used[PRICED[part].within or part]
            }
            if untold:
                models.setdefault(_name(charge), set()).update(untold)
                requests += charge.requests // charges.whole
    if not models:
        return ()
    parts = ", ".join(sorted({part for found in models.values() for part in found}))
    message = f"prices tell {parts} apart, the log does not: charged like other tokens: {_listed(models)}"
    return (Issue("parts_not_told", "info", requests, message),)


def tier_issues(rates: Rates) -> tuple[Issue, ...]:
    """Return an issue where rows sum several requests whose prompts may lie above a price tier."""
    unknown = _lower_bounds(rates)
    if not unknown.any():
        return ()
    cells = rates.cells.select(unknown)
    low, high = (
        settle(rate(cells, all_of(one.as_logged(), cells), {}).total().cost_usd)
        for one in (Rates(cells, rates.card), Rates(cells, rates.card, sums_as_one=True))
    )
    return (
        Issue(
            code="bucket_tier_unknown",
            severity="warning",
            count=total(cells.sums["records"]),
            message="rows that sum several requests have no known size of prompt: the lower price tier is charged, "
            f"{plain(low)} USD, a lower bound ({plain(high)} USD in the tier of the summed prompt)",
        ),
    )


def _lower_bounds(rates: Rates) -> Mask:
    """Return the cells whose rows sum several requests and would be dearer in another price tier."""
    summed = rates.cells.dims["summed"].mask(bool) & rates.cells.dims["outcome"].where(USAGE)
    if not summed.any():
        return summed
    low, high = rates.as_logged(), Rates(rates.cells, rates.card, sums_as_one=True).as_logged()
    pairs, which = np.unique(low.index.astype(np.int64) * len(high.table) + high.index, return_inverse=True)
    found = [divmod(pair, len(high.table)) for pair in pairs.tolist()]
    dearer: Mask = summed & np.array([low.table[one] != high.table[other] for one, other in found], dtype=bool)[which]
    return dearer


def cost_alone_issues(charges: Charges) -> tuple[Issue, ...]:
    """Return an issue where rows state a cost, but nothing that a price could be applied to."""
    unpriced = (one for one in charges.rows if one.keys["recorded"] and one.cost is None)
    alone = [one for one in unpriced if not any(one.tokens) and not any(one.extra)]
    stated_usd = Fraction(sum(one.recorded for one in alone), charges.whole * 10**12)
    return (
        (
            Issue(
                code="cost_without_tokens",
                severity="warning",
                count=sum(one.records for one in alone),
                message=f"rows with a cost and no tokens, {plain(settle(stated_usd))} USD in sum: no price applies",
                hint="aggcost reconcile LOG --against BILL compares them with a log",
            ),
        )
        if alone
        else ()
    )


def _listed(names: Iterable[str], most: int = 5) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + more


def _hint(reason: str, charges: Iterable[Charge], card: RateCard) -> str | None:
    if reason != "unpriced_model":
        return None
    for charge in charges:
        near = card.resolve(charge.keys["provider"], charge.keys["model"] or "").suggestions
        if near:
            return f"known: {', '.join(near)}; or state the price in a file and pass --prices FILE"
    return "state the price in a file and pass --prices FILE (docs/prices.md)"
