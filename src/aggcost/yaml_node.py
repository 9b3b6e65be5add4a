"""A value of a YAML file, with the line it stands on, and the readers that give it a type.

Every scalar is text until a reader asks for a number, a choice or a boolean; what it finds instead
becomes an error that names file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aggcost.errors import ConfigError, did_you_mean
from aggcost.money import dec

_SHOWN = 60  # characters of a wrong value that an error repeats
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)

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

    def decimal(self, minimum: int | None = None, maximum: int | None = None) -> Decimal:
        """Return the number exactly as its text states it; both limits are inclusive."""
        try:
            number = dec(self.text())
        except ValueError:
            raise self._expected("a plain decimal number") from None
        if minimum is not None and number < minimum:
            raise self._expected(f"a number from {minimum} on")
        if maximum is not None and number > maximum:
            raise self._expected(f"a number up to {maximum}")
        return number

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

    def version(self, known: str) -> None:
        """Refuse a file format other than the one this program reads."""
        if self.text() != known:
            raise self.error(f"this program reads version {known} of this format, not {self.text()!r}")

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


def check_unique(names: Iterable[Node]) -> None:
    """Refuse a name that stands twice, with the line of the first."""
    lines: dict[str, int] = {}
    for name in names:
        if name.text() in lines:
            raise name.error(f"the name {name.text()!r} is already on line {lines[name.text()]}")
        lines[name.text()] = name.line


def _described(content: Content) -> str:
    if content is None:
        return "nothing"
    if isinstance(content, str):
        return repr(content) if len(content) <= _SHOWN else repr(content[:_SHOWN]) + " and more"
    return "a mapping" if isinstance(content, Mapping) else "a list"
