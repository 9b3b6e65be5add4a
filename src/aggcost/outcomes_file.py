"""A file of outcomes: which model answered which question right, as CSV with a header or as JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from aggcost.errors import ConfigError, did_you_mean
from aggcost.outcomes import Answer, Outcomes, outcomes

_QUESTION = ("question", "request", "question_id", "request_id")
_NEEDED = ("model", "correct")
_CORRECT = {"1": True, "true": True, "0": False, "false": False}
_JSON = (".jsonl", ".ndjson")


def read_outcomes(path: Path) -> Outcomes:
    """Return the outcomes of a file; ConfigError with the line for what is not one."""
    read = _json_rows if path.suffix.lower() in _JSON else _csv_rows
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return outcomes(_answer(path, line, row) for line, row in read(path, file))
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
    except ValueError as problem:
        raise ConfigError(f"{path}: {problem}", hint="one line for each question and model") from None


def _csv_rows(path: Path, file: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    rows = csv.DictReader(file, strict=True)
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error as problem:
        raise ConfigError(f"{path}:{rows.line_num}: {problem}") from None


def _json_rows(path: Path, file: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, text in enumerate(file, 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except json.JSONDecodeError as problem:
            raise ConfigError(f"{path}:{line}: {problem.msg}") from None
        if not isinstance(row, dict):
            raise ConfigError(f"{path}:{line}: expected an object")
        yield line, row


def _answer(path: Path, line: int, row: Mapping[str, Any]) -> Answer:
    question = next((_text(row[name]) for name in _QUESTION if name in row), None)
    if question is None:
        raise _missing(path, line, row, "question", "the oracle compares models on the same questions")
    for name in _NEEDED:
        if row.get(name) is None:
            raise _missing(path, line, row, name, "columns: question, model, correct and perhaps task")
    correct = _CORRECT.get(_text(row["correct"]).lower())
    if correct is None:
        raise ConfigError(f"{path}:{line}: expected 0 or 1, true or false as `correct`, found {row['correct']!r}")
    return Answer(question, _text(row["model"]), correct, _text(row.get("task") or "") or None)


def _missing(path: Path, line: int, row: Mapping[str, Any], name: str, why: str) -> ConfigError:
    return ConfigError(f"{path}:{line}: no `{name}`", hint=did_you_mean(name, [key for key in row if key]) or why)


def _text(value: Any) -> str:
    """Return a value as text; JSON's true is ``true`` and its numbers are as they are written."""
    return json.dumps(value) if isinstance(value, bool) else str(value).strip()
