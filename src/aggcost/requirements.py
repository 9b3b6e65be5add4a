"""What a policy asks of routes before any price, and what it states of them itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aggcost.abilities import read_words
from aggcost.errors import did_you_mean
from aggcost.routes import Route, read_of_routes
from aggcost.strict_yaml import Node

FACT_KEYS = ("capabilities", "context_window", "max_output", "region", "data_policy")
# Usual words for how a provider treats data; any other word is a matter of the user's own contracts.
_DATA_POLICIES = ("zero_retention", "no_training", "no_logging", "hipaa", "gdpr", "soc2")
_WORD = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What every request that moves needs of its route.

    With `context` prompts and answers must fit; with `shown` a route needs the abilities that the log shows a request
    to use. All of `abilities` and of `data_policy` are needed, and one of `regions`.
    """

    context: bool = True
    shown: bool = False
    abilities: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    data_policy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedFacts:
    """What a policy states of a route itself; None is not stated. Stated lists are complete."""

    abilities: tuple[str, ...] | None = None
    context_window: int | None = None
    max_output: int | None = None
    region: str | None = None
    data_policy: tuple[str, ...] | None = None


def read_requirements(node: Node | None) -> Requirements:
    """Return what stands under ``require:``."""
    if node is None:
        return Requirements()
    node.fields(optional=("context", "capabilities", "region", "data_policy"))
    context, capabilities = node.given("context"), node.given("capabilities")
    listed = capabilities is not None and capabilities.is_list
    return Requirements(
        context=True if context is None else context.boolean(),
        shown=capabilities is not None and not listed and capabilities.boolean(),
        abilities=read_words(capabilities) if capabilities is not None and listed else (),
        regions=tuple(item.text().lower() for item in _items(node.given("region"))),
        data_policy=_read_policies(node.given("data_policy")) or (),
    )


def read_needs(node: Node | None) -> tuple[str, ...] | None:
    """Return the abilities that the requests of a rule need, None where the rule does not say."""
    return None if node is None else read_words(node)


def read_stated(node: Node | None) -> Mapping[Route, StatedFacts]:
    """Return what stands under ``routes:`` about what a route can take, for the routes of which something does."""
    found = {} if node is None else {route: _stated(one) for route, one in read_of_routes(node).items()}
    return {route: stated for route, stated in found.items() if stated != StatedFacts()}


def check_words(node: Node | None, require: Requirements, stated: Iterable[StatedFacts]) -> None:
    """Refuse a required data policy that looks like a slip of the pen for one that routes state."""
    said = {word for one in stated for word in one.data_policy or ()}
    asked = None if node is None else node.given("data_policy")
    for word in require.data_policy:
        if asked is not None and word not in (*said, *_DATA_POLICIES) and (near := did_you_mean(word, said)):
            raise asked.error(f"no route states the data policy {word!r}", hint=near)


def _stated(node: Node) -> StatedFacts:
    capabilities, region = node.given("capabilities"), node.given("region")
    window, output = node.given("context_window"), node.given("max_output")
    return StatedFacts(
        abilities=None if capabilities is None else read_words(capabilities),
        context_window=None if window is None else window.integer(minimum=1),
        max_output=None if output is None else output.integer(minimum=1),
        region=None if region is None else region.text().lower(),
        data_policy=_read_policies(node.given("data_policy")),
    )


def _read_policies(node: Node | None) -> tuple[str, ...] | None:
    return None if node is None else tuple(dict.fromkeys(_policy_word(item) for item in _items(node)))


def _policy_word(node: Node) -> str:
    word = node.text()
    if not _WORD.fullmatch(word):
        hint = did_you_mean(word, _DATA_POLICIES) or f"such as {', '.join(_DATA_POLICIES)}"
        raise node.error(f"expected a word of small letters, digits and _, found {word!r}", hint=hint)
    return word


def _items(node: Node | None) -> Iterable[Node]:
    """Return the nodes of a list, or the node itself where one value stands without brackets."""
    if node is None:
        return ()
    return node.list() if node.is_list else (node,)
