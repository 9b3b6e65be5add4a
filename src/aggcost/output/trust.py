"""What a report rests on: what became of every record, the issues, assumptions, files and prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from aggcost.errors import Issue
from aggcost.output.blocks import Cell, Column, Facts, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import UNKNOWN, change, count, price
from aggcost.report import Assumption, Coverage, Input, Period, Prices, Report
from aggcost.report_compare import AssertedPrice, Comparison

ISSUES_SHOWN = 3
MODELS_SHOWN = 3
_DIGEST_SHOWN = 12
_LONG = 200
_MARKS = {"error": "error", "warning": "warning", "info": "note"}


def coverage_fact(coverage: Coverage) -> tuple[str, str]:
    """Return the sum that proves that no record was lost."""
    outcomes = (
        (coverage.priced, "priced"), (coverage.free, "free"), (coverage.unpriced, "unpriced"),
        (coverage.not_billed, "not billed"), (coverage.quarantined, "quarantined"),
        (coverage.duplicate, "duplicate"), (coverage.filtered, "filtered"),
    )  # fmt: skip
    parts = [f"{count(number)} {name}" for number, name in outcomes if number]
    text = f"{count(coverage.records)} = {' + '.join(parts) or '0'}"
    models = [clean(model, 40) for model in coverage.unpriced_models]
    if models:
        more = f" and {len(models) - MODELS_SHOWN} more" if len(models) > MODELS_SHOWN else ""
        text += f"; no price for {', '.join(models[:MODELS_SHOWN])}{more}"
    return "records", text


def issue_facts(issues: tuple[Issue, ...], *, full: bool = False) -> list[tuple[str, str]]:
    """Return the issues, gravest first: all of them, or the first errors and warnings and how many more there are."""
    order = list(_MARKS)
    gravest = sorted(issues, key=lambda issue: order.index(issue.severity))
    shown = gravest if full else [issue for issue in gravest if issue.severity != "info"][:ISSUES_SHOWN]
    facts = [(_MARKS[issue.severity], _issue(issue)) for issue in shown]
    if len(issues) > len(shown):
        rest = len(issues) - len(shown)
        facts.append(("" if shown else "notes", f"{f'and {rest} more' if shown else rest} (--detail)"))
    return facts


def _issue(issue: Issue) -> str:
    where = f" ({clean(issue.where)})" if issue.where else ""
    hint = f"; {clean(issue.hint, _LONG)}" if issue.hint else ""
    said = issue.message.startswith(f"{issue.count:,} ")
    times = f"{count(issue.count)} x " if issue.count > 1 and not said else ""
    return f"{times}{clean(issue.message, _LONG)}{where}{hint}"


def asserted_table(comparison: Comparison) -> Table | None:
    """Return the prices that the user states beside those of the catalogue, or None where there are none."""
    if not comparison.asserted_prices:
        return None
    return Table(
        (name_column("asserted price, $ per 1M"), Column("meter", "left"), Column("asserted"), Column("catalogue"),
         Column("change"), Column("stated in", "left")),
        tuple(map(_asserted, comparison.asserted_prices)),
    )  # fmt: skip


def _asserted(one: AssertedPrice) -> tuple[Cell, ...]:
    apart = UNKNOWN if one.catalogue is None else change(one.difference_percent)
    return cells(
        clean(f"{one.provider}/{one.model}"), clean(one.meter), price(one.asserted), price(one.catalogue),
        apart, clean(one.where),
    )  # fmt: skip


def assumption_facts(report: Report) -> Facts | None:
    """Return what the log does not say and who says it, a line each, or None where nothing is assumed."""
    if not report.assumptions:
        return None
    return Facts(tuple(("" if at else "assumed", _assumption(one)) for at, one in enumerate(report.assumptions)))


def _assumption(one: Assumption) -> str:
    likely = f", range {clean(one.range)}" if one.range else ""
    requests = "" if one.requests is None else f" for {count(one.requests)} requests"
    return f"{clean(one.name, _LONG)}: {clean(one.value, _LONG)}{requests}{likely} ({clean(one.source, _LONG)})"


def input_table(inputs: Sequence[Input], heading: str = "read") -> Table:
    """Return the files that were read."""
    return Table(
        (name_column(heading), Column("format", "left"), Column("records"), Column("bytes"), Column("sha256", "left")),
        tuple(
            cells(clean(one.path), clean(one.format), count(one.records), count(one.bytes), one.sha256[:_DIGEST_SHOWN])
            for one in inputs
        ),
    )


def reading_facts(inputs: Sequence[Input]) -> Facts | None:
    """Return how the log was read: each way once, with the number of its files; None where nothing is said."""
    files = Counter(one.read_as for one in inputs if one.read_as)
    if not files:
        return None
    counted = [f"{count(number)} files: {way}" if number > 1 else way for way, number in files.items()]
    return Facts(tuple(("" if index else "read as", clean(text, 2 * _LONG)) for index, text in enumerate(counted)))


def origin_facts(prices: Prices, period: Period) -> Facts:
    """Return where prices came from, and how a month was made of the period."""
    span = f"{period.from_ or 'unknown'} to {period.to or 'unknown'}, {period.timezone}"
    rows = [("prices", f"{clean(prices.source, _LONG)}, digest {prices.digest[:_DIGEST_SHOWN]}")]
    rows.append(("period", clean(span, _LONG)))
    if period.basis:
        rows.append(("a month", clean(period.basis, _LONG)))
    return Facts(tuple(rows))
