"""The text of a condition as characters: checked before anything parses it, and quoted by every error.

Brackets, quotes, length and alphabet are settled here, where they are still just characters: what
passes holds no escape, no comment and no letter that only looks like ASCII.
"""

from __future__ import annotations

import re
import unicodedata

from aggcost.errors import RuleError

MAX_LENGTH = 2_000
MAX_BRACKETS = 24
_SHOWN = 100  # characters of the condition that an error repeats

# What other languages write, by its first character, with what to write here.
_HABITS = {
    "&": "write `and`", "|": "write `or`", "!": "write `not`, or != to compare", "=": "write == to compare",
    "#": "a condition has no comments; put it beside, as a YAML comment", ";": "one condition, without `;`",
    "\\": "a backslash has no meaning here", "{": "write lists with [ ]", "}": "write lists with [ ]",
}  # fmt: skip
_COMPARISONS = ("==", "!=", "<=", ">=")


class RuleText:
    """A condition's text; `line` is the same on one line, without what opens it, for the parser."""

    def __init__(self, text: str, where: str) -> None:
        self._text = text
        self._where = where
        self._indent = len(text) - len(text.lstrip())
        self.line = re.sub(r"\s", " ", text[self._indent :])

    def check(self) -> None:
        """Raise RuleError for a text that no condition can have: too long, open quotes, alien characters."""
        if not self._text.strip():
            raise self._error(0, "the condition is empty", "`true` matches every request")
        if len(self._text) > MAX_LENGTH:
            raise self._error(MAX_LENGTH, f"longer than {MAX_LENGTH:,} characters", "split the rule into several")
        quote, opened = "", 0
        brackets: list[int] = []
        for at, char in enumerate(self._text):
            if quote:
                self._check_quoted(at, char)
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote, opened = char, at
            else:
                self._check_plain(at, char)
                self._count_bracket(at, char, brackets)
        if quote:
            raise self._error(opened, "the text that begins here does not end", f"close it with {quote}")
        if brackets:
            raise self._error(brackets[-1], "the bracket that opens here is not closed")

    def after(self, position: int) -> str:
        """Return the rest of `line` from a position on."""
        return self.line[position:]

    def error(self, position: int, message: str, hint: str | None = None) -> RuleError:
        """Return an error with a caret under a position of `line`."""
        return self._error(self._indent + position, message, hint)

    def _check_quoted(self, at: int, char: str) -> None:
        if char == "\\":
            raise self._error(at, "a text cannot hold a backslash")
        if unicodedata.category(char) in ("Cc", "Cs"):
            raise self._error(at, "a text cannot hold a line break or a control character")

    def _check_plain(self, at: int, char: str) -> None:
        if not char.isascii() or (char not in "\n\r\t" and not char.isprintable()):
            raise self._error(at, f"unexpected character {char!r}", "letters outside quotes are plain ASCII")
        compares = any(op in self._text[max(at - 1, 0) : at + 2] for op in _COMPARISONS)
        if char in _HABITS and not (char in "=!" and compares):
            raise self._error(at, f"unexpected {char!r}", _HABITS[char])

    def _count_bracket(self, at: int, char: str, brackets: list[int]) -> None:
        if char in "([":
            brackets.append(at)
        if len(brackets) > MAX_BRACKETS:
            raise self._error(at, f"more than {MAX_BRACKETS} brackets inside each other")
        if char in ")]":
            if not brackets:
                raise self._error(at, "this bracket was never opened")
            brackets.pop()

    def _error(self, at: int, message: str, hint: str | None = None) -> RuleError:
        start = self._text.rfind("\n", 0, at) + 1
        line = self._text[start:].partition("\n")[0]
        cut = max(0, at - start - _SHOWN // 2)
        shown = "".join(char if char.isprintable() else "?" for char in line[cut : cut + _SHOWN])
        return RuleError(f"{self._where}: {message}\n    {shown}\n    {' ' * (at - start - cut)}^", hint=hint)
