"""Draws the pictures of the README from what the commands really print: ``python docs/build_pictures.py``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from aggcost import demo, shipped

IMAGES = Path(__file__).parent / "img"
WIDTH = 100
NEXT = re.compile(r"\n[^\n]*next[^\n]*aggcost simulate .*", re.DOTALL)  # names a temporary file of the demo
# What each picture shows, run where the article's project file and its month lie.
PICTURES = {
    "demo": ["demo"],
    "analyze": ["analyze", "month.parquet"],
    "ranking": ["simulate", "--policy", "article", "--policy", "cheap", "--policy", "as-logged"],
}


def main() -> None:
    """Run each command as a person would at a terminal, and draw what it prints."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shutil.copytree(shipped.article(), place, dirs_exist_ok=True)
        demo.write_month(place / "month.parquet")
        for name, arguments in PICTURES.items():
            drawn = picture(_printed(arguments, place), f"aggcost {' '.join(arguments)}", name)
            (IMAGES / f"{name}.svg").write_text(drawn, encoding="utf-8", newline="\n")


def _printed(arguments: list[str], place: Path) -> str:
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "PYTHONIOENCODING": "utf-8"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "aggcost", *arguments]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=True)
    return NEXT.sub("", done.stdout) if arguments == ["demo"] else done.stdout


def picture(printed: str, title: str, name: str) -> str:
    """Return what a terminal shows as SVG that loads nothing from anywhere."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(printed.rstrip("\n")), soft_wrap=True)
    drawn = console.export_svg(title=title, unique_id=name)
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


if __name__ == "__main__":
    main()
