"""One line of the benchmark's table, the table as Markdown, and its place in docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results: written by make bench -->", "<!-- end of results -->"


@dataclass(frozen=True, slots=True)
class Line:
    """What was measured, beside what it is held against; `met` is None where nothing could be measured."""

    work: str
    measured: str
    against: str
    figure: str
    bar: str
    met: bool | None


def markdown(lines: Sequence[Line]) -> str:
    """Return the table."""
    words = {True: "met", False: "**missed**", None: "not measured"}
    head = "| work | aggcost | held against | result | bar | |\n|---|--:|--:|--:|--:|---|\n"
    cells = ((one.work, one.measured, one.against, one.figure, one.bar, words[one.met]) for one in lines)
    return head + "".join(f"| {' | '.join(row)} |\n" for row in cells)


def machine() -> str:
    """Return the machine, the versions and the day in one line."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "ibis-framework", "pyarrow"))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {_processor()}, "
        f"{os.cpu_count()} cores, {memory_gb:.0f} GB, Python {platform.python_version()}, {packages}"
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if not facts.exists():
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in facts.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def publish(text: str) -> None:
    """Put the result between the two marks of docs/benchmarks.md."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")
