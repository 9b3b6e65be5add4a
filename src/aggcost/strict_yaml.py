"""A YAML file as the user wrote it: every scalar is text with its line, until a reader types it.

YAML's own typing loses money: ``NO`` is false, ``1.10`` is 1.1, of two equal keys the last wins, and a
500-byte file of merge keys runs for minutes. So this reads PyYAML's *events*, keeps text as text, and
refuses what a configuration file does not need: anchors, aliases, merge keys, tags, directives,
second documents, equal keys, and files too large or too deep to have been written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from yaml import events

from aggcost.errors import ConfigError, did_you_mean
from aggcost.money import dec

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_NODES = 20_000

_SHOWN = 60  # characters of a wrong value that an error repeats
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
# Control characters that an escape such as "\x1b" smuggles past YAML's own check, and marks that reorder text.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

Content = str | None | tuple["Node", ...] | Mapping[str, "Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file and where it stands: text, None (null), a tuple of nodes, or nodes by key.

    `line` counts from 1, and is 0 where the value does not come from a text. `quoted` tells text that
    YAML may not read as null or a boolean.
    """

    content: Content
    source: str
    line: int = 0
    quoted: bool = False

    @property
    def where(self) -> str:
        """``file:line`` of the value."""
        return f"{self.source}:{self.line}" if self.line else self.source

    @property
    def is_null(self) -> bool:
        """Whether the key has no value (also ``~`` and ``null``)."""
        return self.content is None

    @property
    def is_list(self) -> bool:
        """Whether the value is a list."""
        return isinstance(self.content, tuple)

    @property
    def is_mapping(self) -> bool:
        """Whether the value has keys."""
        return isinstance(self.content, Mapping)

    def error(self, message: str, *, hint: str | None = None) -> ConfigError:
        """Return, for the reader to raise, an error that names the file and line of this value."""
        return ConfigError(f"{self.where}: {message}", hint=hint)

    def text(self) -> str:
        """Return the text as written, quoted or not; ConfigError for null, a list or a mapping."""
        if not isinstance(self.content, str):
            raise self._expected("text")
        return self.content

    def decimal(self) -> Decimal:
        """Return the number exactly as its text states it."""
        try:
            return dec(self.text())
        except ValueError:
            raise self._expected("a plain decimal number") from None

    def integer(self, minimum: int | None = None) -> int:
        """Return the whole number, written without a leading zero (which YAML would read as octal)."""
        if not isinstance(self.content, str) or not _INTEGER.fullmatch(self.content):
            raise self._expected("a whole number")
        if minimum is not None and int(self.content) < minimum:
            raise self._expected(f"a whole number from {minimum} on")
        return int(self.content)

    def boolean(self) -> bool:
        """Return true or false; ``yes``, ``NO`` and ``on`` are text."""
        if self.quoted or not isinstance(self.content, str) or self.content not in _BOOLEANS:
            raise self._expected("true or false")
        return _BOOLEANS[self.content]

    def list(self) -> Sequence[Node]:
        """Return the nodes of a list."""
        if not isinstance(self.content, tuple):
            raise self._expected("a list")
        return self.content

    def mapping(self) -> Mapping[str, Node]:
        """Return the nodes of a mapping by key, in the order of the file; any key is allowed."""
        if not isinstance(self.content, Mapping):
            raise self._expected("a mapping (key: value)")
        return self.content

    def fields(self, required: Sequence[str] = (), optional: Sequence[str] = ()) -> dict[str, Node]:
        """Return the nodes of a mapping whose keys are known; ConfigError names an unknown or missing one.

        A key that is present without a value is returned as a null node.
        """
        known = (*required, *optional)
        found = dict(self.mapping())
        for key, node in found.items():
            if key not in known:
                hint = did_you_mean(key, known) or f"known keys: {', '.join(known)}"
                raise node.error(f"unknown key {key!r}", hint=hint)
        for key in required:
            if key not in found or found[key].is_null:
                raise self.error(f"the key {key!r} is missing")
        return found

    def given(self, key: str) -> Node | None:
        """Return the node at `key`, or None where the key is absent or has no value."""
        node = self.mapping().get(key)
        return None if node is None or node.is_null else node

    def choice(self, known: Iterable[str]) -> str:
        """Return the text, which must be one of `known`."""
        names = tuple(known)
        if self.text() not in names:
            raise self.error(
                f"expected {' or '.join(names)}, found {self.text()!r}", hint=did_you_mean(self.text(), names)
            )
        return self.text()

    def _expected(self, what: str) -> ConfigError:
        return self.error(f"expected {what}, found {_described(self.content)}")


def load(path: Path) -> Node:
    """Return the one document of a file; ConfigError with file and line for whatever is refused."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise ConfigError(f"cannot read {path}: {problem.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_BYTES // 1024} KB, too large for a configuration file")
    try:
        return parse(raw.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as problem:
        raise ConfigError(f"{path} is not UTF-8 text (byte {problem.start})", hint="save it as UTF-8") from None


def parse(text: str, source: str) -> Node:
    """Return the one document of `text`; `source` names it in errors."""
    try:
        return _Builder(yaml.parse(text, Loader=yaml.SafeLoader), source).document()
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

    def __init__(self, stream: Iterator[Any], source: str) -> None:
        self._events = stream
        self._source = source
        self._nodes = 0

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
        if self._nodes > MAX_NODES:
            raise self._refused(event, f"more than {MAX_NODES:,} values")
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
        quoted = event.style is not None
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


def _described(content: Content) -> str:
    if content is None:
        return "nothing"
    if isinstance(content, str):
        return repr(content) if len(content) <= _SHOWN else repr(content[:_SHOWN]) + " and more"
    return "a mapping" if isinstance(content, Mapping) else "a list"
