"""The return of a policy in words: the formula with its numbers, and every other reading of it."""

from __future__ import annotations

from decimal import Decimal

from aggcost.finance import Investment, Roi
from aggcost.output.blocks import Column, Facts, Table, cells, name_column
from aggcost.output.figures import amount, decimals, dollars, months, percentage, share
from aggcost.output.headline import SEPARATOR
from aggcost.report_compare import Comparison


def payback_facts(roi: Roi) -> tuple[tuple[str, str], ...]:
    """Return the payback and, beside it, that of API cost alone."""
    return (("payback", _payback(roi)), ("", _beside(roi)))


def _payback(roi: Roi) -> str:
    saving = f"{dollars(roi.monthly_savings)} a month"
    if roi.payback_reason == "immediate":
        return f"nothing to pay back: no migration cost is stated{SEPARATOR}saves {saving}"
    once = f"{dollars(roi.investment)} once{_work(roi.investment_parts)}"
    if roi.payback_months is None:
        return f"never: {once}, and the policy {_too_little(roi)}"
    return f"{once} / {saving} = {months(roi.payback_months)} months, recovered during month {roi.recovered_in_month}"


def _too_little(roi: Roi) -> str:
    if not roi.monthly_savings:
        return "saves nothing"
    if roi.monthly_savings < 0:
        return f"costs {dollars(-roi.monthly_savings)} a month more"
    return f"saves only {dollars(roi.monthly_savings)} a month"


def _work(parts: Investment) -> str:
    """Return what the investment is made of, in brackets."""
    stated = []
    if parts.hours:
        stated.append(f"{parts.hours:f} h x {dollars(parts.hourly_rate)}")
    if parts.one_off:
        stated.append(f"{dollars(parts.one_off)} of fees")
    if parts.parallel_run:
        stated.append(f"{dollars(parts.parallel_run)} for running both")
    return f" ({' + '.join(stated)})" if stated else ""


def _beside(roi: Roi) -> str:
    parts = []
    if roi.readings and roi.payback_reason != "immediate":
        api = roi.readings[0]
        duration = "never" if api.payback_months is None else f"{months(api.payback_months)} months"
        parts.append(f"API only: {dollars(api.monthly_savings)} a month, {duration}")
    year = f"{dollars(roi.annual_savings)} a year gross, {dollars(roi.first_year_net)} net in year 1"
    if roi.roi_percent is not None:
        year += f" (ROI {percentage(roi.roi_percent)}{_horizon(roi)})"
    parts.append(year)
    return SEPARATOR.join(parts)


def _horizon(roi: Roi) -> str:
    return "" if roi.horizon_months == 12 else f" over {roi.horizon_months} months"  # noqa: PLR2004


def interval_facts(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """Return how far the saving of months like these may lie from this one's; nothing where nothing is saved."""
    found = comparison.interval
    if not comparison.savings:
        return ()
    if found is None:
        return (("interval", comparison.interval_note),) if comparison.interval_note else ()
    mean = f"{dollars(found.low)} to {dollars(found.high)} a month on average"
    next_month = f"next month {dollars(found.next_low)} to {dollars(found.next_high)}"
    return (("interval", f"API saving in months like these, {found.confidence_percent} %: {mean}, {next_month}"),)


def sensitivity_table(roi: Roi) -> Table | None:
    """Return what the payback hangs on, most first, or None where nothing has to be paid back."""
    if not roi.sensitivity:
        return None
    return Table(
        (name_column("what the payback hangs on"), Column("kind", "left"), Column("months"), Column("hard", "left"),
         Column("months"), Column("$ a month")),
        tuple(
            cells(row.text, row.kind, months(row.payback_kind), row.hard, months(row.payback_hard),
                  amount(row.savings_hard))
            for row in roi.sensitivity
        ),
    )  # fmt: skip


def reading_table(roi: Roi) -> Table | None:
    """Return every reading of the payback, or None where nothing has to be paid back."""
    if roi.payback_reason == "immediate":
        return None
    savings = [roi.monthly_savings, *(reading.monthly_savings for reading in roi.readings)]
    places = decimals(savings)
    shown = [amount(each, places) for each in savings]
    base = cells("as stated", shown[0], months(roi.payback_months), share(roi.roi_percent))
    return Table(
        (name_column("payback, read another way"), Column("$ a month"), Column("months"), Column("ROI")),
        (
            base,
            *(
                cells(reading.text, shown[index], months(reading.payback_months), share(reading.roi_percent))
                for index, reading in enumerate(roi.readings, start=1)
            ),
        ),
    )


def return_facts(roi: Roi) -> Facts:
    """Return the second formula, the value of time and the worth of engineering hours."""
    rows = [("npv", _present_value(roi))]
    if roi.payback_by_hours_months is not None:
        rows.append(("by hours", f"{_by_hours(roi)} = {months(roi.payback_by_hours_months)} months"))
    if roi.hours_savings_monthly:
        rows.append(("hours", _hours(roi, roi.hours_savings_monthly)))
    return Facts(tuple(rows))


def _present_value(roi: Roi) -> str:
    text = f"{dollars(roi.npv)} over {roi.horizon_months} months at {roi.discount_rate_percent:f} % a year"
    if roi.payback_reason is not None:
        return text
    return f"{text}{SEPARATOR}discounted payback {months(roi.discounted_payback_months)} months"


def _by_hours(roi: Roi) -> str:
    parts = roi.investment_parts
    return f"{parts.hours:f} h / ({dollars(roi.monthly_savings)} a month / {dollars(parts.hourly_rate)} an hour)"


def _hours(roi: Roi, worth_usd: Decimal) -> str:
    counted = "inside the saving, as cash" if roi.hours_count_as == "cash" else "capacity, not inside the saving"
    return f"engineering hours worth {dollars(worth_usd)} a month: {counted}"
