"""Hedging as a policy states it: a second call for requests that have waited for long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggcost.routes import Route, read_route

if TYPE_CHECKING:
    from aggcost.strict_yaml import Node


@dataclass(frozen=True, slots=True)
class Hedge:
    """A request without an answer after `after_ms` goes to `route`, too; the first answer counts, both are billed."""

    after_ms: int
    route: Route


def read_hedge(node: Node | None) -> Hedge | None:
    """Return the hedge of a rule, None where it states none."""
    if node is None:
        return None
    fields = node.fields(required=("after_ms", "route"))
    route = read_route(fields["route"])
    if route is None:
        raise fields["route"].error("a hedge goes to another route than the logged one", hint="write provider/model")
    return Hedge(fields["after_ms"].integer(minimum=1), route)
