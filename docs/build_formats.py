"""Writes the sections of docs/formats.md from the registry of formats: ``python docs/build_formats.py``."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import cast

from aggcost.importers import FORMATS, Format
from aggcost.importers.capabilities import KEYS, lacking, short
from aggcost.importers.reading import NESTED

PAGE = Path(__file__).parent / "formats.md"
BEGIN = "<!-- formats: written by `make docs` from src/aggcost/importers; do not edit -->\n"
END = "<!-- end of formats -->\n"


def with_formats(page: str) -> str:
    """Return the page with the formats as they are now."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    written = "".join(f"{line}\n" for line in _lines())
    return f"{before}{BEGIN}\n{written}\n{END}{after}"


def _lines() -> Iterator[str]:
    yield "## What each can tell"
    yield ""
    yield "`some`: where the log has it."
    yield ""
    yield f"| format | {' | '.join(KEYS)} |"
    yield f"|---|{'---|' * len(KEYS)}"
    for one in FORMATS:
        yield f"| [{one.NAME}](#{one.NAME}) | {' | '.join(short(one.CAPABILITIES[key]) for key in KEYS)} |"
    yield ""
    yield "## The formats"
    for one in FORMATS:
        yield from _section(one)


def _section(one: Format) -> Iterator[str]:
    yield ""
    yield f"### {one.NAME}"
    yield ""
    yield from _wrapped(f"{one.TITLE}. Known by: {one.RULE}.")
    yield ""
    yield from _about(one)
    yield from _wrapped(f"**Tokens:** {one.SEMANTICS}.", "* ")
    told = "; ".join(f"{key}: {one.CAPABILITIES[key]}" for key in KEYS)
    yield from _wrapped(f"**Tells:** {told}.", "* ")
    dropped = _dropped_by(one)
    if dropped:
        yield from _wrapped(f"**Duplicates** are dropped by: {dropped}.", "* ")
    missing = lacking(one.CAPABILITIES)
    if missing:
        yield from _wrapped(f"**Cannot support:** {'; '.join(missing)}.", "* ")


def _dropped_by(one: Format) -> str:
    """Return what drops a repeat, as reports name it."""
    layout = one.LAYOUT
    if layout is None or not layout.key:
        return ""
    return "; ".join((layout.key_is, *layout.repeated, *([NESTED] if layout.node else [])))


def _about(one: Format) -> Iterator[str]:
    """Yield what the module says of its format beyond its first line."""
    said = inspect.getdoc(cast("ModuleType", one)) or ""
    for paragraph in said.split("\n\n")[1:]:
        yield from _wrapped(" ".join(paragraph.split()))
        yield ""


def _wrapped(text: str, bullet: str = "") -> list[str]:
    return textwrap.wrap(
        text, 118, initial_indent=bullet, subsequent_indent=" " * len(bullet), break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(with_formats(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
