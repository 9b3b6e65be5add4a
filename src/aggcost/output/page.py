"""The page of a report: which blocks it has, and in what order, for every format alike."""

from __future__ import annotations

from collections.abc import Sequence

from aggcost.output import headline
from aggcost.output.audited import audit_page
from aggcost.output.blocks import Beside, Block, Facts, Page, Table
from aggcost.output.bounds import bound_facts
from aggcost.output.budget_lines import budget_table, verdict
from aggcost.output.clean import clean
from aggcost.output.contract_tables import contract_table, tier_table
from aggcost.output.failover import failover_facts, incident_table
from aggcost.output.figures import UNKNOWN
from aggcost.output.in_order import in_order_facts, limit_table
from aggcost.output.latency_table import back_test_facts, back_test_table, latency_blocks
from aggcost.output.log_facts import log_facts
from aggcost.output.money_tables import (
    component_table,
    decision_table,
    evidence_table,
    outside_table,
    price_table,
    ranking_table,
)
from aggcost.output.payback import (
    interval_facts,
    payback_facts,
    reading_table,
    return_facts,
    sensitivity_table,
)
from aggcost.output.quality import quality_facts
from aggcost.output.reconciliation import reconciliation_page
from aggcost.output.repeats import repeat_facts
from aggcost.output.service_table import service_table, services_table
from aggcost.output.spend_tables import day_table, group_table, short_group_table
from aggcost.output.trust import (
    asserted_table,
    assumption_facts,
    coverage_fact,
    input_table,
    issue_facts,
    origin_facts,
    reading_facts,
)
from aggcost.report import Report
from aggcost.report_audit import Audit
from aggcost.report_compare import Comparison
from aggcost.report_reconcile import Reconciliation
from aggcost.reports import AnyReport

MODELS_SHOWN = 5
OTHERS_SHOWN = 3
WORST_MINUTES = 5
EVERYTHING = 1_000


def page_of(report: AnyReport) -> Page:
    """Return the page: the answer first, then the tables, then what it rests on."""
    if isinstance(report, Reconciliation):
        return reconciliation_page(report)
    if isinstance(report, Audit):
        return audit_page(report)
    if report.command == "check":
        return Page(_check(report), _check_detail(report))
    if len(report.comparisons) > 1:
        return Page(_several(report), _several_detail(report))
    if report.comparisons:
        return Page(_simulate(report, report.comparisons[0]), _simulate_detail(report, report.comparisons[0]))
    return Page(_analyze(report), _analyze_detail(report))


def _analyze(report: Report) -> tuple[Block, ...]:
    arm = report.arms[0]
    fields = [field for field in arm.by if field not in ("model", "day") and arm.by[field]]
    blocks: list[Block] = [headline.of_log(report), headline.rests_on(report)]
    if arm.by.get("model"):
        blocks.append(group_table(arm, "model", MODELS_SHOWN))
    tables = [short_group_table(arm, field, OTHERS_SHOWN) for field in fields[:2]]
    blocks += [Beside(*tables)] if len(tables) == 2 else tables  # noqa: PLR2004
    blocks += [group_table(arm, field, MODELS_SHOWN) for field in fields[2:]]
    return (*blocks, Facts(tuple(log_facts(report))), Facts(tuple(_last_words(report))))


def _last_words(report: Report) -> list[tuple[str, str]]:
    words = [coverage_fact(report.coverage), *repeat_facts(report.coverage), *issue_facts(report.issues)]
    if report.advice is not None:
        words.append(("advice", f"{clean(report.advice.text, 200)} ({clean(report.advice.reason, 200)})"))
    return [*words, *_next(report)]


def _next(report: Report) -> list[tuple[str, str]]:
    return [("" if index else "next", clean(command, 200)) for index, command in enumerate(report.next_commands)]


def _analyze_detail(report: Report) -> tuple[Block, ...]:
    arm = report.arms[0]
    tables = [group_table(arm, field, EVERYTHING) for field in arm.by if field != "day" and arm.by[field]]
    days = [day_table(arm)] if arm.days else []
    return (*tables, *days, *latency_blocks(arm, None), Facts(tuple(log_facts(report, WORST_MINUTES))), *_trust(report))


def _simulate(report: Report, comparison: Comparison) -> tuple[Block, ...]:
    return (
        headline.of_policy(comparison),
        *headline.doubts(comparison),
        headline.rests_on(report, comparison),
        *_tables(comparison),
        Facts(
            (
                *_unknown(report, comparison),
                *failover_facts(comparison),
                *in_order_facts(comparison),
                *_payback(comparison),
                *issue_facts(report.issues),
                *_next(report),
            )
        ),
    )


