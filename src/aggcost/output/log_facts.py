"""What the log says of itself, fact by fact: tokens, unit costs, recorded cost, latency, failures, days."""

from __future__ import annotations

from decimal import Decimal

from aggcost.output.clean import clean
from aggcost.output.figures import UNKNOWN, cents, change, count, dollars, percentage
from aggcost.output.headline import SEPARATOR
from aggcost.output.sparkline import sparkline
from aggcost.report import Invoice, Report
from aggcost.report_arms import Arm, Latency, Minute

DAYS_SHOWN = 31
_CLASSES = {"429": "rate-limited (429)", "5xx": "server errors (5xx)", "timeout": "timeouts", "other": "other"}
Fact = tuple[str, str]


def log_facts(report: Report, worst: int = 1) -> list[Fact]:
    """Return the facts of the month as logged; those that the log cannot tell are absent."""
    arm = report.arms[0]
    found = [("tokens", _tokens(arm))]
    if arm.units:
        found.append(("units", SEPARATOR.join(f"{count(number)} {meter}" for meter, number in arm.units.items())))
    found.append(("per unit", _unit_costs(arm)))
    if arm.recorded_cost is not None:
        found.append(("recorded", _recorded(arm)))
    if report.invoice is not None:
        found.append(("invoice", _invoice(report.invoice)))
    if arm.latency_ms is not None:
        found.append(("latency", _latency(arm.latency_ms)))
    if arm.failed is not None:
        found.append(("failed", _failed(arm, worst)))
    if len(arm.days) > 1:
        found.append(("by day", _days(arm)))
    return found


def _tokens(arm: Arm) -> str:
    tokens = arm.tokens
    kinds = ((tokens.input, "input"), (tokens.cache_read, "cache read"), (tokens.cache_write, "cache write"),
             (tokens.output, "output"))  # fmt: skip
    return SEPARATOR.join(f"{count(number)} {kind}" for number, kind in kinds if number or kind in ("input", "output"))


def _unit_costs(arm: Arm) -> str:
    successful = None if arm.per_successful_request == arm.per_request else arm.per_successful_request
    costs = ((arm.per_request, "a request"), (arm.per_1000_requests, "per 1,000"),
             (successful, "a successful request"), (arm.per_conversation, "a conversation"),
             (arm.blended_per_mtok, "per 1M tokens, blended"))  # fmt: skip
    return SEPARATOR.join(f"{dollars(number)} {what}" for number, what in costs if number is not None) or "unknown"


def _recorded(arm: Arm) -> str:
    text = f"{cents(arm.recorded_cost)} in the log"
    if arm.variance is None:
        return text
    return f"{text}; prices x tokens give {_apart(arm.variance)}{_in_percent(arm.variance_percent)}"


def _invoice(invoice: Invoice) -> str:
    text = cents(invoice.amount)
    if invoice.gap is None:
        return f"{text}; our figure is unknown"
    return f"{text} is {_apart(invoice.gap)} than this report{_in_percent(invoice.gap_percent)}"


def _apart(difference: Decimal) -> str:
    return f"{cents(abs(difference))} {'less' if difference < 0 else 'more'}"


def _in_percent(number: Decimal | None) -> str:
    return "" if number is None else f" ({change(number)})"


def _latency(latency: Latency) -> str:
    shown = ((latency.p50, "p50"), (latency.p95, "p95"), (latency.p99, "p99"))
    texts = [f"{name} {UNKNOWN if number is None else f'{number:,} ms'}" for number, name in shown]
    label = "" if latency.label == "measured" else f", {latency.label}"
    return f"{SEPARATOR.join(texts)} ({count(latency.n)} requests{label})"


def _failed(arm: Arm, worst: int) -> str:
    share = None if arm.successful_percent is None else 100 - arm.successful_percent
    classes = SEPARATOR.join(f"{count(one.requests)} {_CLASSES[one.class_]}" for one in arm.failures if one.requests)
    text = f"{count(arm.failed)} requests" + (f" ({percentage(share)})" if share is not None else "")
    text += f": {classes}" if classes else ""
    minutes = "; ".join(map(_minute, arm.worst_minutes[:worst]))
    return f"{text}; worst minute {minutes}" if minutes else text


def _minute(minute: Minute) -> str:
    return f"{clean(minute.minute.replace('T', ' '))}, {count(minute.failed)} of {count(minute.requests)}"


def _days(arm: Arm) -> str:
    days = arm.days[-DAYS_SHOWN:]
    known = [day.cost for day in days if day.cost is not None]
    if not known:
        return "unpriced"
    span = f"{cents(min(known))} to {cents(max(known))} a day"
    last = f", last {DAYS_SHOWN} of {len(arm.days)}" if len(arm.days) > DAYS_SHOWN else ""
    return f"{sparkline([day.cost for day in days])} {span}{last}"
