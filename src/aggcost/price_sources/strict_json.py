"""A JSON file as it was written: numbers keep their text, and a key that stands twice is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from aggcost.errors import ConfigError

MAX_BYTES = 64 * 1024 * 1024


def load(path: Path) -> Any:
    """Return the document of a file, fractions as Decimal; ConfigError with line and column for what is refused."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise ConfigError(f"cannot read {path}: {problem.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_BYTES // 1024 // 1024} MB, too large for a price table")
    try:
        return json.loads(
            raw.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=_no_number,
            object_pairs_hook=_unique,
        )
    except json.JSONDecodeError as problem:
        where = f"{path}:{problem.lineno}"
        raise ConfigError(f"{where}: not valid JSON: {problem.msg} (column {problem.colno})") from None
    except UnicodeDecodeError as problem:
        raise ConfigError(f"{path} is not UTF-8 text (byte {problem.start})", hint="save it as UTF-8") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deep for a price table") from None
    except ValueError as problem:
        raise ConfigError(f"{path}: {problem}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        for key, value in pairs:
            if found[key] != value:
                raise ValueError(f"the key {key!r} stands twice in one object, with different values")
    return found


def _no_number(text: str) -> Decimal:
    raise ValueError(f"{text} is not a number")
