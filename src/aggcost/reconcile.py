"""A log held against a bill: by provider, model and day, with what explains the difference."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from aggcost import matchup, origin
from aggcost.baseline import Options, write_quarantined
from aggcost.errors import AggcostError, DataQualityError, Issue, UsageError
from aggcost.matchup import Matched
from aggcost.money import percent, settle
from aggcost.report import Period
from aggcost.report_arms import Tokens
from aggcost.report_reconcile import Figures, LeftOut, Part, Reconciliation, Row
from aggcost.sides import Group, Key, Side, read_side
from aggcost.variance import KINDS, REQUESTS, UNEXPLAINED, Kind, Parts, Quantities, summed, units_of

ZERO = Decimal(0)


def reconcile(options: Options, bills: Sequence[str], tolerance_percent: Decimal = Decimal(1)) -> Reconciliation:
    """Return the log of `options` beside these bills, over the days that both cover."""
    if options.by:
        raise UsageError(f"--by {options.by[0]}: reconcile compares by provider, model and day")
    if tolerance_percent < 0:
        raise UsageError(f"--tolerance {tolerance_percent}: expected 0 or more")
    card = options.card()
    log, bill = read_side(options, options.logs, card, "log"), read_side(options, bills, card, "bill")
    if options.quarantine is not None:
        write_quarantined((*log.quarantined, *bill.quarantined), options.quarantine)
    found = matchup.match(log, bill, card)
    rows = sorted((_row(one) for one in found.matched), key=lambda row: (-abs(row.difference), row.key))
    billed = sum((row.bill.cost for row in rows), ZERO)
    difference = sum((row.difference for row in rows), ZERO)
    return Reconciliation(
        inputs=origin.inputs(log.inputs),
        bill_inputs=origin.inputs(bill.inputs),
        prices=origin.prices(card),
        period=_period(sorted({one.day for one in found.matched}), str(options.zone)),
        coverage=log.coverage,
        bill_coverage=bill.coverage,
        log=_figures([row.log for row in rows]),
        bill=_figures([row.bill for row in rows]),
        bill_basis=_basis(found.matched),
        difference=difference,
        difference_percent=percent(difference, billed),
        tolerance_percent=tolerance_percent,
        within_tolerance=abs(difference) * 100 <= tolerance_percent * abs(billed),
        parts=_totals(rows, difference),
        rows=tuple(rows),
        left_out=_left_out(found.only_log, "log") + _left_out(found.only_bill, "bill"),
        issues=(*log.issues, *bill.issues, *_days_elsewhere(options, bill), *_uncounted(rows)),
        next_commands=(_again(options, bills),),
    )


def verdict(report: Reconciliation, max_quarantined_percent: Decimal) -> AggcostError | None:
    """Return why the two cannot be compared (exit 3), or None."""
    for name, found in (("log", report.coverage), ("bill", report.bill_coverage)):
        lost = percent(found.quarantined, found.records)
        if lost is not None and lost > max_quarantined_percent:
            return DataQualityError(
                f"{found.quarantined:,} of {found.records:,} rows of the {name} are quarantined, more than "
                f"{max_quarantined_percent} %",
                hint="--quarantine FILE lists them; --max-quarantined PERCENT allows more",
            )
    if not report.rows:
        return DataQualityError(
            "no provider and day that both the log and the bill cover",
            hint="see what only one side covers, in the report; --assume provider=NAME where a side does not name it",
        )
    return None


def _row(one: Matched) -> Row:
    """Return a row whose costs are rounded once, and whose parts add up to their difference."""
    log_usd, bill_usd = settle(one.log_usd), settle(one.bill_usd)
    return Row(
        key=f"{one.day.isoformat()} {_who(one.provider, one.model)}",
        provider=one.provider,
        model=one.model,
        day=one.day.isoformat(),
        log=_side(one.log, log_usd),
        bill=_side(one.bill, bill_usd),
        difference=bill_usd - log_usd,
        parts=_parts(one.parts, bill_usd - log_usd),
    )


def _who(provider: str | None, model: str | None) -> str:
    return "/".join(name for name in (provider or "unknown provider", model) if name)


def _side(used: Quantities, cost_usd: Decimal) -> Figures:
    requests, tokens = units_of(used, (REQUESTS,)), units_of(used)
    writes = ("cache_write_5m", "cache_write_1h", "cache_write_other")
    split = Tokens(
        input=units_of(used, ("input",)),
        cache_read=units_of(used, ("cache_read",)),
        cache_write=units_of(used, writes),
        output=units_of(used, ("output",)),
    )
    return Figures(cost=cost_usd, requests=requests or None, tokens=split if tokens else None)


def _figures(several: Sequence[Figures]) -> Figures:
    tokens = [one.tokens for one in several if one.tokens is not None]
    requests = [one.requests for one in several if one.requests is not None]
    return Figures(
        cost=sum((one.cost for one in several), ZERO),
        requests=sum(requests) if requests else None,
        tokens=Tokens(
            input=sum(one.input for one in tokens),
            cache_read=sum(one.cache_read for one in tokens),
            cache_write=sum(one.cache_write for one in tokens),
            output=sum(one.output for one in tokens),
        )
        if tokens
        else None,
    )


def _parts(found: Parts, difference: Decimal) -> tuple[Part, ...]:
    """Return the parts in whole 1e-12, what their rounding leaves going to the largest one."""
    amounts = {kind: settle(usd) for kind, usd in found.usd.items() if usd}
    rest = difference - sum(amounts.values(), ZERO)
    if rest:
        largest: Kind = max(amounts, key=lambda kind: abs(amounts[kind]), default=UNEXPLAINED)
        amounts[largest] = amounts.get(largest, ZERO) + rest
    return _named(amounts, found.tokens, difference)


def _totals(rows: Sequence[Row], difference: Decimal) -> tuple[Part, ...]:
    amounts: dict[Kind, Decimal] = {}
    tokens: dict[Kind, int] = {}
    for part in (part for row in rows for part in row.parts):
        amounts[part.name] = amounts.get(part.name, ZERO) + part.amount
        tokens[part.name] = tokens.get(part.name, 0) + part.tokens
    return _named(amounts, tokens, difference)


def _named(amounts: dict[Kind, Decimal], tokens: dict[Kind, int], difference: Decimal) -> tuple[Part, ...]:
    return tuple(
        Part(name=kind, amount=amounts[kind], share=percent(amounts[kind], difference), tokens=tokens.get(kind, 0))
        for kind in KINDS
        if amounts.get(kind)
    )


def _basis(matched: Sequence[Matched]) -> Literal["recorded", "rated", "mixed"]:
    stated = {one.stated for one in matched}
    if stated == {True}:
        return "recorded"
    return "mixed" if len(stated) == 2 else "rated"  # noqa: PLR2004


def _left_out(groups: dict[Key, Group], side: Literal["log", "bill"]) -> tuple[LeftOut, ...]:
    """Return what only one side covers, models added up."""
    found: dict[tuple[str | None, date | None], list[Group]] = {}
    for key, group in groups.items():
        found.setdefault((key.provider, key.day), []).append(group)
    ordered = sorted(found.items(), key=lambda item: (item[0][0] or "", item[0][1] or date.min))
    return tuple(_one_left_out(side, provider, day, several) for (provider, day), several in ordered)


def _one_left_out(
    side: Literal["log", "bill"], provider: str | None, day: date | None, several: Sequence[Group]
) -> LeftOut:
    cost = settle(sum((one.own_usd(stated=side == "bill") for one in several), Fraction(0)))
    when = "without a day" if day is None else day.isoformat()
    return LeftOut(
        key=f"{side} {when} {provider or 'unknown provider'}",
        side=side,
        provider=provider,
        day=None if day is None else day.isoformat(),
        cost=cost,
        requests=units_of(summed(one.used for one in several), (REQUESTS,)) or None,
    )


def _days_elsewhere(options: Options, bill: Side) -> tuple[Issue, ...]:
    """Return an issue where days are not UTC's and a bill has rows that sum several requests: whole UTC days, often."""
    zone = str(options.zone)
    if zone == "UTC" or not any("bucket" in one.grains for one in bill.inputs):
        return ()
    message = f"bill: days are cut in {zone}, and rows that sum a day of UTC lie in the day in which they begin"
    return (Issue("days_not_utc", "warning", 1, message, hint="--tz UTC, unless the bill's rows are hours or less"),)


def _uncounted(rows: Sequence[Row]) -> tuple[Issue, ...]:
    """Return an issue where nothing but costs can be compared."""
    if not rows or any(row.bill.tokens is not None for row in rows):
        return ()
    message = "bill: it counts no tokens: only costs are compared, and their difference cannot be explained"
    return (Issue("bill_counts_no_tokens", "warning", 1, message, hint="add the usage report: --against USAGE"),)


def _again(options: Options, bills: Sequence[str]) -> str:
    logs = () if options.logs == options.project.logs else options.logs
    held = [word for bill in bills for word in ("--against", shlex.quote(bill))]
    return " ".join(("aggcost reconcile", *map(shlex.quote, logs), *held, "--detail"))


def _period(days: Sequence[date], zone: str) -> Period:
    first, last = (days[0].isoformat(), days[-1].isoformat()) if days else (None, None)
    name = "no common day" if first is None else str(first) if first == last else f"{first} to {last}"
    return Period(from_=first, to=last, days=len(days), timezone=zone, indicative=False, name=name)
