"""How the report's dataclasses spell in JSON: the order, the keys and the types of their fields."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_type_hints


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a dataclass: its attribute, its JSON key and its type with the unit annotation."""

    attribute: str
    key: str
    type: Any


@cache
def fields_of(cls: type) -> tuple[Field, ...]:
    """Return the fields of a dataclass in declared order; a trailing underscore is Python's, not JSON's."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(Field(spec.name, spec.name.removesuffix("_"), hints[spec.name]) for spec in fields(cls))
