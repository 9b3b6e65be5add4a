"""Incidents: stretches of whole minutes in which a provider, one of its models, or a gateway does not answer.

They are stated in a file, or seen in the log itself (`health`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Literal

from aggcost.names import canonical_provider
from aggcost.routes import Route
from aggcost.strict_yaml import Node, load

MINUTE_S = 60
_WHO = ("provider", "model", "gateway")


@dataclass(frozen=True, slots=True)
class Incident:
    """Minutes (since 1970, UTC) in which somebody does not answer: a provider, a model of it, or the gateway."""

    first_minute: int
    minutes: int
    provider: str | None = None
    model: str | None = None
    gateway: str | None = None
    source: Literal["observed", "stated"] = "stated"
    reason: str | None = None

    @property
    def end_minute(self) -> int:
        """Return the first minute after it."""
        return self.first_minute + self.minutes

    @property
    def who(self) -> str:
        """Return who does not answer, in words."""
        if self.gateway is not None:
            return self.gateway
        return f"{self.provider}/{self.model}" if self.model else str(self.provider)

    def hits(self, route: Route, gateway: str | None) -> bool:
        """Return whether a route behind `gateway` does not answer."""
        if self.gateway is not None:
            return self.gateway == gateway
        return self.provider == route.provider and self.model in (None, route.model)


def read_incidents(path: Path, zone: tzinfo = UTC) -> tuple[Incident, ...]:
    """Return the incidents of a file; times without a zone are in `zone`. ConfigError with file and line."""
    root = load(path)
    fields = root.fields(required=("incidents",))
    return tuple(_incident(item, zone) for item in fields["incidents"].list())


def _incident(node: Node, zone: tzinfo) -> Incident:
    fields = node.fields(required=("from",), optional=("provider", "model", "gateway", "until", "minutes", "reason"))
    provider, model, gateway = (None if (one := fields.get(key)) is None else one.text() for key in _WHO)
    if (provider is None) == (gateway is None) or (model is not None and provider is None):
        raise node.error("an incident is of a `provider` (with or without a `model`), or of a `gateway`")
    first_s = _instant(fields["from"], zone)
    return Incident(
        first_minute=first_s // MINUTE_S,
        minutes=_minutes(node, first_s, zone),
        provider=None if provider is None else canonical_provider(provider),
        model=model,
        gateway=gateway,
        reason=None if (reason := fields.get("reason")) is None else reason.text(),
    )


def _minutes(node: Node, first_s: int, zone: tzinfo) -> int:
    """Return how many minutes an incident touches."""
    until, minutes = node.given("until"), node.given("minutes")
    if minutes is not None and until is None:
        return minutes.integer(minimum=1)
    if until is None or minutes is not None:
        raise node.error("an incident ends at `until`, or lasts `minutes`")
    last = -(-_instant(until, zone) // MINUTE_S)
    if last <= first_s // MINUTE_S:
        raise until.error("an incident ends after it begins")
    return last - first_s // MINUTE_S


def _instant(node: Node, zone: tzinfo) -> int:
    """Return epoch seconds of an ISO date and time."""
    try:
        found = datetime.fromisoformat(node.text())
    except ValueError:
        raise node.error(f"not a date and time: {node.text()!r}", hint="write 2026-02-10T13:00Z") from None
    return int((found if found.tzinfo is not None else found.replace(tzinfo=zone)).timestamp())


def covered(incidents: Sequence[Incident]) -> tuple[tuple[int, int, frozenset[int]], ...]:
    """Return (first minute, end minute, which incidents) for every stretch in which the same ones last."""
    edges = sorted({minute for one in incidents for minute in (one.first_minute, one.end_minute)})
    opens: dict[int, list[int]] = {}
    closes: dict[int, list[int]] = {}
    for number, one in enumerate(incidents):
        opens.setdefault(one.first_minute, []).append(number)
        closes.setdefault(one.end_minute, []).append(number)
    active: set[int] = set()
    found = []
    for first, end in itertools.pairwise(edges):
        active.difference_update(closes.get(first, ()))
        active.update(opens.get(first, ()))
        if active:
            found.append((first, end, frozenset(active)))
    return tuple(found)
