"""The report as JSON: the tree itself, decimals as text, keys in declared order."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from decimal import Decimal
from typing import Any

from aggcost.money import plain
from aggcost.output.clean import UNSAFE
from aggcost.output.redacted import redacted
from aggcost.output.tree import fields_of
from aggcost.output.view import View
from aggcost.reports import AnyReport
from aggcost.units import is_requests

INDENT = 2


def as_json(report: AnyReport, _view: View | None = None) -> str:
    """Return UTF-8 safe JSON text with a final newline; equal reports give equal bytes."""
    return text_of(encode(report))


def text_of(tree: Any) -> str:
    """Return an encoded tree as text that is safe to show, with a final newline."""
    text = json.dumps(tree, indent=INDENT, ensure_ascii=False, allow_nan=False)
    return UNSAFE.sub(_escaped, text) + "\n"


def encode(value: object) -> Any:
    """Return `value` as what `json` can write; TypeError for a float or any type a report never holds."""
    if isinstance(value, str):
        return redacted(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return {redacted(key): encode(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return [encode(entry) for entry in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.key: _encode_as(getattr(value, field.attribute), field.type) for field in fields_of(type(value))}
    raise TypeError(f"a report holds no {type(value).__name__}: {value!r}")


def _encode_as(value: object, hint: Any) -> Any:
    """Return the encoded field; a whole number of requests is an integer whatever its type."""
    if isinstance(value, Decimal) and is_requests(hint) and value == value.to_integral_value():
        return int(value)
    return encode(value)


def _escaped(match: re.Match[str]) -> str:
    """Return a character that must not reach a terminal as JSON's own escape.

    They occur only inside strings: `json` writes none of them itself but the newlines of its layout.
    """
    character = ord(match.group())
    if character < 0x10000:  # noqa: PLR2004
        return f"\\u{character:04x}"
    high, low = divmod(character - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
