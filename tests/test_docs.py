"""Documentation stays true: links lead somewhere, examples run, generated pages are up to date."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")))
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(language: str) -> list[Path]:
    return [page for page in PAGES if code(page, language)]


def code(page: Path, language: str) -> list[str]:
    return [text for kind, text in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]


def script(folder: str) -> ModuleType:
    path = ROOT / folder
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert not broken


@pytest.mark.parametrize("page", blocks("console"), ids=name)
def test_console_examples_run(page: Path, tmp_path: Path) -> None:
    """All blocks of a page, one after the other, in one empty folder, under a shell that stops at the first failure."""
    command = tmp_path / "bin" / "aggcost"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m aggcost "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    commands = "".join(re.sub(r"^[$] ", "", block, flags=re.MULTILINE) for block in code(page, "console"))
    environment = {**os.environ, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", blocks("python"), ids=name)
def test_python_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of a page share one namespace, and start where the README's log and policy lie."""
    for file_name, text in re.findall(
        r"cat > (\S+) <<'END'\n(.*?)^END", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    ):
        (tmp_path / file_name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(code(page, "python")), name(page), "exec"), {})  # noqa: S102


def test_command_page_is_what_help_says() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == script("docs/build_cli.py").page(), "run make docs"


def test_every_module_is_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    package = ROOT / "src" / "aggcost"
    units = {
        path.stem if path.is_file() else f"{path.name}/"
        for path in package.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {unit for unit in units if f"`{unit}`" not in page} <= {"__main__"}


def test_pictures_load_nothing_from_elsewhere() -> None:
    pictures = sorted((ROOT / "docs" / "img").glob("*.svg"))
    assert pictures
    for picture in pictures:
        assert not re.search(r"(?:href|src|url)\s*[=(]\s*['\"]?https?:", picture.read_text(encoding="utf-8")), (
            picture.name
        )
