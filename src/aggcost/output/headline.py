"""The answer in the first sentence, and what it rests on in the next two."""

from __future__ import annotations

from decimal import Decimal

from aggcost.finance import Roi
from aggcost.output.blocks import Facts, Sentence
from aggcost.output.clean import clean
from aggcost.output.figures import change, count, dollars, months, percentage
from aggcost.report import Report
from aggcost.report_compare import Comparison, Component

WARNINGS_SHOWN = 2
SEPARATOR = " · "
NOUNS = {"policy": "policy", "prices": "prices of"}


def of_policy(comparison: Comparison) -> Sentence:
    """Return what the policy would make of a month's bill, and when it pays back."""
    name = named(comparison)
    total = comparison.total
    if (total.before is None or total.after is None) and comparison.savings is not None:
        return Sentence(f"{name}: {_of_period(comparison.savings, comparison.savings_percent)}", "strong")
    if total.before is None or total.after is None:
        return Sentence(f"{name}: the cost is unknown, because nothing could be priced.", "strong")
    if total.before == total.after and not comparison.moved_requests:
        return Sentence(f"{name}: {dollars(total.after)} a month, exactly as today.", "strong")
    bill = f"{name}: {dollars(total.after)} a month instead of {dollars(total.before)}{_in_percent(total)}."
    return Sentence(f"{bill} {_payback(comparison.roi)}".rstrip(), "strong")


def _of_period(savings: Decimal, savings_percent: Decimal | None) -> str:
    """Return what the requests save where the log is too short to tell a month."""
    if not savings:
        changed = "the requests of this period cost what they did"
    else:
        share = "" if savings_percent is None else f" ({change(-savings_percent)})"
        word = "less" if savings > 0 else "more"
        changed = f"the requests of this period cost {dollars(abs(savings))} {word}{share}"
    return f"{changed}. Without a complete day no month can be told."


def named(comparison: Comparison) -> str:
    """Return what is compared with today: ``policy cheap``, ``prices of acme offer``."""
    return f"{NOUNS[comparison.kind]} {clean(comparison.candidate)}"


def _in_percent(total: Component) -> str:
    return "" if total.savings_percent is None else f" ({change(-total.savings_percent)})"


def _payback(roi: Roi | None) -> str:
    """Return the payback, never without the reading that counts API cost alone where the two differ."""
    if roi is None:
        return ""
    if roi.payback_reason == "immediate":
        return "Nothing to pay back."
    api = next((reading for reading in roi.readings if reading.name == "api_only"), None)
    alone = ""
    if api is not None and api.payback_months != roi.payback_months:
        alone = ", never on API cost alone" if api.payback_months is None else ""
        alone = alone or f", or {api.payback_months:.1f} on API cost alone"
    if roi.payback_months is None:
        return f"It never pays back{alone.replace(', or', ', but in')}."
    return f"Payback {roi.payback_months:.1f} months{alone}."


def doubts(comparison: Comparison) -> list[Sentence]:
    """Return what the sentence above takes on trust."""
    parts = []
    share = comparison.roi.assumed_share_percent if comparison.roi else None
    if share:
        parts.append(f"{percentage(share)} of the saving is assumed (overheads)")
    models = {(price.provider, price.model) for price in comparison.asserted_prices}
    if models:
        subject = "1 model has a price" if len(models) == 1 else f"{len(models)} models have prices"
        parts.append(f"{subject} asserted by you that differ from the catalogue (--detail)")
    lines = [Sentence(f"{'; '.join(parts)}.")] if parts else []
    shown = comparison.warnings[:WARNINGS_SHOWN]
    lines += [Sentence(f"warning: {clean(text, 200)}", "worse") for text in shown]
    rest = len(comparison.warnings) - len(shown)
    return [*lines, Sentence(f"and {rest} more warnings (--detail)", "worse")] if rest else lines


def warnings(comparison: Comparison) -> Facts:
    """Return every warning of the comparison."""
    return Facts(tuple(("warning", clean(text, 200)) for text in comparison.warnings))


def rests_on(report: Report, comparison: Comparison | None = None) -> Sentence:
    """Return the period, how much of it is priced, and what is missing to trust it."""
    period = report.period
    parts = ["1 day" if period.days == 1 else f"{period.days} days"]
    if comparison is not None:
        parts = [clean(period.name), *parts, f"{count(report.arms[0].requests)} requests"]
    parts.append(f"{percentage(report.coverage.priced_percent)} priced")
    if period.indicative:
        parts.append("indicative only: too few days")
    if comparison is not None and comparison.without_evidence_percent:
        parts.append(f"no quality evidence for {percentage(comparison.without_evidence_percent)} of requests")
    return Sentence(SEPARATOR.join(parts), "quiet")


def of_log(report: Report) -> Sentence:
    """Return what the log cost, and what that is a month."""
    arm = report.arms[0]
    requests = f"{count(arm.requests)} requests"
    period = clean(report.period.name)
    if arm.cost is None:
        return Sentence(f"{period}: {requests}, cost unknown: nothing could be priced.", "strong")
    month = "" if arm.cost_monthly is None else f", {dollars(arm.cost_monthly)} a month with overheads"
    return Sentence(f"{period}: {dollars(arm.cost)} for {requests}{month}.", "strong")


def of_ranking(report: Report) -> Sentence:
    """Return which of several policies is the cheapest."""
    best = ranked(report)[0]
    several = f"{len(report.comparisons)} {'policies' if best.kind == 'policy' else 'price files'}"
    if best.total.after is None:
        return Sentence(f"{several}, none of which could be priced.", "strong")
    if best.total.savings is not None and best.total.savings <= 0:
        return Sentence(f"None of {several} is cheaper than today.", "strong")
    sentence = of_policy(best).text.removeprefix(f"{NOUNS[best.kind]} ")
    return Sentence(f"cheapest of {several}: {sentence}", "strong")


def ranked(report: Report) -> list[Comparison]:
    """Return the comparisons, cheapest month first; unknown costs come last."""
    return sorted(report.comparisons, key=lambda one: (one.total.after is None, one.total.after or 0, one.candidate))


def payback_text(roi: Roi | None) -> str:
    """Return the payback of a policy for a table."""
    if roi is None:
        return ""
    return "none needed" if roi.payback_reason == "immediate" else months(roi.payback_months)
