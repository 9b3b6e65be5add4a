"""The tests of the condition language: each looks at one field of a request.

A missing value makes every test *unknown* (None), neither true nor false; only `is_missing` answers.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

FieldType = Literal["text", "number"]

FIELDS: Mapping[str, FieldType] = {
    "provider": "text", "model": "text", "task": "text", "user": "text", "team": "text", "service_tier": "text",
    "region": "text", "status": "text", "operation": "text", "session_id": "text", "weekday": "text",
    "input_tokens": "number", "cache_read_tokens": "number", "output_tokens": "number", "latency_ms": "number",
    "hour": "number",
}  # fmt: skip
"""The fields of a condition and their types; ``tags.NAME`` (text) comes on top."""

TAG = "tags."
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Comparison = Literal["==", "<", "<=", ">", ">=", "in", "starts_with", "ends_with", "contains", "is_missing"]
_TEXT_FUNCTIONS = ("starts_with", "ends_with", "contains")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "starts_with": str.startswith, "ends_with": str.endswith, "contains": str.__contains__,
}  # fmt: skip

# Only A-Z: what else `lower` folds differs between Python, DuckDB and Spark.
CAPITALS, SMALL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_TO_SMALL = str.maketrans(CAPITALS, SMALL)


@dataclass(frozen=True, slots=True)
class Atom:
    """One test of one field. ``!=`` and ``not in`` are the negation of an atom, not atoms themselves.

    `values` holds what the field is compared with: text or whole numbers, one unless `test` is ``in``
    (sorted, no value twice), none for ``is_missing``. `lowered` says that the test looks at ``lower(field)``.
    """

    field: str
    test: Comparison
    values: tuple[str | int, ...] = ()
    lowered: bool = False

    @property
    def text(self) -> str:
        """The canonical spelling: equal tests have equal text, in whatever policy they stand."""
        subject = f"lower({self.field})" if self.lowered else self.field
        if self.is_missing:
            return f"is_missing({subject})"
        if self.test in _TEXT_FUNCTIONS:
            return f"{self.test}({subject}, {self.values[0]!r})"
        return f"{subject} {self.test} {list(self.values) if self.test == 'in' else repr(self.values[0])}"

    @property
    def is_missing(self) -> bool:
        """Whether the test asks if the field is missing."""
        return self.test == "is_missing"

    @property
    def is_number(self) -> bool:
        """Whether the test compares numbers."""
        return any(isinstance(value, int) for value in self.values)

    @property
    def names_asked(self) -> tuple[str, ...] | None:
        """The texts with which the field as it stands is compared; None where that does not decide the test."""
        if self.is_missing:
            return ()
        if self.is_number or self.lowered or self.test not in ("==", "in"):
            return None
        return tuple(str(value) for value in self.values)


def atom_truth(atom: Atom, value: object) -> bool | None:
    """Return whether the test holds for a value of its field (None: missing); None is unknown."""
    if atom.is_missing:
        return value is None
    if value is None:
        return None
    if atom.lowered:
        value = lower(str(value))
    if atom.test in ("==", "in"):
        return value in atom.values
    if atom.test in _ORDER:
        return _ORDER[atom.test](value, atom.values[0])
    return _TEXT[atom.test](str(value), str(atom.values[0]))


def lower(text: str) -> str:
    """Return `text` with A-Z as a-z, and every other letter as it is."""
    return text.translate(_TO_SMALL)


def atom_cuts(atom: Atom) -> tuple[int, ...]:
    """Return the lower bounds of the bins inside which a numeric test is constant; none for other tests."""
    numbers = [value for value in atom.values if isinstance(value, int)]
    if atom.test in ("<", ">="):
        return tuple(numbers)
    if atom.test in ("<=", ">"):
        return tuple(value + 1 for value in numbers)
    return tuple(sorted({cut for value in numbers for cut in (value, value + 1)}))
