"""Writes docs/cli.md from the help of every command: ``python docs/build_cli.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from aggcost.cli import app

PAGE = Path(__file__).parent / "cli.md"
HEAD = """\
# Commands

Written by `make docs` from `--help`; do not edit. Flags win over environment variables `AGGCOST_*`, those over the
project file `aggcost.yaml`, that over defaults. Data goes to standard output, words to standard error.

| exit | meaning |
|--:|---|
| 0 | fine |
| 1 | a budget is broken, or a bill is not explained by the log |
| 2 | usage, configuration, or input that cannot be read |
| 3 | the data is not good enough to judge |
| 70 | a self-check failed: a bug |
| 130, 143 | interrupted, terminated |
"""


def page() -> str:
    """Return the text of docs/cli.md."""
    return HEAD + "".join(f"\n## {name}\n\n```text\n{text}\n```\n" for name, text in helps())


def helps() -> Iterator[tuple[str, str]]:
    """Yield every command, groups before their members, with its help at a width of 100."""
    for path in _paths(typer.main.get_command(app), ()):
        shown = CliRunner().invoke(
            app,
            [*path, "--help"],
            prog_name="aggcost",
            env={"COLUMNS": "100", "NO_COLOR": "1", "TERMINAL_WIDTH": "100"},
        )
        yield " ".join(("aggcost", *path)), "\n".join(line.rstrip() for line in shown.output.strip().splitlines())


def _paths(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    for name, member in sorted(getattr(command, "commands", {}).items()):
        yield from _paths(member, (*path, name))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
