"""What failover made of a log, as rows and sections of a report."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from aggcost.arms import count
from aggcost.candidates import Candidate
from aggcost.health import Health
from aggcost.incidents import MINUTE_S
from aggcost.incidents import Incident as Replayed
from aggcost.money import percent, settle
from aggcost.report import Assumption
from aggcost.report_compare import Service
from aggcost.report_failover import Failover, Incident
from aggcost.rescue import RESCUED
from aggcost.scanning import Ledgers


def uptime_rows(found: Candidate) -> tuple[Service, ...]:
    """Return uptime by minutes before and after; no row without failover, or without times."""
    failing = found.failing
    if failing is None or not failing.minutes:
        return ()
    before, after = (
        percent(Fraction(failing.minutes - down), Fraction(failing.minutes))
        for down in (failing.down_before, failing.down_after)
    )
    return (
        Service(
            name="uptime, by minutes",
            before=before,
            after=after,
            change=None if before is None or after is None else after - before,
            unit="percent",
            change_unit="points",
            label_before="measured",
            label_after=failing.label,
        ),
    )


def section(found: Candidate, ledgers: Ledgers) -> Failover | None:
    """Return the section of a policy that has failover."""
    failing, policy = found.failing, found.policy
    if failing is None or policy.failover is None or ledgers.health is None:
        return None
    rescued = found.after.total(lambda charge: charge.keys["component"] == RESCUED)
    return Failover(
        rescued=count(failing.rescued),
        rescued_cost=None if rescued.has_unpriced else settle(rescued.cost_usd),
        diverted=count(failing.diverted),
        lost=count(failing.lost),
        failed_apart=None if failing.low is None else count(failing.low),
        failed_together=None if failing.high is None else count(failing.high),
        wait_ms=policy.failover.wait_ms,
        minutes=failing.minutes,
        minutes_down_before=failing.down_before,
        minutes_down_after=failing.down_after,
        incidents=tuple(_incident(one, ledgers.zone) for one in _ordered(ledgers.health)),
        label=failing.label,
    )


def assumptions(found: Candidate) -> tuple[Assumption, ...]:
    """Return what failover takes on trust."""
    failing, policy = found.failing, found.policy
    if failing is None or policy.failover is None:
        return ()
    source = str(policy.path)
    wait = f"{policy.failover.wait_ms:,} ms"
    rows = [Assumption(name="time lost at a route that does not answer", value=wait, source=source)]
    if failing.rescued:
        like = "like the mean served request of its provider, model and task"
        rows.append(Assumption(name="a rescued request", value=like, source="the log has no tokens of failed requests"))
    if failing.like_none:
        number = f"{count(failing.like_none):,} rescued requests"
        rows.append(Assumption(name=number, value="cost unknown, not counted", source="no served request is like them"))
    rows += [
        Assumption(name=f"failures of {route} beyond the incidents", value="none", source="neither seen nor asserted")
        for route in failing.unstated
    ]
    return tuple(rows)


def _ordered(known: Health) -> list[Replayed]:
    low, high = known.first_minute or 0, known.last_minute or 0
    inside = [one for one in known.incidents if one.first_minute <= high and one.end_minute > low]
    return sorted(inside, key=lambda one: (one.first_minute, one.who))


def _incident(one: Replayed, zone: ZoneInfo) -> Incident:
    begins = datetime.fromtimestamp(one.first_minute * MINUTE_S, UTC).astimezone(zone)
    return Incident(
        who=one.who,
        from_=begins.isoformat(timespec="minutes"),
        minutes=one.minutes,
        source=one.source,
        reason=one.reason,
    )
