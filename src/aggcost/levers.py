"""What a policy changes about requests beside the route: how long answers may be, and which requests may wait."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggcost.change_costs import read_condition

if TYPE_CHECKING:
    from aggcost.rules import Condition
    from aggcost.strict_yaml import Node

PROCESSING = "processing"
WAITING_TIERS = ("batch", "flex")
KEYS = ("max_tokens", PROCESSING)
_DELAY = re.compile(r"[1-9][0-9]{0,4} ?(min|h|d)")


@dataclass(frozen=True, slots=True)
class Cap:
    """Answers of the requests that match `where` end at this many tokens."""

    where: Condition
    tokens: int
    line: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Requests that match `where` may wait for `delay` (as the file words it): a cheaper service tier takes them."""

    where: Condition
    tier: str
    delay: str
    line: int


@dataclass(frozen=True, slots=True)
class Levers:
    """The levers of a policy; of several entries of one kind the first that matches a request counts."""

    caps: tuple[Cap, ...] = ()
    waiting: tuple[Waiting, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Return every condition that some lever looks at."""
        return (*(cap.where for cap in self.caps), *(one.where for one in self.waiting))


def read_levers(root: Node) -> Levers:
    """Return the levers of a policy file; ConfigError or RuleError with file and line."""
    return Levers(
        caps=tuple(_cap(item) for item in _items(root, "max_tokens")),
        waiting=tuple(_waiting(item) for item in _items(root, PROCESSING)),
    )


def _items(root: Node, key: str) -> Sequence[Node]:
    given = root.given(key)
    return () if given is None else given.list()


def _cap(node: Node) -> Cap:
    fields = node.fields(required=("where", "tokens"))
    return Cap(read_condition(fields["where"]), fields["tokens"].integer(minimum=1), node.line)


def _waiting(node: Node) -> Waiting:
    fields = node.fields(required=("where", "tier", "delay"))
    delay = fields["delay"].text().strip()
    if not _DELAY.fullmatch(delay):
        raise fields["delay"].error(f"expected a duration, found {delay!r}", hint="such as 30 min, 24h or 2 d")
    return Waiting(read_condition(fields["where"]), fields["tier"].choice(WAITING_TIERS), delay, node.line)
