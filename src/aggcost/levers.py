"""What a policy changes about requests beside the route: how long answers may be, and which requests may wait."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from aggcost.change_costs import read_condition
from aggcost.errors import did_you_mean
from aggcost.routes import Route, read_route
from aggcost.scales import Scale

if TYPE_CHECKING:
    from aggcost.rules import Condition
    from aggcost.strict_yaml import Node

PROCESSING = "processing"
WAITING_TIERS = ("batch", "flex")
KEYS = ("max_tokens", PROCESSING, "assume")
_LARGEST_RATIO = 100
_PLACES = 6
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
class Ranged:
    """A number that nobody measured, and between which bounds it may lie; without bounds it is taken as it is."""

    value: Fraction = Fraction(1)
    low: Fraction | None = None
    high: Fraction | None = None

    @property
    def ends(self) -> tuple[Fraction, ...]:
        """Return the bounds, none where none are stated."""
        return tuple(one for one in (self.low, self.high) if one is not None)


@dataclass(frozen=True, slots=True)
class Pair:
    """What moving from one model (None: from any) to another does to tokens: of all text, and to the length of answers.

    `learned` says that `answer` is still to be taken from the log; `answers` are how many of both models it was taken
    from.
    """

    source: Route | None
    target: Route
    tokens: Ranged
    answer: Ranged
    learned: bool
    line: int
    answers: tuple[int, int] | None = None

    @property
    def scale(self) -> Scale:
        """Return what a token of the log becomes at the target."""
        return Scale(self.tokens.value, self.tokens.value * self.answer.value)


@dataclass(frozen=True, slots=True)
class Levers:
    """The levers of a policy; of several entries of one kind the first that matches a request counts."""

    caps: tuple[Cap, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    pairs: tuple[Pair, ...] = ()

    @property
    def prompt_ratios(self) -> set[Fraction]:
        """Return every ratio that prompts may be scaled by, at the bounds of what is assumed, too."""
        return {ratio for pair in self.pairs for ratio in (pair.tokens.value, *pair.tokens.ends)}

    @property
    def answer_ratios(self) -> set[Fraction]:
        """Return every ratio that answers may be scaled by, at the bounds of what is assumed, too."""
        return {
            tokens * length
            for pair in self.pairs
            for tokens in (pair.tokens.value, *pair.tokens.ends)
            for length in (pair.answer.value, *pair.answer.ends)
        }

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Return every condition that some lever looks at."""
        return (*(cap.where for cap in self.caps), *(one.where for one in self.waiting))


def read_levers(root: Node, routes: Collection[Route | None]) -> Levers:
    """Return the levers of a policy file that names these routes; ConfigError or RuleError with file and line."""
    return Levers(
        caps=tuple(_cap(item) for item in _items(root, "max_tokens")),
        waiting=tuple(_waiting(item) for item in _items(root, PROCESSING)),
        pairs=tuple(_pair(item, routes) for item in _items(root, "assume")),
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


def _pair(node: Node, routes: Collection[Route | None]) -> Pair:
    fields = node.fields(required=("to",), optional=("from", "token_ratio", "answer_ratio"))
    source, target = node.given("from"), read_route(fields["to"])
    tokens, answer = node.given("token_ratio"), node.given("answer_ratio")
    if target is None or (source is not None and read_route(source) is None):
        raise fields["to"].error("as_logged is the log's own model: nothing is assumed of it")
    named = {(route.provider, route.model): str(route) for route in routes if route is not None}
    if (target.provider, target.model) not in named:
        hint = did_you_mean(str(target), named.values()) or f"routes: {', '.join(sorted(named.values()))}"
        raise fields["to"].error(f"no rule sends anything to {target}", hint=hint)
    if tokens is None and answer is None:
        raise node.error("neither a token_ratio nor an answer_ratio: nothing is assumed")
    learned = answer is not None and not answer.is_mapping and answer.text() == "learned"
    if learned and source is None:
        raise node.error("answer_ratio: learned compares two models", hint="name the logged one with from:")
    return Pair(
        source=None if source is None else read_route(source),
        target=target,
        tokens=Ranged() if tokens is None else _ranged(tokens),
        answer=Ranged() if answer is None or learned else _ranged(answer),
        learned=learned,
        line=node.line,
    )


def _ranged(node: Node) -> Ranged:
    if not node.is_mapping:
        return Ranged(_ratio(node))
    fields = node.fields(required=("value", "low", "high"))
    found = Ranged(*(_ratio(fields[name]) for name in ("value", "low", "high")))
    if not found.ends[0] <= found.value <= found.ends[1]:
        raise node.error("low, value and high must not fall")
    return found


def _ratio(node: Node) -> Fraction:
    stated = node.decimal(minimum=0, maximum=_LARGEST_RATIO)
    ratio = Fraction(stated)
    if not ratio or 10**_PLACES % ratio.denominator:
        raise node.error(f"expected a ratio above 0 with at most {_PLACES} decimals, found {node.text()!r}")
    return ratio
