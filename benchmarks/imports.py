"""What importing costs: beside bare reads of the same fields, by the file, in memory, and beside `ccusage`."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import import_logs
from processes import AGGCOST, FailedError, Run, best
from table import Line

HERE = Path(__file__).parent
FORMATS = {"chat": ("OpenAI chat, JSON", 3.0), "spend": ("LiteLLM, CSV", 2.0)}
MEMORY_GROWTH = 1.3
FILES, FILES_A_SECOND = 10_000, 5_000
SESSIONS, TIMES_CCUSAGE = 150, 3.0
# A command, such as `npx --offline ccusage@18`; several are told apart by semicolons.
CCUSAGE = "CCUSAGE"


def lines(rows: int) -> Iterator[Line]:
    """Yield all that is measured of importing, on logs of so many requests."""
    yield from _reads(rows)
    yield _small_files()
    yield from _sessions()


def _reads(rows: int) -> Iterator[Line]:
    for kind, (name, factor) in FORMATS.items():
        log = getattr(import_logs, kind)
        found = json.loads(_importing(kind, log(rows)).out)
        ratio = found["import"] / found["bare"]
        yield Line(
            f"import, {name}, {rows:,} rows", f"{found['import']:.2f} s", f"bare read {found['bare']:.2f} s",
            f"{ratio:.1f} x", f"{factor:g} x", ratio <= factor,
        )  # fmt: skip
        few, many = (_importing("alone", log(count), times=1).peak_mb for count in (rows // 10, rows))
        yield Line(
            f"peak memory, import, {name}", f"{many:.0f} MB", f"{rows // 10:,} rows {few:.0f} MB",
            f"{many / few:.2f} x", f"{MEMORY_GROWTH} x", many <= MEMORY_GROWTH * few,
        )  # fmt: skip


def _small_files() -> Line:
    found = json.loads(_importing("small", import_logs.small(FILES)).out)
    speed = FILES / found["import"]
    return Line(
        f"import, {FILES:,} JSON files of one request", f"{found['import']:.2f} s", "",
        f"{speed:,.0f} files a second", f"{FILES_A_SECOND:,}", speed >= FILES_A_SECOND,
    )  # fmt: skip


def _importing(kind: str, path: Path, times: int = 3) -> Run:
    return best([sys.executable, str(HERE / "importing.py"), kind, str(path), str(times)], times=1)


def _sessions() -> Iterator[Line]:
    folder = import_logs.sessions(SESSIONS)
    # With TZ, ccusage takes days for those of UTC; it looks for `projects` in the directory.
    environment = {"CLAUDE_CONFIG_DIR": str(folder), "TZ": "UTC"}
    commands = [shlex.split(one) for one in os.environ.get(CCUSAGE, "").split(";") if one.strip()]
    if not commands and shutil.which("ccusage"):
        commands = [["ccusage"]]
    if not commands:
        reason = f"`ccusage` is not on PATH, and {CCUSAGE} names no command"
        yield Line("Claude Code sessions", "", reason, "", f"{TIMES_CCUSAGE:g} x", None)
        return
    mine = best([*AGGCOST, "analyze", str(folder), "--format", "json", "--threads", "2"])
    for command in commands:
        version = best([*command, "--version"], times=1).out.split()[-1]
        name = f"Claude Code, {SESSIONS * import_logs.LINES_A_SESSION:,} lines, `ccusage` {version}"
        try:
            theirs = _ccusage(command, version, environment)
        except FailedError as error:
            yield Line(name, "", str(error), "", "", None)
            continue
        ratio = theirs.seconds / mine.seconds
        yield Line(
            name, f"{mine.seconds:.2f} s", f"{theirs.seconds:.2f} s", f"{ratio:.2f} x", f"{TIMES_CCUSAGE:g} x",
            ratio >= TIMES_CCUSAGE,
        )  # fmt: skip
        equal = _tokens(mine) == _ccusage_tokens(theirs)
        yield Line(f"the same tokens a model as `ccusage` {version}", "", "", "yes" if equal else "no", "yes", equal)


def _ccusage(command: list[str], version: str, environment: dict[str, str]) -> Run:
    # From version 20 on it also reads other agents, unless it is told which.
    which = ["claude"] if int(version.lstrip("v").split(".")[0]) >= 20 else []  # noqa: PLR2004
    return best([*command, *which, "daily", "--json", "--offline"], environment=environment)


def _tokens(run: Run) -> dict[str, tuple[int, int, int, int]]:
    """Return input, cache reads, cache writes and output of each model."""
    names = ("input", "cache_read", "cache_write", "output")
    (arm,) = json.loads(run.out)["arms"]
    return {one["key"]: _four(*(int(one["tokens"][name]) for name in names)) for one in arm["by"]["model"]}


def _ccusage_tokens(run: Run) -> dict[str, tuple[int, int, int, int]]:
    names = ("inputTokens", "cacheReadTokens", "cacheCreationTokens", "outputTokens")
    sums: Counter[tuple[str, str]] = Counter()
    for day in json.loads(run.out)["daily"]:
        for one in day["modelBreakdowns"]:
            sums.update({(one["modelName"], name): one[name] for name in names})
    models = {model for model, _ in sums}
    return {model: _four(*(sums[model, name] for name in names)) for model in models}


def _four(sent: int, read: int, written: int, answered: int) -> tuple[int, int, int, int]:
    return sent, read, written, answered
