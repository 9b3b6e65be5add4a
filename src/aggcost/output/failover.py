"""Failover on the page: what was rescued, and the incidents that were replayed."""

from __future__ import annotations

from aggcost.output.blocks import Column, Table, cells, name_column
from aggcost.output.clean import clean
from aggcost.output.figures import count, dollars
from aggcost.report_compare import Comparison
from aggcost.report_failover import Failover


def failover_facts(comparison: Comparison, *, name: bool = False) -> tuple[tuple[str, str], ...]:
    """Return in a line or two what failover does, with the policy's `name` where there are others; none without it."""
    found = comparison.failover
    if found is None:
        return ()
    rescued = f"{count(found.rescued)} failed requests rescued for {dollars(found.rescued_cost)} in this period"
    diverted = f", {count(found.diverted)} served elsewhere" if found.diverted else ""
    where = f" under {clean(comparison.candidate)}" if name else ""
    return (("failover", f"{rescued}{diverted}{where}"), ("", _still(found)))


def _still(found: Failover) -> str:
    down = f"down {count(found.minutes_down_before)} of {count(found.minutes)} minutes before"
    after = f"{count(found.minutes_down_after)} after"
    if found.failed_apart == found.failed_together:
        return f"{down}, {after}"
    return (
        f"{down}, {after} · failed requests: {count(found.failed_apart)} if routes fail independently, "
        f"{count(found.failed_together)} if together"
    )


def incident_table(comparison: Comparison) -> Table | None:
    """Return the incidents one by one, or None where there are none."""
    found = comparison.failover
    if found is None or not found.incidents:
        return None
    return Table(
        (name_column("does not answer"), Column("from", "left"), Column("minutes"), Column("known", "left"),
         Column("reason", "left")),
        tuple(
            cells(clean(one.who), clean(one.from_), count(one.minutes), one.source, clean(one.reason or ""))
            for one in found.incidents
        ),
    )  # fmt: skip
