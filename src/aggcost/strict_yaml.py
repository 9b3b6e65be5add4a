"""A YAML file as the user wrote it: every scalar is text with its line, until a reader types it.

YAML's own typing loses money: ``NO`` is false, ``1.10`` is 1.1, of two equal keys the last wins, and a
500-byte file of merge keys runs for minutes. So this reads PyYAML's *events*, keeps text as text, and
refuses what a configuration file does not need: anchors, aliases, merge keys, tags, directives,
second documents, equal keys, and files too large or too deep to have been written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from yaml import events

from aggcost.errors import ConfigError
from aggcost.yaml_node import Node, check_unique

__all__ = [
    "BY_HAND", "MAX_BYTES", "MAX_DEPTH", "MAX_NODES", "TABLE", "Limits", "Node",
    "check_unique", "from_data", "load", "parse",
]  # fmt: skip

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_NODES = 20_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be, in bytes and in values."""

    bytes: int
    nodes: int


BY_HAND = Limits(MAX_BYTES, MAX_NODES)
# A price table that was converted holds some thousand models: 142,000 values in the largest public one.
TABLE = Limits(16 * 1024 * 1024, 1_000_000)

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
# Control characters that an escape such as "\x1b" smuggles past YAML's own check, and marks that reorder text.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def load(path: Path, limits: Limits = BY_HAND) -> Node:
    """Return the one document of a file; ConfigError with file and line for whatever is refused."""
    try:
        with path.open("rb") as file:
            raw = file.read(limits.bytes + 1)
    except OSError as problem:
        raise ConfigError(f"cannot read {path}: {problem.strerror}") from None
    if len(raw) > limits.bytes:
        raise ConfigError(f"{path} is larger than {limits.bytes // 1024} KB, too large for a configuration file")
    try:
        return parse(raw.decode("utf-8-sig"), str(path), limits)
    except UnicodeDecodeError as problem:
        raise ConfigError(f"{path} is not UTF-8 text (byte {problem.start})", hint="save it as UTF-8") from None


def parse(text: str, source: str, limits: Limits = BY_HAND) -> Node:
    """Return the one document of `text`; `source` names it in errors."""
    # The C parser is ten times as fast; the other one says more of what is wrong.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader) if len(text) > MAX_BYTES else yaml.SafeLoader
    try:
        return _Builder(yaml.parse(text, Loader=loader), source, limits.nodes).document()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        where = f"{source}:{mark.line + 1}" if mark else source
        detail = ", ".join(part for part in (problem.problem, problem.context) if part)
        raise ConfigError(f"{where}: not valid YAML: {detail}") from None
    except yaml.reader.ReaderError as problem:
        line = text.count("\n", 0, problem.position) + 1
        raise ConfigError(f"{source}:{line}: not valid YAML: {problem.reason}") from None


def from_data(data: Any, source: str) -> Node:
    """Return data that JSON gave (numbers as int, Decimal or text) as a node, to read it by the same rules."""
    if isinstance(data, Mapping):
        return Node({str(key): from_data(value, source) for key, value in data.items()}, source)
    if isinstance(data, list | tuple):
        return Node(tuple(from_data(item, source) for item in data), source)
    if isinstance(data, bool):
        return Node("true" if data else "false", source)
    if isinstance(data, int | Decimal):
        return Node(str(data), source)
    if data is None or isinstance(data, str):
        return Node(data, source, quoted=True)
    raise TypeError(f"{source}: {type(data).__name__} has no exact text")


class _Builder:
    """Builds nodes from events; every limit is checked before the next event is read."""

    def __init__(self, stream: Iterator[Any], source: str, max_nodes: int) -> None:
        self._events = stream
        self._source = source
        self._nodes = 0
        self._max_nodes = max_nodes

    def document(self) -> Node:
        next(self._events)  # start of the stream
        start = next(self._events)
        if isinstance(start, events.StreamEndEvent):
            return Node(None, self._source, 1)
        if start.version or start.tags:
            raise self._refused(start, "directives (% lines) are not allowed")
        root = self._node(next(self._events), 0)
        next(self._events)  # end of the document
        after = next(self._events)
        if not isinstance(after, events.StreamEndEvent):
            raise self._refused(after, "a second document begins here; a file holds one")
        return root

    def _node(self, event: Any, depth: int) -> Node:
        self._check(event, depth)
        line = event.start_mark.line + 1
        if isinstance(event, events.ScalarEvent):
            return self._scalar(event, line)
        if isinstance(event, events.SequenceStartEvent):
            return Node(tuple(self._items(depth)), self._source, line)
        return Node(dict(self._entries(depth)), self._source, line)

    def _check(self, event: Any, depth: int) -> None:
        self._nodes += 1
        if self._nodes > self._max_nodes:
            raise self._refused(event, f"more than {self._max_nodes:,} values")
        if depth > MAX_DEPTH:
            raise self._refused(event, f"nested more than {MAX_DEPTH} levels deep")
        if event.anchor is not None:
            kind = "aliases (*)" if isinstance(event, events.AliasEvent) else "anchors (&)"
            raise self._refused(event, f"{kind} are not allowed; write the value out, or quote it")
        if event.tag is not None:
            raise self._refused(event, f"tags ({event.tag}) are not allowed; quote a text that begins with !")

    def _scalar(self, event: Any, line: int) -> Node:
        if _UNSEEN.search(event.value):
            raise self._refused(event, "invisible or control characters are not allowed")
        quoted = bool(event.style)  # a plain scalar has None, or "" from the C parser
        content = None if not quoted and event.value in _NULLS else event.value
        return Node(content, self._source, line, quoted)

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), events.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> Iterator[tuple[str, Node]]:
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), events.MappingEndEvent):
            key = self._key(event, depth)
            if key in lines:
                raise self._refused(event, f"the key {key!r} is already on line {lines[key]}")
            lines[key] = event.start_mark.line + 1
            yield key, self._node(next(self._events), depth + 1)

    def _key(self, event: Any, depth: int) -> str:
        content = self._node(event, depth + 1).content
        if not isinstance(content, str):
            raise self._refused(event, "a key must be text")
        if content == "<<":
            raise self._refused(event, "merge keys (<<) are not allowed")
        return content

    def _refused(self, event: Any, message: str) -> ConfigError:
        return ConfigError(f"{self._source}:{event.start_mark.line + 1}: {message}")
