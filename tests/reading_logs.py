"""Reading a log in one call, for tests of importers: its rows, its issues and its quarantined lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggcost.engine import open_engine
from aggcost.errors import Issue
from aggcost.importers import InputFile, Quarantined, ReadOptions, read_usage


@dataclass(frozen=True)
class Log:
    rows: list[dict[str, Any]]
    issues: tuple[Issue, ...]
    bad: list[Quarantined]
    inputs: tuple[InputFile, ...]

    @property
    def good(self) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["issue"] is None]

    @property
    def places(self) -> list[tuple[int | None, str, str]]:
        return [(one.line, one.column, one.reason) for one in self.bad]

    def values(self, column: str) -> list[Any]:
        return sorted((row[column] for row in self.good), key=str)


def read(*sources: str | Path, **options: Any) -> Log:
    with open_engine(threads=1) as engine:
        usage = read_usage(engine, [str(source) for source in sources], ReadOptions(**options))
        rows = engine.to_arrow(usage.table).to_pylist()
        return Log(rows, usage.issues, usage.locate(None), usage.inputs)


HEADER = "timestamp,model,input_tokens,output_tokens\n"
ROW = "2026-02-01T00:00:00Z,gpt-4o,10,5\n"


def log(folder: Path, text: str | bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def columns(folder: Path, **cells: Sequence[str]) -> Path:
    """Write a CSV of one column a keyword (and a model), cells quoted."""
    names = [*cells, "model"]
    rows = zip(*cells.values(), strict=True)
    lines = [",".join(names), *(",".join(f'"{cell}"' for cell in (*row, "gpt-4o")) for row in rows)]
    return log(folder, "\n".join(lines) + "\n")
