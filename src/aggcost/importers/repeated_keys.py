"""JSON objects that state a key twice: of its values readers take one or the other, so no record with one is used."""

from __future__ import annotations

from collections.abc import Iterable

from aggcost.engine import quoted

STANDS_TWICE = "stands_twice"  # the column with the name of a key that stands twice, or null
ISSUE = f"WHEN {STANDS_TWICE} IS NOT NULL THEN {STANDS_TWICE} || ':stands_twice_in_an_object'"


def doubtful(keys: str) -> str:
    """Return SQL of whether one of several lists of keys has any key twice."""
    return f"len(list_filter({keys}, lambda one: len(one) > list_unique(one))) > 0"


def first(keys: str, names: Iterable[str]) -> str:
    """Return SQL of the first of these names that stands twice in a list of keys; dear, and for doubtful rows only."""
    listed = ", ".join(map(quoted, names))
    return f"list_filter([{listed}], lambda name: len(list_filter({keys}, lambda key: key = name)) > 1)[1]"
