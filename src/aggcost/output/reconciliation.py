"""The page of a reconciliation: the difference and what explains it, the rows, and what only one side covers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from aggcost.money import plain
from aggcost.output.blocks import Block, Cell, Column, Facts, Page, Sentence, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import (
    amount,
    cents,
    count,
    decimals,
    dollars,
    millions,
    money_column,
    percentage,
    share,
)
from aggcost.output.repeats import repeat_facts
from aggcost.output.trust import coverage_fact, input_table, issue_facts, origin_facts, reading_facts
from aggcost.report_reconcile import Figures, LeftOut, Part, Reconciliation, Row

ROWS_SHOWN = 15
NAMES = {
    "missing_requests": "requests missing from the log",
    "extra_requests": "requests that are not on the bill",
    "price": "price: the same quantity at another rate",
    "cache": "cache: prompt tokens split otherwise",
    "service_tier": "service tier: another one on the bill",
    "duplicates": "duplicates: repeated request ids in the log",
    "unexplained": "unexplained",
}
_SHORT = {
    "missing_requests": "missing requests", "extra_requests": "extra requests", "price": "price", "cache": "cache",
    "service_tier": "service tier", "duplicates": "duplicates", "unexplained": "unexplained",
}  # fmt: skip
_BASES = {
    "recorded": "the bill states its costs",
    "rated": "the bill states no costs: its quantities are priced at our rates",
    "mixed": "some providers' bills state costs, the quantities of the others are priced at our rates",
}


def reconciliation_page(report: Reconciliation) -> Page:
    """Return the page: the answer first, what explains it, the rows with the largest differences."""
    if not report.rows:
        first: tuple[Block, ...] = (Sentence("nothing to compare: no day that both sides cover.", "strong"),)
        return Page((*first, *_left_out_short(report), _last_words(report)), _detail(report))
    tables = ([_part_table(report)] if report.parts else []) + [_row_table(report, ROWS_SHOWN)]
    facts = Facts((("log", _side(report.log)), ("bill", _side(report.bill))))
    main = (_answer(report), _rests_on(report), *tables, facts, *_left_out_short(report), _last_words(report))
    return Page(main, _detail(report))


def _answer(report: Reconciliation) -> Sentence:
    bill = f"the bill of {cents(report.bill.cost)}"
    if not report.difference:
        return Sentence(f"{bill} is exactly what the log comes to.", "strong")
    size = cents(abs(report.difference)) if abs(report.difference) >= Decimal("0.005") else dollars(
        abs(report.difference)
    )  # fmt: skip
    of_bill = "" if report.difference_percent is None else f" ({percentage(abs(report.difference_percent))})"
    side = "above what the log explains" if report.difference > 0 else "below what the log comes to"
    return Sentence(f"{bill} is {size}{of_bill} {side}; of it {_listed(report.parts)}.", "strong")


def _listed(parts: Sequence[Part]) -> str:
    ordered = sorted(parts, key=lambda part: -abs(part.amount))
    return ", ".join(f"{dollars(part.amount)} {_SHORT[part.name]}" for part in ordered)


def _rests_on(report: Reconciliation) -> Sentence:
    days = "1 day" if report.period.days == 1 else f"{report.period.days} days"
    word = "within" if report.within_tolerance else "not within"
    tolerance = f"{word} the tolerance of {plain(report.tolerance_percent)} %"
    parts = (clean(report.period.name), f"{days} ({clean(report.period.timezone)})", tolerance)
    return Sentence(" · ".join((*parts, _BASES[report.bill_basis])), "quiet")


def _part_table(report: Reconciliation) -> Table:
    amounts = [part.amount for part in report.parts]
    shown = money_column(amounts, report.difference, _places(report))
    return Table(
        (name_column("what explains the difference"), Column("$"), Column("share"), Column("M tokens")),
        (
            *(
                cells(NAMES[part.name], shown[index], share(part.share), millions(part.tokens) if part.tokens else "")
                for index, part in enumerate(report.parts)
            ),
            cells("bill minus log", shown[-1], "", ""),
        ),
        total=True,
    )


def _places(report: Reconciliation) -> int:
    return decimals([report.log.cost], [report.bill.cost])


def _row_table(report: Reconciliation, top: int) -> Table:
    """Return the rows with the largest differences, the others in one line, and the total."""
    shown = [row for row in report.rows[:top] if row.difference] or report.rows[:1]
    rest = report.rows[len(shown) :]
    lines = [(row.day, clean(_who(row)), row.log.cost, row.bill.cost, _mostly(row.parts)) for row in shown]
    if rest:
        logged = sum((row.log.cost for row in rest), Decimal(0))
        billed = sum((row.bill.cost for row in rest), Decimal(0))
        other = "others" if any(row.difference for row in rest) else "no difference"
        lines.append(("", f"{other} ({len(rest)})", logged, billed, ""))
    places = _places(report)
    log = money_column([line[2] for line in lines], report.log.cost, places)
    bill = money_column([line[3] for line in lines], report.bill.cost, places)
    gap = money_column([line[3] - line[2] for line in lines], report.difference, places)
    found = [cells(line[0], line[1], log[at], bill[at], gap[at], line[4]) for at, line in enumerate(lines)]
    return Table(
        (Column("day", "left"), name_column("provider and model"), Column("log $"), Column("bill $"),
         Column("bill - log"), Column("mostly", "left")),
        (*found, cells("", "total", log[-1], bill[-1], gap[-1], "")),
        total=True,
    )  # fmt: skip


def _who(row: Row) -> str:
    return "/".join(name for name in (row.provider or "unknown provider", row.model) if name)


def _mostly(parts: Sequence[Part]) -> str:
    largest = max(parts, key=lambda part: abs(part.amount), default=None)
    return "" if largest is None else _SHORT[largest.name]


def _side(found: Figures) -> str:
    parts = [cents(found.cost)]
    parts.append("requests not counted" if found.requests is None else f"{count(found.requests)} requests")
    if found.tokens is None:
        return " · ".join((*parts, "tokens not counted"))
    named = (
        (found.tokens.input, "input"), (found.tokens.cache_read, "cached"),
        (found.tokens.cache_write, "cache write"), (found.tokens.output, "output"),
    )  # fmt: skip
    return " · ".join((*parts, *(f"{count(number)} {name}" for number, name in named if number)))


def _left_out_short(report: Reconciliation) -> tuple[Block, ...]:
    """Return in one line a side what only it covers."""
    facts: list[tuple[str, str]] = []
    for side in ("log", "bill"):
        found = [one for one in report.left_out if one.side == side]
        if found:
            days = [one.day for one in found if one.day is not None]
            span = "" if not days else f", {days[0]}" if len(set(days)) == 1 else f", {min(days)} to {max(days)}"
            names = ", ".join(sorted({clean(one.provider or "unknown provider") for one in found}))
            amounts = cents(sum((one.cost for one in found), Decimal(0)))
            facts.append(
                ("" if facts else "left out", f"only the {side} covers: {amounts} of {names}{span} (--detail)")
            )
    return (Facts(tuple(facts)),) if facts else ()


def _last_words(report: Reconciliation) -> Facts:
    word, log = coverage_fact(report.coverage)
    return Facts((
        (word, f"log: {log}"), ("", f"bill: {coverage_fact(report.bill_coverage)[1]}"), *_repeats(report),
        *issue_facts(report.issues),
        *(("" if index else "next", clean(one, 200)) for index, one in enumerate(report.next_commands)),
    ))  # fmt: skip


def _repeats(report: Reconciliation, *, full: bool = False) -> list[tuple[str, str]]:
    sides = (("log", report.coverage), ("bill", report.bill_coverage))
    return [(name, f"{side}: {text}") for side, found in sides for name, text in repeat_facts(found, full=full)]


def _detail(report: Reconciliation) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if sum(1 for row in report.rows if row.difference) > ROWS_SHOWN:
        blocks.append(_row_table(report, len(report.rows)))
    if report.rows:
        blocks.append(_quantity_table(report))
    if report.left_out:
        blocks.append(_left_out_table(report.left_out))
    blocks += [input_table(report.inputs, "log"), input_table(report.bill_inputs, "bill")]
    read_as = reading_facts((*report.inputs, *report.bill_inputs))
    issues = Facts((*_repeats(report, full=True), *issue_facts(report.issues, full=True)))
    rest = [issues if issues.rows else None, read_as, origin_facts(report.prices, report.period)]
    return (*blocks, *(block for block in rest if block is not None))


def _quantity_table(report: Reconciliation) -> Table:
    """Return what each side counts, the bill under the log."""
    return Table(
        (name_column("quantities"), Column("side", "left"), Column("requests"), Column("input"), Column("cached"),
         Column("written"), Column("output")),
        tuple(
            _quantities(label, name, found)
            for row in report.rows
            for name, label, found in (("log", clean(_who(row)), row.log), ("bill", row.day, row.bill))
        ),
    )  # fmt: skip


def _quantities(key: str, side: str, found: Figures) -> tuple[Cell, ...]:
    tokens = found.tokens
    numbers = (None,) * 4 if tokens is None else (tokens.input, tokens.cache_read, tokens.cache_write, tokens.output)
    return cells(key, side, count(found.requests), *map(count, numbers))


def _left_out_table(left_out: Sequence[LeftOut]) -> Table:
    return Table(
        (name_column("only one side covers"), Column("$"), Column("requests")),
        tuple(cells(clean(one.key), amount(one.cost), count(one.requests)) for one in left_out),
    )
