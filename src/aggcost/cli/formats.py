"""`aggcost formats`: which log formats are read, and what each can tell."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from aggcost.cli.flags import command

if TYPE_CHECKING:
    from aggcost.importers import Format


def register(app: typer.Typer) -> None:
    """Add the command."""

    @command(app, "formats")
    def formats(
        name: Annotated[str | None, typer.Argument(help="Say all about this format.", show_default=False)] = None,
    ) -> None:
        """List the log formats and what they can tell, or say all about one.

        Example: aggcost formats litellm
        """
        from aggcost.importers.registry import FORMATS, named

        lines = _table(FORMATS) if name is None else _about(named(name))
        sys.stdout.write("".join(f"{line}\n" for line in lines))


def _table(listed: tuple[Format, ...]) -> Iterator[str]:
    from aggcost.importers.capabilities import KEYS, short

    width = max(len(one.NAME) for one in listed)
    titles = [key.replace("cache split", "cache") for key in KEYS if key != "prompt"]
    yield f"{'format':<{width}}  " + "  ".join(f"{title:<7}" for title in titles).rstrip()
    for one in listed:
        cells = [short(one.CAPABILITIES[key]) for key in KEYS if key != "prompt"]
        yield f"{one.NAME:<{width}}  " + "  ".join(f"{cell:<7}" for cell in cells).rstrip()
    yield ""
    yield "some: where the log has it. No format's prompts or answers are kept. More: aggcost formats NAME"


def _about(one: Format) -> Iterator[str]:
    from aggcost.importers.capabilities import lacking

    yield f"{one.NAME}: {one.TITLE}"
    facts = {
        "known by": one.RULE,
        "tokens": one.SEMANTICS,
        "tells": "; ".join(f"{name}: {answer}" for name, answer in one.CAPABILITIES.items()),
        "cannot support": "; ".join(lacking(one.CAPABILITIES)) or "nothing is missing",
    }
    for label, text in facts.items():
        yield from textwrap.wrap(f"{label}: {text}", 78, initial_indent="  ", subsequent_indent="    ")
