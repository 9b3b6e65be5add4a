"""A parsed condition, and what it says of one request or of many.

The logic is Kleene's: what is unknown stays unknown unless the known part decides. So ``not unknown``
is unknown, ``true or unknown`` is true, and ``false and unknown`` is false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aggcost.rules_atoms import Atom, atom_cuts, atom_truth

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class And:
    """True where every part is."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True where some part is."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True where the part is false."""

    part: Node


@dataclass(frozen=True, slots=True)
class Test:
    """A test of one field."""

    atom: Atom


@dataclass(frozen=True, slots=True)
class Constant:
    """``true`` or ``false``."""

    value: bool


Node = And | Or | Not | Test | Constant


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as written (`text`), as a tree, and its tests, each once."""

    text: str
    tree: Node
    atoms: tuple[Atom, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "atoms", tuple(dict.fromkeys(_atoms(self.tree))))


def matches(condition: Condition, row: Mapping[str, object]) -> bool | None:
    """Return whether a request matches, None where that is unknown; a field not in `row` is missing.

    Written for clarity, row by row: the compiled forms are tested against it.
    """
    return _matches(condition.tree, row)


def combine(condition: Condition, truth: Callable[[Atom], tuple[Mask, Mask]]) -> tuple[Mask, Mask]:
    """Return where the condition is (true, unknown), given both for each of its tests.

    A condition without tests (``true``) gives arrays without dimensions, which fit any others.
    """

    def of_test(atom: Atom) -> tuple[Mask, Mask]:
        true, unknown = truth(atom)
        return true, ~(true | unknown)

    true, false = _combine(condition.tree, of_test)
    return true, ~(true | false)


def cuts(conditions: Iterable[Condition]) -> dict[str, tuple[int, ...]]:
    """Return for each field compared with numbers the sorted lower bounds of the bins where no test changes."""
    bounds: dict[str, set[int]] = {}
    for atom in (atom for condition in conditions for atom in condition.atoms if atom.is_number):
        bounds.setdefault(atom.field, set()).update(atom_cuts(atom))
    return {name: tuple(sorted(bounds[name])) for name in sorted(bounds)}


def _atoms(node: Node) -> Iterator[Atom]:
    match node:
        case Test(atom):
            yield atom
        case Not(part):
            yield from _atoms(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _atoms(part)


def _matches(node: Node, row: Mapping[str, object]) -> bool | None:
    match node:
        case Constant(value):
            return value
        case Test(atom):
            return atom_truth(atom, row.get(atom.field))
        case Not(part):
            answer = _matches(part, row)
            return None if answer is None else not answer
    deciding = isinstance(node, Or)
    answers = [_matches(part, row) for part in node.parts]
    if deciding in answers:
        return deciding
    return None if None in answers else not deciding


def _combine(node: Node, truth: Callable[[Atom], tuple[Mask, Mask]]) -> tuple[Mask, Mask]:
    """Return where the node is (true, false)."""
    match node:
        case Constant(value):
            return np.array(value), np.array(not value)
        case Test(atom):
            return truth(atom)
        case Not(part):
            true, false = _combine(part, truth)
            return false, true
    true, false = _combine(node.parts[0], truth)
    for part in node.parts[1:]:
        next_true, next_false = _combine(part, truth)
        if isinstance(node, Or):
            true, false = true | next_true, false & next_false
        else:
            true, false = true & next_true, false | next_false
    return true, false
