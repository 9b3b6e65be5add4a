"""Failover in a report: what was rescued, what still fails, and the incidents that were replayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from aggcost.units import Count, Label, Requests, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Minutes in which somebody did not answer: seen in the log (`observed`), or `stated` in a file."""

    who: str
    from_: Annotated[str, "ISO 8601, local to the report's zone"]
    minutes: Count
    source: Literal["observed", "stated"]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failover:
    """What failover does to the requests of the period.

    `rescued` requests failed in the log and are served, at `rescued_cost`; `diverted` ones were served and are served
    by a further route of their chain; `lost` ones find no route that answers. `failed_together` counts failures if
    routes of a chain fail together beyond the incidents, `failed_apart` if they do so independently. `wait_ms` is lost
    at each route that does not answer. A minute is down if some request of it had no route that answered.
    """

    rescued: Requests
    rescued_cost: Usd | None
    diverted: Requests
    lost: Requests
    failed_apart: Requests | None
    failed_together: Requests | None
    wait_ms: Annotated[int, "milliseconds"]
    minutes: Count
    minutes_down_before: Count
    minutes_down_after: Count
    incidents: tuple[Incident, ...]
    label: Label
