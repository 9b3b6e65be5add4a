"""Everything that can go wrong, in one tree, and the exit code each thing maps to.

::

    AggcostError                 (never raised itself)
    ├── UsageError          2    flags or arguments that make no sense together
    ├── ConfigError         2    project file, policy or price file: bad YAML, unknown key, bad value
    │   └── RuleError       2    a condition does not parse or does not type-check
    ├── InputError          2    a log that cannot be read: missing, no header, unknown column
    │   └── EngineDiedError 2    a log that killed the engine, or kept it busy for ever
    ├── DataQualityError    3    a log that was read but is not good enough to judge
    └── InvariantError      70   a promise of this program was broken: always a bug here

Problems *in the data* are not exceptions but issues: values that are counted, sampled and reported.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]


class AggcostError(Exception):
    """A message for the user: what was read, where, what was expected, and what to do (`hint`)."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AggcostError):
    """Flags or arguments that make no sense together."""


class ConfigError(AggcostError):
    """A project file, policy or price file that does not say what it must."""


class RuleError(ConfigError):
    """A condition that does not parse or does not type-check; the message carries a caret line."""


class InputError(AggcostError):
    """A log that cannot be read."""


class EngineDiedError(InputError):
    """A log that the engine did not survive, or did not finish."""


class DataQualityError(AggcostError):
    """A log that was read, but is not good enough to judge."""

    exit_code = 3


class InvariantError(AggcostError):
    """A check that must hold for every input did not: a bug in this program."""

    exit_code = 70


@dataclass(frozen=True, slots=True)
class Issue:
    """One kind of data problem: how often (`count`), where the first one is, and what to do."""

    code: str
    severity: Severity
    count: int
    message: str
    where: str | None = None
    hint: str | None = None


def nearest(name: str, known: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """Return up to `limit` known names that look like `name`, best first."""
    lowered = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), lowered, n=limit, cutoff=0.6)
    return tuple(lowered[key] for key in close)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return ``did you mean 'x' or 'y'?``, or None where nothing is near."""
    close = nearest(name, known)
    if not close:
        return None
    return "did you mean " + " or ".join(repr(candidate) for candidate in close) + "?"
