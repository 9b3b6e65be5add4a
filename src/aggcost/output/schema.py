"""The JSON Schema (draft 2020-12) of the report, derived from its dataclasses.

The shipped copy is `data/report.schema.json`; a test holds the two together, so that no field changes
without the change being seen.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from aggcost.output.tree import fields_of
from aggcost.report import Report
from aggcost.report_audit import Audit
from aggcost.report_reconcile import Reconciliation
from aggcost.units import is_requests

_WHOLE = r"(?!-0$)-?(0|[1-9][0-9]*)"
_FRACTION = r"\.[0-9]*[1-9]"
DECIMAL = {"type": "string", "pattern": f"^{_WHOLE}({_FRACTION})?$"}
REQUESTS = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": f"^{_WHOLE}{_FRACTION}$"}]}
_SCALARS: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "NoneType": {"type": "null"},
    "Decimal": {"$ref": "#/$defs/decimal"},
}


def report_schema() -> dict[str, Any]:
    """Return the schema of a report: every key is always present, further keys may be added later.

    What `reconcile` and `audit` write are other trees, told by their `command`.
    """
    definitions: dict[str, Any] = {}
    others = {"reconcile": _define(Reconciliation, definitions), "audit": _define(Audit, definitions)}
    _define(Report, definitions)
    schema = definitions.pop(Report.__name__)
    for command, other in others.items():
        told = {"properties": {"command": {"const": command}}, "required": ["command"]}
        schema = {"if": told, "then": other, "else": schema}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "aggcost report",
        **schema,
        "$defs": {"decimal": DECIMAL, "requests": REQUESTS, **dict(sorted(definitions.items()))},
    }


def _define(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """Add the schema of a dataclass, once, and return a reference to it."""
    if cls.__name__ not in definitions:
        definitions[cls.__name__] = {}  # claimed before its fields are visited
        properties = {field.key: _schema(field.type, definitions) for field in fields_of(cls)}
        definitions[cls.__name__] = {
            "type": "object",
            "description": " ".join((inspect.getdoc(cls) or "").split()),
            "properties": properties,
            "required": list(properties),
        }
    return {"$ref": f"#/$defs/{cls.__name__}"}


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field's type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated and is_requests(hint):
        return {"$ref": "#/$defs/requests"}
    if is_dataclass(hint) and isinstance(hint, type):
        return _define(hint, definitions)
    if origin is None:
        return _SCALARS[hint.__name__]
    return _GENERICS[origin](arguments, lambda inner: _schema(inner, definitions))


_Visit: TypeAlias = Callable[[Any], dict[str, Any]]
_GENERICS: dict[Any, Callable[[tuple[Any, ...], _Visit], dict[str, Any]]] = {
    Annotated: lambda arguments, visit: {**visit(arguments[0]), "description": arguments[1]},
    Union: lambda arguments, visit: {"anyOf": [visit(option) for option in arguments]},
    types.UnionType: lambda arguments, visit: {"anyOf": [visit(option) for option in arguments]},
    Literal: lambda arguments, _: {"enum": list(arguments)},
    tuple: lambda arguments, visit: {"type": "array", "items": visit(arguments[0])},
    Mapping: lambda arguments, visit: {"type": "object", "additionalProperties": visit(arguments[1])},
}
