"""The page of an audit: how much agrees, what explains the rest, and the requests that nothing explains."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from aggcost.money import percent, plain
from aggcost.output.blocks import Block, Cell, Column, Facts, Page, Sentence, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import cents, count, decimals, dollars, money_column, percentage
from aggcost.output.trust import coverage_fact, input_table, issue_facts, origin_facts, reading_facts
from aggcost.report_audit import Audit, AuditedModel, Explained, OddRequest

MODELS_SHOWN = 8
CAUSES_SHOWN = 6
ODD_SHOWN = 3
_ODD_SHARE_PERCENT = 50  # of the whole difference: a request that large is named in the answer
_SHORT = {
    "older_price": "older price", "later_price": "later price", "cache_at_full_price": "cache in full",
    "cache_counted_twice": "cache twice", "cache_left_out": "cache left out", "other_tier": "service tier",
    "other_size": "prompt size", "threshold_as_marginal": "marginal tier", "other_region": "region",
    "reasoning": "reasoning", "counted_twice": "twice", "unit": "unit", "recorded_as_zero": "recorded 0",
}  # fmt: skip


def audit_page(report: Audit) -> Page:
    """Return the page: the answer first, then by model, by cause, and the odd requests."""
    main: list[Block] = [*_answer(report), _rests_on(report), _model_table(report, MODELS_SHOWN)]
    if report.causes:
        main.append(_cause_table(report.causes, CAUSES_SHOWN))
    facts = [*_odd_facts(report.odd[:ODD_SHOWN]), coverage_fact(report.coverage), *issue_facts(report.issues)]
    facts += [("" if index else "next", clean(one, 200)) for index, one in enumerate(report.next_commands)]
    return Page((*main, Facts(tuple(facts))), _detail(report))


def _answer(report: Audit) -> tuple[Sentence, ...]:
    told = f"{_money(report.recorded)} is recorded for {count(report.requests)} requests"
    if not report.difference:
        return (Sentence(f"{told}: exactly what the prices say.", "strong"),)
    word = "more" if report.difference > 0 else "less"
    first = f"{told}, {_money(abs(report.difference))} {word} than the prices say ({_money(report.rated)})."
    return (Sentence(first, "strong"), *_one_request(report))


def _money(amount: Decimal) -> str:
    return cents(amount) if abs(amount) >= 1 else dollars(amount)


def _one_request(report: Audit) -> tuple[Sentence, ...]:
    """Name the request that makes most of the difference, if one does."""
    if not report.odd:
        return ()
    worst = report.odd[0]
    part = percent(worst.difference, report.difference)
    if part is None or part < _ODD_SHARE_PERCENT:
        return ()
    without = report.recorded - worst.recorded
    text = f"One request of {clean(worst.model)} makes {dollars(worst.difference)} of it; without it {_money(without)}."
    return (Sentence(text, "worse"),)


def _rests_on(report: Audit) -> Sentence:
    agree = f"{percentage(report.agree_percent)} of the requests agree within {plain(report.tolerance_percent)} %"
    silent = f"{count(report.without_recorded)} record no cost" if report.without_recorded else "all record a cost"
    return Sentence(" · ".join((clean(report.period.name), agree, silent)), "quiet")


def _model_table(report: Audit, top: int) -> Table:
    shown, rest = report.models[:top], report.models[top:]
    lines = [
        (clean(one.key), count(one.requests), percentage(one.agree_percent), one.recorded, one.rated, _mostly(one))
        for one in shown
    ]
    if rest:
        requests, agree = sum(one.requests for one in rest), sum(one.agree for one in rest)
        lines.append(
            (f"others ({len(rest)})", count(requests), percentage(percent(agree, requests)),
             _sum(rest, "recorded"), _sum(rest, "rated"), "")
        )  # fmt: skip
    places = decimals([report.recorded], [report.rated])
    recorded = money_column([line[3] for line in lines], report.recorded, places)
    rated = money_column([line[4] for line in lines], report.rated, places)
    gaps = money_column([line[3] - line[4] for line in lines], report.difference, places)
    rows = [cells(*line[:3], recorded[at], rated[at], gaps[at], line[5]) for at, line in enumerate(lines)]
    total = cells(
        "total", count(report.requests), percentage(report.agree_percent), recorded[-1], rated[-1], gaps[-1], ""
    )
    return Table(
        (name_column("recorded cost"), Column("requests"), Column("agree", "right"), Column("recorded $"),
         Column("ours $"), Column("difference"), Column("mostly", "left")),
        (*rows, total),
        total=True,
    )  # fmt: skip


def _mostly(one: AuditedModel) -> str:
    if not one.causes:
        return ""
    name = one.causes[0].name
    return _SHORT.get(name, name.replace("_", " "))


def _sum(models: Sequence[AuditedModel], name: str) -> Decimal:
    return sum((getattr(one, name) for one in models), Decimal(0))


def _cause_table(causes: Sequence[Explained], top: int) -> Table:
    shown = list(causes[:top])
    amounts = [one.difference for one in shown]
    total = sum(amounts, Decimal(0))
    texts = money_column(amounts, total, decimals(amounts))
    return Table(
        (name_column("what gives the recorded cost instead"), Column("requests"), Column("difference $")),
        tuple(_cause(one, texts[at]) for at, one in enumerate(shown)),
    )


def _cause(one: Explained, amount: str) -> tuple[Cell, ...]:
    return cells(clean(one.detail, 100), count(one.requests), amount)


def _odd_facts(odd: Sequence[OddRequest]) -> list[tuple[str, str]]:
    return [("" if index else "odd", _odd(one)) for index, one in enumerate(odd)]


def _odd(one: OddRequest) -> str:
    used = f"{count(one.tokens.input)} tokens in, {count(one.tokens.output)} out"
    cached = one.tokens.cache_read + one.tokens.cache_write
    used += f", {count(cached)} cached" if cached else ""
    told = f"{_where(one)}{clean(one.model)}: ${plain(one.recorded)} for {used}, ours ${plain(one.rated)}"
    return told + (f"; {one.explanation}" if one.explanation else "")


def _where(one: OddRequest) -> str:
    place = None if one.file is None else clean(one.file if one.line is None else f"{one.file}:{one.line}")
    known = [part for part in (one.time, clean(one.request_id) if one.request_id else None, place) if part]
    return f"{' '.join(known)} " if known else ""


def _detail(report: Audit) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if len(report.models) > MODELS_SHOWN:
        blocks.append(_model_table(report, len(report.models)))
    if len(report.causes) > CAUSES_SHOWN:
        blocks.append(_cause_table(report.causes, len(report.causes)))
    blocks += [_by_model(report)] if report.causes else []
    blocks += [Facts(tuple(_odd_facts(report.odd)))] if len(report.odd) > ODD_SHOWN else []
    issues = Facts(tuple(issue_facts(report.issues, full=True)))
    rest = [issues if issues.rows else None, input_table(report.inputs), reading_facts(report.inputs)]
    found = [block for block in rest if block is not None]
    return (*blocks, *found, origin_facts(report.prices, report.period))


def _by_model(report: Audit) -> Table:
    """Return what explains each model's difference."""
    rows = [
        cells(clean(model.key), clean(one.detail, 100), count(one.requests), dollars(one.difference))
        for model in report.models
        for one in model.causes
    ]
    return Table(
        (
            name_column("model"),
            Column("what gives the recorded cost", "left"),
            Column("requests"),
            Column("difference"),
        ),
        tuple(rows),
    )
