"""Failover: what a policy does with a request whose route does not answer, and what that costs in time and money."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from aggcost.ledger import FAILURE_CLASSES
from aggcost.strict_yaml import Node

RETRIED = ("429", "5xx", "timeout")  # what another route may mend; a request refused for its content is not among it
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Failover:
    """What an attempt at a route that does not answer costs in time and money, and which failures go on.

    A request waits `timeout_ms`, tries the same route `retries` times more after `backoff_ms` each, and goes on.
    `billed_percent` of such attempts are billed although nothing came of them.
    """

    timeout_ms: int
    retries: int = 0
    backoff_ms: int = 0
    on: tuple[str, ...] = RETRIED
    billed_percent: Decimal = _ZERO

    @property
    def wait_ms(self) -> int:
        """Return the time that is lost at one route before the next is asked, in milliseconds."""
        return (1 + self.retries) * self.timeout_ms + self.retries * self.backoff_ms


def read_failover(node: Node | None) -> Failover | None:
    """Return what a policy does when a route fails, None where it states nothing."""
    if node is None:
        return None
    fields = node.fields(required=("timeout_ms",), optional=("retries", "backoff_ms", "on", "billed_percent"))
    retries, backoff, on, billed = (fields.get(key) for key in ("retries", "backoff_ms", "on", "billed_percent"))
    return Failover(
        timeout_ms=fields["timeout_ms"].integer(minimum=1),
        retries=0 if retries is None else retries.integer(minimum=0),
        backoff_ms=0 if backoff is None else backoff.integer(minimum=0),
        on=RETRIED if on is None else tuple(item.choice(FAILURE_CLASSES) for item in on.list()),
        billed_percent=_ZERO if billed is None else billed.decimal(minimum=0, maximum=100),
    )