def _tables(comparison: Comparison) -> tuple[Block, ...]:
    decisions = (_decisions(comparison),) if comparison.decisions else ()
    return (_before_and_after(comparison), *decisions)


def _decisions(comparison: Comparison, *, full: bool = False) -> Table:
    table = price_table if comparison.kind == "prices" else decision_table
    return table(comparison, full=full)


def _before_and_after(comparison: Comparison) -> Block:
    bill = component_table(comparison)
    return Beside(bill, service_table(comparison)) if comparison.service else bill


def _unknown(report: Report, comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """Return why service figures are unknown, and how well modelled ones stood their test."""
    notes = [("" if index else UNKNOWN, clean(text, 200)) for index, text in enumerate(comparison.service_notes)]
    return (*notes, *back_test_facts(report, comparison))


def _payback(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    return () if comparison.roi is None else (*payback_facts(comparison.roi), *interval_facts(comparison))


def _simulate_detail(report: Report, comparison: Comparison) -> tuple[Block, ...]:
    return (*_comparison_detail(report, comparison), *_arms(report), Facts(tuple(log_facts(report, WORST_MINUTES))),
            *_trust(report))  # fmt: skip


def _comparison_detail(report: Report, comparison: Comparison) -> tuple[Block, ...]:
    """Return everything of one policy that its first screen leaves out."""
    roi = comparison.roi
    found: Sequence[Block | None] = (
        headline.warnings(comparison) if comparison.warnings else None,
        reading_table(roi) if roi else None,
        sensitivity_table(roi) if roi else None,
        return_facts(roi) if roi else None,
        outside_table(comparison) if comparison.outside else None,
        _decisions(comparison, full=True) if comparison.decisions else None,
        bound_facts(comparison),
        quality_facts(comparison),
        evidence_table(comparison),
        incident_table(comparison),
        limit_table(comparison),
        asserted_table(comparison),
    )
    after = report.arms[1 + report.comparisons.index(comparison)]
    return (*(block for block in found if block is not None), *latency_blocks(report.arms[0], after))


def _arms(report: Report) -> tuple[Table, ...]:
    """Return every arm by model, the log first."""
    names = ["today", *(headline.named(one) for one in report.comparisons)]
    return tuple(
        group_table(arm, "model", EVERYTHING, of_arm=name)
        for name, arm in zip(names, report.arms, strict=True)
        if arm.by.get("model")
    )


def _several(report: Report) -> tuple[Block, ...]:
    best = headline.ranked(report)[0]
    bill, services = component_table(best, named=True), services_table(headline.ranked(report))
    return (
        headline.of_ranking(report),
        *headline.doubts(best),
        headline.rests_on(report, best),
        ranking_table(report),
        Beside(bill, services) if services else bill,
        Facts(
            (*_unknown(report, best), *_failovers(report), *_payback(best), *issue_facts(report.issues), *_next(report))
        ),
    )


def _failovers(report: Report) -> tuple[tuple[str, str], ...]:
    """Return what the first policy with failover does, of several."""
    found = (failover_facts(one, name=True) for one in headline.ranked(report) if one.failover is not None)
    return next(found, ())


def _several_detail(report: Report) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for comparison in headline.ranked(report):
        blocks += [
            headline.of_policy(comparison),
            _before_and_after(comparison),
            *_comparison_detail(report, comparison),
        ]
    return (*blocks, *_trust(report))


def _check(report: Report) -> tuple[Block, ...]:
    comparison = report.comparisons[0] if report.comparisons else None
    first: list[Block] = [verdict(report.budgets)]
    if comparison is not None:
        first.append(headline.of_policy(comparison))
    first.append(headline.rests_on(report, comparison))
    if report.budgets:
        first.append(budget_table(report.budgets))
    words = (coverage_fact(report.coverage), *repeat_facts(report.coverage), *issue_facts(report.issues))
    return (*first, Facts((*words, *_next(report))))


def _check_detail(report: Report) -> tuple[Block, ...]:
    details = [
        block for one in report.comparisons for block in (_before_and_after(one), *_comparison_detail(report, one))
    ]
    return (*details, *_trust(report))


def _trust(report: Report) -> tuple[Block, ...]:
    """Return what the report rests on, in full."""
    covered = (coverage_fact(report.coverage), *repeat_facts(report.coverage, full=True))
    found: Sequence[Block | None] = (
        Facts((*covered, *issue_facts(report.issues, full=True))),
        contract_table(report),
        tier_table(report),
        back_test_table(report),
        assumption_facts(report),
        input_table(report.inputs),
        reading_facts(report.inputs),
        origin_facts(report.prices, report.period),
    )
    return tuple(block for block in found if block is not None)
